//! The real world: the client crate, the sealed profile, the system.
//!
//! What it is: everything that takes time, on threads of its own. What it is not: it decides nothing,
//! and keeps nothing but what the profile keeps.
//!
//! How things flow:
//!
//! ```text
//! window ─ effects ─▶ engine ─▶ session ─▶ reader, outbox ─▶ client ─▶ the server
//!   ▲                                │          │               │
//!   └── news ── teller ◀─────────────┴──────────┴── keeper ◀────┘   (events, state)
//!                                    └─▶ shelf: the one thread that uses the profile
//! ```
//!
//! The window hands effects into a bounded queue and takes news out of another; it never waits. One
//! thread runs the engine and everything under way; one thread has the open profile, and another
//! speaks to the system's notifications. What came from the server is on disk before it is told, and
//! what is to be sent is on disk before it is said to be kept.

mod disclosure;
mod drafts;
mod engine;
mod export;
mod files;
mod joining;
mod keeper;
mod notify;
mod outbox;
mod pulse;
mod reader;
mod refusal;
mod session;
mod shelf;
mod system;
mod teller;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::mpsc;

use crate::controller::World;
use crate::profile::Profiles;
use crate::{Effect, News};

use engine::Engine;
use pulse::Pulse;
use teller::{Teller, now_ms};

/// Called after news, from any thread: to have the window take it.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Effects that wait for the engine: far more than a person makes, and than 200 rooms ask for at a
/// sign-in.
const EFFECTS: usize = 4096;

/// News that waits for the window. Beyond it the server's entries wait in its history.
const NEWS: usize = 2048;

/// The time is told again after this long, so that it is right in every frame and does not fill turns.
const CLOCK_MS: i64 = 100;

/// How long the window waits at its end until all is on disk and the server knows.
const ENDING: Duration = Duration::from_secs(8);

/// The real world.
pub struct RealWorld {
    /// None once it has ended.
    effects: Option<mpsc::Sender<Effect>>,
    news: mpsc::Receiver<News>,
    /// What is told of effects that could not be taken.
    owed: VecDeque<News>,
    clock_ms: i64,
    pulse: Arc<Pulse>,
    ended: Receiver<()>,
}

impl RealWorld {
    /// Starts it over the profiles of this computer's user. What it tells first is
    /// [`News::Started`].
    pub fn start(profiles: Profiles, wake: Wake) -> io::Result<Self> {
        let (effects, effects_in) = mpsc::channel(EFFECTS);
        let (news_out, news) = mpsc::channel(NEWS);
        let (end, ended) = sync_channel(1);
        let pulse = Arc::new(Pulse::new(wake));
        let engine = Engine::new(profiles, Teller::new(news_out, pulse.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("world".to_owned()).spawn(move || {
            runtime.block_on(engine.run(effects_in));
            end_with(runtime, &end);
        })?;
        let owed = VecDeque::new();
        Ok(Self { effects: Some(effects), news, owed, clock_ms: 0, pulse, ended })
    }

    /// Tells of an effect that was not taken.
    fn refuse(&mut self, effect: Effect) {
        self.owed.push_back(refusal::of(effect, refusal::too_much()));
        // Nobody reads a thousand of them; the first ones say it.
        self.owed.truncate(EFFECTS);
    }
}

/// What still runs on threads of its own (a key being derived) is not waited for.
fn end_with(runtime: tokio::runtime::Runtime, end: &SyncSender<()>) {
    // The window may be gone already.
    let _ = end.send(());
    runtime.shutdown_background();
}

impl World for RealWorld {
    fn perform(&mut self, effect: Effect) {
        self.pulse.stir();
        let Some(effects) = &self.effects else { return };
        match effects.try_send(effect) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(effect)) => self.refuse(effect),
        }
    }

    fn news(&mut self) -> Option<News> {
        let now = now_ms();
        if (now - self.clock_ms).abs() >= CLOCK_MS {
            self.clock_ms = now;
            return Some(News::Clock(now));
        }
        self.owed.pop_front().or_else(|| self.news.try_recv().ok())
    }

    fn end(&mut self) {
        if self.effects.take().is_none() {
            return;
        }
        // Nobody takes news any more, so nobody shall wait for that.
        self.news.close();
        if self.ended.recv_timeout(ENDING) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the profile took too long to close");
        }
    }
}

impl Drop for RealWorld {
    fn drop(&mut self) {
        self.end();
    }
}
