//! A room's records, taken out of it: everything that may leave it, with the labels it has.
//!
//! What it is: pages of `room.export` read to the end, each held against what is remembered of the room,
//! and two forms to keep them in: JSON lines for programs and for checking the chain, and plain text for
//! people. What it is not: it decides nothing. `TLP:RED` is withheld by the server, each page is recorded
//! in the audit log before it is answered, and everyone in the room can see that it was.

#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use warproom_proto::calls::RoomExport;
use warproom_proto::{Body, Label, Position, Record, RoomId, Seq};

use crate::client::Client;
use crate::error::CallError;
use crate::label::{Relaxed, entry};

/// As many records as one page may hold.
const PAGE: u16 = 200;

/// What was taken out of a room.
#[derive(Clone)]
pub struct Export {
    /// The room.
    pub room: RoomId,
    /// Its records, in their order.
    pub records: Vec<Record>,
    /// Edits, relabellings and the like of them that stand elsewhere.
    pub amendments: Vec<Record>,
}

/// A record of a room as a program gets it: the fields of the protocol's `entry` notification.
#[derive(Serialize)]
struct InRoom<'a> {
    room: RoomId,
    record: &'a Record,
}

impl Client {
    /// Takes out everything of a room that may leave it, after a record (0: all of it). Says after each
    /// page how far it is, and how far the room goes.
    ///
    /// Each page counts as an export of its own, so a page that is asked for again after a lost
    /// connection is recorded twice.
    pub async fn export(
        &self,
        room: RoomId,
        mut after: Seq,
        mut progress: impl FnMut(Seq, Seq) + Send,
    ) -> Result<Export, CallError> {
        let mut export = Export { room, records: Vec::new(), amendments: Vec::new() };
        let mut end: Option<Position> = None;
        loop {
            let page = self.insist(&RoomExport { room, after, limit: PAGE }).await?;
            let (first, last) = (page.records.first(), page.records.last());
            let Some((first, last)) = first.zip(last) else { return Ok(export) };
            if export.records.last().is_some_and(|before| !first.follows(before.position())) {
                self.holds_another(room, first.seq).await;
                self.check_history(room)?;
            }
            after = last.seq;
            // Reading the room's end again for each page would chase a busy room for ever.
            let end = end.get_or_insert(page.latest).seq;
            progress(after.min(end), end);
            export.records.extend(page.records);
            export.amendments.extend(page.amendments);
            if after >= end {
                return Ok(export);
            }
        }
    }
}

impl Export {
    /// The strictest label of what is in it, which is that of the whole.
    #[must_use]
    pub fn label(&self) -> Label {
        let (all, relaxed) = (self.all(), self.relaxed());
        all.into_values().filter_map(|record| label(record, &relaxed)).max().unwrap_or(Label::Clear)
    }

    fn relaxed(&self) -> Relaxed {
        Relaxed::among(self.all().into_values())
    }

    /// How many of its records are stubs: what is `TLP:RED`, was taken back, or may not be read.
    #[must_use]
    pub fn withheld(&self) -> usize {
        let is_stub = |record: &&Record| matches!(record.body, Body::Withheld { .. });
        self.records.iter().filter(is_stub).count()
    }

    /// Each record as a line of JSON. It carries its label and its place in the chain.
    pub fn json_lines(&self) -> Result<String, serde_json::Error> {
        let mut lines = String::new();
        for record in self.all().into_values() {
            let line = serde_json::to_string(&InRoom { room: self.room, record })?;
            // Line ends stand raw only between tokens, where a space is the same.
            lines.push_str(&line.replace(['\n', '\r'], " "));
            lines.push('\n');
        }
        Ok(lines)
    }

    /// Everything once, in the order of the room: an edit may come twice, beside what it changed and
    /// later as a record, and edits beside an early page may be newer than records of a late one.
    fn all(&self) -> BTreeMap<Seq, &Record> {
        let all = self.amendments.iter().chain(&self.records);
        all.map(|record| (record.seq, record)).collect()
    }
}

/// The label that a record has now, if it is shown. What this version cannot read is given out as it
/// came all the same: it may be anything up to the strictest that leaves a room.
fn label(record: &Record, relaxed: &Relaxed) -> Option<Label> {
    let Body::Shown { label, .. } = &record.body else { return None };
    let Some(entry) = entry(record) else { return Some(label.unwrap_or(Label::AmberStrict)) };
    Some(relaxed.label(record.seq, &entry, *label))
}
