//! How often the window looks at the clock.
//!
//! With nothing happening it looks every quarter of a minute, which is what "3 minutes ago" needs. For
//! a while after anything happened, whether a person did it or the server told it, and while the
//! seconds to the next attempt to connect are shown, it looks once a second: notices, names of who is
//! typing and countdowns go by themselves.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::News;
use crate::news::Connection;
use crate::world::Wake;
use crate::world::teller::now_ms;

/// While something shown changes with the seconds.
const LIVELY: Duration = Duration::from_secs(1);

/// Otherwise.
const RESTING: Duration = Duration::from_secs(15);

/// How long things go on changing after something happened: the longest that a notice stays, twice.
const LIVELY_FOR_MS: i64 = 12_000;

/// Wakes the window.
pub(super) struct Pulse {
    wake: Wake,
    counts_down: AtomicBool,
    lively_until_ms: AtomicI64,
    stirred: Notify,
}

impl Pulse {
    pub(super) fn new(wake: Wake) -> Self {
        Self {
            wake,
            counts_down: AtomicBool::new(false),
            lively_until_ms: AtomicI64::new(0),
            stirred: Notify::new(),
        }
    }

    /// Has the window take the news now.
    pub(super) fn wake(&self) {
        (self.wake)();
    }

    /// Something happened.
    pub(super) fn stir(&self) {
        let was_resting = !self.is_lively();
        self.lively_until_ms.store(now_ms() + LIVELY_FOR_MS, Ordering::Relaxed);
        if was_resting {
            self.stirred.notify_one();
        }
    }

    /// Takes from the news what it needs to know.
    pub(super) fn note(&self, news: &News) {
        if let News::Connection(connection) = news {
            let counts = matches!(connection, Connection::Reconnecting { .. });
            self.counts_down.store(counts, Ordering::Relaxed);
        }
    }

    /// Wakes the window for as long as a profile is open.
    pub(super) async fn run(&self) {
        loop {
            let wait = if self.is_lively() { LIVELY } else { RESTING };
            if timeout(wait, self.stirred.notified()).await.is_err() {
                self.wake();
            }
        }
    }

    fn is_lively(&self) -> bool {
        let until = self.lively_until_ms.load(Ordering::Relaxed);
        self.counts_down.load(Ordering::Relaxed) || now_ms() < until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_until_something_happens_and_while_nothing_counts_down() {
        let pulse = Pulse::new(Box::new(|| {}));
        assert!(!pulse.is_lively());
        pulse.stir();
        assert!(pulse.is_lively());
        pulse.lively_until_ms.store(now_ms() - 1, Ordering::Relaxed);
        assert!(!pulse.is_lively());
        let why = String::new();
        let lost = Connection::Reconnecting { at_ms: 0, why, intercepted: false };
        pulse.note(&News::Connection(lost));
        assert!(pulse.is_lively());
        pulse.note(&News::Connection(Connection::Connected));
        assert!(!pulse.is_lively());
    }
}
