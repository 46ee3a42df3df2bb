//! `tail`: rooms live, until interrupted.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{MissedTickBehavior, interval};
use warproom_client::proto::calls::RoomSummary;
use warproom_client::{Delivered, Event, Rewritten, State};

use super::in_room;
use crate::args::Tail;
use crate::chain;
use crate::directory::Directory;
use crate::out::{Out, note};
use crate::problem::problem;
use crate::session::Session;
use crate::show::{self, Item};

/// How often the heads are kept while following: what a crash may forget of them.
const KEEP_HEADS: Duration = Duration::from_secs(10);

/// `tail`
pub(crate) async fn tail(session: &mut Session, args: &Tail) -> Result<()> {
    let mut following = Following::start(session, args).await?;
    let mut state = session.client().state();
    let mut keep = interval(KEEP_HEADS);
    keep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // What the connection does is told before what came over it.
            biased;
            _ = tokio::signal::ctrl_c() => return Ok(()),
            Ok(()) = state.changed() => {
                let now = state.borrow_and_update().clone();
                say_state(&now)?;
            }
            event = session.next_event() => match event {
                Some(event) => following.take(session, event).await?,
                None => bail!(session.ended()),
            },
            _ = keep.tick() => session.keep_heads()?,
        }
    }
}

fn say_state(state: &State) -> Result<()> {
    match state {
        State::Connected => note("connected again; what was missed follows"),
        // What is tried at once needs no line of its own.
        State::Reconnecting { wait, .. } if wait.is_zero() => {}
        State::Reconnecting { attempt, wait, trouble } => {
            let wait = wait.as_secs_f32().ceil();
            note(&format!("{trouble}; connecting again in {wait} s (attempt {attempt})"));
        }
        State::SignedOut { reason } => bail!(warproom_client::CallError::SignedOut(reason.clone())),
    }
    Ok(())
}

/// What is followed, and the names in it.
struct Following {
    rooms: Vec<RoomSummary>,
    /// Whether rooms joined from now on are followed too.
    all: bool,
    people: Directory,
}

impl Following {
    async fn start(session: &Session, args: &Tail) -> Result<Self> {
        if args.since.is_some() && args.rooms.len() != 1 {
            return Err(problem(
                "--since needs one room: every room counts its own entries",
                "name the room, or leave --since away",
            )
            .into());
        }
        let all = args.rooms.is_empty();
        let mut rooms = if all { session.rooms(false).await? } else { Vec::new() };
        for room in &args.rooms {
            rooms.push(session.room(room).await?);
        }
        let ids: Vec<_> = rooms.iter().map(|room| room.room).collect();
        let people = session.directory(&ids).await;
        for room in &rooms {
            session.client().follow(room.room, args.since).await?;
        }
        let names: Vec<_> =
            rooms.iter().map(|room| show::safe(room.settings.name.as_str())).collect();
        note(&match names.join(", ") {
            names if names.is_empty() => "you are in no room yet; Ctrl-C ends".to_owned(),
            names => format!("following {names}; Ctrl-C ends"),
        });
        Ok(Self { rooms, all, people })
    }

    async fn take(&mut self, session: &Session, event: Event) -> Result<()> {
        match event {
            Event::Entry(delivered) => self.entry(session, &delivered).await,
            Event::RoomJoined(room) => {
                self.joined(session, room).await;
                Ok(())
            }
            Event::RoomLeft(room) => {
                if let Some(at) = self.rooms.iter().position(|known| known.room == room) {
                    let gone = self.rooms.remove(at);
                    note(&format!("you are out of {}", show::safe(gone.settings.name.as_str())));
                }
                Ok(())
            }
            Event::Reconnected(_) if self.all => {
                // If the line is gone again, the next time it is back will do.
                for room in session.rooms(false).await.unwrap_or_default() {
                    self.joined(session, room).await;
                }
                Ok(())
            }
            Event::Rewritten(found) => {
                self.warn(&found);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn entry(&mut self, session: &Session, delivered: &Delivered) -> Result<()> {
        if session.out() == Out::Human {
            let record = std::slice::from_ref(&delivered.record);
            session.learn_missing(&mut self.people, record).await;
        }
        session.out().give(&in_room(delivered.room, &delivered.record), |_| {
            let entry = show::entry(&Item::from(&delivered.record), &self.people, session.zone());
            // With one room its name on every line would only be in the way.
            if self.rooms.len() == 1 && !self.all {
                return entry;
            }
            show::in_room(&self.name(delivered.room), &entry)
        })
    }

    /// Takes in a room as it is now, and follows it if all are followed and this one is new.
    async fn joined(&mut self, session: &Session, room: RoomSummary) {
        self.people.learn_room(&room);
        match self.rooms.iter_mut().find(|known| known.room == room.room) {
            Some(known) => *known = room,
            None if self.all => {
                let name = show::safe(room.settings.name.as_str());
                // From where it stood when this was said, so that nothing said since is missed.
                match session.client().follow(room.room, Some(room.latest.seq)).await {
                    Ok(_) => {
                        note(&format!("you are in {name} now"));
                        self.rooms.push(room);
                    }
                    Err(error) => note(&format!("{name} cannot be followed now: {error}")),
                }
            }
            None => {}
        }
    }

    /// Loud, but no end: the other rooms may be needed more than ever.
    fn warn(&self, found: &Rewritten) {
        let name = found.room.map_or_else(|| "the register".to_owned(), |room| self.name(room));
        let problem = chain::rewritten(found, &name);
        note(&format!("WARNING: {problem}. What to do: {}.", problem.next()));
    }

    fn name(&self, room: warproom_client::proto::RoomId) -> String {
        self.people.room(room)
    }
}
