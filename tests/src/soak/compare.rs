//! The comparison at the end: everything is read afresh as each member, and held against what each of
//! their clients knows, against the server's own lists and boards, and against what was acknowledged.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, sleep};
use warproom_client::{CallError, Client};
use warproom_proto::calls::{Call, From, HistoryPage, ListRooms, RoomMembers, ShowBoard};
use warproom_proto::{EntryId, ErrorCode, MemberId, Position, RoomId, Seq};

use super::club::{Club, Member};
use super::view::{Difference, How, RoomView};
use crate::harness::entry_of;

/// How long everyone may take to have read to the end.
const SETTLED_WITHIN: Duration = Duration::from_mins(3);

/// How many members are read as at a time.
const AT_ONCE: usize = 8;

/// How many boards of a room are looked at, the latest asks first.
const BOARDS: usize = 3;

/// How many differences are kept.
const KEPT: usize = 50;

/// What was compared.
#[derive(Default)]
pub struct Compared {
    /// Clients.
    pub clients: usize,
    /// Rooms of clients.
    pub views: usize,
    /// Records in them.
    pub records: u64,
    /// Boards.
    pub boards: usize,
    /// Acknowledged entries.
    pub acknowledged: usize,
    /// Records that are erased, as the manager who is in every room reads them.
    pub erased: usize,
    /// How many differences there are.
    pub different: usize,
    /// Whose and which, the first of them.
    pub differences: Vec<(MemberId, Difference)>,
}

/// What the server gives somebody who reads a room from its beginning.
struct Fresh {
    view: RoomView,
    asks: Vec<Seq>,
    twice: Option<Seq>,
}

/// Waits until every client has read to the end of its rooms, and no further.
pub async fn settle(club: &Club) -> anyhow::Result<()> {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        let Some((member, room, seq)) = somebody_behind(club).await? else { return Ok(()) };
        ensure!(
            Instant::now() < deadline,
            "a client of {member} has read room {room} only to {seq}"
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// A client that has not read to the end of a room it is in.
async fn somebody_behind(club: &Club) -> anyhow::Result<Option<(MemberId, RoomId, Seq)>> {
    let ends: BTreeMap<RoomId, Position> = patiently(&club.managers[0], ListRooms { all: true })
        .await?
        .rooms
        .into_iter()
        .map(|room| (room.room, room.latest))
        .collect();
    let facts = club.facts();
    for room in &facts.rooms {
        let Some(end) = ends.get(&room.room) else { continue };
        for member in room.present.keys().filter_map(|person| facts.people[*person].as_ref()) {
            for seat in &member.seats {
                let seq = seat.view().rooms.get(&room.room).map_or(0, RoomView::last);
                if seq < end.seq {
                    return Ok(Some((member.member, room.room, seq)));
                }
            }
        }
    }
    Ok(None)
}

/// Compares everything.
///
/// # Errors
/// If the server does not answer. What differs is in the result.
pub async fn compare(club: &Club) -> anyhow::Result<Compared> {
    let (mut compared, rooms) = (Compared::default(), all_rooms(club));
    let whole = read_rooms(&club.managers[0], &rooms).await?;
    let lead = club.lead;
    for (room, fresh) in &whole {
        compared.erased += fresh.view.erased();
        let twice = fresh.twice.map(|seq| Difference { room: *room, seq, how: How::Twice });
        if let Some(twice) = twice {
            compared.note(lead, twice);
        }
    }
    check_acknowledged(club, &whole, &mut compared);
    let people: Vec<Member> = club.facts().people.iter().flatten().cloned().collect();
    let reading = people.iter().map(read_as);
    let mut reading = futures_util::stream::iter(reading).buffered(AT_ONCE);
    for member in &people {
        let read = reading.try_next().await?.context("one for each")?;
        compared.take(club, member, &read, &whole);
    }
    Ok(compared)
}

fn all_rooms(club: &Club) -> Vec<RoomId> {
    club.facts().rooms.iter().map(|room| room.room).collect()
}

/// What somebody reads afresh.
struct Read {
    rooms: BTreeMap<RoomId, Fresh>,
    members: BTreeMap<RoomId, BTreeSet<MemberId>>,
    /// Boards that count other answers than the room has.
    boards: (usize, Vec<(RoomId, Seq)>),
}

async fn read_as(member: &Member) -> anyhow::Result<Read> {
    let seat = member.seats.first().context("everyone has a client")?;
    let (client, _events) = seat.afresh().connect().await?;
    let list = patiently(&client, ListRooms::default()).await?;
    let listed: Vec<RoomId> = list.rooms.iter().map(|room| room.room).collect();
    let rooms = read_rooms(&client, &listed).await?;
    let (mut members, mut boards) = (BTreeMap::new(), (0, Vec::new()));
    for (room, fresh) in &rooms {
        let (room, list) = (*room, patiently(&client, RoomMembers { room: *room }).await?);
        let here = list.members.iter().filter_map(|one| one.who.member());
        members.insert(room, here.collect());
        for of in fresh.asks.iter().rev().take(BOARDS) {
            boards.0 += 1;
            if !is_board_right(&client, room, *of, &fresh.view).await? {
                boards.1.push((room, *of));
            }
        }
    }
    client.close().await;
    Ok(Read { rooms, members, boards })
}

async fn read_rooms(client: &Client, rooms: &[RoomId]) -> anyhow::Result<BTreeMap<RoomId, Fresh>> {
    let mut read = BTreeMap::new();
    for room in rooms {
        read.insert(*room, read_room(client, *room).await?);
    }
    Ok(read)
}

async fn read_room(client: &Client, room: RoomId) -> anyhow::Result<Fresh> {
    let mut fresh = Fresh { view: RoomView::new(room), asks: Vec::new(), twice: None };
    let mut ids: HashSet<EntryId> = HashSet::new();
    loop {
        let from = From::After(fresh.view.last());
        let page = patiently(client, HistoryPage { room, from, limit: 200 }).await?;
        for record in &page.records {
            let entry = entry_of(record);
            let taken = fresh.view.take(record, entry.as_ref());
            ensure!(taken.is_ok(), "the server's own page of {room}: {} {taken:?}", record.seq);
            let Some(entry) = entry else { continue };
            if !ids.insert(entry.handling.id) {
                fresh.twice.get_or_insert(record.seq);
            }
            fresh.asks.extend(entry.handling.ask.is_some().then_some(record.seq));
        }
        if fresh.view.last() >= page.latest.seq {
            return Ok(fresh);
        }
        ensure!(!page.records.is_empty(), "{room} ends before its end");
    }
}

async fn is_board_right(
    client: &Client,
    room: RoomId,
    of: Seq,
    view: &RoomView,
) -> anyhow::Result<bool> {
    let board = patiently(client, ShowBoard { room, of }).await?;
    let rows = board
        .rows
        .iter()
        .filter_map(|row| Some((row.organisation, (row.answers, row.answer.as_ref()?.seq))));
    Ok(rows.collect::<BTreeMap<_, _>>() == view.answers(of))
}

fn check_acknowledged(club: &Club, whole: &BTreeMap<RoomId, Fresh>, compared: &mut Compared) {
    let acknowledged = club.facts().acknowledged.clone();
    compared.acknowledged = acknowledged.len();
    let mut given = HashSet::new();
    for (room, at) in acknowledged {
        let head = whole.get(&room).and_then(|fresh| fresh.view.head(at.seq));
        let how = match head {
            None => How::Lost,
            Some(head) if head != at.head => How::Other,
            Some(_) if !given.insert((room, at.seq)) => How::Twice,
            Some(_) => continue,
        };
        compared.note(club.lead, Difference { room, seq: at.seq, how });
    }
}

impl Compared {
    fn note(&mut self, member: MemberId, difference: Difference) {
        self.different += 1;
        if self.differences.len() < KEPT {
            self.differences.push((member, difference));
        }
    }

    fn take(&mut self, club: &Club, member: &Member, read: &Read, whole: &BTreeMap<RoomId, Fresh>) {
        let who = member.member;
        self.boards += read.boards.0;
        for (room, seq) in &read.boards.1 {
            self.note(who, Difference { room: *room, seq: *seq, how: How::Board });
        }
        for (room, fresh) in &read.rooms {
            if read.members.get(room) != Some(fresh.view.members()) {
                let seq = fresh.view.last();
                self.note(who, Difference { room: *room, seq, how: How::Members });
            }
        }
        let erased = club.facts().erased.clone();
        for seat in &member.seats {
            self.clients += 1;
            let view = seat.view();
            view.wrong.iter().for_each(|wrong| self.note(who, *wrong));
            let rooms: BTreeSet<&RoomId> = view.rooms.keys().chain(read.rooms.keys()).collect();
            for room in rooms {
                self.views += 1;
                let known = view.rooms.get(room);
                self.records += known.map_or(0, RoomView::last);
                let fresh = read.rooms.get(room).map(|fresh| &fresh.view);
                let none = BTreeSet::new();
                let erased = erased.get(room).unwrap_or(&none);
                let left = whole.get(room).and_then(|fresh| fresh.view.left(who));
                if let Some((seq, how)) = difference(known, fresh, erased, left) {
                    self.note(who, Difference { room: *room, seq, how });
                }
            }
        }
    }
}

/// How what a client knows of a room differs from what its member reads there afresh, or from what they
/// may have read until they left.
fn difference(
    known: Option<&RoomView>,
    fresh: Option<&RoomView>,
    erased: &BTreeSet<Seq>,
    left: Option<Seq>,
) -> Option<(Seq, How)> {
    match (known, fresh) {
        (Some(known), Some(fresh)) => known
            .differs(fresh, erased)
            .or_else(|| (!known.is_here).then(|| (known.last(), How::Standing))),
        (Some(known), None) => match left {
            Some(left) if known.last() >= left => Some((left, How::ReadOn)),
            _ => known.is_here.then(|| (known.last(), How::Standing)),
        },
        (None, Some(_)) => Some((1, How::Missing)),
        (None, None) => None,
    }
}

/// A call, made again where the server asks to slow down or is coming back.
async fn patiently<C: Call + Clone>(client: &Client, call: C) -> anyhow::Result<C::Reply> {
    const TRIES: usize = 200;
    for _ in 0..TRIES {
        match client.call(call.clone()).await {
            Ok(reply) => return Ok(reply),
            Err(CallError::Disconnected) => sleep(Duration::from_millis(200)).await,
            Err(error) if error.code() == Some(ErrorCode::SlowDown) => {
                sleep(error.retry_after().unwrap_or_default()).await;
            }
            Err(error) => return Err(error).context(C::METHOD),
        }
    }
    anyhow::bail!("{} is not answered", C::METHOD)
}
