//! Brakes on guessing: failures count for an account **and** a source together, never for an account
//! alone, so nobody can lock an officer out from somewhere else. Those of a source count for all accounts
//! too, so that trying one stolen password on each of them is slow as well.

use std::collections::HashMap;
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
    until_ms: i64,
}

impl Failures {
    /// One more: beyond the free ones the wait doubles, up to the longest.
    fn count(&mut self, free: u32, longest_ms: i64, now_ms: i64) {
        if now_ms - self.until_ms > REMEMBERED_MS {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
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

    /// How long an attempt still has to wait, in milliseconds; 0 for not at all.
    pub fn wait_ms(&self, account: &str, source: Source, now_ms: i64) -> u64 {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let until = |counted| failures.get(&counted).map_or(0, |known: &Failures| known.until_ms);
        let until = until((Some(account.to_owned()), source)).max(until((None, source)));
        u64::try_from(until - now_ms).unwrap_or(0)
    }

    /// Counts a failure.
    pub fn failed(&self, account: &str, source: Source, now_ms: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= COUNTS {
            forget(&mut failures, now_ms);
        }
        for (account, free, longest_ms) in [
            (Some(account.to_owned()), FREE, LONGEST_WAIT_MS),
            (None, self.free_of_a_source, LONGEST_WAIT_OF_A_SOURCE_MS),
        ] {
            let none = Failures { count: 0, until_ms: now_ms };
            failures.entry((account, source)).or_insert(none).count(free, longest_ms, now_ms);
        }
    }

    /// Forgets the failures of somebody who got in. Those of the source stay: a guesser may have an
    /// account too.
    pub fn succeeded(&self, account: &str, source: Source) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&(Some(account.to_owned()), source));
    }
}

/// Makes room: first what is old, then the half that waits least.
fn forget(failures: &mut HashMap<Counted, Failures>, now_ms: i64) {
    failures.retain(|_, known| now_ms - known.until_ms <= REMEMBERED_MS);
    if failures.len() >= COUNTS {
        let mut waits: Vec<_> = failures.values().map(|known| known.until_ms).collect();
        let middle = waits.len() / 2;
        let (_, median, _) = waits.select_nth_unstable(middle);
        let median = *median;
        failures.retain(|_, known| known.until_ms > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
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
            let failures = Failures { count: 6, until_ms: begin + n };
            ((Some(n.to_string()), source("::1")), failures)
        });
        throttle.failures.lock().unwrap().extend(pairs);
        throttle
    }

    #[test]
    fn where_room_is_needed_the_old_go_first_and_nobody_else() {
        let throttle = full(1_000_000);
        throttle.failed("one more", source("::1"), 1_000_000 + 3_600_000 + 100);
        let failures = throttle.failures.lock().unwrap();
        assert_eq!(failures.len(), 16_384 - 100 + 2, "the account and its source came");
        assert!(!failures.contains_key(&(Some("99".to_owned()), source("::1"))));
    }

    #[test]
    fn where_none_is_old_the_half_that_waits_least_goes() {
        let throttle = full(1_000_000);
        throttle.failed("one more", source("::1"), 1_000_000);
        let failures = throttle.failures.lock().unwrap();
        assert_eq!(failures.len(), 16_384 / 2 + 1);
        assert!(failures.contains_key(&(Some("16383".to_owned()), source("::1"))));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::new(100);
        for n in 0..(COUNTS + 100) {
            throttle.failed(&n.to_string(), source("::1"), 0);
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
