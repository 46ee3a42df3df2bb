//! What a spectator of the demo reads: the room as one officer's client receives it.

use std::collections::HashMap;
use std::io::Write;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use warproom_client::{Client, Delivered, Event, Events};
use warproom_proto::calls::{From, HistoryPage};
use warproom_proto::{Body, Principal, RoomId, Seq, limits};

/// Prints the play, and knows how far the room was read.
pub(super) struct Transcript {
    read: watch::Sender<Seq>,
}

impl Default for Transcript {
    fn default() -> Self {
        Self { read: watch::Sender::new(0) }
    }
}

impl Transcript {
    /// A heading.
    pub(super) fn scene(&self, title: &str) {
        self.say(&format!("\n== {title}"));
    }

    /// A line. A spectator who left is no failure.
    #[expect(clippy::unused_self, reason = "a transcript speaks for itself")]
    pub(super) fn say(&self, line: &str) {
        let mut to = std::io::stdout().lock();
        let _ = writeln!(to, "{line}").and_then(|()| to.flush());
    }

    /// Prints the room as somebody's client receives it.
    pub(super) async fn follow(
        &self,
        (client, mut events): (&Client, Events),
        room: RoomId,
        names: HashMap<Principal, String>,
    ) -> anyhow::Result<JoinHandle<()>> {
        client.follow(room, Some(0)).await?;
        let read = self.read.clone();
        Ok(tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Event::Entry(delivered) = event {
                    if let Some(line) = line(&delivered, &names) {
                        let _ = writeln!(std::io::stdout().lock(), "{line}");
                    }
                    read.send_replace(delivered.seq);
                }
            }
        }))
    }

    /// Waits until the reader has this entry.
    pub(super) async fn reached(&self, seq: Seq) -> anyhow::Result<()> {
        self.read.subscribe().wait_for(|read| *read >= seq).await?;
        Ok(())
    }
}

/// A post as a line; nothing for the rest.
fn line(delivered: &Delivered, names: &HashMap<Principal, String>) -> Option<String> {
    let (author, label, text) = (delivered.author()?, delivered.label()?, delivered.text()?);
    let name = names.get(&author).map_or("Monitoring (bot)", String::as_str);
    Some(format!("  #{} [{label}] {name}: {text}", delivered.seq))
}

/// What a client's user may read of a room, and what is withheld: the numbers of both.
pub(super) async fn count(client: &Client, room: RoomId) -> anyhow::Result<(Vec<Seq>, Vec<Seq>)> {
    let limit = u16::try_from(limits::PAGE)?;
    let page = client.call(HistoryPage { room, from: From::After(0), limit }).await?;
    let is_withheld =
        |record: &&warproom_proto::Record| matches!(record.body, Body::Withheld { .. });
    let (withheld, shown): (Vec<_>, Vec<_>) = page.records.iter().partition(is_withheld);
    let numbers =
        |records: Vec<&warproom_proto::Record>| records.iter().map(|record| record.seq).collect();
    Ok((numbers(withheld), numbers(shown)))
}
