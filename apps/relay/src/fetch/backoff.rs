//! How long to wait before a source is read again.

use std::time::Duration;

/// After the first failure: most are over in a moment.
const FIRST: Duration = Duration::from_secs(30);

/// The longest wait after failures, unless the source is read more rarely anyway.
const LONGEST: Duration = Duration::from_hours(1);

/// The longest that a server may ask to wait: six hours, so that no answer silences a source for good.
const PATIENCE: Duration = Duration::from_hours(6);

/// Failures in a row after which a source is reported as failing.
const REPORTED_AT: u32 = 3;

/// The failures of one source in a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// It went well. Says whether it had been reported as failing before.
    pub fn succeeded(&mut self) -> bool {
        std::mem::take(&mut self.failures) >= REPORTED_AT
    }

    /// It failed. Says whether that is to be reported: once, until it goes well again.
    pub fn failed(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures == REPORTED_AT
    }

    /// How long to wait now, for a source that is read this often. `chance` is from 0 to 1: sources
    /// that failed together are not to come back together.
    #[must_use]
    pub fn wait(&self, every: Duration, retry_after: Option<Duration>, chance: f64) -> Duration {
        let asked = retry_after.unwrap_or_default().min(PATIENCE);
        if self.failures == 0 {
            return every.max(asked);
        }
        let doubled = FIRST.saturating_mul(1 << (self.failures - 1).min(16));
        let most = doubled.min(LONGEST.max(every));
        most.mul_f64(chance.clamp(0.0, 1.0).mul_add(0.5, 0.5)).max(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_mins(15);

    #[test]
    fn waits_double_to_an_hour_and_scatter_over_half_of_themselves() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.wait(EVERY, None, 1.0), EVERY);
        let waits: Vec<_> = (0..9)
            .map(|_| {
                backoff.failed();
                backoff.wait(EVERY, None, 1.0).as_secs()
            })
            .collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(backoff.wait(EVERY, None, 0.0).as_secs(), 1800);
        backoff.succeeded();
        assert_eq!(backoff.wait(EVERY, None, 0.5), EVERY);
    }

    #[test]
    fn a_server_may_ask_for_six_hours_and_no_more() {
        let mut backoff = Backoff::default();
        backoff.failed();
        let hours = |hours: u64| Some(Duration::from_hours(hours));
        assert_eq!(backoff.wait(EVERY, hours(2), 0.3), hours(2).unwrap());
        assert_eq!(backoff.wait(EVERY, hours(1000), 0.3), hours(6).unwrap());
    }

    #[test]
    fn a_failing_source_is_reported_once_until_it_recovers() {
        let mut backoff = Backoff::default();
        let reports: Vec<_> = (0..6).map(|_| backoff.failed()).collect();
        assert_eq!(reports, [false, false, true, false, false, false]);
        assert!(backoff.succeeded());
        assert!(!backoff.succeeded());
    }
}
