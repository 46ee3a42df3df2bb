//! A record of the audit log, in one line.

use jiff::tz::TimeZone;
use warproom_client::proto::audit::{Acted, Event, KeyKind, Means, Reading, Record as Audited};
use warproom_client::proto::{Body, Label, Principal, Record};

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
        |audited| (audited.since_ms.unwrap_or(*at_ms), line(&audited, people)),
    );
    format!("{}  {number}  {what}", styled(FAINT, &when(at_ms, zone)))
}

fn line(audited: &Audited, people: &Directory) -> String {
    let by = audited.by.map_or_else(|| "Somebody".to_owned(), |who| people.describe(who));
    let from = audited.from.map_or_else(String::new, |from| format!(" from {from}"));
    let one = |who| people.describe(who);
    match &audited.event {
        Event::SignedIn { means, device } => {
            let device = device.map_or_else(String::new, |id| format!(", {}", people.device(id)));
            format!("{by} signed in by {}{device}{from}", means_of(*means))
        }
        Event::SignInRefused { means, of, count } => {
            let of =
                of.map_or_else(String::new, |of| format!(" as {}", one(Principal::Member(of))));
            format!("{count} attempts to sign in by {}{of} were refused{from}", means_of(*means))
        }
        Event::Refused { call, code, count } => {
            format!("{by} was refused {} {count} times: {}", safe(call), code.sentence())
        }
        Event::Act { log, seq, of, .. } => {
            let by = audited.by.map_or_else(|| "The server".to_owned(), one);
            let of = of.map_or_else(String::new, |of| format!(", about {}", one(of)));
            match log {
                Acted::Register => format!("{by} changed the register: its record #{seq}{of}"),
                Acted::Room(room) => {
                    format!("{by} changed {}: its record #{seq}{of}", people.room(*room))
                }
            }
        }
        Event::ManagerRead { read } => format!("{by} read {}", reading(*read, people)),
        Event::Exported { room, first, last, records, strictest } => format!(
            "{by} exported {records} records of {}, of #{first} to #{last}{}",
            people.room(*room),
            up_to(*strictest)
        ),
        Event::BackupTaken { records, .. } => format!("A backup of {records} records was taken"),
        Event::KeyRotated { key } => format!("{} was replaced", key_of(*key)),
        Event::RetentionChanged { room } => {
            let room = room.map_or_else(|| "the WARP".to_owned(), |room| people.room(room));
            format!("{by} changed how long things are kept in {room}")
        }
        Event::Disclosed { records, withheld, strictest, .. } => {
            format!("{by} disclosed {records} records{}; {withheld} withheld", up_to(*strictest))
        }
        _ => "something this version cannot show".to_owned(),
    }
}

fn up_to(strictest: Option<Label>) -> String {
    strictest.map_or_else(String::new, |label| format!(", up to {label}"))
}

const fn means_of(means: Means) -> &'static str {
    match means {
        Means::Device => "a device's key",
        Means::Token => "a bot's token",
        Means::Invitation => "an invitation",
        Means::Password => "password and code",
        Means::Unknown => "a means this version does not know",
    }
}

const fn key_of(key: KeyKind) -> &'static str {
    match key {
        KeyKind::Master => "The master key",
        KeyKind::Audit => "The key of the audit log",
        KeyKind::Certificate => "The server's certificate",
        KeyKind::Authority => "The certificate authority",
        KeyKind::Unknown => "A key this version does not know",
    }
}

fn reading(read: Reading, people: &Directory) -> String {
    match read {
        Reading::AllRooms => "the list of all rooms".to_owned(),
        Reading::RoomMembers { room } => format!("who is in {}", people.room(room)),
        Reading::Devices { member } => {
            format!("the devices of {}", people.describe(Principal::Member(member)))
        }
        Reading::Invitations => "the open invitations".to_owned(),
        Reading::AuditLog => "the audit log".to_owned(),
        Reading::Unknown => "something this version does not know".to_owned(),
    }
}
