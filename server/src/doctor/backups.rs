//! How old the latest backup is. When it was taken stands beside the store; whether it is whole, and still
//! there, is `verify --backup`'s to say.

use std::fs;
use std::io;
use std::time::UNIX_EPOCH;

use super::Finding;
use crate::backup::latest::{self, Latest};
use crate::config::Config;
use crate::store::VERSION_FILE;

/// How old a backup may be: one was missed, and another. The alert rule has the same bound.
const OLD_S: i64 = 2 * DAY_S;

/// How long a store may have none: somebody is still setting it up.
const NEW_S: i64 = DAY_S;

const DAY_S: i64 = 24 * 60 * 60;
const HOUR_S: i64 = 60 * 60;
const MINUTE_S: i64 = 60;

/// What to do about it.
const TAKE_ONE: &str = "Take one, and let a timer take the next: warproom-server backup --to";

pub(super) fn examine(config: &Config, now_s: i64) -> Finding {
    let made_s = fs::metadata(config.data.join(VERSION_FILE)).and_then(|seen| seen.modified());
    let made_s = made_s.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let made_s = made_s.map(|since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    judge(latest::read(&latest::file(&config.data)), made_s, now_s)
}

/// Judges the latest backup of a store that was made, or restored, at a time.
fn judge(latest: io::Result<Option<Latest>>, made_s: Option<i64>, now_s: i64) -> Finding {
    let latest = match latest {
        Ok(Some(latest)) => latest,
        Ok(None) if made_s.is_some_and(|made_s| now_s - made_s < NEW_S) => {
            return Finding::note(format!("the store is new, and has no backup yet. {TAKE_ONE}"));
        }
        Ok(None) => return Finding::mend("no backup was taken of this store", TAKE_ONE),
        Err(error) => {
            let what = format!("when the latest backup was taken cannot be read: {error}");
            return Finding::mend(what, TAKE_ONE);
        }
    };
    let (age_s, to) = (now_s - latest.at_ms / 1000, latest.to.display());
    let said = format!("the latest backup, in {to}, is {} old", span(age_s));
    if age_s < -DAY_S {
        return Finding::mend(
            format!("the latest backup, in {to}, is of the future"),
            "Set the clock",
        );
    }
    if age_s > OLD_S { Finding::mend(said, TAKE_ONE) } else { Finding::fine(said) }
}

fn span(seconds: i64) -> String {
    let (count, unit) = match seconds.max(0) {
        seconds if seconds >= 2 * DAY_S => (seconds / DAY_S, "days"),
        seconds if seconds >= 2 * HOUR_S => (seconds / HOUR_S, "hours"),
        seconds => (seconds / MINUTE_S, "minutes"),
    };
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_800_000_000;

    fn aged(age_s: i64) -> String {
        let latest = Latest { at_ms: (NOW_S - age_s) * 1000, number: 3, to: "/mnt/backup".into() };
        judge(Ok(Some(latest)), Some(0), NOW_S).to_string()
    }

    #[test]
    fn the_age_of_the_latest_backup_is_said_and_an_old_one_is_to_be_followed_by_another() {
        for (age_s, said) in [
            (-5, "ok:   the latest backup, in /mnt/backup, is 0 minutes old"),
            (119 * 60, "ok:   the latest backup, in /mnt/backup, is 119 minutes old"),
            (OLD_S, "ok:   the latest backup, in /mnt/backup, is 2 days old"),
        ] {
            assert_eq!(aged(age_s), said);
        }
        let old = aged(5 * DAY_S);
        assert!(
            old.starts_with("mend: the latest backup, in /mnt/backup, is 5 days old. Take one")
        );
        assert!(
            aged(-2 * DAY_S).contains("mend: the latest backup, in /mnt/backup, is of the future")
        );
    }

    #[test]
    fn a_store_without_a_backup_is_told_of_after_a_day() {
        let none = |made_s| judge(Ok(None), made_s, NOW_S).to_string();
        assert!(none(Some(NOW_S - NEW_S + 1)).starts_with("note: the store is new"));
        assert!(none(Some(NOW_S - NEW_S)).starts_with("mend: no backup was taken"));
        assert!(none(None).starts_with("mend: no backup was taken"));
        let broken = Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        assert!(judge(broken, None, NOW_S).to_string().starts_with("mend: when the latest backup"));
    }
}
