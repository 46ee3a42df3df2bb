//! The WARP of a soak: councils with a line each, people with devices and clients, rooms of many sizes,
//! and old rooms that somebody reads again.
//!
//! It is made as an operator and members would make it, with the limits a real server has; only the old
//! rooms are copies, made while the server is stopped, so that its cache has more to hold than it may.
//! What everyone shares while it runs is [`Club`]: the people, what there is to refer to, what was
//! acknowledged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::task::JoinSet;
use tokio::time::sleep;
use warproom_client::{CallError, Client, Credentials, enrol_device};
use warproom_proto::calls::{
    AddInvitation, AddToRoom, ApproveProposal, Call, MakeProposal, OpenRoom, Posted,
};
use warproom_proto::invitation::{Address, Invitation};
use warproom_proto::register::Role;
use warproom_proto::{
    EntryId, Label, MemberId, OrganisationId, Position, Proposed, Retention, RoomId, RoomRole,
    RoomSettings, Seq,
};

use super::Plan;
use super::counts::Counts;
use super::line::Line;
use super::seat::Seat;
use crate::crash::Random;
use crate::harness::{Person, Warp, add_aged_room, settings};

/// The first people stay what they are and have the room of long posts among them; the others come and
/// go. They are the first of the first three councils.
pub const STEADY: [usize; 3] = [0, 3, 6];

/// How many people a council has.
pub const COLLEAGUES: usize = 3;

/// A post of the old rooms, and how many one has. They are read in pages of 96 KiB.
const OLD_POST_BYTES: usize = 24 * 1024;
const OLD_POSTS: u64 = 40;

/// The server hashes two passwords at a time.
const JOINING_AT_ONCE: usize = 2;

/// How often somebody tries to join.
const TRIES: usize = 20;

/// A council.
pub struct Council {
    /// In the register.
    pub organisation: OrganisationId,
    /// Its line to the server.
    pub line: Line,
    /// The server, as it is reached by that line.
    pub address: Address,
}

/// Somebody, and the clients they have.
#[derive(Clone)]
pub struct Member {
    /// Who.
    pub member: MemberId,
    /// Their clients.
    pub seats: Vec<Arc<Seat>>,
    /// Whether they are suspended at the moment.
    pub is_suspended: bool,
}

/// What is remembered of a room, to find something to refer to.
pub struct RoomFacts {
    /// Which.
    pub room: RoomId,
    /// The strictest label.
    pub ceiling: Label,
    /// Whether people come and go.
    pub is_steady: bool,
    /// Whether it shows who is typing.
    pub typing: bool,
    /// Who is in it, by their place in [`Facts::people`], and since when.
    pub present: BTreeMap<usize, Seq>,
    /// The latest posts.
    pub said: VecDeque<Said>,
}

/// A post that can be referred to.
#[derive(Clone, Copy)]
pub struct Said {
    /// Its number.
    pub seq: Seq,
    /// Whose.
    pub by: usize,
    /// Its label.
    pub label: Label,
    /// Whether it asks.
    pub asks: bool,
}

/// What changes while it runs.
#[derive(Default)]
pub struct Facts {
    /// Everyone; none where somebody was removed.
    pub people: Vec<Option<Member>>,
    /// Every room.
    pub rooms: Vec<RoomFacts>,
    /// What the server said was stored.
    pub acknowledged: Vec<(RoomId, Position)>,
    /// What managers had erased.
    pub erased: BTreeMap<RoomId, BTreeSet<Seq>>,
}

/// What everyone shares.
pub struct Club {
    /// What was asked for.
    pub plan: Plan,
    /// The two managers' clients.
    pub managers: [Client; 2],
    /// The first manager, who is in every room.
    pub lead: MemberId,
    /// The councils.
    pub councils: Vec<Council>,
    /// Rooms of old posts, that only managers are in.
    pub old: Vec<RoomId>,
    /// What happened how often.
    pub counts: Arc<Counts>,
    facts: Mutex<Facts>,
    staying: Mutex<JoinSet<()>>,
    // Held open for the run: a member has one manager's client more.
    _second: Person,
}

impl Club {
    /// What changes.
    pub fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a client connect, and stay until the run is over.
    pub fn admit(&self, seat: &Arc<Seat>) {
        let mut staying = self.staying.lock().unwrap_or_else(PoisonError::into_inner);
        staying.spawn(seat.clone().stay());
    }

    /// Ends every client.
    pub fn close(&self) {
        self.staying.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Takes down that an entry is stored.
    pub fn stored(&self, room: RoomId, posted: Posted) {
        let at = Position { seq: posted.seq, head: posted.head };
        self.facts().acknowledged.push((room, at));
    }

    /// A manager's call, made again where the connection ended before its reply.
    pub async fn manage<C: Call + Clone>(
        &self,
        manager: usize,
        call: C,
    ) -> Result<C::Reply, CallError> {
        /// A restart is over by then.
        const TRIES: usize = 100;
        let mut last = Err(CallError::Disconnected);
        for _ in 0..TRIES {
            last = self.managers[manager].call(call.clone()).await;
            let wait = match &last {
                Err(CallError::Disconnected) => Duration::from_millis(200),
                Err(error) => match error.retry_after() {
                    Some(wait) => wait,
                    None => break,
                },
                Ok(_) => break,
            };
            sleep(wait).await;
        }
        last
    }

    /// What takes two managers.
    pub async fn both(&self, what: Proposed) -> Result<(), CallError> {
        let call = MakeProposal { what, reason: "the soak's own rules".parse()? };
        let proposal = self.manage(0, call).await?.proposal;
        self.manage(1, ApproveProposal { proposal }).await.map(drop)
    }

    /// Lets somebody into a room.
    pub async fn let_in(&self, room: RoomId, member: MemberId) -> Result<Posted, CallError> {
        let (id, role) = (EntryId::random(), RoomRole::Participant);
        let posted = self.managers[0].append(AddToRoom { room, id, member, role }).await?;
        self.stored(room, posted);
        Ok(posted)
    }

    /// The clients that somebody who joined has: as many as planned, with these credentials in turn.
    pub fn seats(
        &self,
        member: MemberId,
        council: usize,
        credentials: &[Credentials],
        number: usize,
    ) -> Vec<Arc<Seat>> {
        let turns = credentials.iter().cycle().take(number);
        turns
            .map(|one| {
                let address = self.councils[council].address.clone();
                Arc::new(Seat::new(member, address, one.clone(), self.counts.clone()))
            })
            .collect()
    }

    /// Somebody joins by an invitation, in the council of this place. Where the server went away
    /// meanwhile, or took too long, by another invitation: the first may be used up, or there without its answer.
    pub async fn join(&self, person: usize) -> anyhow::Result<(Person, usize)> {
        let council = person / COLLEAGUES % self.councils.len();
        for _ in 0..TRIES {
            let handle = format!("officer-{}", EntryId::random().to_string().split_off(24));
            let call = AddInvitation {
                name: handle.parse()?,
                handle: handle.parse()?,
                organisation: self.councils[council].organisation,
                role: Role::Officer,
            };
            if let Ok(invited) = self.manage(0, call).await {
                let invitation = invited.text.expose().parse::<Invitation>()?;
                if let Ok(joined) = Person::join(&invitation).await {
                    return Ok((joined, council));
                }
            }
            sleep(Duration::from_millis(500)).await;
        }
        anyhow::bail!("nobody can join")
    }

    /// Founds the club on a WARP whose server runs. Its people are not connected yet.
    pub async fn found(warp: &mut Warp, plan: Plan) -> anyhow::Result<Self> {
        let council = warp.organisation("The managers' council").await?;
        let second = warp.join("second", council, Role::Manager).await?;
        let managers = [warp.manager().client.clone(), second.client.clone()];
        let (councils, counts) = (councils(warp, &plan).await?, Arc::<Counts>::default());
        let (facts, staying, old) = (Mutex::default(), Mutex::default(), Vec::new());
        let mut club = Self {
            plan,
            managers,
            lead: warp.manager().member,
            councils,
            old,
            counts,
            facts,
            staying,
            _second: second,
        };
        club.keep_for_a_while().await?;
        club.old = club.grow_old(warp).await?;
        club.people().await?;
        club.rooms().await?;
        Ok(club)
    }

    /// Retention is on.
    async fn keep_for_a_while(&self) -> anyhow::Result<()> {
        let days = Some(90);
        let rule =
            Retention { clear: days, green: days, amber: days, amber_strict: days, red: days };
        Ok(self.both(Proposed::SetRetention { room: None, retention: Some(rule) }).await?)
    }

    /// Rooms of old posts: one past its time, which is erased at the next start, and others.
    async fn grow_old(&self, warp: &mut Warp) -> anyhow::Result<Vec<RoomId>> {
        let model = warp.manager().open(settings(Label::Green, Label::Green)?, &[]).await?;
        let text = "in the minutes of 2023 ".repeat(OLD_POST_BYTES / 23);
        let posts = (0..OLD_POSTS).map(|_| warp.manager().post(model, Label::Green, &text));
        try_join_all(posts).await?;
        warp.stop().await?;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let now_ms = i64::try_from(since.as_millis())?;
        add_aged_room(warp, model, now_ms - 365 * 24 * 60 * 60 * 1000)?;
        let mut old = vec![model];
        for _ in 1..self.plan.old_rooms() {
            old.push(add_aged_room(warp, model, now_ms)?);
        }
        warp.restart().await?;
        warp.manager().back().await?;
        Ok(old)
    }

    /// Everyone joins, enrols a second device, and has clients on both.
    async fn people(&self) -> anyhow::Result<()> {
        let mut numbers = Vec::new();
        let mut left = self.plan.seats();
        while left > 0 {
            let number = left.min(self.plan.seats_each());
            numbers.push(number);
            left -= number;
        }
        let joining = numbers.into_iter().enumerate().map(async |(person, number)| {
            let (joined, council) = self.join(person).await?;
            let devices = [joined.credentials(), second_device(&joined).await?];
            let seats = self.seats(joined.member, council, &devices, number);
            anyhow::Ok(Some(Member { member: joined.member, seats, is_suspended: false }))
        });
        let joined = futures_util::stream::iter(joining).buffered(JOINING_AT_ONCE);
        self.facts().people = joined.try_collect().await?;
        Ok(())
    }

    /// Rooms of everyone, of half, of a quarter, and many small ones; the first is of long posts.
    async fn rooms(&self) -> anyhow::Result<()> {
        let mut random = Random::new(self.plan.seed);
        let people = self.facts().people.len();
        for number in 0..self.plan.rooms() {
            let is_steady = number == 0;
            let size = match number {
                0 => 0,
                1 => people,
                2..=4 => people / 2,
                5..=12 => people / 4,
                _ => 5 + usize::try_from(random.below(10))?,
            };
            let some = (0..size).map(|_| random.below(people as u64).try_into());
            let mut members: BTreeSet<usize> = match number {
                0 => STEADY.into_iter().collect(),
                1 => (0..people).collect(),
                _ => some.collect::<Result<_, _>>()?,
            };
            members.retain(|person| *person < people);
            let ceiling = [Label::Red, Label::Green, Label::Amber, Label::AmberStrict][number % 4];
            let (typing, presence) = (!number.is_multiple_of(3), number.is_multiple_of(5));
            let settings = RoomSettings { typing, presence, ..settings(ceiling, Label::Green)? };
            let room = self.manage(0, OpenRoom { settings }).await?.room;
            let here = self.facts().people.clone();
            let coming = members.iter().map(async |person| {
                let member = here[*person].as_ref().context("nobody was removed yet")?.member;
                anyhow::Ok((*person, self.let_in(room, member).await?.seq))
            });
            let present = try_join_all(coming).await?.into_iter().collect();
            let said = VecDeque::new();
            let facts = RoomFacts { room, ceiling, is_steady, typing, present, said };
            self.facts().rooms.push(facts);
        }
        Ok(())
    }
}

async fn councils(warp: &Warp, plan: &Plan) -> anyhow::Result<Vec<Council>> {
    let mut councils = Vec::new();
    for number in 0..plan.councils() {
        let organisation = warp.organisation(&format!("Council {number}")).await?;
        let source = Ipv4Addr::new(127, 1, u8::try_from(number)?, 1);
        let line = Line::open(warp.local(), source).await?;
        let host_port = format!("localhost:{}", line.port);
        let address = Address { host_port, ..warp.address().clone() };
        councils.push(Council { organisation, line, address });
    }
    Ok(councils)
}

/// The laptop beside the desk. The code of this moment was used for joining, so it is the next one; and a
/// later one where the server took too long.
async fn second_device(person: &Person) -> anyhow::Result<Credentials> {
    const STEP: Duration = Duration::from_secs(30);
    let (address, handle) = (&person.address, &person.handle);
    for _ in 0..TRIES {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let code = person.totp.code_at((now + STEP).as_secs());
        let (password, name) = (Person::password(), "laptop".parse()?);
        if let Ok(joined) = enrol_device(address, handle.clone(), password, code, name).await {
            return Ok(joined.credentials());
        }
        sleep(STEP).await;
    }
    anyhow::bail!("no second device can be enrolled")
}
