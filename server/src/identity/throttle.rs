//! Brakes on guessing: failures count for an account **and** a source together, never for an account
//! alone, so nobody can lock an officer out from somewhere else. Those of a source count for all accounts
//! too, so that trying one stolen password on each of them is slow as well.
//!
//! An attempt has its place before anything is hashed for it: those under way count as if they had failed,
//! so that many at once are no more than as many one after the other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use warproom_proto::audit::Network;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 5;

/// The first wait, doubled with each further failure.
const FIRST_WAIT_MS: i64 = 1_000;

/// The longest wait: slow enough for a guesser, short enough for an officer in a hurry.
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1_000;

/// The same for all accounts of a source. Shorter, because the innocent ones there wait too.
const LONGEST_WAIT_OF_A_SOURCE_MS: i64 = 60 * 1_000;

/// How long a failure is remembered after its wait.
const REMEMBERED_MS: i64 = 60 * 60 * 1_000;

/// From how many counts on room is made. Beyond it, those forgotten first are those that wait least.
const COUNTS: usize = 16 * 1024;

/// Where a connection comes from: an IPv4 /24 or an IPv6 /64, the sizes in which addresses are
/// handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source([u8; 8]);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        let mut prefix = [0; 8];
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                prefix[0] = 4; // No IPv6 prefix in use begins so (RFC 4291 reserves 0400::/8).
                prefix[1..4].copy_from_slice(&v4.octets()[..3]);
            }
            IpAddr::V6(v6) => prefix.copy_from_slice(&v6.octets()[..8]),
        }
        Self(prefix)
    }
}

impl Source {
    /// The same, as the audit log tells it.
    #[must_use]
    pub fn network(self) -> Network {
        let Self(prefix) = self;
        if prefix[0] == 4 {
            IpAddr::V4(Ipv4Addr::new(prefix[1], prefix[2], prefix[3], 0)).into()
        } else {
            let mut octets = [0; 16];
            octets[..8].copy_from_slice(&prefix);
            IpAddr::V6(Ipv6Addr::from(octets)).into()
        }
    }
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    /// Attempts that are neither right nor wrong yet.
    under_way: u32,
    until_ms: i64,
}

impl Failures {
    const fn none(now_ms: i64) -> Self {
        Self { count: 0, under_way: 0, until_ms: now_ms }
    }

    /// How many are remembered.
    const fn remembered(self, now_ms: i64) -> u32 {
        if now_ms - self.until_ms > REMEMBERED_MS { 0 } else { self.count }
    }

    /// How long another attempt waits, were all under way wrong: beyond the free ones, one at a time.
    fn wait_ms(self, free: u32, now_ms: i64) -> i64 {
        let wrong = self.remembered(now_ms).saturating_add(self.under_way);
        let too_many_at_once = self.under_way > 0 && wrong > free;
        let wait_ms = if too_many_at_once { FIRST_WAIT_MS } else { 0 };
        wait_ms.max(self.until_ms - now_ms)
    }

    /// One more: beyond the free ones the wait doubles, up to the longest.
    fn count(&mut self, free: u32, longest_ms: i64, now_ms: i64) {
        self.count = self.remembered(now_ms).saturating_add(1);
        let wait = match self.count.saturating_sub(free) {
            0 => 0,
            n => FIRST_WAIT_MS.saturating_mul(1 << (n - 1).min(20)).min(longest_ms),
        };
        self.until_ms = now_ms + wait;
    }
}

/// What failures count for: an account from a source, or every account from there.
type Counted = (Option<String>, Source);

/// Counts failures.
pub struct Throttle {
    failures: Mutex<HashMap<Counted, Failures>>,
    free_of_a_source: u32,
}

impl Throttle {
    /// Nothing counted yet. So many failures of one source cost nothing, whatever the account.
    #[must_use]
    pub fn new(free_of_a_source: u32) -> Self {
        Self { failures: Mutex::default(), free_of_a_source }
    }

    /// Begins an attempt, or says how long it still has to wait, in milliseconds. Whoever may try has to
    /// say how it ended.
    pub fn begin(&self, account: &str, source: Source, now_ms: i64) -> Result<Attempt<'_>, u64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = self.counted(account, source);
        let wait_ms = |(counted, free, _): &(Counted, _, _)| {
            failures.get(counted).map_or(0, |known: &Failures| known.wait_ms(*free, now_ms))
        };
        let wait_ms = counted.iter().map(wait_ms).max().unwrap_or(0);
        if let Ok(wait_ms @ 1..) = u64::try_from(wait_ms) {
            return Err(wait_ms);
        }
        if failures.len() >= COUNTS {
            forget(&mut failures, now_ms);
        }
        for (counted, ..) in counted {
            failures.entry(counted).or_insert(Failures::none(now_ms)).under_way += 1;
        }
        let account = account.to_owned();
        Ok(Attempt { throttle: Some(self), account, source, at_ms: now_ms })
    }

    /// What an attempt counts for, how many are free there, and the longest wait.
    fn counted(&self, account: &str, source: Source) -> [(Counted, u32, i64); 2] {
        [
            ((Some(account.to_owned()), source), FREE, LONGEST_WAIT_MS),
            ((None, source), self.free_of_a_source, LONGEST_WAIT_OF_A_SOURCE_MS),
        ]
    }

    /// Counts a failure.
    fn failed(&self, account: &str, source: Source, now_ms: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (counted, free, longest_ms) in self.counted(account, source) {
            let known = failures.entry(counted).or_insert(Failures::none(now_ms));
            known.under_way = known.under_way.saturating_sub(1);
            known.count(free, longest_ms, now_ms);
        }
    }

    /// Forgets the failures of somebody who got in. Those of the source stay: a guesser may have an
    /// account too.
    fn succeeded(&self, account: &str, source: Source) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = failures.get_mut(&(Some(account.to_owned()), source)) {
            *known = Failures { under_way: known.under_way, ..Failures::none(0) };
        }
        drop(failures);
        self.undone(account, source);
    }

    /// Takes an attempt back.
    fn undone(&self, account: &str, source: Source) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (counted, ..) in self.counted(account, source) {
            if let Entry::Occupied(mut known) = failures.entry(counted) {
                known.get_mut().under_way = known.get().under_way.saturating_sub(1);
                if known.get().under_way == 0 && known.get().count == 0 {
                    known.remove();
                }
            }
        }
    }
}

/// An attempt under way. One that is dropped counts as wrong: hanging up before the answer is not free.
#[must_use]
pub struct Attempt<'a> {
    /// Nothing once it is settled.
    throttle: Option<&'a Throttle>,
    account: String,
    source: Source,
    /// When it began, or ended.
    at_ms: i64,
}

impl Attempt<'_> {
    /// It was wrong.
    pub fn failed(mut self, now_ms: i64) {
        self.at_ms = now_ms;
    }

    /// It was right.
    pub fn succeeded(mut self) {
        if let Some(throttle) = self.throttle.take() {
            throttle.succeeded(&self.account, self.source);
        }
    }

    /// It was not wrong, and nothing came of it.
    pub fn undone(mut self) {
        if let Some(throttle) = self.throttle.take() {
            throttle.undone(&self.account, self.source);
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(throttle) = self.throttle {
            throttle.failed(&self.account, self.source, self.at_ms);
        }
    }
}

/// Makes room: first what is old, then the half that waits least. Attempts under way stay: there are no
/// more of them than requests.
fn forget(failures: &mut HashMap<Counted, Failures>, now_ms: i64) {
    let is_old = |known: &Failures| now_ms - known.until_ms > REMEMBERED_MS;
    failures.retain(|_, known| known.under_way > 0 || !is_old(known));
    if failures.len() >= COUNTS {
        let mut waits: Vec<_> = failures.values().map(|known| known.until_ms).collect();
        let middle = waits.len() / 2;
        let (_, median, _) = waits.select_nth_unstable(middle);
        let median = *median;
        failures.retain(|_, known| known.under_way > 0 || known.until_ms > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    impl Throttle {
        /// How long an attempt would wait.
        fn wait_ms(&self, account: &str, source: Source, now_ms: i64) -> u64 {
            self.begin(account, source, now_ms).map_or_else(
                |wait_ms| wait_ms,
                |attempt| {
                    attempt.undone();
                    0
                },
            )
        }

        fn fail(&self, account: &str, source: Source, now_ms: i64) {
            self.begin(account, source, now_ms).unwrap().failed(now_ms);
        }

        /// Those that may try, of 64 at one moment.
        fn burst(&self, account: &str, source: Source, now_ms: i64) -> Vec<Attempt<'_>> {
            (0..64).filter_map(|_| self.begin(account, source, now_ms).ok()).collect()
        }
    }

    impl std::fmt::Debug for Attempt<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an attempt")
        }
    }

    #[test]
    fn of_many_at_once_no_more_may_try_than_of_as_many_one_after_the_other() {
        let throttle = Throttle::new(100);
        let guesser = source("198.51.100.7");
        let first = throttle.burst("jo.smith", guesser, 0);
        assert_eq!(first.len(), 6, "as many as one after the other");
        assert_eq!(throttle.begin("jo.smith", guesser, 0).unwrap_err(), 1_000);
        throttle.fail("jo.smith", source("203.0.113.9"), 0);
        for attempt in first {
            attempt.failed(500);
        }
        assert_eq!(throttle.wait_ms("jo.smith", guesser, 500), 1_000);
        for (now_ms, wait_ms) in [(2_000, 2_000), (10_000, 4_000)] {
            let one = throttle.burst("jo.smith", guesser, now_ms);
            assert_eq!(one.len(), 1, "beyond the free ones, one at a time");
            drop(one);
            assert_eq!(throttle.wait_ms("jo.smith", guesser, now_ms), wait_ms, "a failure");
        }
        let later = 10_000 + 4_000 + 3_600_000;
        assert_eq!(throttle.burst("jo.smith", guesser, later).len(), 1);
        let forgotten = 2 * later;
        assert_eq!(throttle.burst("jo.smith", guesser, forgotten).len(), 6);
    }

    #[test]
    fn who_gets_in_makes_room_for_one_and_not_for_all_who_try_meanwhile() {
        let throttle = Throttle::new(100);
        let guesser = source("198.51.100.7");
        let mut under_way = throttle.burst("jo.smith", guesser, 0);
        under_way.pop().unwrap().succeeded();
        assert_eq!(throttle.burst("jo.smith", guesser, 0).len(), 1);
    }

    #[test]
    fn of_many_accounts_at_once_no_more_may_try_from_one_source() {
        let throttle = Throttle::new(3);
        let guesser = source("198.51.100.7");
        let begin = |n: i32| throttle.begin(&format!("officer.{n}"), guesser, 0).ok();
        let begun: Vec<_> = (0..64).filter_map(begin).collect();
        assert_eq!(begun.len(), 4);
        assert_eq!(throttle.wait_ms("somebody.else", source("203.0.113.9"), 0), 0);
        drop(begun);
        assert_eq!(throttle.wait_ms("somebody.else", guesser, 0), 1_000);
    }

    #[test]
    fn an_attempt_that_was_right_or_came_to_nothing_makes_room_for_another() {
        let throttle = Throttle::new(6);
        let office = source("203.0.113.9");
        let mut begun = throttle.burst("jo.smith", office, 0);
        begun.pop().unwrap().undone();
        assert_eq!(throttle.burst("jo.smith", office, 0).len(), 1, "the one that was undone");
        begun.truncate(3);
        // Three wrong ones so far: one that was dropped above, and those two. Three are under way.
        begun.pop().unwrap().succeeded();
        assert_eq!(
            throttle.burst("jo.smith", office, 0).len(),
            2,
            "the source's are not forgotten"
        );
        drop(begun);
        assert_eq!(
            throttle.wait_ms("jo.smith", office, 0),
            1_000,
            "seven wrong ones of the source"
        );
    }

    #[test]
    fn whatever_is_settled_and_not_wrong_leaves_nothing_behind() {
        let throttle = Throttle::new(6);
        let office = source("203.0.113.9");
        throttle.begin("jo.smith", office, 0).unwrap().undone();
        throttle.begin("jo.smith", office, 0).unwrap().succeeded();
        assert!(throttle.failures.lock().unwrap().is_empty());
    }

    #[test]
    fn a_guesser_waits_longer_each_time_and_an_officer_elsewhere_does_not() {
        let throttle = Throttle::new(100);
        let (guesser, office) = (source("198.51.100.7"), source("203.0.113.9"));
        let mut waits = Vec::new();
        for _ in 0..30 {
            throttle.failed("jo.smith", guesser, 0);
            waits.push(throttle.wait_ms("jo.smith", guesser, 0));
        }
        assert_eq!(waits[..8], [0, 0, 0, 0, 0, 1_000, 2_000, 4_000]);
        assert_eq!(waits[29], 900_000);
        assert_eq!(throttle.wait_ms("jo.smith", office, 0), 0);
        assert_eq!(throttle.wait_ms("jo.smith", source("198.51.100.200"), 0), 900_000, "same /24");
        throttle.succeeded("jo.smith", guesser);
        assert_eq!(throttle.wait_ms("jo.smith", guesser, 0), 0);
    }

    #[test]
    fn one_guess_at_each_account_is_slow_too_and_only_from_there() {
        let throttle = Throttle::new(3);
        let (guesser, office) = (source("198.51.100.7"), source("203.0.113.9"));
        let mut waits = Vec::new();
        for n in 0..20 {
            throttle.failed(&format!("officer.{n}"), guesser, 0);
            waits.push(throttle.wait_ms("somebody.else", guesser, 0));
        }
        assert_eq!(waits[..6], [0, 0, 0, 1_000, 2_000, 4_000]);
        assert_eq!(waits[19], 60_000);
        throttle.succeeded("somebody.else", guesser);
        assert_eq!(
            throttle.wait_ms("somebody.else", guesser, 0),
            60_000,
            "one account is not enough"
        );
        assert_eq!(throttle.wait_ms("somebody.else", office, 0), 0);
        assert_eq!(throttle.wait_ms("somebody.else", guesser, 60_000), 0);
        throttle.failed("officer.1", guesser, 60_000 + REMEMBERED_MS + 1);
        assert_eq!(
            throttle.wait_ms("officer.2", guesser, 60_000 + REMEMBERED_MS + 1),
            0,
            "forgotten"
        );
    }

    #[test]
    fn a_wait_ends_with_time_and_a_failure_is_remembered_an_hour_longer() {
        let (hour, begin) = (3_600_000, 10_000_000);
        for (later, wait) in [(hour, 1_000), (hour + 1, 0)] {
            let (throttle, office) = (Throttle::new(100), source("203.0.113.9"));
            for _ in 0..5 {
                throttle.failed("jo.smith", office, begin);
            }
            throttle.failed("jo.smith", office, begin + later);
            assert_eq!(throttle.wait_ms("jo.smith", office, begin + later), wait, "{later}");
            assert_eq!(throttle.wait_ms("jo.smith", office, begin + later + 400), wait * 6 / 10);
            assert_eq!(throttle.wait_ms("jo.smith", office, begin + later + 1_000), 0);
        }
    }

    /// As much as is remembered: pair `n` waits until `n` milliseconds after `begin`.
    fn full(begin: i64) -> Throttle {
        let throttle = Throttle::new(100);
        let pairs = (0..16_384_i64).map(|n| {
            let failures = Failures { count: 6, ..Failures::none(begin + n) };
            ((Some(n.to_string()), source("::1")), failures)
        });
        throttle.failures.lock().unwrap().extend(pairs);
        throttle
    }

    #[test]
    fn where_room_is_needed_the_old_go_first_and_nobody_else() {
        let throttle = full(1_000_000);
        throttle.fail("one more", source("::1"), 1_000_000 + 3_600_000 + 100);
        let failures = throttle.failures.lock().unwrap();
        assert_eq!(failures.len(), 16_384 - 100 + 2, "the account and its source came");
        assert!(!failures.contains_key(&(Some("99".to_owned()), source("::1"))));
    }

    #[test]
    fn where_none_is_old_the_half_that_waits_least_goes() {
        let throttle = full(1_000_000);
        throttle.fail("one more", source("::1"), 1_000_000);
        let failures = throttle.failures.lock().unwrap();
        assert_eq!(failures.len(), 16_384 / 2 + 1);
        assert!(failures.contains_key(&(Some("16383".to_owned()), source("::1"))));
    }

    #[test]
    fn what_is_under_way_is_forgotten_for_no_room() {
        for (begin, now_ms) in [(1_000_000, 1_000_000), (1_000_000, 1_000_000 + 7_200_000)] {
            let throttle = full(begin);
            let guesser = source("198.51.100.7");
            let early = throttle.burst("jo.smith", guesser, begin);
            let many = |n: i64| ((Some(format!("more {n}")), source("::1")), Failures::none(begin));
            throttle.failures.lock().unwrap().extend((0..16_384).map(many));
            throttle.fail("one more", source("::1"), now_ms);
            assert!(throttle.failures.lock().unwrap().len() < 16_384);
            assert_eq!(early.len(), 6);
            assert!(throttle.begin("jo.smith", guesser, now_ms).is_err(), "six are under way");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::new(u32::MAX);
        for n in 0..(COUNTS + 100) {
            throttle.fail(&n.to_string(), source("::1"), 0);
        }
        assert!(throttle.failures.lock().unwrap().len() <= COUNTS + 1);
    }

    #[test]
    fn ipv6_counts_by_its_64() {
        assert_eq!(source("2001:db8::1").network().to_string(), "2001:db8::/64");
        assert_eq!(source("198.51.100.7").network().to_string(), "198.51.100.0/24");
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:198.51.100.7"), source("198.51.100.9"));
    }
}
