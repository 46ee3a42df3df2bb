//! What a person gets to read: histories, searches, and the entries in them.

use warproom_client::CallError;
use warproom_proto::calls::{From, HistoryPage, HistoryReferring, Page, RegisterPage};
use warproom_proto::register::Act;
use warproom_proto::{Body, Entry, LogId, Position, Record, RoomId, Seq, limits};

use super::person::Person;

/// The most records in a page, as the calls take it.
#[expect(clippy::cast_possible_truncation, reason = "200 fits")]
const MOST: u16 = limits::PAGE as u16;

impl Person {
    /// A page of a room.
    pub async fn page(&self, room: RoomId, from: From, limit: u16) -> Result<Page, CallError> {
        self.client.call(HistoryPage { room, from, limit }).await
    }

    /// Everything of a room, from its first record.
    pub async fn history(&self, room: RoomId) -> Result<Vec<Record>, CallError> {
        let mut records = Vec::new();
        loop {
            let last = records.last().map_or(0, |last: &Record| last.seq);
            let page = self.page(room, From::After(last), MOST).await?;
            if page.records.is_empty() {
                return Ok(records);
            }
            records.extend(page.records);
        }
    }

    /// The whole register.
    pub async fn register(&self) -> Result<Vec<Record>, CallError> {
        let mut records = Vec::new();
        loop {
            let after = records.last().map_or(0, |last: &Record| last.seq);
            let page = self.client.call(RegisterPage { after, limit: MOST }).await?;
            if page.records.is_empty() {
                return Ok(records);
            }
            records.extend(page.records);
        }
    }

    /// Whether history shows them a record.
    pub async fn reads(&self, room: RoomId, seq: Seq) -> Result<bool, CallError> {
        let page = self.page(room, From::After(seq - 1), 1).await?;
        Ok(page.records.iter().any(|record| record.seq == seq && entry_of(record).is_some()))
    }

    /// What refers to an entry.
    pub async fn referring(&self, room: RoomId, to: Seq) -> Result<Page, CallError> {
        self.client.call(HistoryReferring { room, to, after: 0, limit: MOST }).await
    }

    /// The numbers of the entries that a search finds, newest first.
    pub async fn finds(&self, room: RoomId, text: &str) -> Result<Vec<Seq>, CallError> {
        let mut search = self.client.search(room, text.parse()?, None, 100).await?;
        let mut found = Vec::new();
        while let Some(hit) = search.next().await {
            found.push(hit.seq);
        }
        search.end().await?;
        Ok(found)
    }
}

/// The entry of a room's record, if it is shown.
#[must_use]
pub fn entry_of(record: &Record) -> Option<Entry> {
    shown(record)
}

/// The text of a room's record, if it is shown and has one.
#[must_use]
pub fn text_of(record: &Record) -> Option<String> {
    entry_of(record)?.content.text.map(|text| text.as_str().to_owned())
}

/// The act of a record of the register, if it is shown.
#[must_use]
pub fn act_of(record: &Record) -> Option<Act> {
    shown(record)
}

fn shown<T: serde::de::DeserializeOwned>(record: &Record) -> Option<T> {
    match &record.body {
        Body::Shown { item, .. } => serde_json::from_str(item.get()).ok(),
        Body::Withheld { .. } => None,
    }
}

/// Where a log ends whose records, from the first, are these; `None` if its chain is broken.
#[must_use]
pub fn chain_end(log: LogId, records: &[Record]) -> Option<Position> {
    let follow = |at: Position, record: &Record| record.follows(at).then_some(record.position());
    records.iter().try_fold(Position::start(log), follow)
}
