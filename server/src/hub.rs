//! Live delivery: from committed records to the queues of the connections that follow a room.
//!
//! One task takes what the journal commits, in order. It encodes each record once, asks for each
//! follower whether its label lets them read it, and pushes the same bytes, or the stub, into bounded
//! queues. It never waits for a peer: a connection whose queue is full is told where it fell behind
//! and catches up from history.

mod outgoing;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::mpsc;
use warproom_proto::entry::Kind;
use warproom_proto::notice::Notice;
use warproom_proto::record::Position;
use warproom_proto::register::{Event, Standing};
use warproom_proto::{Body, DeviceId, LogId, MemberId, Principal, Record, RoomId, Seq, rpc};

use crate::domain::{Reader, State, Summary};
use crate::journal::{self, Committed, What};
use crate::metrics::Metrics;
use crate::planted::{Plant, is_planted};
use crate::transport::Frame;
use crate::view::{self, shown, stub};

pub use outgoing::{Ended, Outgoing, Queued, Waiting};

/// A connection, as the hub knows it.
#[derive(Clone)]
pub struct Peer {
    /// Its number, unique in this run.
    pub number: u64,
    /// Who is signed in.
    pub who: Principal,
    /// With which device; none for a bot.
    pub device: Option<DeviceId>,
    /// What is on its way to it.
    pub outgoing: Arc<Outgoing>,
}

struct Follower {
    peer: Peer,
    /// The last record it has, by history or delivery.
    after: Seq,
}

struct Followers {
    /// How far the room's log was handed to the followers.
    delivered: Position,
    list: Vec<Follower>,
}

/// Who is connected, and who follows which room.
pub struct Hub {
    state: Arc<RwLock<State>>,
    // Ordered, so that the same happens again where it has to be found again.
    peers: Mutex<BTreeMap<u64, Peer>>,
    rooms: RwLock<BTreeMap<RoomId, Arc<Mutex<Followers>>>>,
    next_number: AtomicU64,
    metrics: Arc<Metrics>,
}

/// Who is connected, in numbers.
#[derive(Default)]
pub struct Crowd {
    /// Connections of members.
    pub members: usize,
    /// Connections of bots.
    pub bots: usize,
    /// Frames that wait, for all of them.
    pub queued_frames: usize,
    /// The most that wait for one of them.
    pub longest_queue_frames: usize,
}

/// A connection's place in the hub; dropped, it is gone from every room.
pub struct Registration {
    hub: Arc<Hub>,
    /// The connection.
    pub peer: Peer,
}

impl Drop for Registration {
    fn drop(&mut self) {
        lock(&self.hub.peers).remove(&self.peer.number);
        for room in self.hub.all_rooms() {
            self.hub.unfollow(&self.peer, room);
        }
    }
}

impl Hub {
    /// A hub with nobody in it. Rooms begin where their logs stand.
    pub fn new(
        state: Arc<RwLock<State>>,
        positions: impl Iterator<Item = (RoomId, Position)>,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        let begun = |(room, delivered)| {
            (room, Arc::new(Mutex::new(Followers { delivered, list: Vec::new() })))
        };
        Arc::new(Self {
            state,
            peers: Mutex::default(),
            rooms: RwLock::new(positions.map(begun).collect()),
            next_number: AtomicU64::new(1),
            metrics,
        })
    }

    /// Takes a signed-in connection in, unless there are as many of theirs as there may be.
    pub fn register(
        self: &Arc<Self>,
        who: Principal,
        device: Option<DeviceId>,
        most: usize,
    ) -> Option<Registration> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let peer = Peer { number, who, device, outgoing: Arc::default() };
        let mut peers = lock(&self.peers);
        if peers.values().filter(|peer| peer.who == who).count() >= most {
            return None;
        }
        peers.insert(number, peer.clone());
        drop(peers);
        Some(Registration { hub: self.clone(), peer })
    }

    /// Begins live delivery after a record, if everything up to what was already delivered is known
    /// to the peer. `false`: there is more in between; read on and try again.
    pub fn follow(&self, peer: &Peer, room: RoomId, after: Seq) -> bool {
        let followers = self.followers(room);
        let newly = {
            let mut followers = lock(&followers);
            if after < followers.delivered.seq {
                return false;
            }
            let known =
                followers.list.iter_mut().find(|follower| follower.peer.number == peer.number);
            if let Some(follower) = known {
                follower.after = after;
                false
            } else {
                followers.list.push(Follower { peer: peer.clone(), after });
                true
            }
        };
        if newly {
            self.tell_presence(room, peer.who, true);
        }
        true
    }

    /// Ends live delivery of a room to a connection.
    pub fn unfollow(&self, peer: &Peer, room: RoomId) {
        if self.drop_follower(room, peer) {
            self.tell_presence(room, peer.who, false);
        }
    }

    /// The members who follow a room now.
    #[must_use]
    pub fn following(&self, room: RoomId) -> Vec<MemberId> {
        let followers = self.followers(room);
        let followers = lock(&followers);
        let mut members: Vec<_> =
            followers.list.iter().filter_map(|follower| follower.peer.who.member()).collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Whoever follows a room now with a client that has it as far as a record, by history or delivery.
    #[must_use]
    pub fn has_come_to(&self, room: RoomId, seq: Seq) -> HashSet<Principal> {
        let followers = self.followers(room);
        let followers = lock(&followers);
        let has = followers.list.iter().filter(|follower| follower.after >= seq);
        has.map(|follower| follower.peer.who).collect()
    }

    /// Tells everyone else who follows a room something that is never stored. Dropped where a queue
    /// is full.
    pub fn tell(&self, room: RoomId, except: Principal, notice: &Notice) {
        let frame = Frame::from(rpc::notice_text(notice));
        let followers = self.followers(room);
        let state = journal::read(&self.state);
        // Who went between asking to follow and being taken on is still listed here.
        let is_here = |who| state.room_of(who, room).is_ok();
        for follower in &lock(&followers).list {
            let who = follower.peer.who;
            if who != except && who.member().is_some() && is_here(who) {
                follower.peer.outgoing.push_faint(room, frame.clone());
            }
        }
    }

    /// Tells every connection of somebody's something about a room that they can also list. Dropped
    /// where a queue is full, and with the room's entries if they leave it.
    pub fn tell_everywhere(&self, who: Principal, room: RoomId, notice: &Notice) {
        let frame = Frame::from(rpc::notice_text(notice));
        for peer in self.peers_where(|peer| peer.who == who) {
            peer.outgoing.push_faint(room, frame.clone());
        }
    }

    /// Tells every connection something. Dropped where a queue is full.
    pub fn tell_all(&self, notice: &Notice) {
        let frame = Frame::from(rpc::notice_text(notice));
        for peer in self.peers_where(|_| true) {
            peer.outgoing.push_notice(frame.clone());
        }
    }

    fn tell_presence(&self, room: RoomId, who: Principal, here: bool) {
        let on = journal::read(&self.state)
            .rooms
            .get(&room)
            .and_then(|room| Some(room.settings()?.presence))
            .unwrap_or(false);
        if let (true, Some(member)) = (on, who.member()) {
            // Another device of the same member may still be here, or have been here before.
            let others = self.following(room).contains(&member);
            if here || !others {
                self.tell(room, who, &Notice::Presence { room, member, here });
            }
        }
    }

    /// Delivers what is committed until the journal ends.
    pub async fn deliver(self: Arc<Self>, mut committed: mpsc::Receiver<Vec<Committed>>) {
        while let Some(batch) = committed.recv().await {
            let mut by_room: BTreeMap<RoomId, Vec<Committed>> = BTreeMap::new();
            let mut consequences = Vec::new();
            for record in batch {
                match record.what {
                    What::Act(act) => consequences.push(act.event),
                    What::Audit => {}
                    What::Entry { room, .. } => by_room.entry(room).or_default().push(record),
                }
            }
            for event in consequences {
                self.enforce(&event);
            }
            for (room, records) in by_room {
                self.deliver_to(room, &records);
            }
        }
    }

    fn deliver_to(&self, room: RoomId, records: &[Committed]) {
        let frames: Vec<_> = records.iter().filter_map(|record| Frames::of(room, record)).collect();
        let followers = self.followers(room);
        {
            let state = journal::read(&self.state);
            let mut followers = lock(&followers);
            if let Some(last) = records.last() {
                followers.delivered = Position { seq: last.seq, head: last.head };
            }
            let before = followers.list.len();
            let mut delivered = 0;
            followers.list.retain_mut(|follower| {
                let (taken, keeps_up) = hand_over(&state, room, follower, &frames);
                delivered += taken as u64;
                keeps_up
            });
            let behind = before - followers.list.len();
            drop((followers, state));
            self.metrics.delivery.delivered.inc_by(delivered);
            self.metrics.delivery.behind.inc_by(behind as u64);
        }
        for record in records {
            if let What::Entry { entry, .. } = &record.what {
                self.notify(room, &entry.handling.kind);
            }
        }
    }

    /// What a notice means for connections: a room that appears, changes or is gone.
    fn notify(&self, room: RoomId, kind: &Kind) {
        match kind {
            Kind::Joined { who, .. } => self.tell_room(room, |peer| peer.who == *who),
            Kind::Changed { .. } => {
                let present: Vec<_> = match journal::read(&self.state).rooms.get(&room) {
                    Some(room) => room.present().map(|(who, _)| who).collect(),
                    None => Vec::new(),
                };
                self.tell_room(room, |peer| present.contains(&peer.who));
            }
            Kind::Left { .. } if is_planted(Plant::NoLiveMembershipCheck) => {}
            Kind::Left { who } => {
                lock(&self.followers(room)).list.retain(|follower| follower.peer.who != *who);
                let frame = Frame::from(rpc::notice_text(&Notice::RoomLeft { room }));
                for peer in self.peers_where(|peer| peer.who == *who) {
                    peer.outgoing.leave(room, frame.clone());
                }
            }
            _ => {}
        }
    }

    fn tell_room(&self, room: RoomId, to: impl Fn(&Peer) -> bool) {
        let delivered = lock(&self.followers(room)).delivered;
        for peer in self.peers_where(to) {
            let state = journal::read(&self.state);
            if let Some(summary) = view::room_summary(&state, peer.who, room, delivered) {
                let frame = rpc::notice_text(&Notice::RoomJoined { room: summary });
                peer.outgoing.push_joined(room, frame.into());
            }
        }
    }

    /// Ends the connections of whoever may no longer be here.
    fn enforce(&self, event: &Event) {
        match event {
            Event::MemberRemoved { member }
            | Event::MemberChanged { member, standing: Standing::Suspended, .. } => {
                let who = Principal::Member(*member);
                let state = journal::read(&self.state);
                let bots: Vec<_> =
                    state.register.bots().filter(|bot| bot.owner == *member).collect();
                let theirs = |bot| bots.iter().any(|one| Principal::Bot(one.bot) == bot);
                self.end(|peer| peer.who == who || theirs(peer.who));
            }
            Event::DeviceRevoked { device } => self.end(|peer| peer.device == Some(*device)),
            Event::CredentialsSet { member, changed_from: Some(device), .. } => {
                let who = Principal::Member(*member);
                let other = |peer: &Peer| peer.who == who && peer.device != Some(*device);
                for peer in self.peers_where(other) {
                    peer.outgoing.end(Ended::CredentialsChanged);
                }
            }
            Event::BotRevoked { bot } | Event::BotRotated { bot, .. } => {
                self.end(|peer| peer.who == Principal::Bot(*bot));
            }
            Event::CommonCauseFound(cause) => {
                let frame = rpc::notice_text(&Notice::CommonCause { cause: cause.clone() });
                let frame = Frame::from(frame);
                let state = journal::read(&self.state);
                let concerned = state.register.concerned(cause);
                let is_concerned = |who: Principal| {
                    let own = state.register.organisation_of(who);
                    state.register.is_manager(who)
                        || state.register.role(who).is_some()
                            && own.is_some_and(|own| concerned.contains(&own))
                };
                for peer in self.peers_where(|peer| is_concerned(peer.who)) {
                    peer.outgoing.push_notice(frame.clone());
                }
            }
            _ => {}
        }
    }

    fn end(&self, whose: impl Fn(&Peer) -> bool) {
        for peer in self.peers_where(whose) {
            peer.outgoing.end(Ended::SignedOut);
        }
    }

    /// Ends every connection, for a shutdown.
    pub fn end_all(&self) {
        for peer in self.peers_where(|_| true) {
            peer.outgoing.end(Ended::ShuttingDown);
        }
    }

    /// How many are connected, and what waits for them.
    pub fn crowd(&self) -> Crowd {
        let mut crowd = Crowd::default();
        for peer in self.peers_where(|_| true) {
            match peer.who {
                Principal::Member(_) => crowd.members += 1,
                Principal::Bot(_) => crowd.bots += 1,
            }
            let waiting = peer.outgoing.waiting();
            crowd.queued_frames += waiting;
            crowd.longest_queue_frames = crowd.longest_queue_frames.max(waiting);
        }
        crowd
    }

    fn peers_where(&self, which: impl Fn(&Peer) -> bool) -> Vec<Peer> {
        lock(&self.peers).values().filter(|peer| which(peer)).cloned().collect()
    }

    fn followers(&self, room: RoomId) -> Arc<Mutex<Followers>> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(followers) = rooms.get(&room) {
            return followers.clone();
        }
        drop(rooms);
        let begin = || {
            let delivered = Position::start(LogId::room(room));
            Arc::new(Mutex::new(Followers { delivered, list: Vec::new() }))
        };
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(room).or_insert_with(begin).clone()
    }

    fn all_rooms(&self) -> Vec<RoomId> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.keys().copied().collect()
    }

    /// Whether the peer was among the followers.
    fn drop_follower(&self, room: RoomId, peer: &Peer) -> bool {
        let followers = self.followers(room);
        let mut followers = lock(&followers);
        let before = followers.list.len();
        followers.list.retain(|follower| follower.peer.number != peer.number);
        followers.list.len() != before
    }
}

/// One record as every reader may get it: the same bytes for all who may read it.
struct Frames<'a> {
    room: RoomId,
    record: &'a Committed,
    summary: &'a Summary,
    shown: Frame,
    stub: OnceCell<Frame>,
}

impl<'a> Frames<'a> {
    /// The frames of an entry; `None` for an administrative act, which goes to no room.
    fn of(room: RoomId, record: &'a Committed) -> Option<Self> {
        let What::Entry { summary, .. } = &record.what else { return None };
        let body = shown(record.at_ms, record.salt, record.commitment, record.item.clone(), None);
        let shown = encode(room, record, body);
        Some(Self { room, record, summary, shown, stub: OnceCell::new() })
    }

    fn seq(&self) -> Seq {
        self.record.seq
    }

    fn stub(&self) -> &Frame {
        let body = || stub(self.record.commitment);
        self.stub.get_or_init(|| encode(self.room, self.record, body()))
    }
}

fn encode(room: RoomId, record: &Committed, body: Body) -> Frame {
    let record = Record { seq: record.seq, head: record.head, body };
    rpc::notice_text(&Notice::Entry { room, record }).into()
}

/// Pushes what is new to a follower: how much was taken, and whether it keeps up. One that fell behind is
/// to be followed no more.
fn hand_over(
    state: &State,
    room: RoomId,
    follower: &mut Follower,
    frames: &[Frames],
) -> (usize, bool) {
    let who = follower.peer.who;
    let (Some(reader), Some(fold)) = (Reader::of(&state.register, who), state.rooms.get(&room))
    else {
        return (0, false);
    };
    let is_unchecked = is_planted(Plant::NoLiveMembershipCheck);
    if fold.role(who).is_none() && !is_unchecked {
        return (0, false);
    }
    let new = frames.iter().filter(|frame| frame.seq() > follower.after).map(|frame| {
        let readable = is_unchecked || fold.may_read(&reader, frame.seq(), frame.summary);
        if readable { &frame.shown } else { frame.stub() }.clone()
    });
    let taken = follower.peer.outgoing.push_all(room, new);
    let delivered = frames.iter().filter(|frame| frame.seq() > follower.after).take(taken);
    let after = delivered.last().map_or(follower.after, Frames::seq);
    let newest = frames.last().map_or(after, Frames::seq);
    follower.after = follower.after.max(after);
    if follower.after >= newest {
        return (taken, true);
    }
    let behind = Notice::Behind { room, after: follower.after };
    follower.peer.outgoing.push_notice(rpc::notice_text(&behind).into());
    (taken, false)
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
