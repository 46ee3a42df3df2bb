//! A record of the audit log, in one line. Its words are the client crate's.

use jiff::tz::TimeZone;
use warproom_client::audited_in_words;
use warproom_client::proto::audit::Record as Audited;
use warproom_client::proto::{Body, Record};

use super::act::Names;
use super::{FAINT, safe, styled, when};
use crate::directory::Directory;

/// A record of the audit log: when, who, what.
pub(crate) fn audit(record: &Record, people: &Directory, zone: &TimeZone) -> String {
    let number = styled(FAINT, &format!("#{}", record.seq));
    let Body::Shown { at_ms, item, .. } = &record.body else {
        return format!("{number} {}", styled(FAINT, "does not concern you"));
    };
    let (at_ms, what) = serde_json::from_str::<Audited>(item.get()).map_or_else(
        |_| (*at_ms, "something this version cannot show".to_owned()),
        |audited| {
            let words = audited_in_words(&audited, &Names { people, zone });
            (audited.since_ms.unwrap_or(*at_ms), safe(&words))
        },
    );
    format!("{}  {number}  {what}", styled(FAINT, &when(at_ms, zone)))
}
