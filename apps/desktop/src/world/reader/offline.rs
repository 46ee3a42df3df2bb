//! Reading without a connection: what this computer holds, and no more.

use warproom_client::Delivered;
use warproom_client::proto::calls::{Found, From};
use warproom_client::proto::{RoomId, Seq, Text};

use super::{PAGE, Reader};
use crate::News;
use crate::news::{Page, Refusal};
use crate::profile::ProfileError;
use crate::world::refusal;
use crate::world::shelf::Held;

/// Pages that are searched: some 4,000 records, in a moment.
const PAGES: usize = 20;

impl Reader {
    /// A page of what is held, with gaps where something is not.
    pub(super) async fn page_offline(&self, room: RoomId, from: From) -> Result<Page, Refusal> {
        let held = self.shelf.with(move |held| held.profile.page_offline(room, from, PAGE)).await?;
        held.ok_or_else(refusal::not_connected)
    }

    /// Searches what is held. Ends with a refusal, which says that it was no more than that.
    pub(super) async fn search_offline(
        &self,
        search: u64,
        room: RoomId,
        text: &Text,
        before: Option<Seq>,
    ) -> Result<Found, Refusal> {
        let wanted = text.as_str().to_lowercase();
        let hits = self.shelf.with(move |held| look(held, room, &wanted, before)).await?;
        let found = hits.into_iter().map(|hit| News::Found { search, hit }).collect();
        self.teller.tell_all(found).await;
        let advice = "the server searches everything once the connection is back";
        Err(Refusal::new("not connected: only what this computer holds was searched", advice))
    }
}

/// What is held and says this, newest first.
fn look(
    held: &Held,
    room: RoomId,
    wanted: &str,
    before: Option<Seq>,
) -> Result<Vec<Delivered>, ProfileError> {
    let mut from = before.map_or(From::Latest, From::Before);
    let mut hits = Vec::new();
    for _ in 0..PAGES {
        let Some(page) = held.profile.page_offline(room, from, PAGE)? else { break };
        let Some(first) = page.entries.first().map(|entry| entry.seq) else { break };
        hits.extend(page.entries.into_iter().rev().filter(|entry| says(entry, wanted)));
        if hits.len() >= usize::from(super::HITS) || first <= 1 {
            break;
        }
        from = From::Before(first);
    }
    hits.truncate(super::HITS.into());
    Ok(hits)
}

/// Whether an entry says these words, which are in lower case, in this order.
fn says(entry: &Delivered, wanted: &str) -> bool {
    let said = [entry.headline(), entry.text()];
    said.into_iter().flatten().any(|text| text.to_lowercase().contains(wanted))
}
