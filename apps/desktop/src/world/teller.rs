//! Telling the window, through a bounded queue.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use crate::News;
use crate::news::Refusal;
use crate::world::pulse::Pulse;

/// Tells the window. Cheap to clone.
#[derive(Clone)]
pub(super) struct Teller {
    news: mpsc::Sender<News>,
    pulse: Arc<Pulse>,
}

impl Teller {
    pub(super) const fn new(news: mpsc::Sender<News>, pulse: Arc<Pulse>) -> Self {
        Self { news, pulse }
    }

    /// Tells one thing.
    pub(super) async fn tell(&self, news: News) {
        self.tell_all(vec![news]).await;
    }

    /// Tells several things, in order. Waits while the window has much to take; where there is no window
    /// any more, nobody is told.
    pub(super) async fn tell_all(&self, batch: Vec<News>) {
        for news in batch {
            self.pulse.note(&news);
            match self.news.try_send(news) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(news)) => {
                    // It cannot take what it does not know of.
                    self.pulse.wake();
                    let _ = self.news.send(news).await;
                }
            }
        }
        self.pulse.stir();
        self.pulse.wake();
    }

    /// Tells that something failed which nobody asked for just now.
    pub(super) async fn trouble(&self, refusal: Refusal) {
        self.tell(News::Trouble(refusal)).await;
    }

    pub(super) fn pulse(&self) -> Arc<Pulse> {
        self.pulse.clone()
    }
}

/// The time, in milliseconds since 1970 UTC; 0 on a computer whose clock is before that.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
