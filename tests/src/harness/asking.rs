//! What people ask, answer and warn of, and the bots that do it for them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use warproom_client::CallError;
use warproom_proto::alert::{Alert, Certainty, Message, Severity, Urgency};
use warproom_proto::ask::{Ask, Outstanding};
use warproom_proto::calls::{
    AddBot, AnswerAsk, Board, BoardHistory, BotAdded, ListOutstanding, Page, PostAlert, PostEntry,
    Posted, ShowBoard,
};
use warproom_proto::register::Grant;
use warproom_proto::text::TextError;
use warproom_proto::{EntryId, Kind, Label, Name, OrganisationId, Reporting, RoomId, Seq, Subject};

use super::person::Person;
use super::reading::entry_of;
use super::warp::Warp;

impl Person {
    /// Asks everyone in a room something.
    pub async fn ask(&self, room: RoomId, label: Label, ask: Ask) -> Result<Posted, CallError> {
        self.client.append(asking(room, label, ask)?).await
    }

    /// Answers an ask.
    pub async fn answer(&self, room: RoomId, of: Seq, choice: &str) -> Result<Posted, CallError> {
        self.client.append(answering(room, of, choice)?).await
    }

    /// Answers an ask, naming a supplier.
    pub async fn report(
        &self,
        (room, of): (RoomId, Seq),
        supplier: &str,
        common_cause: Reporting,
    ) -> Result<Posted, CallError> {
        let subjects = vec![Subject::Vendor(supplier.parse()?)];
        let call = AnswerAsk { subjects, common_cause, ..answering(room, of, "affected")? };
        self.client.append(call).await
    }

    /// The board of an ask.
    pub async fn board(&self, room: RoomId, of: Seq) -> Result<Board, CallError> {
        self.client.call(ShowBoard { room, of }).await
    }

    /// A page of what an organisation answered, after a record.
    pub async fn answers(
        &self,
        (room, of): (RoomId, Seq),
        organisation: OrganisationId,
        (after, limit): (Seq, u16),
    ) -> Result<Page, CallError> {
        self.client.call(BoardHistory { room, of, organisation, after, limit }).await
    }

    /// The asks that wait for them.
    pub async fn outstanding(&self) -> Result<Vec<Outstanding>, CallError> {
        Ok(self.client.call(ListOutstanding {}).await?.outstanding)
    }
}

impl Warp {
    /// A bot of the manager's, with a name that no other has.
    pub async fn bot(&self, grant: Grant) -> Result<BotAdded, CallError> {
        let name = format!("Relay {}", EntryId::random()).parse()?;
        self.manager().client.call(AddBot { name, grant, hook: None }).await
    }
}

/// A grant for one room, at the usual rate and without an end: up to these labels.
#[must_use]
pub fn grant(room: RoomId, read: Option<Label>, post: Option<Label>) -> Grant {
    Grant {
        rooms: vec![room],
        read,
        post,
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: i64::MAX,
    }
}

/// A roll call: "affected", "investigating", "not affected", "separate incident".
pub fn roll_call(due_at_ms: Option<i64>) -> anyhow::Result<Ask> {
    let options = Ask::ROLL_CALL.iter().map(|option| option.parse()).collect::<Result<_, _>>()?;
    Ok(Ask { options, due_at_ms })
}

/// A post that asks.
pub fn asking(room: RoomId, label: Label, ask: Ask) -> Result<PostEntry, TextError> {
    Ok(PostEntry {
        room,
        id: EntryId::random(),
        label,
        text: "Are you affected?".parse()?,
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: Some(ask),
        exercise: false,
        files: Vec::new(),
    })
}

/// An answer of one choice and no more.
pub fn answering(room: RoomId, of: Seq, choice: &str) -> Result<AnswerAsk, TextError> {
    Ok(AnswerAsk {
        room,
        id: EntryId::random(),
        of,
        choice: choice.parse()?,
        label: None,
        note: None,
        subjects: Vec::new(),
        common_cause: Reporting::No,
    })
}

/// An alert of one line and no more.
pub fn warning(room: RoomId, label: Label, headline: &str) -> Result<PostAlert, TextError> {
    let alert = Alert {
        severity: Severity::Severe,
        urgency: Urgency::Immediate,
        certainty: Certainty::Likely,
        message: Message::Alert,
        issued_at_ms: None,
        effective_at_ms: None,
        expires_at_ms: None,
        source: None,
        supersedes: None,
    };
    Ok(PostAlert {
        room,
        id: EntryId::random(),
        label,
        alert,
        headline: headline.parse()?,
        text: None,
        what_to_do: None,
        references: Vec::new(),
        issuer: None,
        subjects: Vec::new(),
        ask: None,
        common_cause: Reporting::No,
        exercise: false,
        files: Vec::new(),
    })
}

/// What each organisation chose, as a board shows it: its name, its choice, and how many answers it
/// gave.
pub fn choices(board: &Board) -> anyhow::Result<Vec<(String, Option<Name>, u32)>> {
    let mut rows = Vec::new();
    for row in &board.rows {
        let choice = match &row.answer {
            None => None,
            Some(record) => match entry_of(record).context("a board has no stubs")?.handling.kind {
                Kind::Answer { choice, .. } => Some(choice),
                other => anyhow::bail!("not an answer: {other:?}"),
            },
        };
        rows.push((row.name.to_string(), choice, row.answers));
    }
    Ok(rows)
}

/// So long from now, in milliseconds since 1970 UTC.
pub fn from_now(duration: Duration) -> anyhow::Result<i64> {
    let then = SystemTime::now() + duration;
    Ok(i64::try_from(then.duration_since(UNIX_EPOCH)?.as_millis())?)
}
