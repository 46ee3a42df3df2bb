//! What a crash may and may not do to a log: writers that remember what was acknowledged, and a
//! ledger that compares it with what is there after the server was killed and started again.
//!
//! It kills nothing itself: whoever runs the rounds does. Each writer numbers its posts; what was
//! not acknowledged is sent again under its id in the next round, before anything new. So in every
//! log the numbers of each writer must rise, whatever was lost and repeated in between.

mod courier;
mod field;
mod store;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_client::Credentials;
use warproom_proto::calls::{From, HistoryPage, Page, Posted, RegisterPage};
use warproom_proto::entry::Entry;
use warproom_proto::{Body, EntryId, Head, Label, LogId, Position, Record, RoomId, Seq, rpc};

use crate::wire::{Seen, Wire};

pub use courier::Courier;
pub(crate) use field::Author;
pub use field::Field;
pub use store::{StoreKills, append_until_killed};

/// How many posts a writer has in flight: enough to fill groups, fewer than a connection may have.
const IN_FLIGHT: usize = 24;

/// How many records a page has at most.
const PAGE: u16 = 200;

/// Random numbers from a seed (splitmix64), so that a round can be told from its seed.
pub struct Random(u64);

impl Random {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0. (The bias is far below what a test could notice.)
    pub const fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }
}

/// Where a server is and how to know it.
#[derive(Clone)]
pub struct Door {
    /// As `127.0.0.1:7443`.
    pub host_port: String,
    /// The file of its authority's certificate.
    pub authority: PathBuf,
}

/// An entry that is on stable storage, if the server is to be believed.
pub struct Acknowledged {
    pub(crate) room: RoomId,
    pub(crate) id: EntryId,
    pub(crate) at: Position,
    /// When its author heard of it, in microseconds since 1970.
    pub(crate) heard_us: u64,
}

/// What somebody was answered.
#[derive(Default)]
pub struct Heard {
    /// Of entries.
    pub(crate) entries: Vec<Acknowledged>,
    /// Of numbered acts: the number, and when its author heard of it, in microseconds since 1970.
    pub(crate) acts: Vec<(u64, u64)>,
    /// Which entries may have been taken back, heard of or not.
    pub(crate) retracted: Vec<(RoomId, Seq)>,
}

struct Post {
    room: RoomId,
    id: EntryId,
    number: u64,
}

/// Somebody who posts as fast as the server answers.
pub struct Writer {
    name: usize,
    credentials: Credentials,
    rooms: Vec<RoomId>,
    /// Sent and not acknowledged, in order.
    pending: VecDeque<Post>,
    next: u64,
}

impl Writer {
    /// Somebody who has not written yet. The name must differ from every other writer's.
    #[must_use]
    pub const fn new(name: usize, credentials: Credentials, rooms: Vec<RoomId>) -> Self {
        Self { name, credentials, rooms, pending: VecDeque::new(), next: 1 }
    }

    /// Writes until the connection ends, or until so many were acknowledged; which those were.
    ///
    /// # Errors
    /// A refusal: nothing here may be refused.
    pub async fn write(&mut self, door: &Door, most: usize) -> anyhow::Result<Vec<Acknowledged>> {
        let mut acknowledged = Vec::new();
        let opened = Wire::signed_in(&door.host_port, &door.authority, &self.credentials).await;
        // Killed before it began: nothing was sent.
        let Ok(mut wire) = opened else { return Ok(acknowledged) };
        let mut flying: HashMap<u64, EntryId> = HashMap::new();
        let again: Vec<Value> = self.pending.iter().map(|post| self.params(post)).collect();
        for (post, params) in self.pending.iter().zip(again) {
            match wire.request("entry.post", &params).await {
                Ok(request) => flying.insert(request, post.id),
                Err(_) => return Ok(acknowledged),
            };
        }
        loop {
            while self.pending.len() < IN_FLIGHT && acknowledged.len() + flying.len() < most {
                let post = self.compose();
                let (id, params) = (post.id, self.params(&post));
                self.pending.push_back(post);
                match wire.request("entry.post", &params).await {
                    Ok(request) => flying.insert(request, id),
                    Err(_) => return Ok(acknowledged),
                };
            }
            if flying.is_empty() {
                return Ok(acknowledged);
            }
            let Ok(Seen::Text(text)) = wire.next().await else { return Ok(acknowledged) };
            let rpc::Incoming::Reply { id: Some(request), result } = rpc::Incoming::read(&text)?
            else {
                continue;
            };
            let id = flying.remove(&request).with_context(|| format!("not asked: {text}"))?;
            let posted: Posted = serde_json::from_str(result?.get())?;
            let place = self.pending.iter().position(|post| post.id == id);
            let post = place.and_then(|place| self.pending.remove(place));
            let room = post.context("acknowledged twice")?.room;
            let at = Position { seq: posted.seq, head: posted.head };
            acknowledged.push(Acknowledged { room, id, at, heard_us: now_us() });
        }
    }

    fn compose(&mut self) -> Post {
        let number = self.next;
        self.next += 1;
        let rooms = self.rooms.len() as u64;
        let room = self.rooms[usize::try_from(number % rooms).unwrap_or_default()];
        Post { room, id: EntryId::random(), number }
    }

    fn params(&self, post: &Post) -> Value {
        // Some are longer than one value of the database, so that records in parts are cut too.
        let filler = if post.number.is_multiple_of(37) { 9_000 } else { 40 };
        let text = format!("{} {} {}", self.name, post.number, "x".repeat(filler));
        json!({"room": post.room, "id": post.id, "label": Label::Green, "text": text})
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// What must be in the logs.
pub struct Ledger {
    rooms: BTreeMap<RoomId, Known>,
    /// How far the register was read, where it is.
    register: Option<Position>,
    acts: Acts,
}

/// What the register must satisfy of the acts that carry a number.
#[derive(Default)]
pub(crate) struct Acts {
    /// Acknowledged, and not seen yet.
    acknowledged: BTreeSet<u64>,
    /// The highest number that was seen.
    last: u64,
}

impl Acts {
    /// What must be there.
    pub(crate) fn expect(&mut self, number: u64) {
        if number > self.last {
            self.acknowledged.insert(number);
        }
    }

    /// Takes the next act. An act may stand there twice: its author did it again, not having heard.
    pub(crate) fn take(&mut self, seq: Seq, act: &str) -> anyhow::Result<()> {
        let Some((_, rest)) = act.split_once(courier::NAMED) else { return Ok(()) };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let number = digits.parse().context("not one of ours")?;
        ensure!(number >= self.last, "the register: act {seq} is an older one again");
        self.last = number;
        self.acknowledged.remove(&number);
        Ok(())
    }

    /// Whether everything acknowledged was seen.
    pub(crate) fn are_there(&self) -> anyhow::Result<()> {
        let lost = self.acknowledged.first();
        ensure!(lost.is_none(), "act {lost:?} was acknowledged and is lost");
        Ok(())
    }
}

struct Known {
    /// As far as was read back.
    read: Position,
    /// What was acknowledged beyond.
    acknowledged: BTreeMap<Seq, (EntryId, Head)>,
    /// Which entries may be withheld.
    retracted: HashSet<Seq>,
    order: Order,
}

/// What the entries of one room must satisfy, whatever was acknowledged: each is there once, and those of
/// one writer stand in the order in which they were sent.
#[derive(Default)]
pub(crate) struct Order {
    ids: HashSet<EntryId>,
    /// How many of them say something.
    texts: usize,
    /// The highest number so far of each writer.
    numbers: HashMap<usize, u64>,
}

impl Order {
    /// Takes the next entry.
    pub(crate) fn take(&mut self, room: RoomId, seq: Seq, entry: &Entry) -> anyhow::Result<()> {
        let is_new = self.ids.insert(entry.handling.id);
        let Some(text) = &entry.content.text else { return Ok(()) };
        ensure!(is_new, Wrong { room, seq, how: How::Twice });
        self.texts += 1;
        let mut words = text.as_str().split(' ');
        let mut word = || words.next().context("not one of ours");
        let (writer, number) = (word()?.parse()?, word()?.parse()?);
        let before = self.numbers.insert(writer, number);
        ensure!(before.is_none_or(|before| before < number), Wrong { room, seq, how: How::Order });
        Ok(())
    }
}

/// How what is there differs from what was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The room.
    pub room: RoomId,
    /// The first entry that is not as it should be.
    pub seq: Seq,
    /// In what way.
    pub how: How,
}

/// In what way an entry is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was acknowledged, and is not there.
    Lost,
    /// Another entry or head has its number than was acknowledged.
    Other,
    /// It is there a second time.
    Twice,
    /// It stands before one that its writer sent earlier.
    Order,
    /// It does not follow the one before.
    Chain,
}

impl fmt::Display for Wrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { room, seq, how } = self;
        let how = match how {
            How::Lost => "was acknowledged and is lost",
            How::Other => "is not the one that was acknowledged",
            How::Twice => "is there a second time",
            How::Order => "stands before one that was sent earlier",
            How::Chain => "does not follow the one before",
        };
        write!(to, "room {room}: entry {seq} {how}")
    }
}

impl std::error::Error for Wrong {}

impl Ledger {
    /// A ledger of rooms that nobody has posted to.
    #[must_use]
    pub fn new(rooms: &[RoomId]) -> Self {
        let empty = |room: &RoomId| {
            let known = Known {
                read: Position::start(LogId::room(*room)),
                acknowledged: BTreeMap::new(),
                retracted: HashSet::new(),
                order: Order::default(),
            };
            (*room, known)
        };
        Self { rooms: rooms.iter().map(empty).collect(), register: None, acts: Acts::default() }
    }

    /// The same, for whom the register is read too.
    #[must_use]
    pub fn with_register(self) -> Self {
        Self { register: Some(Position::start(LogId::REGISTER)), ..self }
    }

    /// Takes down what was acknowledged.
    ///
    /// # Errors
    /// If a number was given out twice.
    pub fn note(&mut self, acknowledged: Vec<Acknowledged>) -> anyhow::Result<()> {
        for Acknowledged { room, id, at, .. } in acknowledged {
            let known = self.rooms.get_mut(&room).context("not a room of these")?;
            if at.seq <= known.read.seq {
                // Stored, its answer lost with the connection, and asked for again.
                ensure!(
                    known.order.ids.contains(&id),
                    Wrong { room, seq: at.seq, how: How::Other }
                );
                continue;
            }
            let before = known.acknowledged.insert(at.seq, (id, at.head));
            ensure!(before.is_none_or(|before| before == (id, at.head)), "{} twice", at.seq);
        }
        Ok(())
    }

    /// Takes down what somebody heard.
    pub(crate) fn note_heard(&mut self, heard: Heard) -> anyhow::Result<()> {
        for (room, seq) in heard.retracted {
            self.rooms.get_mut(&room).context("not a room of these")?.retracted.insert(seq);
        }
        for (number, _) in heard.acts {
            self.acts.expect(number);
        }
        self.note(heard.entries)
    }

    /// Reads what is new in every room, and in the register if that is read, and compares.
    ///
    /// # Errors
    /// [`Wrong`] where the server broke its word.
    pub async fn check(&mut self, wire: &mut Wire) -> anyhow::Result<()> {
        for (room, known) in &mut self.rooms {
            known.check(*room, wire).await?;
        }
        while let Some(read) = &mut self.register {
            let page = RegisterPage { after: read.seq, limit: PAGE };
            let page = wire.call(&page).await?.context("register.page")?;
            for record in &page.records {
                let seq = record.seq;
                ensure!(record.follows(*read), "the register: act {seq} does not follow");
                *read = record.position();
                if let Body::Shown { item, .. } = &record.body {
                    self.acts.take(seq, item.get())?;
                }
            }
            if read.seq >= page.latest.seq {
                ensure!(*read == page.latest, "the register ends otherwise than is said");
                break;
            }
            ensure!(!page.records.is_empty(), "the register: act {} is missing", read.seq + 1);
        }
        self.acts.are_there()
    }

    /// How many entries with a text were read back.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.rooms.values().map(|known| known.order.texts).sum()
    }

    /// How far each room and the register were read, and their heads there.
    pub(crate) fn positions(&self) -> Vec<Position> {
        self.rooms.values().map(|known| known.read).chain(self.register).collect()
    }

    /// The same rooms with nothing read, to read it all once more.
    #[must_use]
    pub fn afresh(&self) -> Self {
        let mut afresh = Self::new(&self.rooms.keys().copied().collect::<Vec<_>>());
        for (room, known) in &mut afresh.rooms {
            known.retracted.clone_from(&self.rooms[room].retracted);
        }
        if self.register.is_some() { afresh.with_register() } else { afresh }
    }
}

impl Known {
    async fn check(&mut self, room: RoomId, wire: &mut Wire) -> anyhow::Result<()> {
        loop {
            let from = From::After(self.read.seq);
            let page = wire.call(&HistoryPage { room, from, limit: PAGE }).await?;
            let Page { records, latest, .. } = page.context("history.page")?;
            if latest.seq < self.read.seq {
                return Err(Wrong { room, seq: latest.seq + 1, how: How::Lost }.into());
            }
            for record in &records {
                self.take(room, record)?;
            }
            if self.read.seq >= latest.seq {
                let ends_so = self.read == latest;
                ensure!(ends_so, Wrong { room, seq: latest.seq, how: How::Chain });
                break;
            }
            ensure!(!records.is_empty(), Wrong { room, seq: self.read.seq + 1, how: How::Chain });
        }
        match self.acknowledged.first_key_value() {
            Some((seq, _)) => Err(Wrong { room, seq: *seq, how: How::Lost }.into()),
            None => Ok(()),
        }
    }

    fn take(&mut self, room: RoomId, record: &Record) -> anyhow::Result<()> {
        let seq = record.seq;
        ensure!(record.follows(self.read), Wrong { room, seq, how: How::Chain });
        self.read = record.position();
        let Body::Shown { item, .. } = &record.body else {
            ensure!(self.retracted.contains(&seq), Wrong { room, seq, how: How::Lost });
            // The head commits to what it was.
            let acknowledged = self.acknowledged.remove(&seq);
            let is_it = acknowledged.is_none_or(|(_, head)| head == record.head);
            ensure!(is_it, Wrong { room, seq, how: How::Other });
            return Ok(());
        };
        let entry: Entry = serde_json::from_str(item.get())?;
        let id = entry.handling.id;
        if let Some(acknowledged) = self.acknowledged.remove(&seq) {
            ensure!(acknowledged == (id, record.head), Wrong { room, seq, how: How::Other });
        }
        self.order.take(room, seq, &entry)
    }
}
