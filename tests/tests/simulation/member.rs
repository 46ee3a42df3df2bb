//! A member with a real client: what their application keeps, and what it does with what comes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use warproom_client::proto::calls::{
    AddToRoom, EditEntry, ListRooms, PostEntry, Posted, ReactToEntry, RelabelEntry, RemoveFromRoom,
    RetractEntry,
};
use warproom_client::proto::invitation::{Address, Fingerprint};
use warproom_client::{
    CallError, Client, Connector, Credentials, Delivered, DeviceKey, Event, Heads,
};
use warproom_proto::{Body, DeviceId, EntryId, Error, ErrorCode, MemberId, Position, RoomId, Seq};

use super::chance::Chance;
use super::watch::{Seen, short, short_member};
use super::world::World;

/// Somebody, and what their device keeps whatever happens to the program.
pub struct Member {
    pub id: MemberId,
    pub device: DeviceId,
    pub key: DeviceKey,
    profile: Mutex<Profile>,
    /// Told when there is something to send.
    work: Notify,
}

/// What is on the disk of somebody's device.
#[derive(Default)]
pub struct Profile {
    heads: Heads,
    pub rooms: BTreeMap<RoomId, Kept>,
    /// What was written and not answered yet, in order.
    pub outbox: Vec<Waiting>,
}

/// What is kept of a room.
#[derive(Default)]
pub struct Kept {
    /// The last record that was dealt with.
    pub after: Seq,
    pub view: BTreeMap<Seq, Seen>,
}

/// An append that waits for its answer.
#[derive(Clone)]
pub struct Waiting {
    pub append: Append,
    /// When it was first handed in.
    asked: Instant,
}

/// What a member may append in a simulation.
#[derive(Clone)]
pub enum Append {
    Post(PostEntry),
    Edit(EditEntry),
    Retract(RetractEntry),
    Relabel(RelabelEntry),
    React(ReactToEntry),
    Add(AddToRoom),
    Remove(RemoveFromRoom),
}

impl Append {
    fn name(&self) -> (RoomId, EntryId) {
        match self {
            Self::Post(call) => (call.room, call.id),
            Self::Edit(call) => (call.room, call.id),
            Self::Retract(call) => (call.room, call.id),
            Self::Relabel(call) => (call.room, call.id),
            Self::React(call) => (call.room, call.id),
            Self::Add(call) => (call.room, call.id),
            Self::Remove(call) => (call.room, call.id),
        }
    }

    async fn send(self, client: &Client) -> Result<Posted, CallError> {
        match self {
            Self::Post(call) => client.append(call).await,
            Self::Edit(call) => client.append(call).await,
            Self::Retract(call) => client.append(call).await,
            Self::Relabel(call) => client.append(call).await,
            Self::React(call) => client.append(call).await,
            Self::Add(call) => client.append(call).await,
            Self::Remove(call) => client.append(call).await,
        }
    }
}

/// What an application's own work came to.
enum Done {
    Listed(Result<Vec<RoomId>, CallError>),
    Followed(RoomId, u64, Result<Position, CallError>),
    Sent(Waiting, Result<Posted, CallError>),
}

impl Member {
    pub fn new(chance: &mut Chance) -> Self {
        let id = MemberId::from_bytes(chance.id());
        let device = DeviceId::from_bytes(chance.id());
        let (profile, work) = (Mutex::default(), Notify::new());
        Self { id, device, key: DeviceKey::generate(), profile, work }
    }

    pub fn profile(&self) -> MutexGuard<'_, Profile> {
        self.profile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes an entry: it is on the device first.
    pub fn write(&self, append: Append) {
        self.profile().outbox.push(Waiting { append, asked: Instant::now() });
        self.work.notify_one();
    }

    /// The device goes down; what it had dealt with last of a room may not have got to its disk.
    pub fn forget_a_little(&self, chance: &mut Chance) {
        for kept in self.profile().rooms.values_mut() {
            kept.after = kept.after.saturating_sub(chance.below(4));
            kept.view.split_off(&(kept.after + 1));
        }
    }

    /// Runs the application until it is aborted, which is how it crashes.
    pub async fn live(self: Arc<Self>, world: Arc<World>, mut chance: Chance) {
        loop {
            let heads = self.profile().heads.clone();
            let credentials = Credentials::Device { device: self.device, key: self.key.clone() };
            let connector = Connector::new(address(), credentials)
                .heads(heads)
                .event_queue(1 + chance.index(8))
                .network(world.network(self.id));
            match connector.connect().await {
                Ok((client, events)) => {
                    let session = Session {
                        member: self.clone(),
                        world: world.clone(),
                        client,
                        followed: BTreeMap::new(),
                        followings: 0,
                        anew: BTreeSet::new(),
                        sending: BTreeSet::new(),
                        tasks: JoinSet::new(),
                    };
                    session.run(events, &mut chance).await;
                }
                Err(error) => {
                    world
                        .watch()
                        .note(format!("{} cannot sign in: {error}", short_member(self.id)));
                }
            }
            sleep(Duration::from_millis(500)).await;
        }
    }
}

pub fn address() -> Address {
    Address { host_port: "localhost:1".into(), authority: Fingerprint([0; 32]) }
}

struct Session {
    member: Arc<Member>,
    world: Arc<World>,
    client: Client,
    /// Each with the number of its following: who follows a room anew hears nothing more of before.
    followed: BTreeMap<RoomId, u64>,
    followings: u64,
    /// Rooms that were left and followed anew: what came of the first following may still be waiting.
    anew: BTreeSet<RoomId>,
    sending: BTreeSet<EntryId>,
    tasks: JoinSet<Done>,
}

impl Session {
    async fn run(mut self, mut events: warproom_client::Events, chance: &mut Chance) {
        self.list();
        loop {
            self.send();
            let member = self.member.clone();
            tokio::select! {
                biased;
                Some(done) = self.tasks.join_next() => match done {
                    Ok(done) => self.take_done(done),
                    Err(error) => return self.world.watch().fail(format!("a task: {error}")),
                },
                event = events.next() => {
                    let Some(event) = event else { break };
                    self.take(event);
                    if chance.percent(self.world.options.slow_readers) {
                        sleep(chance.up_to(Duration::from_secs(2))).await;
                    }
                }
                () = member.work.notified() => {}
            }
        }
        let why = self.client.state().borrow().clone();
        self.world.watch().fail(format!("{} is signed out: {why:?}", short_member(self.member.id)));
    }

    fn list(&mut self) {
        let client = self.client.clone();
        self.tasks.spawn(async move {
            sleep(Duration::from_millis(100)).await;
            let listed = client.call(ListRooms { all: false }).await;
            Done::Listed(listed.map(|list| list.rooms.iter().map(|room| room.room).collect()))
        });
    }

    fn follow(&mut self, room: RoomId) {
        if self.followed.contains_key(&room) {
            return;
        }
        self.followings += 1;
        let number = self.followings;
        self.followed.insert(room, number);
        let after = self.member.profile().rooms.entry(room).or_default().after;
        let client = self.client.clone();
        let whom = short_member(self.member.id);
        self.world.watch().note(format!("{whom} follows {} after {after}", short(room)));
        self.tasks.spawn(async move {
            Done::Followed(room, number, client.follow(room, Some(after)).await)
        });
    }

    fn leave(&mut self, room: RoomId) {
        self.followed.remove(&room);
        self.anew.insert(room);
    }

    /// Sends what waits and is not on its way.
    fn send(&mut self) {
        let waiting = self.member.profile().outbox.clone();
        for one in waiting {
            if !self.sending.insert(one.append.name().1) {
                continue;
            }
            let client = self.client.clone();
            self.tasks.spawn(async move {
                let sent = one.append.clone().send(&client).await;
                if let Err(CallError::Refused(refusal)) = &sent
                    && is_passing(refusal)
                {
                    sleep(Duration::from_secs(1)).await;
                }
                Done::Sent(one, sent)
            });
        }
    }

    fn take_done(&mut self, done: Done) {
        match done {
            Done::Listed(Ok(rooms)) => rooms.into_iter().for_each(|room| self.follow(room)),
            // It is listed again with the next connection.
            Done::Listed(Err(CallError::Disconnected)) | Done::Followed(_, _, Ok(_)) => {}
            Done::Listed(Err(_)) => self.list(),
            Done::Followed(room, number, Err(_)) if self.followed.get(&room) != Some(&number) => {}
            Done::Followed(room, _, Err(error)) => {
                self.leave(room);
                let whom = short_member(self.member.id);
                self.world.watch().note(format!("{whom} does not follow {}: {error}", short(room)));
                // Out of it, or in it again meanwhile: the list says.
                self.list();
            }
            Done::Sent(waiting, sent) => self.take_sent(&waiting, sent),
        }
    }

    fn take_sent(&mut self, waiting: &Waiting, sent: Result<Posted, CallError>) {
        let (room, id) = waiting.append.name();
        match sent {
            Ok(posted) => {
                self.world.watch().acked(self.member.id, (room, id), posted, waiting.asked);
            }
            Err(CallError::Refused(refusal)) if !is_passing(&refusal) => {
                let whom = short_member(self.member.id);
                self.world.watch().note(format!("refused {whom}: {:?}", refusal.code));
            }
            Err(CallError::Rewritten(found)) => {
                return self.world.watch().fail(format!("a history does not hold: {found:?}"));
            }
            // It stays in the outbox.
            Err(_) => {
                self.sending.remove(&id);
                return;
            }
        }
        self.member.profile().outbox.retain(|one| one.append.name().1 != id);
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Entry(delivered) => self.take_entry(&delivered),
            Event::RoomJoined(room) => self.follow(room.room),
            Event::RoomLeft(room) => self.leave(room),
            Event::Reconnected(_) => self.list(),
            Event::Rewritten(found) => {
                let whom = short_member(self.member.id);
                self.world.watch().fail(format!("{whom}: a history does not hold: {found:?}"));
            }
            _ => {}
        }
    }

    fn take_entry(&mut self, delivered: &Delivered) {
        let (room, seq) = (delivered.room, delivered.seq);
        let whom = short_member(self.member.id);
        let item = match &delivered.record.body {
            Body::Shown { item, .. } => Some(item.get().to_owned()),
            Body::Withheld { .. } => None,
        };
        let shown = if item.is_some() { "shown" } else { "withheld" };
        self.world.watch().note(format!("{whom} has {seq} of {}, {shown}", short(room)));
        let mut profile = self.member.profile();
        profile.heads = self.client.heads();
        let kept = profile.rooms.entry(room).or_default();
        let is_known =
            || kept.view.get(&seq).is_some_and(|seen| seen.head == delivered.record.head);
        if seq <= kept.after && self.anew.contains(&room) && is_known() {
            return;
        }
        if seq != kept.after + 1 {
            let after = kept.after;
            drop(profile);
            let what = format!("{whom} was given {seq} of {} after {after}", short(room));
            return self.world.watch().fail(what);
        }
        kept.after = seq;
        kept.view.insert(seq, Seen { head: delivered.record.head, item });
    }
}

/// Whether the same may succeed later.
fn is_passing(refusal: &Error) -> bool {
    let passing = [
        ErrorCode::StorageFailed,
        ErrorCode::StorageFull,
        ErrorCode::ServerFault,
        ErrorCode::SlowDown,
    ];
    passing.contains(&refusal.code)
}

/// Reads a room from the first record with a client that remembers nothing.
pub async fn read_anew(
    member: &Member,
    world: &Arc<World>,
    rooms: &[(RoomId, Seq)],
) -> anyhow::Result<BTreeMap<RoomId, BTreeMap<Seq, Seen>>> {
    let credentials = Credentials::Device { device: member.device, key: member.key.clone() };
    let connector = Connector::new(address(), credentials).network(world.network(member.id));
    let (client, mut events) = connector.connect().await?;
    let mut views: BTreeMap<RoomId, BTreeMap<Seq, Seen>> = BTreeMap::new();
    for (room, length) in rooms {
        client.follow(*room, Some(0)).await?;
        let view = views.entry(*room).or_default();
        while (view.len() as Seq) < *length {
            match events.next().await {
                Some(Event::Entry(delivered)) if delivered.room == *room => {
                    let item = match &delivered.record.body {
                        Body::Shown { item, .. } => Some(item.get().to_owned()),
                        Body::Withheld { .. } => None,
                    };
                    view.insert(delivered.seq, Seen { head: delivered.record.head, item });
                }
                Some(Event::Rewritten(found)) => {
                    anyhow::bail!("a history does not hold: {found:?}")
                }
                Some(_) => {}
                None => anyhow::bail!("signed out while reading anew"),
            }
        }
        client.unfollow(*room).await?;
    }
    client.close().await;
    Ok(views)
}
