//! What one reader has of a room: told live, or read from its history; folded by the desktop client's
//! log, and compared with what the server says.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use tokio::time::timeout;
use warproom_client::proto::calls::{From, HistoryPage, ListMembers, ListRooms, Page, RoomMembers};
use warproom_client::{BoardView, Client, Delivered, Event, Events, Relaxed};
use warproom_desktop::model::log::{Item, Log, Shown};
use warproom_proto::{
    Body, Kind, OrganisationId, Principal, Record, RoomId, RoomRole, RoomSettings, Seq,
};
use warproom_tests::harness::{DEADLINE, Person};

use super::acting::Acting;

/// A reader who is told live, and goes on where they were whenever they are in the room again.
pub struct Live<'a> {
    person: &'a Person,
    room: RoomId,
    client: Client,
    events: Events,
    told: Log,
    latest: Seq,
    is_followed: bool,
}

impl<'a> Live<'a> {
    pub async fn of(person: &'a Person, room: RoomId) -> anyhow::Result<Self> {
        let (client, events) = person.connect().await?;
        let told = Log::default();
        let mut live = Self { person, room, client, events, told, latest: 0, is_followed: false };
        live.follow_again().await?;
        Ok(live)
    }

    /// Takes what was told so far, and follows the room if it is not followed.
    pub async fn follow_again(&mut self) -> anyhow::Result<()> {
        while let Ok(event) = timeout(std::time::Duration::ZERO, self.events.next()).await {
            self.take(event.context("the client has ended")?);
        }
        if !self.is_followed {
            self.is_followed = self.client.follow(self.room, Some(self.latest)).await.is_ok();
        }
        Ok(())
    }

    /// Waits until everything up to a record was told; what became of it.
    pub async fn up_to(mut self, latest: Seq) -> anyhow::Result<Log> {
        while self.latest < latest {
            self.follow_again().await?;
            if self.latest < latest {
                let event = timeout(DEADLINE, self.events.next()).await;
                let event = event.with_context(|| {
                    format!("{} was told {} of {latest}", self.person.handle, self.latest)
                })?;
                self.take(event.context("the client has ended")?);
            }
        }
        Ok(self.told)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Entry(delivered) => {
                self.latest = delivered.seq;
                self.told.take(&delivered);
            }
            Event::RoomLeft(room) if room == self.room => self.is_followed = false,
            _ => {}
        }
    }
}

/// A room's whole history as somebody reads it now.
pub struct Read {
    records: Vec<Delivered>,
    log: Log,
}

impl Read {
    /// Reads it; none where the reader is not in the room.
    pub async fn of(person: &Person, room: RoomId) -> anyhow::Result<Option<Self>> {
        let mut records = Vec::new();
        let mut log = Log::default();
        loop {
            let after = records.last().map_or(0, |last: &Delivered| last.seq);
            let call = HistoryPage { room, from: From::After(after), limit: 50 };
            let Ok(Page { records: page, amendments, latest }) = person.client.call(call).await
            else {
                return Ok(None);
            };
            for record in amendments {
                log.take_amendment(&delivered(room, record));
            }
            for record in page {
                let delivered = delivered(room, record);
                log.take(&delivered);
                records.push(delivered);
            }
            if records.last().is_none_or(|last| last.seq >= latest.seq) {
                return Ok(Some(Self { records, log }));
            }
        }
    }

    pub fn latest(&self) -> Seq {
        self.records.last().map_or(0, |last| last.seq)
    }

    /// Entry by entry: what the server shows now is shown, as it is now, and what it withholds is not. But
    /// what it, or what it carries, got a stricter label or was erased may have been shown before; and what
    /// was told as a stub stays one, where a milder label came later, until it is read anew.
    pub fn is_what_was_told(&self, live: &Log, acting: &Acting) -> anyhow::Result<()> {
        for record in &self.records {
            let seq = record.seq;
            let (now, told) = (self.log.item(seq), live.item(seq));
            let is_row = |item: Option<&Item>| item.and_then(Item::shown).is_some();
            if let (Some(now), Some(told)) = (now.and_then(Item::shown), told.and_then(Item::shown))
            {
                ensure!(
                    Told::of(now) == Told::of(told),
                    "{seq} is {:?}, and was told as {:?}",
                    Told::of(now),
                    Told::of(told)
                );
                // What the server says the label is.
                ensure!(
                    record.label() == Some(now.label),
                    "{seq}: {:?} is {}",
                    record.label(),
                    now.label
                );
            } else {
                let may_differ = acting.is_relabelled(seq)
                    || (record.is_withheld() && acting.erased.contains(&seq));
                ensure!(
                    is_row(now) == is_row(told) || may_differ,
                    "{seq} is shown to one of them alone"
                );
            }
        }
        Ok(())
    }

    /// Who joined and has not left.
    pub async fn has_the_members_of_the_server(
        &self,
        person: &Person,
        room: RoomId,
    ) -> anyhow::Result<()> {
        let mut folded: BTreeMap<Principal, RoomRole> = BTreeMap::new();
        for kind in self.kinds() {
            match kind {
                Kind::Joined { who, role } => drop(folded.insert(*who, *role)),
                Kind::Left { who } => drop(folded.remove(who)),
                _ => {}
            }
        }
        let members = person.client.call(RoomMembers { room }).await?.members;
        let said: BTreeMap<_, _> = members.iter().map(|member| (member.who, member.role)).collect();
        ensure!(said == folded, "the members are {said:?}, and fold to {folded:?}");
        Ok(())
    }

    /// The settings that were set last.
    pub async fn has_the_settings_of_the_server(
        &self,
        person: &Person,
        room: RoomId,
    ) -> anyhow::Result<()> {
        let set = |kind: &Kind| match kind {
            Kind::Opened { settings } | Kind::Changed { settings } => Some(settings.clone()),
            _ => None,
        };
        let folded: Option<RoomSettings> = self.kinds().filter_map(set).last();
        let rooms = person.client.call(ListRooms::default()).await?.rooms;
        let said = rooms.into_iter().find(|one| one.room == room).map(|one| one.settings);
        ensure!(said == folded, "the settings are {said:?}, and fold to {folded:?}");
        Ok(())
    }

    /// Of each ask that is shown: the latest answer of each organisation, and how many there are.
    pub async fn has_the_boards_of_the_server(
        &self,
        person: &Person,
        room: RoomId,
    ) -> anyhow::Result<()> {
        for ask in self.asks() {
            let mut folded: BTreeMap<OrganisationId, (Seq, u32)> = BTreeMap::new();
            for (seq, of, organisation) in self.answers() {
                if of == ask {
                    let (latest, times) = folded.entry(organisation).or_default();
                    (*latest, *times) = (seq, *times + 1);
                }
            }
            let board = person.board(room, ask).await?;
            let view = BoardView::of(&board, &Relaxed::default()).context("a board is shown")?;
            let said: BTreeMap<_, _> = view
                .rows
                .iter()
                .filter_map(|row| Some((row.organisation, (row.answer.as_ref()?.seq, row.answers))))
                .collect();
            ensure!(said == folded, "the board of {ask} is {said:?}, and folds to {folded:?}");
            for answer in view.rows.iter().filter_map(|row| row.answer.as_ref()) {
                let record = self.records.iter().find(|record| record.seq == answer.seq);
                let label = record.and_then(Delivered::label);
                ensure!(label == Some(answer.label), "{}: {label:?}", answer.seq);
            }
        }
        Ok(())
    }

    /// What waits for the reader's organisation: asks that are shown and that it has not answered.
    pub async fn has_the_outstanding_asks_of_the_server(
        &self,
        person: &Person,
        room: RoomId,
        acting: &Acting,
    ) -> anyhow::Result<()> {
        let members = person.client.call(ListMembers {}).await?.members;
        let own = members.iter().find(|member| member.member == person.member);
        let own = own.context("a member is listed")?.organisation;
        let answered: BTreeSet<Seq> =
            self.answers().filter(|(.., by)| *by == own).map(|(_, of, _)| of).collect();
        let asks: BTreeSet<Seq> = self.asks().collect();
        let waits = |ask: &Seq| acting.answered.get(ask).is_some_and(BTreeSet::is_empty);
        let said: BTreeSet<Seq> = person
            .outstanding()
            .await?
            .into_iter()
            .filter(|one| one.room == room && one.organisations.contains(&own))
            .map(|one| one.ask)
            .collect();
        let folded: BTreeSet<Seq> = asks.difference(&answered).copied().collect();
        ensure!(said.is_subset(&folded), "{said:?} wait, and by the fold {folded:?}");
        // An answer that was taken back is not shown, and was given all the same.
        let untouched: BTreeSet<Seq> = folded.iter().copied().filter(waits).collect();
        ensure!(untouched.is_subset(&said), "{untouched:?} wait by the fold, and not {said:?}");
        Ok(())
    }

    fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.records.iter().filter_map(|record| Some(&record.entry.as_ref()?.handling.kind))
    }

    fn asks(&self) -> impl Iterator<Item = Seq> {
        let asks = |record: &&Delivered| {
            record.entry.as_ref().is_some_and(|entry| entry.handling.ask.is_some())
        };
        self.records.iter().filter(asks).map(|record| record.seq)
    }

    fn answers(&self) -> impl Iterator<Item = (Seq, Seq, OrganisationId)> {
        self.records.iter().filter_map(|record| match &record.entry.as_ref()?.handling.kind {
            Kind::Answer { of, organisation, .. } => Some((record.seq, *of, *organisation)),
            _ => None,
        })
    }
}

/// What is compared of an entry.
#[derive(Debug, PartialEq)]
struct Told {
    text: Option<String>,
    label: String,
    edits: Vec<Seq>,
    reactions: BTreeMap<String, BTreeSet<Principal>>,
    replies: Vec<Seq>,
    superseded_by: Option<Seq>,
}

impl Told {
    fn of(shown: &Shown) -> Self {
        let reactions = shown.reactions.iter();
        Self {
            text: shown.text().map(str::to_owned),
            label: shown.label.to_string(),
            edits: shown.edits.iter().map(|(seq, ..)| *seq).collect(),
            reactions: reactions
                .map(|(with, who)| (with.clone(), who.iter().copied().collect()))
                .collect(),
            replies: shown.replies.clone(),
            superseded_by: shown.superseded_by,
        }
    }
}

fn delivered(room: RoomId, record: Record) -> Delivered {
    let (at_ms, entry) = match &record.body {
        Body::Shown { at_ms, item, .. } => (Some(*at_ms), serde_json::from_str(item.get()).ok()),
        Body::Withheld { .. } => (None, None),
    };
    Delivered { room, seq: record.seq, at_ms, entry, record }
}
