//! Who watches a simulation: what was committed, what was said to whom and when, what was promised; and
//! whether all of it fits together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use anyhow::{bail, ensure};
use tokio::time::Instant;
use warproom_proto::calls::{Followed, Page, Posted};
use warproom_proto::notice::Notice;
use warproom_proto::rpc::Incoming;
use warproom_proto::{
    Body, Entry, EntryId, Head, MemberId, OrganisationId, Principal, Record, RoomId, Seq,
};
use warproom_server::simulated::Noted;

use super::rules::Room;

/// How long what has changed may still be told as it was: a removed person gets nothing more after it.
const SOON: Duration = Duration::from_secs(1);

/// A room's log, as it was committed.
#[derive(Default)]
pub struct Log {
    /// The entries, from number 1.
    pub entries: Vec<Entry>,
    /// When each was known to be committed.
    at: Vec<Instant>,
    /// What was erased: from when, and until when it may still have been under way.
    pub erased: BTreeMap<Seq, (Instant, Option<Instant>)>,
}

/// A record on its way to somebody.
struct Told {
    who: MemberId,
    room: RoomId,
    seq: Seq,
    shown: bool,
    /// Since when the link may have held it back.
    since: Instant,
    at: Instant,
}

/// An append that was answered.
pub struct Acked {
    pub room: RoomId,
    pub author: MemberId,
    pub id: EntryId,
    pub posted: Posted,
    asked: Instant,
    answered: Instant,
}

/// What somebody has of a record.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    pub head: Head,
    /// Its text, where it was shown.
    pub item: Option<String>,
}

/// The watcher of one simulation.
pub struct Watch {
    began: Instant,
    pub organisations: BTreeMap<MemberId, OrganisationId>,
    pub logs: BTreeMap<RoomId, Log>,
    told: Vec<Told>,
    pub acked: Vec<Acked>,
    /// What went wrong, the first of it.
    pub wrong: Option<String>,
    trace: DefaultHasher,
    /// Whether it is told as it happens.
    aloud: bool,
    /// The last things that happened, for whoever reads about a failure.
    recent: VecDeque<String>,
    /// How much was told, for a test that would otherwise prove nothing.
    pub deliveries: u64,
}

impl Watch {
    pub fn new(organisations: BTreeMap<MemberId, OrganisationId>) -> Self {
        Self {
            began: Instant::now(),
            organisations,
            logs: BTreeMap::new(),
            told: Vec::new(),
            acked: Vec::new(),
            wrong: None,
            trace: DefaultHasher::new(),
            aloud: std::env::var_os("WARPROOM_TRACE").is_some(),
            recent: VecDeque::new(),
            deliveries: 0,
        }
    }

    /// Writes down that something happened: it is part of what has to happen again.
    pub fn note(&mut self, what: impl Into<String>) {
        const KEPT: usize = 60;
        let what = format!("{:>9} ms  {}", self.began.elapsed().as_millis(), what.into());
        what.hash(&mut self.trace);
        if self.aloud {
            println!("{what}");
        }
        self.recent.push_back(what);
        if self.recent.len() > KEPT {
            self.recent.pop_front();
        }
    }

    /// The last things that happened.
    pub fn recent(&self) -> String {
        let lines: Vec<_> = self.recent.iter().map(String::as_str).collect();
        lines.join("\n")
    }

    /// All that happened, in one number.
    pub fn traced(&self) -> u64 {
        self.trace.finish()
    }

    /// Something went wrong.
    pub fn fail(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.note(format!("WRONG: {what}"));
        self.wrong.get_or_insert(what);
    }

    /// A record was committed.
    pub fn committed(&mut self, noted: Noted, unflushed: usize) {
        let Noted { room, seq, entry } = noted;
        self.note(format!("committed {} of {}", seq, short(room)));
        if unflushed > 0 {
            self.fail(format!(
                "{seq} of {} is handed on before it is on stable storage",
                short(room)
            ));
        }
        let log = self.logs.entry(room).or_default();
        if seq != log.entries.len() as Seq + 1 {
            let known = log.entries.len();
            return self.fail(format!("{seq} of {} was committed after {known}", short(room)));
        }
        log.entries.push(entry);
        log.at.push(Instant::now());
    }

    /// The server said this to somebody.
    pub fn heard(&mut self, who: MemberId, text: &[u8], since: Instant, unflushed: usize) {
        if unflushed > 0 {
            self.fail("something is said while what it may tell is not on stable storage");
        }
        let Ok(text) = std::str::from_utf8(text) else { return self.fail("a frame is not text") };
        self.note(format!("to {}: {} bytes", short_member(who), text.len()));
        match Incoming::read(text) {
            Ok(Incoming::Notice(
                Notice::Entry { room, record } | Notice::Found { room, record, .. },
            )) => {
                self.tell(who, room, &record, since);
            }
            Ok(Incoming::Reply { result: Ok(reply), .. }) => {
                let pages = serde_json::from_str::<Followed>(reply.get()).map(|page| page.records);
                let pages = pages.or_else(|_| {
                    serde_json::from_str::<Page>(reply.get()).map(|page| page.records)
                });
                for record in pages.unwrap_or_default() {
                    if let Some(room) = self.room_of(&record) {
                        self.tell(who, room, &record, since);
                    }
                }
            }
            Ok(_) => {}
            Err(error) => self.fail(format!("a frame cannot be read: {error}")),
        }
    }

    /// The room of a record in a page, which does not say it: the entry's own name does. A stub of a page
    /// is checked at the client that asked.
    fn room_of(&self, record: &Record) -> Option<RoomId> {
        let Body::Shown { item, .. } = &record.body else { return None };
        let entry: Entry = serde_json::from_str(item.get()).ok()?;
        let at = usize::try_from(record.seq).ok()?.checked_sub(1)?;
        let is_its = |log: &&Log| {
            log.entries.get(at).is_some_and(|known| known.handling.id == entry.handling.id)
        };
        let found = self.logs.iter().find(|(_, log)| is_its(log));
        found.map(|(room, _)| *room)
    }

    fn tell(&mut self, who: MemberId, room: RoomId, record: &Record, since: Instant) {
        let shown = matches!(record.body, Body::Shown { .. });
        self.deliveries += 1;
        let at = Instant::now();
        self.told.push(Told { who, room, seq: record.seq, shown, since, at });
    }

    /// Judges what was told before now, once all that was committed by then is known.
    pub fn judge(&mut self) {
        let now = Instant::now();
        let mut wrong = Vec::new();
        let ripe: Vec<Told> = self.told.extract_if(.., |told| told.at < now).collect();
        for told in ripe {
            if let Err(error) = self.fits(&told) {
                wrong.push(error.to_string());
            }
        }
        for what in wrong {
            self.fail(what);
        }
    }

    /// Whether it was right to tell it like this at some moment within the last second before it left.
    fn fits(&self, told: &Told) -> anyhow::Result<()> {
        let Told { who, room, seq, shown, since, at } = *told;
        let Some(log) = self.logs.get(&room) else { bail!("told of a room that is not there") };
        let (what, whom) = (format!("{seq} of {}", short(room)), short_member(who));
        ensure!(seq <= log.entries.len() as Seq, "{whom} was told {what} before it was committed");
        if let Some((from, until)) = log.erased.get(&seq) {
            let gone = until.is_some_and(|until| until + SOON < since);
            ensure!(!(gone && shown), "{whom} was shown {what} after it was erased");
            if !shown && at >= *from {
                return Ok(());
            }
        }
        let earliest = since.checked_sub(SOON).unwrap_or(self.began);
        let first = log.at.iter().filter(|noted| **noted <= earliest).count();
        let last = log.at.iter().filter(|noted| **noted <= at).count();
        let mut moments = first..=last;
        let fits = moments.any(|count| {
            let room = Room::after(&log.entries[..count], &self.organisations);
            room.may_read(who, seq) == shown || !shown && !room.is_in(who)
        });
        let how = if shown { "shown" } else { "denied" };
        ensure!(fits, "{whom} was {how} {what}, against label and membership");
        Ok(())
    }

    /// An append was answered.
    pub fn acked(
        &mut self,
        author: MemberId,
        (room, id): (RoomId, EntryId),
        posted: Posted,
        asked: Instant,
    ) {
        self.note(format!("answered {}: {} of {}", short_member(author), posted.seq, short(room)));
        let answered = Instant::now();
        self.acked.push(Acked { room, author, id, posted, asked, answered });
    }

    /// What a server starts with: all that was ever handed on, and at most what nobody heard of.
    pub fn started_with(&mut self, room: RoomId, records: &[Record]) {
        let mut entries = Vec::new();
        for record in records {
            entries.push(match &record.body {
                Body::Shown { item, .. } => serde_json::from_str::<Entry>(item.get()).ok(),
                Body::Withheld { .. } => None,
            });
        }
        let log = self.logs.entry(room).or_default();
        let known = log.entries.len();
        if entries.len() < known {
            let had = entries.len();
            return self.fail(format!(
                "{} has {had} entries after a restart, and had {known}",
                short(room)
            ));
        }
        let changed = log.entries.iter().zip(&entries).position(|(known, now)| {
            now.as_ref()
                .is_some_and(|now| now.handling != known.handling || now.content != known.content)
        });
        for entry in entries.into_iter().skip(known) {
            let Some(entry) = entry else { return self.fail("an entry came to be erased unheard") };
            log.entries.push(entry);
            log.at.push(Instant::now());
        }
        if let Some(at) = changed {
            self.fail(format!("{} of {} is another entry after a restart", at + 1, short(room)));
        }
    }

    /// Whether all that was answered holds: there, once, under its number, and in the order of asking.
    pub fn check_answers(&self) -> anyhow::Result<()> {
        for (room, log) in &self.logs {
            let mut names = BTreeSet::new();
            for (entry, seq) in log.entries.iter().zip(1_u64..) {
                let name = (entry.handling.author, entry.handling.id);
                ensure!(names.insert(name), "{seq} of {} is there twice", short(*room));
            }
        }
        for acked in &self.acked {
            let (room, seq) = (acked.room, acked.posted.seq);
            let entry = self
                .logs
                .get(&room)
                .and_then(|log| log.entries.get(usize::try_from(seq).ok()? - 1));
            let Some(entry) = entry else {
                bail!("{seq} of {} was answered and is lost", short(room))
            };
            let is_it = entry.handling.id == acked.id
                && entry.handling.author == Principal::Member(acked.author);
            ensure!(is_it, "{seq} of {} was answered and is another entry", short(room));
        }
        for (later, at) in self.acked.iter().zip(0..) {
            let before = self.acked[..at].iter().filter(|one| one.room == later.room);
            for earlier in before.filter(|one| one.answered < later.asked) {
                let (first, second) = (earlier.posted.seq, later.posted.seq);
                // The same one may be asked for again after its first answer was lost on the way.
                let in_order = first < second || earlier.id == later.id;
                ensure!(in_order, "{second} of {} overtook {first}", short(later.room));
            }
        }
        Ok(())
    }

    /// Whether what somebody newly reads of a room is just what they may read now.
    pub fn check_fresh(
        &self,
        who: MemberId,
        room: RoomId,
        view: &BTreeMap<Seq, Seen>,
    ) -> anyhow::Result<()> {
        let log = &self.logs[&room];
        let rules = Room::after(&log.entries, &self.organisations);
        for seq in 1..=log.entries.len() as Seq {
            let whom = short_member(who);
            let Some(seen) = view.get(&seq) else {
                bail!("{whom} lacks {seq} of {}", short(room));
            };
            let expected = rules.may_read(who, seq) && !log.erased.contains_key(&seq);
            let shown = seen.item.is_some();
            ensure!(
                shown == expected,
                "{whom} has {seq} of {} shown: {shown}, and may read it: {expected}",
                short(room)
            );
        }
        Ok(())
    }
}

/// Holds what somebody has of a room against its log as the server has it.
pub fn check_view(
    who: MemberId,
    records: &[Record],
    view: &BTreeMap<Seq, Seen>,
) -> anyhow::Result<()> {
    for (seq, seen) in view {
        let record = usize::try_from(*seq).ok().and_then(|seq| records.get(seq.checked_sub(1)?));
        let whom = short_member(who);
        let Some(record) = record else { bail!("{whom} has {seq}, which is not in the log") };
        ensure!(record.head == seen.head, "{whom} has another head at {seq}");
        if let (Body::Shown { item, .. }, Some(seen)) = (&record.body, &seen.item) {
            ensure!(item.get() == seen, "{whom} has another text at {seq}");
        }
    }
    Ok(())
}

/// The end of an id, which tells one from another.
pub fn short(room: RoomId) -> String {
    let text = room.to_string();
    format!("room {}", &text[text.len() - 4..])
}

/// The end of an id, which tells one from another.
pub fn short_member(who: MemberId) -> String {
    let text = who.to_string();
    format!("member {}", &text[text.len() - 4..])
}
