//! A WARP that stores by entry id, as the real one does, and can lose an answer or be cut off.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use warproom_client::CallError;
use warproom_client::proto::calls::{PostAlert, Posted};
use warproom_client::proto::{Error, ErrorCode, Head, Label, RoomId};
use warproom_relay::compose::Room;
use warproom_relay::post::Warp;

/// What goes wrong with one post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It does not arrive, and the relay is told so.
    Refused(ErrorCode),
    /// It is stored, and the answer is lost.
    AnswerLost,
    /// The relay ends before it arrives.
    CrashBefore,
    /// The relay ends after it is stored.
    CrashAfter,
}

#[derive(Clone, Default)]
pub struct Played(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stored: Mutex<Vec<PostAlert>>,
    /// Which post from now, and what happens to it.
    mishap: Mutex<Option<(usize, Mishap)>>,
    crashed: Notify,
    /// The strictest label the bot may post; any, if none is set.
    grant: Mutex<Option<Label>>,
    /// How many posts arrived, refused ones too.
    asked: AtomicUsize,
}

/// The room called "One".
pub fn one() -> Room {
    Room { id: RoomId::from_bytes([1; 16]), name: "One".into(), ceiling: Label::Amber }
}

/// The room called "Two".
pub fn two() -> Room {
    Room { id: RoomId::from_bytes([2; 16]), name: "Two".into(), ceiling: Label::Red }
}

impl Played {
    /// What is stored, in order.
    pub fn stored(&self) -> Vec<PostAlert> {
        self.0.stored.lock().unwrap().clone()
    }

    /// Grants labels up to this one.
    pub fn grant(&self, label: Option<Label>) {
        *self.0.grant.lock().unwrap() = label;
    }

    /// How many posts arrived, refused ones too.
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::Relaxed)
    }

    pub fn plan(&self, mishap: Option<(usize, Mishap)>) {
        *self.0.mishap.lock().unwrap() = mishap;
    }

    /// Waits until the relay is to end.
    pub async fn crashed(&self) {
        self.0.crashed.notified().await;
    }

    fn mishap(&self) -> Option<Mishap> {
        let mut planned = self.0.mishap.lock().unwrap();
        let (wait, mishap) = (*planned)?;
        *planned = wait.checked_sub(1).map(|wait| (wait, mishap));
        (wait == 0).then_some(mishap)
    }

    /// What is stored already is answered before anything is decided, as the real one does.
    fn allows(&self, alert: &PostAlert) -> bool {
        self.0.stored.lock().unwrap().iter().any(|stored| stored.id == alert.id)
            || self.0.grant.lock().unwrap().is_none_or(|grant| alert.label <= grant)
    }

    fn store(&self, alert: PostAlert) -> Posted {
        let mut stored = self.0.stored.lock().unwrap();
        let place = stored.iter().position(|one| one.id == alert.id).unwrap_or_else(|| {
            stored.push(alert);
            stored.len() - 1
        });
        Posted { seq: place as u64 + 1, at_ms: 0, head: Head([0; 32]) }
    }
}

impl Warp for Played {
    async fn rooms(&self) -> Result<Vec<Room>, CallError> {
        Ok(vec![one(), two()])
    }

    async fn post(&self, alert: PostAlert) -> Result<Posted, CallError> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let mishap = self.mishap();
        let arrives = !matches!(mishap, Some(Mishap::Refused(_) | Mishap::CrashBefore));
        if arrives && !self.allows(&alert) {
            return Err(CallError::Refused(Error::from(ErrorCode::LabelRefused)));
        }
        match mishap {
            None => Ok(self.store(alert)),
            Some(Mishap::Refused(code)) => Err(CallError::Refused(Error::from(code))),
            Some(Mishap::AnswerLost) => {
                self.store(alert);
                Err(CallError::Disconnected)
            }
            Some(Mishap::CrashBefore) => {
                self.0.crashed.notify_one();
                pending().await
            }
            Some(Mishap::CrashAfter) => {
                self.store(alert);
                self.0.crashed.notify_one();
                pending().await
            }
        }
    }
}
