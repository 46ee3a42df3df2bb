//! The one thread that uses the open profile: whoever needs something of it hands in a job and waits
//! for the answer, off the window's thread and off the engine's. Jobs run in the order they came.

use std::collections::{HashMap, HashSet};
use std::thread;

use tokio::sync::{mpsc, oneshot};
use warproom_client::proto::calls::RoomList;
use warproom_client::proto::{Kind, RoomId, Secret, Seq};
use warproom_client::{Delivered, Event, Heads};

use crate::effect::Outgoing;
use crate::model::compose::Draft;
use crate::model::settings::Settings;
use crate::news::Refusal;
use crate::profile::{Identity, Profile, ProfileError, ProfileName, Profiles};
use crate::request::{Reply, Request};
use crate::world::refusal;

/// Jobs that wait for the disk. Whoever has one more waits to hand it in.
const JOBS: usize = 64;

type Job = Box<dyn FnOnce(&mut Held) + Send>;

/// The handle. When the last one goes, the profile is closed.
#[derive(Clone)]
pub(super) struct Shelf(mpsc::Sender<Job>);

/// An open profile.
pub(super) struct Held {
    pub(super) profile: Profile,
    /// Rooms that one is out of: nothing of them is kept until one is in them again.
    left: HashSet<RoomId>,
    /// Rooms with something missing that could not be kept: nothing more is, because it would hide the gap.
    /// The next start reads on from before it.
    broken: HashSet<RoomId>,
}

/// Records that were erased because they, or what they carry, got a stricter label.
pub(super) type Tightened = HashMap<RoomId, Vec<Seq>>;

/// What a profile holds when it is opened.
pub(super) struct Contents {
    pub(super) identity: Identity,
    pub(super) settings: Settings,
    pub(super) drafts: Vec<(RoomId, Draft)>,
    pub(super) outbox: Vec<(Outgoing, Option<Refusal>)>,
    pub(super) remembered: Vec<(Request, Reply)>,
    pub(super) heads: Heads,
}

/// Gives an error as soon as the profile is closed.
pub(super) type Closed = oneshot::Receiver<()>;

impl Shelf {
    /// Opens a profile.
    pub(super) async fn open(
        profiles: Profiles,
        name: ProfileName,
        passphrase: Option<Secret>,
    ) -> Result<(Self, Contents, Closed), Refusal> {
        let (jobs, jobs_in) = mpsc::channel(JOBS);
        let (tell, told) = oneshot::channel();
        let (end, closed) = oneshot::channel();
        let thread = thread::Builder::new().name("profile".to_owned());
        let serve = move || {
            let _end: oneshot::Sender<()> = end;
            match read(&profiles, &name, passphrase.as_ref()) {
                // Whoever opened it may have given up.
                Err(error) => drop(tell.send(Err(Refusal::from(error)))),
                Ok((held, contents)) => {
                    drop(tell.send(Ok(contents)));
                    serve(held, jobs_in);
                }
            }
        };
        thread.spawn(serve).map_err(|_| refusal::no_thread())?;
        let contents = told.await.map_err(|_| refusal::closed())??;
        Ok((Self(jobs), contents, closed))
    }

    /// Does something with the profile.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Held) -> Result<T, ProfileError> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.hand_in(job).await.await.map_err(|_| refusal::closed())?
    }

    /// Hands in a job, which runs before every later one. Its answer can be waited for elsewhere.
    pub(super) async fn hand_in<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Held) -> Result<T, ProfileError> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Refusal>> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |held| drop(tell.send(job(held).map_err(Refusal::from))));
        // If the thread is gone the answer says so.
        let _ = self.0.send(job).await;
        told
    }
}

fn serve(mut held: Held, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        job(&mut held);
    }
}

fn read(
    profiles: &Profiles,
    name: &ProfileName,
    passphrase: Option<&Secret>,
) -> Result<(Held, Contents), ProfileError> {
    let profile = profiles.open(name, passphrase)?;
    let contents = Contents {
        identity: profile.identity().clone(),
        settings: profile.settings()?,
        drafts: profile.drafts()?,
        outbox: profile.outbox()?,
        remembered: profile.remembered()?,
        heads: profile.heads()?,
    };
    Ok((Held { profile, left: HashSet::new(), broken: HashSet::new() }, contents))
}

impl Held {
    /// Keeps what events tell, before anybody is told of them. Answers what was erased because of a stricter
    /// label, and how it went.
    pub(super) fn keep(&mut self, events: &[Event]) -> (Tightened, Result<(), ProfileError>) {
        let mut rest = events;
        let (mut tightened, mut result) = (Tightened::new(), Ok(()));
        while let Some(event) = rest.first() {
            let run = match event {
                Event::Entry(first) => rest.iter().take_while(|one| is_of(one, first.room)).count(),
                _ => 1,
            };
            let kept = match event {
                Event::Entry(first) => self.keep_followed(first.room, &rest[..run]).map(|seqs| {
                    if !seqs.is_empty() {
                        tightened.entry(first.room).or_default().extend(seqs);
                    }
                }),
                Event::RoomLeft(room) => self.forget(*room),
                Event::RoomJoined(summary) => {
                    self.left.remove(&summary.room);
                    Ok(())
                }
                _ => Ok(()),
            };
            result = result.and(kept);
            rest = &rest[run..];
        }
        (tightened, result)
    }

    /// Forgets what was read of rooms that one was in, and by this list is in no more: one may have been
    /// taken out while the program was closed.
    pub(super) fn forget_all_but(&mut self, list: &RoomList) -> Result<(), ProfileError> {
        for (_, reply) in self.profile.remembered()? {
            let Reply::ListRooms(before) = reply else { continue };
            let is_listed = |room: RoomId| list.rooms.iter().any(|one| one.room == room);
            for gone in before.rooms.iter().filter(|one| !is_listed(one.room)) {
                self.forget(gone.room)?;
            }
        }
        Ok(())
    }

    /// Keeps records that came by following, in one transaction.
    fn keep_followed(&mut self, room: RoomId, events: &[Event]) -> Result<Vec<Seq>, ProfileError> {
        if self.is_closed(room) {
            // Whatever the window holds of it is read again all the same.
            return Ok(events.iter().filter_map(relabelled).collect());
        }
        let entry = |event: &Event| match event {
            Event::Entry(delivered) => Some(delivered.clone()),
            _ => None,
        };
        let entries: Vec<_> = events.iter().filter_map(entry).collect();
        let kept = self.profile.keep_entries(room, &entries);
        if kept.is_err() {
            self.broken.insert(room);
        }
        kept
    }

    /// Keeps what was read of a room otherwise. Only following moves the end of what is held of it, so
    /// that no retraction is passed over: what lies beyond comes that way, too. If another record is held
    /// under one of the numbers, nothing is kept, and that number is answered.
    pub(super) fn keep_read(
        &self,
        room: RoomId,
        mut entries: Vec<Delivered>,
    ) -> Result<Option<Seq>, ProfileError> {
        if self.is_closed(room) {
            return Ok(None);
        }
        let last = self.profile.last(room)?;
        entries.retain(|entry| entry.seq <= last);
        entries.sort_by_key(|entry| entry.seq);
        let other = self.profile.other(room, &entries)?;
        if other.is_none() {
            self.profile.keep_entries(room, &entries)?;
        }
        Ok(other)
    }

    /// Erases what is held of a room, and keeps nothing more of it until one is in it again.
    fn forget(&mut self, room: RoomId) -> Result<(), ProfileError> {
        self.left.insert(room);
        self.profile.forget_room(room)
    }

    /// Whether nothing of a room is kept any more: what is held of it is no answer in the server's place.
    pub(super) fn is_closed(&self, room: RoomId) -> bool {
        self.left.contains(&room) || self.broken.contains(&room)
    }

    /// Erases what is held of a room, to begin it anew.
    pub(super) fn renew(&mut self, room: RoomId) -> Result<(), ProfileError> {
        self.profile.forget_room(room)?;
        self.left.remove(&room);
        self.broken.remove(&room);
        Ok(())
    }
}

/// The entry that is given another label.
fn relabelled(event: &Event) -> Option<Seq> {
    let Event::Entry(delivered) = event else { return None };
    match delivered.entry.as_ref()?.handling.kind {
        Kind::Relabel { of, .. } => Some(of),
        _ => None,
    }
}

/// Whether this is a record of this room.
fn is_of(event: &Event, room: RoomId) -> bool {
    matches!(event, Event::Entry(delivered) if delivered.room == room)
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::Label;
    use warproom_client::proto::calls::From;

    use super::*;
    use crate::fixture::{delivered, post, room, summary};
    use crate::profile;

    #[test]
    fn of_what_is_read_nothing_is_kept_if_another_record_is_held_under_one_number() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile::one_for_test(folder.path());
        let mut held = Held { profile, left: HashSet::new(), broken: HashSet::new() };
        let said = |seq| delivered(room(1), seq, 1, post(1, Label::Green, "x"));
        let (first, other, last) = (said(7), said(7), said(9));
        let followed = [Event::Entry(first.clone()), Event::Entry(last)];
        assert!(held.keep(&followed).1.is_ok());
        assert_eq!(held.keep_read(room(1), vec![said(8), other]).unwrap(), Some(7));
        let text = |held: &Held| held.profile.page_offline(room(1), From::Before(9), 9).unwrap();
        assert!(text(&held).is_some_and(|page| page.entries.len() == 1));
        assert_eq!(held.keep_read(room(1), vec![said(8), first]).unwrap(), None);
        assert!(text(&held).is_some_and(|page| page.entries.len() == 2));
    }

    #[test]
    fn a_room_with_a_gap_is_closed_until_it_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile::one_for_test(folder.path());
        let mut held = Held { profile, left: HashSet::new(), broken: HashSet::new() };
        let said = |seq| delivered(room(1), seq, 1, post(1, Label::Green, "x"));
        held.broken.insert(room(1));
        // Its settings changed: that does not mend it.
        let summary = summary(1, "General", Label::Red, Label::Green);
        assert!(held.keep(&[Event::RoomJoined(summary.clone())]).1.is_ok());
        assert!(held.is_closed(room(1)));
        assert!(held.keep(&[Event::Entry(said(7))]).1.is_ok());
        assert_eq!(held.profile.last(room(1)).unwrap(), 0);
        held.renew(room(1)).unwrap();
        assert!(held.keep(&[Event::Entry(said(8))]).1.is_ok());
        assert_eq!(held.profile.last(room(1)).unwrap(), 8);
        assert!(held.keep(&[Event::RoomLeft(room(1))]).1.is_ok());
        assert!(held.is_closed(room(1)));
        assert!(held.keep(&[Event::RoomJoined(summary)]).1.is_ok());
        assert!(!held.is_closed(room(1)));
    }
}
