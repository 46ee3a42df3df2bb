//! Whether the wall clock is believed when it says that something is past its time. What is erased is gone
//! from every backup too, so a dead battery or a wrong answer from a time source must not decide it alone.
//!
//! A clock is believed as long as it goes on as the steady one does, which nobody sets, and as long as a start
//! finds it not much further than the last look did. Otherwise it has jumped, and has to run on for a while
//! before it is believed: time for people to notice. How much of that is left is noted beside the store, so that
//! a server that is started every day comes to its end too.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use warproom_proto::LogId;

use crate::journal::now_ms;
use crate::store::{ReadError, Store};

/// The file of the note, in the folder of the store.
const FILE: &str = "clock";

/// How far the clocks may part before it counts as a jump. Corrections that keep a clock right are seconds.
const SLACK_MS: i64 = 5 * 60 * 1000;

/// For how long a server may have been off without a doubt about its clock: longer than most repairs, and
/// shorter than anything is kept.
const OFF_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What a look saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The wall clock, in milliseconds since 1970 UTC.
    pub seen_ms: i64,
    /// How long it has to run on before it is believed, in milliseconds.
    pub left_ms: i64,
}

/// The clocks of a server, and where looks at them are noted.
pub struct Clock {
    file: PathBuf,
    began: Instant,
    watch: Watch,
    /// What was left when somebody was last told.
    told_ms: i64,
}

impl Clock {
    /// Begins to watch the clock of a server that starts. After a jump it has to run on for `wait`.
    pub fn start(data: &Path, store: &Store, wait: Duration) -> Result<Self, ReadError> {
        let file = data.join(FILE);
        let last = match read(&file) {
            Ok(Some(note)) => note,
            Ok(None) => Note { seen_ms: latest_ms(store)?, left_ms: 0 },
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "when the server last ran is unknown");
                Note { seen_ms: i64::MIN, left_ms: 0 }
            }
        };
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let watch = Watch::start(last, wait_ms, now_ms());
        Ok(Self { file, began: Instant::now(), watch, told_ms: 0 })
    }

    /// Looks at the clocks, and notes and tells what it saw. Waits for the disk.
    pub fn look(&mut self) -> Note {
        let steady_ms = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let note = self.watch.look(now_ms(), steady_ms);
        if let Err(error) = write(&self.file, note) {
            tracing::warn!(%error, file = %self.file.display(), "the time could not be noted");
        }
        match news(self.told_ms, note.left_ms) {
            Some(News::Jumped { minutes }) => tracing::warn!(
                minutes,
                "the clock has jumped: nothing is erased for its age until it has run on for so \
                 long. If it is wrong, put it right before then"
            ),
            Some(News::RanOn) => {
                tracing::info!("the clock has run on: what is past its time is erased again");
            }
            None => {}
        }
        self.told_ms = note.left_ms;
        note
    }
}

/// What people are told of the clock.
#[derive(Debug, PartialEq, Eq)]
enum News {
    /// It has jumped, and has to run on for so long.
    Jumped { minutes: i64 },
    /// It has run on for long enough.
    RanOn,
}

/// What a look has to tell, by what was left when somebody was last told and what is left now.
fn news(told_ms: i64, left_ms: i64) -> Option<News> {
    if left_ms > told_ms {
        return Some(News::Jumped { minutes: left_ms / 60_000 });
    }
    (left_ms == 0 && told_ms > 0).then_some(News::RanOn)
}

/// Two clocks side by side, and what is left to wait for.
#[expect(clippy::struct_field_names, reason = "the unit stands in each name")]
struct Watch {
    wait_ms: i64,
    left_ms: i64,
    /// How far the wall clock was ahead of the steady one, at the start or after the last jump.
    apart_ms: i64,
    /// The steady clock at the last look.
    looked_ms: i64,
}

impl Watch {
    /// Begins at 0 of the steady clock.
    fn start(last: Note, wait_ms: i64, wall_ms: i64) -> Self {
        let off_ms = wall_ms.saturating_sub(last.seen_ms);
        let is_likely = (-SLACK_MS..=OFF_MS).contains(&off_ms);
        let left_ms = if is_likely { last.left_ms.min(wait_ms) } else { wait_ms };
        Self { wait_ms, left_ms, apart_ms: wall_ms, looked_ms: 0 }
    }

    fn look(&mut self, wall_ms: i64, steady_ms: i64) -> Note {
        let apart_ms = wall_ms.saturating_sub(steady_ms);
        if apart_ms.abs_diff(self.apart_ms) > SLACK_MS.unsigned_abs() {
            (self.apart_ms, self.left_ms) = (apart_ms, self.wait_ms);
        } else {
            self.left_ms = (self.left_ms - (steady_ms - self.looked_ms)).max(0);
        }
        self.looked_ms = steady_ms;
        Note { seen_ms: wall_ms, left_ms: self.left_ms }
    }
}

/// When something was last stored: every sign-in is.
fn latest_ms(store: &Store) -> Result<i64, ReadError> {
    let mut latest_ms = i64::MIN;
    for log in [LogId::REGISTER, LogId::AUDIT] {
        let last = store.read(log, store.position(log).seq)?;
        latest_ms = latest_ms.max(last.map_or(i64::MIN, |last| last.at_ms));
    }
    Ok(latest_ms)
}

fn read(file: &Path) -> io::Result<Option<Note>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(file: &Path, note: Note) -> io::Result<()> {
    let next = file.with_extension("next");
    let mut to = File::create(&next)?;
    to.write_all(&serde_json::to_vec(&note)?)?;
    to.write_all(b"\n")?;
    to.sync_all()?;
    fs::rename(&next, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{self, Draft, MasterKey, Options};

    const HOUR_MS: i64 = 60 * 60 * 1000;
    const DAY_MS: i64 = 24 * HOUR_MS;
    const NOW_MS: i64 = 1_800_000_000_000;

    fn started(left_ms: i64, off_ms: i64) -> Watch {
        Watch::start(Note { seen_ms: NOW_MS - off_ms, left_ms }, DAY_MS, NOW_MS)
    }

    #[test]
    fn a_clock_that_goes_on_is_believed() {
        let mut watch = started(0, DAY_MS);
        for hour in 0..1_000 {
            // A second an hour beside the other one: corrected before it comes to minutes.
            let drift_ms = hour % 200 * 1_000;
            let wall_ms = NOW_MS + hour * HOUR_MS + drift_ms;
            let note = watch.look(wall_ms, hour * HOUR_MS);
            assert_eq!(note, Note { seen_ms: wall_ms, left_ms: 0 });
        }
    }

    #[test]
    fn a_clock_that_jumps_is_believed_when_it_has_run_on_for_a_day() {
        for jump_ms in [400 * DAY_MS, 10 * 60_000, -10 * 60_000, -400 * DAY_MS] {
            let mut watch = started(0, 0);
            assert_eq!(watch.look(NOW_MS + HOUR_MS, HOUR_MS).left_ms, 0);
            for hour in 0..=24 {
                let steady_ms = (2 + hour) * HOUR_MS;
                let left_ms = watch.look(NOW_MS + steady_ms + jump_ms, steady_ms).left_ms;
                assert_eq!(left_ms, (24 - hour) * HOUR_MS, "{jump_ms}");
            }
        }
    }

    #[test]
    fn small_steps_are_a_jump_together() {
        let mut watch = started(0, 0);
        let left =
            |step: i64| watch.look(NOW_MS + step * (HOUR_MS + 60_000), step * HOUR_MS).left_ms;
        let left: Vec<_> = (0..=6).map(left).collect();
        assert_eq!(left, [0, 0, 0, 0, 0, 0, DAY_MS]);
    }

    #[test]
    fn a_start_after_a_month_or_with_a_clock_that_went_back_waits_a_day() {
        for (off_ms, waits) in [
            (0, false),
            (7 * DAY_MS, false),
            (-60_000, false),
            (30 * DAY_MS, true),
            (400 * DAY_MS, true),
            (-DAY_MS, true),
        ] {
            let note = started(0, off_ms).look(NOW_MS, 0);
            assert_eq!(note.left_ms == DAY_MS, waits, "{off_ms}");
        }
        let unknown = Watch::start(Note { seen_ms: i64::MIN, left_ms: 0 }, DAY_MS, NOW_MS);
        assert_eq!(unknown.left_ms, DAY_MS);
    }

    #[test]
    fn a_server_that_is_started_every_day_comes_to_the_end_of_the_wait() {
        let mut note = started(0, 30 * DAY_MS).look(NOW_MS, 0);
        for day in 0..3 {
            let wall_ms = NOW_MS + day * DAY_MS;
            let mut watch = Watch::start(note, DAY_MS, wall_ms);
            for hour in 0..=8 {
                note = watch.look(wall_ms + hour * HOUR_MS, hour * HOUR_MS);
            }
        }
        assert_eq!(note.left_ms, 0);
    }

    #[test]
    fn a_shorter_wait_holds_at_once_and_none_is_none() {
        let last = Note { seen_ms: NOW_MS, left_ms: DAY_MS };
        assert_eq!(Watch::start(last, HOUR_MS, NOW_MS).left_ms, HOUR_MS);
        let mut never = Watch::start(last, 0, NOW_MS + 400 * DAY_MS);
        assert_eq!(never.look(NOW_MS, 0).left_ms, 0);
    }

    #[test]
    fn what_was_noted_is_read_and_another_text_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(FILE);
        assert_eq!(read(&file).unwrap(), None);
        let note = Note { seen_ms: NOW_MS, left_ms: HOUR_MS };
        write(&file, note).unwrap();
        assert_eq!(read(&file).unwrap(), Some(note));
        fs::write(&file, "{\"seen_ms\":").unwrap();
        assert!(read(&file).is_err());
        assert!(read(home.path()).is_err(), "a folder is no note");
    }

    #[test]
    fn a_jump_is_told_once_and_so_is_its_end() {
        let jumped = Some(News::Jumped { minutes: 24 * 60 });
        assert_eq!(news(0, 0), None);
        assert_eq!(news(0, DAY_MS), jumped);
        assert_eq!((news(DAY_MS, DAY_MS), news(DAY_MS, HOUR_MS)), (None, None));
        assert_eq!(news(HOUR_MS, DAY_MS), jumped, "another one");
        assert_eq!(news(HOUR_MS, 0), Some(News::RanOn));
    }

    /// A store whose last records, in the register and in the audit log, are so old.
    fn stored(data: &Path, (register_ms, audit_ms): (i64, i64)) -> Store {
        let key = MasterKey::generate().unwrap();
        store::create(data, &key).unwrap();
        let (store, mut committer) = store::open(data, &key, Options::default()).unwrap();
        for (log, old_ms) in [(LogId::REGISTER, register_ms), (LogId::AUDIT, audit_ms)] {
            let (summary, item) = (Vec::new(), b"nothing".to_vec());
            let draft = Draft { log, summary, item, refers_to: None, is_state: false, id: None };
            committer.commit(vec![draft], &[], now_ms() - old_ms).unwrap();
        }
        store
    }

    #[test]
    fn a_start_goes_by_the_note_and_without_one_by_what_was_stored_last() {
        let day = Duration::from_hours(24);
        for (old_ms, left_ms) in [
            ((30 * DAY_MS, HOUR_MS), 0),
            ((HOUR_MS, 30 * DAY_MS), 0),
            ((30 * DAY_MS, 20 * DAY_MS), DAY_MS),
        ] {
            let home = tempfile::tempdir().unwrap();
            let data = home.path().join("data");
            let store = stored(&data, old_ms);
            let mut clock = Clock::start(&data, &store, day).unwrap();
            assert_eq!(clock.watch.left_ms, left_ms, "{old_ms:?}");
            let note = clock.look();
            assert_eq!(read(&data.join(FILE)).unwrap(), Some(note));
            assert!((now_ms() - HOUR_MS..=now_ms()).contains(&note.seen_ms));
            let again = Clock::start(&data, &store, day).unwrap();
            assert_eq!(again.watch.left_ms, note.left_ms, "by the note");
            fs::write(data.join(FILE), "{").unwrap();
            let unknown = Clock::start(&data, &store, day).unwrap();
            assert_eq!(unknown.watch.left_ms, DAY_MS, "when it last ran is unknown");
        }
    }
}
