//! What is counted in memory before it goes to the audit log: refusals, so that whoever is refused
//! again and again cannot fill the disk, and what the disk would not take when it happened.
//!
//! Everything is bounded. Refusals are told apart by who or where from and by kind, up to a number;
//! beyond it only the kind counts.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use warproom_proto::audit::{Event, Means, Network, Reading, Record};
use warproom_proto::{ErrorCode, MemberId, Principal};

/// How many refusals are told apart between two writings. With one writing a minute and some 300
/// bytes a record, the worst that strangers can do is some 60 MB a day.
const TOLD_APART: usize = 128;

/// How many records wait for the disk to take them. Beyond it the oldest goes.
const LATE: usize = 1024;

/// How many managers' reads are remembered. Beyond it all are forgotten, and recorded again.
const READS: usize = 1024;

/// The same read within this time counts once.
const SAME_READ_MS: i64 = 60_000;

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// To sign in.
    SignIn {
        /// How it was tried.
        means: Means,
        /// For whom, if there is such a member.
        of: Option<MemberId>,
    },
    /// A call that somebody had no right to make.
    Call {
        /// Its name.
        call: &'static str,
        /// How.
        code: ErrorCode,
    },
}

/// What waits to be written.
#[derive(Default)]
pub struct Counts(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    refusals: HashMap<Key, Count>,
    late: VecDeque<Record>,
    reads: HashMap<(Principal, Reading), i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    by: Option<Principal>,
    from: Option<Network>,
    what: Refusal,
}

struct Count {
    since_ms: i64,
    count: u64,
}

impl Counts {
    /// Counts a refusal.
    pub fn refused(
        &self,
        (by, from): (Option<Principal>, Option<Network>),
        what: Refusal,
        now_ms: i64,
    ) {
        let mut waiting = self.lock();
        let mut key = Key { by, from, what };
        if waiting.refusals.len() >= TOLD_APART && !waiting.refusals.contains_key(&key) {
            key = Key { by: None, from: None, what: kind_of(what) };
        }
        let count = waiting.refusals.entry(key).or_insert(Count { since_ms: now_ms, count: 0 });
        count.count += 1;
    }

    /// Keeps a record that the disk would not take now.
    pub fn late(&self, mut record: Record, now_ms: i64) {
        record.since_ms.get_or_insert(now_ms);
        let mut waiting = self.lock();
        if waiting.late.len() >= LATE {
            waiting.late.pop_front();
        }
        waiting.late.push_back(record);
    }

    /// Whether a manager's read is to be recorded: the same one a moment ago already was.
    pub fn is_new_read(&self, who: Principal, read: Reading, now_ms: i64) -> bool {
        let reads = &mut self.lock().reads;
        if reads.len() >= READS {
            reads.clear();
        }
        let last = reads.get(&(who, read));
        last.is_none_or(|last| now_ms - last >= SAME_READ_MS || now_ms < *last)
    }

    /// A manager's read was recorded.
    pub fn has_read(&self, who: Principal, read: Reading, now_ms: i64) {
        self.lock().reads.insert((who, read), now_ms);
    }

    /// Takes what waits, the oldest first.
    pub fn take(&self) -> Vec<Record> {
        let mut waiting = self.lock();
        let late: Vec<_> = waiting.late.drain(..).collect();
        let refusals = waiting.refusals.drain().map(|(key, count)| record(key, &count));
        let mut refusals: Vec<_> = refusals.collect();
        refusals.sort_by_key(|record| record.since_ms);
        late.into_iter().chain(refusals).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of a refusal when there are too many to tell apart.
const fn kind_of(what: Refusal) -> Refusal {
    match what {
        Refusal::SignIn { means, .. } => Refusal::SignIn { means, of: None },
        Refusal::Call { code, .. } => Refusal::Call { call: "*", code },
    }
}

fn record(Key { by, from, what }: Key, &Count { since_ms, count }: &Count) -> Record {
    let event = match what {
        Refusal::SignIn { means, of } => Event::SignInRefused { means, of, count },
        Refusal::Call { call, code } => Event::Refused { call: call.to_owned(), code, count },
    };
    Record { by, from, since_ms: Some(since_ms), event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn from(number: u32) -> Network {
        std::net::IpAddr::V4(Ipv4Addr::from(number << 8)).into()
    }

    const TOKEN: Refusal = Refusal::SignIn { means: Means::Token, of: None };

    #[test]
    fn the_same_refusal_is_one_record_with_a_count() {
        let counts = Counts::default();
        for n in 0..1000 {
            counts.refused((None, Some(from(1))), TOKEN, n);
        }
        counts.refused((None, Some(from(2))), TOKEN, 2000);
        let records = counts.take();
        let told: Vec<_> = records
            .iter()
            .map(|record| match record.event {
                Event::SignInRefused { count, .. } => (record.from, record.since_ms, count),
                _ => panic!("nothing else was refused"),
            })
            .collect();
        assert_eq!(told, [(Some(from(1)), Some(0), 1000), (Some(from(2)), Some(2000), 1)]);
        assert!(counts.take().is_empty());
    }

    #[test]
    fn a_flood_from_everywhere_is_bounded_and_nothing_of_it_uncounted() {
        let counts = Counts::default();
        for n in 0..10_000 {
            counts.refused((None, Some(from(n))), TOKEN, 0);
            let call = Refusal::Call { call: "room.open", code: ErrorCode::NotAllowed };
            counts.refused((Some(Principal::Member(MemberId::random())), None), call, 0);
        }
        let records = counts.take();
        assert!(records.len() <= TOLD_APART + 2, "{}", records.len());
        let count = |record: &Record| match &record.event {
            Event::SignInRefused { count, .. } | Event::Refused { count, .. } => *count,
            _ => 0,
        };
        assert_eq!(records.iter().map(count).sum::<u64>(), 20_000);
    }

    #[test]
    fn what_the_disk_would_not_take_is_kept_with_its_time_and_bounded() {
        let counts = Counts::default();
        let who = Principal::Member(MemberId::random());
        for n in 0..2000 {
            let event = Event::SignedIn { means: Means::Device, device: None };
            counts.late(Record::by(who, event), n);
        }
        let records = counts.take();
        assert_eq!(records.len(), LATE);
        assert_eq!(records.last().and_then(|record| record.since_ms), Some(1999));
    }

    #[test]
    fn the_same_read_counts_once_a_minute() {
        let counts = Counts::default();
        let who = Principal::Member(MemberId::random());
        assert!(counts.is_new_read(who, Reading::AllRooms, 0));
        counts.has_read(who, Reading::AllRooms, 0);
        assert!(!counts.is_new_read(who, Reading::AllRooms, SAME_READ_MS - 1));
        assert!(counts.is_new_read(who, Reading::AllRooms, SAME_READ_MS));
        assert!(counts.is_new_read(who, Reading::Invitations, 1));
        assert!(counts.is_new_read(who, Reading::AllRooms, -1), "a clock that was set back");
    }
}
