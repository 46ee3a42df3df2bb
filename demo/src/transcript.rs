//! What a spectator of the demo reads: the room as one officer's client receives it, whom an alert
//! concerns, and what the manager is warned of.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use warproom_client::proto::calls::{From, HistoryPage};
use warproom_client::proto::concern::concerns;
use warproom_client::proto::register::{CommonCause, Dependency};
use warproom_client::proto::{
    Body, Entry, Kind, Principal, Record, RoomId, Seq, Subject, Text, limits,
};
use warproom_client::{BoardView, Client, Delivered, Event, Events, because};

use crate::cast::Person;

/// Prints the play, and knows how far the room was read and what was warned of.
pub(crate) struct Transcript {
    read: watch::Sender<Seq>,
    warned: watch::Sender<u32>,
    dependencies: Arc<Mutex<Dependencies>>,
}

/// What organisations depend on, by their names.
type Dependencies = Vec<(String, Vec<Dependency>)>;

impl Default for Transcript {
    fn default() -> Self {
        let (read, warned) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { read, warned, dependencies: Arc::default() }
    }
}

impl Transcript {
    /// A heading.
    pub(crate) fn scene(&self, title: &str) {
        self.say(&format!("\n== {title}"));
    }

    /// A line. A spectator who left is no failure.
    #[expect(clippy::unused_self, reason = "a transcript speaks for itself")]
    pub(crate) fn say(&self, line: &str) {
        let mut to = std::io::stdout().lock();
        let _ = writeln!(to, "{line}").and_then(|()| to.flush());
    }

    /// Keeps what an organisation depends on, to say whom an alert concerns.
    pub(crate) fn depends(&self, organisation: &str, on: Vec<Dependency>) {
        let mut all = self.dependencies.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((organisation.to_owned(), on));
    }

    /// Prints the room as somebody's client receives it.
    pub(crate) async fn follow(
        &self,
        (client, mut events): (&Client, Events),
        room: RoomId,
        names: HashMap<Principal, String>,
    ) -> anyhow::Result<JoinHandle<()>> {
        client.follow(room, Some(0)).await?;
        let (read, dependencies) = (self.read.clone(), self.dependencies.clone());
        Ok(tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Event::Entry(delivered) = event {
                    let known = dependencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    for line in lines(&delivered, &names, &known) {
                        let _ = writeln!(std::io::stdout().lock(), "{line}");
                    }
                    read.send_replace(delivered.seq);
                }
            }
        }))
    }

    /// Prints the common causes that somebody's client is told of.
    pub(crate) async fn warnings(&self, person: &Person) -> anyhow::Result<JoinHandle<()>> {
        let mut events = person.events.lock().await.take().context("somebody reads already")?;
        let (warned, whom) = (self.warned.clone(), format!("{} is warned", person.name));
        Ok(tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Event::CommonCause(cause) = event {
                    let _ = writeln!(std::io::stdout().lock(), "  !! {whom}: {}", sentence(&cause));
                    warned.send_modify(|count| *count += 1);
                }
            }
        }))
    }

    /// Waits until the reader has this entry.
    pub(crate) async fn reached(&self, seq: Seq) -> anyhow::Result<()> {
        self.read.subscribe().wait_for(|read| *read >= seq).await?;
        Ok(())
    }

    /// Waits until so many common causes were told of.
    pub(crate) async fn warned(&self, times: u32) -> anyhow::Result<()> {
        self.warned.subscribe().wait_for(|warned| *warned >= times).await?;
        Ok(())
    }

    /// Prints a board: what counts now, and who has not answered.
    pub(crate) fn board(&self, board: &BoardView) {
        for row in &board.rows {
            let answer = match &row.answer {
                Some(answer) => {
                    let note = answer.note.as_ref().map_or("", Text::as_str);
                    format!("{} ({}): {note}", answer.choice.as_str().to_uppercase(), row.answers)
                }
                None => "no answer".to_owned(),
            };
            self.say(&format!("  {:<40} {answer}", row.name.as_str()));
        }
        let tally = board.tally().into_iter().map(|(option, count)| format!("{count} {option}"));
        let missing = board.outstanding().count();
        let tally = tally.collect::<Vec<_>>().join(", ");
        self.say(&format!("  [{}] {tally}, {missing} without an answer", board.label));
    }
}

/// An entry in lines; nothing for what is about the room.
fn lines(
    delivered: &Delivered,
    names: &HashMap<Principal, String>,
    dependencies: &Dependencies,
) -> Vec<String> {
    let (Some(entry), Some(label)) = (&delivered.entry, delivered.label()) else {
        return Vec::new();
    };
    let name = names.get(&entry.handling.author).map_or("Bot", String::as_str);
    let Some(said) = said(entry) else { return Vec::new() };
    let exercise = if entry.handling.exercise { "EXERCISE " } else { "" };
    let mut lines = vec![format!("  #{} [{label}] {exercise}{name}{said}", delivered.seq)];
    if matches!(entry.handling.kind, Kind::Alert(_)) {
        for (organisation, depends_on) in dependencies {
            for dependency in concerns(depends_on, &entry.handling.subjects) {
                lines.push(format!("      concerns {organisation}: {}", because(dependency)));
            }
        }
    }
    lines
}

/// What an entry says, after its author's name.
fn said(entry: &Entry) -> Option<String> {
    let text = entry.content.text.as_ref().map_or("", Text::as_str);
    Some(match &entry.handling.kind {
        Kind::Post { .. } => format!(": {text}"),
        Kind::Alert(alert) => {
            let headline = entry.content.headline.as_ref()?;
            format!(" alerts, {}: {headline}", alert.severity.as_str().to_uppercase())
        }
        Kind::Answer { of, choice, .. } => {
            format!(" answers #{of}: {}. {text}", choice.as_str().to_uppercase())
        }
        _ => return None,
    })
}

/// A common cause in a sentence.
fn sentence(cause: &CommonCause) -> String {
    let (Subject::Vendor(what)
    | Subject::Product(what)
    | Subject::Cpe(what)
    | Subject::Cve(what)
    | Subject::Topic(what)) = &cause.subject;
    format!(
        "COMMON CAUSE: {} organisations name {what}; {} of them by name",
        cause.organisations,
        cause.named.len()
    )
}

/// The number of the room's last entry.
pub(crate) async fn latest(client: &Client, room: RoomId) -> anyhow::Result<Seq> {
    let page = client.call(HistoryPage { room, from: From::Latest, limit: 1 }).await?;
    Ok(page.latest.seq)
}

/// What a client's user may read of a room, and what is withheld: the numbers of both.
pub(crate) async fn count(client: &Client, room: RoomId) -> anyhow::Result<(Vec<Seq>, Vec<Seq>)> {
    let limit = u16::try_from(limits::PAGE)?;
    let page = client.call(HistoryPage { room, from: From::After(0), limit }).await?;
    let is_withheld = |record: &&Record| matches!(record.body, Body::Withheld { .. });
    let (withheld, shown): (Vec<_>, Vec<_>) = page.records.iter().partition(is_withheld);
    let numbers = |records: Vec<&Record>| records.iter().map(|record| record.seq).collect();
    Ok((numbers(withheld), numbers(shown)))
}
