//! One command's connection: signed in with a profile, and what every command asks over it.

mod lookup;

use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tokio::time::{sleep, timeout};
use warproom_client::proto::calls::{Call, Me};
use warproom_client::proto::{DeviceId, ErrorCode, RoomId};
use warproom_client::{
    Append, CallError, Client, Connector, Credentials, DeviceKey, Event, Events, Heads, State,
};

use crate::args::Global;
use crate::chain;
use crate::directory::Directory;
use crate::out::Out;
use crate::problem;
use crate::profile::{Folder, Profiles};
use crate::show::Scene;

/// As many records as one page may hold.
pub(crate) const PAGE: u16 = 200;

/// How long leaving in order may take; after it the connection is cut.
const GOODBYE: Duration = Duration::from_secs(2);

/// How often a call is made again that came too fast: with the waits below, well over the second in
/// which a server lets twenty more through.
const PATIENCE: u32 = 10;

/// The shortest wait before that, in case the server names none.
const SHORTEST: Duration = Duration::from_millis(50);

/// The longest: a person watches.
const LONGEST: Duration = Duration::from_secs(5);

/// Where a command runs: what the person chose, and what the computer says.
pub(crate) struct Place {
    pub(crate) profiles: Profiles,
    pub(crate) out: Out,
    pub(crate) zone: TimeZone,
}

impl Place {
    /// From what was typed.
    pub(crate) fn new(global: &Global) -> Result<Self> {
        let out = if global.json { Out::Json } else { Out::Human };
        Ok(Self { profiles: Profiles::new(global)?, out, zone: TimeZone::system() })
    }
}

/// A signed-in connection.
pub(crate) struct Session {
    client: Client,
    events: Events,
    folder: Folder,
    /// The heads as the profile has them.
    kept: Heads,
    out: Out,
    zone: TimeZone,
}

impl Session {
    /// Connects and signs in with the profile that was chosen.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let folder = place.profiles.choose()?;
        let profile = folder.profile()?;
        let key = DeviceKey::from_text(folder.key()?.expose())
            .with_context(|| format!("the profile \"{}\" is damaged", folder.name()))?;
        let kept: Heads = folder.heads()?;
        let credentials = Credentials::Device { device: profile.device, key };
        let (client, events) =
            Connector::new(profile.address, credentials).heads(kept.clone()).connect().await?;
        let zone = place.zone.clone();
        Ok(Self { client, events, folder, kept, out: place.out, zone })
    }

    /// Keeps what was learnt of the chains, and leaves: with what the command came to, or else with a history
    /// that does not hold, which nobody should overlook because the command failed too.
    pub(crate) async fn close(mut self, done: Result<()>) -> Result<()> {
        let said = done.as_ref().err().and_then(|error| match error.downcast_ref() {
            Some(CallError::Rewritten(found)) => Some(*found),
            _ => None,
        });
        let mut results = vec![done, self.keep_heads()];
        // Only what is waiting already; nothing more is of interest.
        while let Ok(Some(event)) = timeout(Duration::ZERO, self.events.next()).await {
            // What was forgotten since is believed anew.
            if let Event::Rewritten(found) = event
                && said != Some(found)
                && self.client.rewritten().contains(&found)
            {
                // The audit log's is named where it is told.
                let name = found.room.map_or("the register".into(), |room| format!("room {room}"));
                results.push(Err(chain::rewritten(&found, &name).into()));
            }
        }
        // The server notices a cut connection too.
        let _ = timeout(GOODBYE, self.client.close()).await;
        let mut errors = results.into_iter().filter_map(Result::err).peekable();
        while let Some(error) = errors.next() {
            if errors.peek().is_none() {
                return Err(error);
            }
            problem::report(&error);
        }
        Ok(())
    }

    /// Writes the heads to the profile if they changed.
    pub(crate) fn keep_heads(&mut self) -> Result<()> {
        let heads = self.client.heads();
        if heads != self.kept {
            self.folder.keep_heads(&heads)?;
            self.kept = heads;
        }
        Ok(())
    }

    /// Makes a call.
    pub(crate) async fn call<C: Call>(&self, call: C) -> Result<C::Reply> {
        Ok(self.client.call(call).await?)
    }

    /// Makes a call that changes nothing, and where the server asks to slow down makes it again: for
    /// commands that ask about many things, one by one.
    pub(crate) async fn patiently<C: Call + Clone>(&self, call: C) -> Result<C::Reply> {
        let mut tries = 0;
        loop {
            match self.client.call(call.clone()).await {
                Err(CallError::Refused(refusal))
                    if refusal.code == ErrorCode::SlowDown && tries < PATIENCE =>
                {
                    tries += 1;
                    let wait_ms = refusal.data.as_ref().map_or(0, |data| data.retry_after_ms);
                    sleep(Duration::from_millis(wait_ms).clamp(SHORTEST, LONGEST)).await;
                }
                reply => return Ok(reply?),
            }
        }
    }

    /// Appends an entry, exactly once.
    pub(crate) async fn append<A: Append>(&self, call: A) -> Result<A::Reply> {
        Ok(self.client.append(call).await?)
    }

    /// What happens next; none once signed out. May be dropped while it waits.
    pub(crate) async fn next_event(&mut self) -> Option<Event> {
        self.events.next().await
    }

    /// Why nothing happens any more.
    pub(crate) fn ended(&self) -> CallError {
        match &*self.client.state().borrow() {
            State::SignedOut { reason } => CallError::SignedOut(reason.clone()),
            _ => CallError::Disconnected,
        }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) const fn out(&self) -> Out {
        self.out
    }

    pub(crate) const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Now, here.
    pub(crate) fn now(&self) -> Zoned {
        Timestamp::now().to_zoned(self.zone.clone())
    }

    /// What is shown is in this room, now, and these are the names of what it tells of.
    pub(crate) fn scene<'a>(&'a self, people: &'a Directory, room: RoomId) -> Scene<'a> {
        Scene { people, zone: &self.zone, now_ms: Timestamp::now().as_millisecond(), room }
    }

    /// Who is signed in.
    pub(crate) fn me(&self) -> Me {
        self.client.me()
    }

    /// Whether this is the device that is signed in.
    pub(crate) fn is_this(&self, device: DeviceId) -> bool {
        self.client.signed_in().device == Some(device)
    }
}
