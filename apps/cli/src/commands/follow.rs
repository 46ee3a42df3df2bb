//! `tail`: rooms live, until interrupted; and among what is said there, the reminders and common
//! causes that come for this member.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use warproom_client::proto::calls::RoomSummary;
use warproom_client::proto::{Outstanding, RoomId, Seq};
use warproom_client::{Delivered, Event, Rewritten, State};

use super::concern::Concern;
use super::{asks, in_room};
use crate::args::{Switch, Tail};
use crate::chain;
use crate::directory::Directory;
use crate::names::Purpose;
use crate::out::{self, Out, note};
use crate::problem::problem;
use crate::session::Session;
use crate::show::{self, Item};

/// How often the heads are kept while following: what a crash may forget of them.
const KEEP_HEADS: Duration = Duration::from_secs(10);

/// How often what concerns this member is asked for again: a colleague may have changed it on another
/// computer, and of that nobody is told.
const ASK_AGAIN: Duration = Duration::from_mins(5);

/// `tail`
pub(crate) async fn tail(session: &mut Session, args: &Tail) -> Result<()> {
    let mut following = Following::start(session, args).await?;
    let mut state = session.client().state();
    let mut keep = interval(KEEP_HEADS);
    keep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ask_again = interval_at(Instant::now() + ASK_AGAIN, ASK_AGAIN);
    ask_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
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
            _ = ask_again.tick() => following.concern.ask_again(session).await,
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
            let trouble = show::safe(&trouble.to_string());
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
    concern: Concern,
    bell: Switch,
    /// How far each room had come when following it began: of what was said before, no bell tells.
    began: HashMap<RoomId, Seq>,
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
            rooms.push(session.room(room, Purpose::Reading).await?);
        }
        let is_rewritten =
            |room| session.client().rewritten().iter().any(|found| found.room == Some(room));
        if let (Some(since), [room]) = (args.since, &rooms[..])
            && since > room.latest.seq
            && !is_rewritten(room.room)
        {
            // Whoever asks for what follows a record that there never was asks in vain. (One that was there
            // and is gone is another matter, which following tells of.)
            let (name, latest) = (show::safe(room.settings.name.as_str()), room.latest.seq);
            return Err(problem(
                format!("{name} has come to #{latest}, and not to #{since}"),
                "give --since the number of an entry that is there, or leave it away",
            )
            .into());
        }
        let ids: Vec<_> = rooms.iter().map(|room| room.room).collect();
        let people = session.directory(&ids).await;
        let mut began = HashMap::new();
        for room in &rooms {
            let position = session.client().follow(room.room, args.since).await?;
            began.insert(room.room, position.seq);
        }
        let names: Vec<_> =
            rooms.iter().map(|room| show::safe(room.settings.name.as_str())).collect();
        note(&match names.join(", ") {
            names if names.is_empty() => "you are in no room yet; Ctrl-C ends".to_owned(),
            names => format!("following {names}; Ctrl-C ends"),
        });
        let concern = Concern::ask(session).await;
        Ok(Self { rooms, all, people, concern, bell: args.bell, began })
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
            Event::Reconnected(_) => {
                self.concern.ask_again(session).await;
                if self.all {
                    // If the line is gone again, the next time it is back will do.
                    for room in session.rooms(false).await.unwrap_or_default() {
                        self.joined(session, room).await;
                    }
                }
                Ok(())
            }
            Event::Reminder(waits) => self.reminder(session, &waits).await,
            Event::CommonCause(cause) => {
                let json = json!({ "common_cause": cause });
                session.out().give(&json, |_| show::cause(&cause, &self.people, session.zone()))
            }
            Event::Rewritten(found) => {
                self.warn(&found);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn entry(&mut self, session: &Session, delivered: &Delivered) -> Result<()> {
        let mut item = Item::from(&delivered.record);
        if session.out() == Out::Human {
            let record = std::slice::from_ref(&delivered.record);
            session.learn_missing(&mut self.people, record).await;
            item.concerns = self.concern.reasons(&item);
        }
        session.out().give(&in_room(delivered.room, &delivered.record), |_| {
            let entry = show::entry(&item, &session.scene(&self.people, delivered.room));
            // With one room its name on every line would only be in the way.
            if self.rooms.len() == 1 && !self.all {
                return entry;
            }
            show::in_room(&self.name(delivered.room), &entry)
        })?;
        let is_new = self.began.get(&delivered.room).is_none_or(|began| delivered.seq > *began);
        // A bell among JSON would be one more thing that is no JSON.
        let rings = self.bell == Switch::On && session.out() == Out::Human;
        if is_new && rings && self.concern.interrupts(&item, &session.now()) {
            out::ring();
        }
        Ok(())
    }

    async fn reminder(&self, session: &Session, waits: &Outstanding) -> Result<()> {
        let entry = match session.out() {
            Out::Human => asks::entry_of(session, waits).await,
            Out::Json => None,
        };
        session.out().give(&json!({ "reminder": waits }), |_| {
            let scene = session.scene(&self.people, waits.room);
            show::reminder(waits, entry.as_ref(), &scene)
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
                        self.began.insert(room.room, room.latest.seq);
                        self.rooms.push(room);
                    }
                    Err(error) => {
                        let error = show::safe(&error.to_string());
                        note(&format!("{name} cannot be followed now: {error}"));
                    }
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

    fn name(&self, room: RoomId) -> String {
        self.people.room(room)
    }
}
