//! How long to wait before the next attempt to connect.
//!
//! The span doubles with every attempt and the wait is drawn evenly from it, so that the clients of
//! a restarted server do not all come back in the same moment. It knows no clock and does no waiting.

use std::time::Duration;

/// The shortest wait: a server that just restarted is back about then.
const SHORTEST: Duration = Duration::from_millis(250);

/// The longest wait: the most that an officer waits once the network is back.
const LONGEST: Duration = Duration::from_secs(30);

/// Doubling [`SHORTEST`] this often passes [`LONGEST`].
const DOUBLINGS: u32 = 7;

/// The wait before an attempt, counted from 1. `chance` is anything random.
pub(crate) fn wait(attempt: u32, chance: u16) -> Duration {
    let span = (SHORTEST * 2_u32.pow(attempt.min(DOUBLINGS))).min(LONGEST);
    SHORTEST + span.saturating_sub(SHORTEST) * u32::from(chance) / u32::from(u16::MAX)
}

/// A random number for [`wait`].
pub(crate) fn chance() -> u16 {
    #[cfg(feature = "simulated")]
    if let Some(chance) = crate::simulated::chance() {
        return chance;
    }
    let mut bytes = [0; 2];
    // Without randomness the wait is merely the shortest.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u16::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wait_is_between_a_quarter_of_a_second_and_half_a_minute() {
        for attempt in [1, 2, 3, 6, 7, 8, 1000, u32::MAX] {
            for chance in [0, 1, u16::MAX / 2, u16::MAX] {
                let wait = wait(attempt, chance);
                assert!((SHORTEST..=LONGEST).contains(&wait), "{attempt} {chance} {wait:?}");
            }
        }
    }

    #[test]
    fn waits_grow_with_the_attempts() {
        let longest: Vec<_> = (1..=8).map(|attempt| wait(attempt, u16::MAX)).collect();
        assert!(longest.is_sorted());
        assert_eq!(longest.first(), Some(&Duration::from_millis(500)));
        assert_eq!(longest.last(), Some(&LONGEST));
        assert_eq!(wait(8, 0), SHORTEST);
    }
}
