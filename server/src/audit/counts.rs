//! What is counted in memory before it goes to the audit log: refusals, so that whoever is refused
//! again and again cannot fill the disk, and what the disk would not take when it happened.
//!
//! Everything is bounded. Refusals are told apart by who or where from and by kind, up to a number;
//! beyond it a stranger's count by kind alone, and a member's by who and kind: no flood of strangers hides
//! what a member tried, and no member another. Sign-ins that wait for the disk are told apart by who, with
//! what and where from, up to a number; beyond it not by where from. The two share no room, so no number
//! of refusals takes a sign-in's place, and nobody's sign-ins take another's.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use warproom_proto::audit::{Event, Means, Network, Reading, Record};
use warproom_proto::{DeviceId, ErrorCode, MemberId, Principal};

/// How many refusals of strangers are told apart between two writings. With one writing a minute and some 300
/// bytes a record, the worst that they can do is some 60 MB a day.
const TOLD_APART: usize = 128;

/// The same of one member or bot, and of all who are signed in. Beyond it one's own are told apart by what
/// was said to them, and then not by who.
const TOLD_APART_OF_ONE: usize = 16;
const TOLD_APART_OF_ALL: usize = 512;

/// How many sign-ins that wait for the disk are told apart by network too. Beyond it there is one more
/// at most for each device and bot, which the register bounds.
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
    late: HashMap<SignIn, Count>,
    reads: HashMap<(Principal, Reading), i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    by: Option<Principal>,
    from: Option<Network>,
    what: Refusal,
}

/// A sign-in that the disk would not take when it happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignIn {
    /// Who.
    pub by: Principal,
    /// How.
    pub means: Means,
    /// With which device; none for a bot.
    pub device: Option<DeviceId>,
    /// Where from; none where there are too many to tell apart.
    pub from: Option<Network>,
}

#[derive(Clone, Copy)]
struct Count {
    since_ms: i64,
    count: u64,
}

/// What was taken to be written.
pub struct Taken {
    late: Vec<(SignIn, Count)>,
    refusals: Vec<(Key, Count)>,
}

impl Taken {
    /// Its records: sign-ins, then refusals, of each the oldest first.
    pub fn records(&self) -> Vec<Record> {
        let late = self.late.iter().map(|(sign_in, count)| signed_in(sign_in, *count));
        let refusals = self.refusals.iter().map(|(key, count)| refused(key, *count));
        late.chain(refusals).collect()
    }
}

impl Counts {
    /// Counts a refusal.
    pub fn refused(
        &self,
        (by, from): (Option<Principal>, Option<Network>),
        what: Refusal,
        now_ms: i64,
    ) {
        self.lock().add_refusal(Key { by, from, what }, Count { since_ms: now_ms, count: 1 });
    }

    /// Keeps a sign-in that the disk would not take now.
    pub fn late(&self, sign_in: SignIn, now_ms: i64) {
        self.lock().add_late(sign_in, Count { since_ms: now_ms, count: 1 });
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

    /// Takes what waits.
    pub fn take(&self) -> Taken {
        let mut waiting = self.lock();
        let mut late: Vec<_> = waiting.late.drain().collect();
        let mut refusals: Vec<_> = waiting.refusals.drain().collect();
        late.sort_by_key(|(_, count)| count.since_ms);
        refusals.sort_by_key(|(_, count)| count.since_ms);
        Taken { late, refusals }
    }

    /// Takes back what could not be written: it counts together with what came since.
    pub fn put_back(&self, taken: Taken) {
        let mut waiting = self.lock();
        for (sign_in, count) in taken.late {
            waiting.add_late(sign_in, count);
        }
        for (key, count) in taken.refusals {
            waiting.add_refusal(key, count);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add_refusal(&mut self, mut key: Key, more: Count) {
        let refusals = &self.refusals;
        let of = |holds: &dyn Fn(&Key) -> bool| refusals.keys().filter(|one| holds(one)).count();
        let is_new = |key: &Key| !refusals.contains_key(key);
        if is_new(&key) {
            let most = if key.by.is_some() { TOLD_APART_OF_ONE } else { TOLD_APART };
            if of(&|one| one.by == key.by) >= most {
                key = Key { by: key.by, from: None, what: kind_of(key.what) };
            }
        }
        if key.by.is_some() && is_new(&key) && of(&|one| one.by.is_some()) >= TOLD_APART_OF_ALL {
            key = Key { by: None, from: None, what: kind_of(key.what) };
        }
        add(&mut self.refusals, key, more);
    }

    fn add_late(&mut self, mut sign_in: SignIn, more: Count) {
        if self.late.len() >= LATE && !self.late.contains_key(&sign_in) {
            sign_in.from = None;
        }
        add(&mut self.late, sign_in, more);
    }
}

fn add<K: Eq + Hash>(to: &mut HashMap<K, Count>, key: K, more: Count) {
    let count = to.entry(key).or_insert(Count { count: 0, ..more });
    count.since_ms = count.since_ms.min(more.since_ms);
    count.count += more.count;
}

/// What is left of a refusal when there are too many to tell apart.
const fn kind_of(what: Refusal) -> Refusal {
    match what {
        Refusal::SignIn { means, .. } => Refusal::SignIn { means, of: None },
        Refusal::Call { code, .. } => Refusal::Call { call: "*", code },
    }
}

fn signed_in(sign_in: &SignIn, Count { since_ms, count }: Count) -> Record {
    let SignIn { by, means, device, from } = *sign_in;
    let event = Event::SignedIn { means, device, count };
    Record { by: Some(by), from, since_ms: Some(since_ms), event }
}

fn refused(key: &Key, Count { since_ms, count }: Count) -> Record {
    let Key { by, from, what } = *key;
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
        let records = counts.take().records();
        let told: Vec<_> = records
            .iter()
            .map(|record| match record.event {
                Event::SignInRefused { count, .. } => (record.from, record.since_ms, count),
                _ => panic!("nothing else was refused"),
            })
            .collect();
        assert_eq!(told, [(Some(from(1)), Some(0), 1000), (Some(from(2)), Some(2000), 1)]);
        assert!(counts.take().records().is_empty());
    }

    #[test]
    fn a_flood_from_everywhere_is_bounded_and_nothing_of_it_uncounted() {
        let counts = Counts::default();
        for n in 0..10_000 {
            counts.refused((None, Some(from(n))), TOKEN, 0);
            let call = Refusal::Call { call: "room.open", code: ErrorCode::NotAllowed };
            counts.refused((Some(Principal::Member(MemberId::random())), None), call, 0);
        }
        let records = counts.take().records();
        let most = TOLD_APART + TOLD_APART_OF_ALL + 2;
        assert!(records.len() <= most, "{}", records.len());
        assert_eq!(records.iter().map(count_of).sum::<u64>(), 20_000);
    }

    #[test]
    fn neither_strangers_nor_another_member_hide_who_was_refused() {
        let counts = Counts::default();
        let member = || Some(Principal::Member(MemberId::random()));
        let (loud, quiet) = (member(), member());
        let codes = [ErrorCode::NotAllowed, ErrorCode::NotFound, ErrorCode::Conflict];
        let calls: Vec<String> = (0..500).map(|number| format!("call.{number}")).collect();
        for call in calls.leak() {
            for code in codes {
                counts.refused((loud, None), Refusal::Call { call, code }, 0);
            }
        }
        for n in 0..1_000 {
            counts.refused((None, Some(from(n))), TOKEN, 0);
        }
        let tried = Refusal::Call { call: "room.history", code: ErrorCode::NotFound };
        counts.refused((quiet, None), tried, 0);
        let records = counts.take().records();
        let of = |who| records.iter().filter(move |record| record.by == who);
        let event =
            Event::Refused { call: "room.history".into(), code: ErrorCode::NotFound, count: 1 };
        assert_eq!(of(quiet).map(|record| &record.event).collect::<Vec<_>>(), [&event]);
        assert_eq!(of(loud).map(count_of).sum::<u64>(), 1_500, "all of it is theirs");
        assert!(of(loud).count() <= TOLD_APART_OF_ONE + codes.len());
    }

    fn sign_in(by: Principal, network: u32) -> SignIn {
        SignIn { by, means: Means::Device, device: None, from: Some(from(network)) }
    }

    fn count_of(record: &Record) -> u64 {
        match record.event {
            Event::SignedIn { count, .. }
            | Event::SignInRefused { count, .. }
            | Event::Refused { count, .. } => count,
            _ => 0,
        }
    }

    #[test]
    fn sign_ins_that_the_disk_would_not_take_are_counted_and_nobody_takes_anothers_place() {
        let counts = Counts::default();
        let (first, again) =
            (Principal::Member(MemberId::random()), Principal::Member(MemberId::random()));
        counts.late(sign_in(first, 1), 7);
        for n in 0..5000 {
            counts.late(sign_in(again, n % 2000), 8);
        }
        let records = counts.take().records();
        assert!(records.len() <= LATE + 2, "{}", records.len());
        let of_first: Vec<_> =
            records.iter().filter(|record| record.by == Some(first)).cloned().collect();
        let event = Event::SignedIn { means: Means::Device, device: None, count: 1 };
        let expected = Record { by: Some(first), from: Some(from(1)), since_ms: Some(7), event };
        assert_eq!(of_first, [expected]);
        assert_eq!(records.iter().map(count_of).sum::<u64>(), 5001);
    }

    #[test]
    fn what_could_not_be_written_counts_on_from_when_it_first_happened() {
        let counts = Counts::default();
        let who = Principal::Member(MemberId::random());
        for now_ms in [5, 6] {
            counts.late(sign_in(who, 1), now_ms);
            counts.refused((None, Some(from(1))), TOKEN, now_ms);
            counts.put_back(counts.take());
        }
        let records = counts.take().records();
        let told: Vec<_> =
            records.iter().map(|record| (record.since_ms, count_of(record))).collect();
        assert_eq!(told, [(Some(5), 2), (Some(5), 2)]);
    }

    #[test]
    fn the_same_read_counts_once_a_minute() {
        let counts = Counts::default();
        let who = Principal::Member(MemberId::random());
        assert!(counts.is_new_read(who, Reading::AllRooms, 7));
        counts.has_read(who, Reading::AllRooms, 7);
        for moment in [7, 7 + SAME_READ_MS - 1] {
            assert!(!counts.is_new_read(who, Reading::AllRooms, moment), "{moment}");
        }
        assert!(counts.is_new_read(who, Reading::AllRooms, 7 + SAME_READ_MS));
        assert!(counts.is_new_read(who, Reading::Invitations, 8));
        assert!(counts.is_new_read(who, Reading::AllRooms, 6), "a clock that was set back");
    }
}
