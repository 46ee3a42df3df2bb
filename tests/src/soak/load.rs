//! What people say: posts, replies, asks, edits, retractions, reactions, answers and typing, at random,
//! about so many a second; and somebody who reads old rooms again, so that the cache stays full.
//!
//! Whoever acts is in the room as far as is known here. Where that is no longer so, the server refuses,
//! which is counted. Each entry is appended by a client that may just have no connection: it waits there.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use warproom_client::{CallError, Client};
use warproom_proto::calls::{
    AnswerAsk, EditEntry, From, HistoryPage, PostEntry, Posted, ReactToEntry, RetractEntry,
    TypeInRoom,
};
use warproom_proto::{EntryId, Label, RoomId, Seq};

use super::club::{Club, Facts, RoomFacts, Said};
use super::counts::What;
use crate::crash::Random;
use crate::harness::{answering, roll_call};

/// How many posts of a room can be referred to: what is on a screen or two.
const REMEMBERED: usize = 100;

/// How many entries are under way at most: a restart makes them wait.
const UNDER_WAY: usize = 600;

/// How long after its end what was said may take to be stored.
const STORED_WITHIN: Duration = Duration::from_mins(2);

/// How often a page of an old room is read.
const PAGE_EVERY: Duration = Duration::from_millis(250);

/// Something to do, and what is remembered if it is stored.
struct Deed {
    room: RoomId,
    /// Its place among the rooms.
    place: usize,
    by: usize,
    what: Doing,
}

enum Doing {
    Post(Box<PostEntry>),
    Edit(EditEntry),
    Retract(RetractEntry),
    React(ReactToEntry),
    Answer(AnswerAsk),
    Type,
}

/// Talks until a moment, then waits for what is under way.
pub async fn talk(club: Arc<Club>, mut random: Random, until: Instant) -> anyhow::Result<()> {
    let mut under_way = JoinSet::new();
    let gap_ms = 2 * 1000 / club.plan.per_second();
    while Instant::now() < until {
        sleep(Duration::from_millis(random.below(gap_ms))).await;
        while under_way.try_join_next().is_some() {}
        if under_way.len() >= UNDER_WAY {
            club.counts.add(What::HeldBack, 1);
            continue;
        }
        let chosen = choose(&mut club.facts(), &mut random);
        if let Some((client, deed)) = chosen? {
            under_way.spawn(perform(club.clone(), client, deed));
        }
    }
    let ending = async { while under_way.join_next().await.is_some() {} };
    if timeout_at(Instant::now() + STORED_WITHIN, ending).await.is_err() {
        club.counts.fault("what was said is not stored in time".to_owned());
    }
    Ok(())
}

fn choose(facts: &mut Facts, random: &mut Random) -> anyhow::Result<Option<(Client, Deed)>> {
    let place = pick(random, facts.rooms.len());
    let room = &mut facts.rooms[place];
    if room.present.is_empty() {
        return Ok(None);
    }
    let by = room.present.keys().nth(pick(random, room.present.len())).copied();
    let Some((by, since)) = by.and_then(|by| Some((by, *room.present.get(&by)?))) else {
        return Ok(None);
    };
    let Some(member) = facts.people[by].as_ref().filter(|one| !one.is_suspended) else {
        return Ok(None);
    };
    let Some(client) = member.seats[pick(random, member.seats.len())].client() else {
        return Ok(None);
    };
    let what = deed(room, (by, since), random)?;
    Ok(what.map(|what| (client, Deed { room: room.room, place, by, what })))
}

fn deed(
    room: &mut RoomFacts,
    (by, since): (usize, Seq),
    random: &mut Random,
) -> anyhow::Result<Option<Doing>> {
    let dice = random.below(100);
    let can_read = |said: &Said| said.label <= Label::Green || since < said.seq;
    let any = |random: &mut Random, which: &dyn Fn(&Said) -> bool| {
        let fitting: Vec<usize> =
            (0..room.said.len()).filter(|at| which(&room.said[*at])).collect();
        (!fitting.is_empty()).then(|| fitting[pick(random, fitting.len())])
    };
    let (own, id) = (|said: &Said| said.by == by, EntryId::random());
    let (at, is_reply) = match dice {
        0..45 => (None, false),
        45..57 => (any(random, &can_read), true),
        57..70 => (any(random, &own), false),
        70..86 => (any(random, &can_read), false),
        86..95 => (any(random, &|said| said.asks && can_read(said)), false),
        _ if room.typing => return Ok(Some(Doing::Type)),
        _ => (None, false),
    };
    let (Some(at), room_id) = (at, room.room) else {
        return post(room, None, random).map(|post| Some(Doing::Post(Box::new(post))));
    };
    let said = room.said[at];
    let of = said.seq;
    Ok(Some(match dice {
        _ if is_reply => Doing::Post(Box::new(post(room, Some(said), random)?)),
        57..65 => Doing::Edit(EditEntry { room: room_id, id, of, text: text(random).parse()? }),
        65..70 => {
            room.said.remove(at);
            Doing::Retract(RetractEntry { room: room_id, id, of })
        }
        70..86 => {
            let reaction = ["👍", "👀", "✅", "🙏"][pick(random, 4)].parse()?;
            let withdrawn = random.below(5) == 0;
            Doing::React(ReactToEntry { room: room_id, id, of, reaction, withdrawn })
        }
        _ => {
            let choice = ["affected", "investigating", "not affected"][pick(random, 3)];
            Doing::Answer(answering(room_id, of, choice)?)
        }
    }))
}

fn post(room: &RoomFacts, to: Option<Said>, random: &mut Random) -> anyhow::Result<PostEntry> {
    let labels = [Label::Clear, Label::Green, Label::Green, Label::Amber, Label::AmberStrict];
    let wanted = [&labels[..], &[Label::Red]].concat()[pick(random, labels.len() + 1)];
    let label = wanted.min(room.ceiling).max(to.map_or(Label::Clear, |said| said.label));
    let ask = (to.is_none() && random.below(8) == 0).then(|| roll_call(None)).transpose()?;
    Ok(PostEntry {
        room: room.room,
        id: EntryId::random(),
        label,
        text: text(random).parse()?,
        reply_to: to.map(|said| said.seq),
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask,
        exercise: false,
        files: Vec::new(),
    })
}

/// A line to some paragraphs.
fn text(random: &mut Random) -> String {
    let words = 1 + pick(random, 8) * pick(random, 8);
    format!("{:x} {}", random.bits(), "planning and the online forms ".repeat(words)).trim().into()
}

/// A place below a number, which is not 0.
pub(super) fn pick(random: &mut Random, below: usize) -> usize {
    usize::try_from(random.below(below as u64)).unwrap_or_default()
}

async fn perform(club: Arc<Club>, client: Client, deed: Deed) {
    let Deed { room, place, by, what } = deed;
    let (counted, said, done) = match what {
        Doing::Post(post) => {
            let (label, asks) = (post.label, post.ask.is_some());
            let counted = [
                Some(What::Posts),
                post.reply_to.map(|_| What::Replies),
                asks.then_some(What::Asks),
            ];
            (counted, Some((label, asks)), client.append(*post).await)
        }
        Doing::Edit(edit) => (just(What::Edits), None, client.append(edit).await),
        Doing::Retract(retract) => (just(What::Retractions), None, client.append(retract).await),
        Doing::React(react) => (just(What::Reactions), None, client.append(react).await),
        Doing::Answer(answer) => (just(What::Answers), None, client.append(answer).await),
        Doing::Type => {
            match client.call(TypeInRoom { room }).await {
                Ok(_) => club.counts.add(What::Typing, 1),
                Err(error) => club.counts.failed("typing", &error),
            }
            return;
        }
    };
    remember(&club, (room, place, by), counted, said, done);
}

const fn just(what: What) -> [Option<What>; 3] {
    [Some(what), None, None]
}

fn remember(
    club: &Club,
    (room, place, by): (RoomId, usize, usize),
    counted: [Option<What>; 3],
    said: Option<(Label, bool)>,
    done: Result<Posted, CallError>,
) {
    let posted = match done {
        Ok(posted) => posted,
        Err(error) => return club.counts.failed("an entry", &error),
    };
    counted.into_iter().flatten().for_each(|what| club.counts.add(what, 1));
    club.stored(room, posted);
    if let Some((label, asks)) = said {
        let said = &mut club.facts().rooms[place].said;
        said.push_back(Said { seq: posted.seq, by, label, asks });
        if said.len() > REMEMBERED {
            said.pop_front();
        }
    }
}

/// Reads the old rooms again and again, as the second manager, who is in all of them.
pub async fn read_back(club: Arc<Club>, until: Instant) -> anyhow::Result<()> {
    let (mut place, mut after, mut next) = (0, 0, Instant::now());
    while Instant::now() < until {
        next += PAGE_EVERY;
        let call = HistoryPage { room: club.old[place], from: From::After(after), limit: 200 };
        match club.managers[0].call(call).await {
            Ok(page) => {
                club.counts.add(What::ReadBack, page.records.len() as u64);
                let last = page.records.last().map(|record| record.seq);
                after = last.filter(|last| *last < page.latest.seq).unwrap_or(0);
                if after == 0 {
                    place = (place + 1) % club.old.len();
                }
            }
            Err(CallError::Disconnected) => {}
            Err(error) if error.retry_after().is_some() => {}
            Err(error) => club.counts.fault(format!("reading back: {error}")),
        }
        sleep_until(next.max(Instant::now())).await;
    }
    Ok(())
}
