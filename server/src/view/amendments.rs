//! What amends a page's records and does not stand on the page: edits, relabellings, retractions, and the
//! alerts that take the place of one.
//!
//! It is chosen in this order: whatever the reader may not have is left out before anything is counted; of each
//! record the newest of each kind, which decides what the record is now, comes before all that is older; and of
//! what decides, the shorter comes first. So nobody's long texts keep what decides about another's entry off the
//! page, whoever may read them. Threads are not walked for any of it, nor reactions.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashSet;

use warproom_proto::{Error, LogId, RoomId, Seq, limits};

use super::unreadable;
use crate::domain::KindTag;
use crate::store::{Aside, Brief, Store, Stored};

/// How much of each kind is looked at for one record, the newest: what somebody who was away for so many edits
/// of a draft still needs the one before them for.
const OF_EACH_KIND: usize = 32;

/// How much is looked at for one page: five times what goes with it, so that a page is a page's work however
/// often its records were changed, and still full where most may not be read.
const LOOKED_AT: usize = 1_000;

/// Reads what amends a page's records and is not on it, oldest first. `may_have` says of each whether the
/// reader may have it, and is asked before it is bounded by a page's records and bytes.
pub fn fetch_amendments(
    store: &Store,
    room: RoomId,
    page: &[Stored],
    may_have: impl FnOnce(&[Brief]) -> Result<Vec<bool>, Error>,
) -> Result<Vec<Stored>, Error> {
    let log = LogId::room(room);
    let mut found = amending(store, room, page, OF_EACH_KIND)?;
    // The newest of every record first, so that none is looked at less for what another has.
    found.sort_unstable_by_key(|one| (one.newer, precedence(one.kind), Reverse(one.seq)));
    found.truncate(LOOKED_AT);
    let (mut asides, mut briefs) = (Vec::new(), Vec::new());
    for one in found {
        if let Some(brief) = store.brief(log, one.seq).map_err(|error| unreadable(&error))? {
            asides.push(one);
            briefs.push(brief);
        }
    }
    let may_have = may_have(&briefs)?;
    let judged = asides.into_iter().zip(briefs).zip(may_have);
    let readable = judged.filter(|(_, may_have)| *may_have);
    let chosen = chosen(readable.map(|((aside, brief), _)| (aside, brief.item_bytes)));
    let read = |seq| store.read(log, seq).transpose();
    let read = chosen.into_iter().filter_map(read).collect::<Result<Vec<_>, _>>();
    read.map_err(|error| unreadable(&error))
}

/// What amends a page's records and is not on it: of each record the newest of each kind, `most` of it.
pub fn amending(
    store: &Store,
    room: RoomId,
    page: &[Stored],
    most: usize,
) -> Result<Vec<Aside>, Error> {
    let log = LogId::room(room);
    let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(Vec::new()) };
    // Where records stand far apart, as those of a thread, nothing between them is gone through.
    let is_dense = last.seq - first.seq < 2 * page.len() as Seq;
    let each = page.iter().map(|record| record.seq..=record.seq).collect();
    let spans = if is_dense { vec![first.seq..=last.seq] } else { each };
    let is_in_page = |seq: Seq| page.binary_search_by_key(&seq, |record| record.seq).is_ok();
    let amends = |target, kind| kind != KindTag::React as u8 && is_in_page(target);
    let mut found = Vec::new();
    for span in spans {
        let asides = store.newest_asides(log, span, most, amends);
        found.extend(asides.map_err(|error| unreadable(&error))?);
    }
    found.retain(|one| !is_in_page(one.seq));
    Ok(found)
}

/// Which of these, newest first for each record and kind, each with its bytes, go with a page; in order.
fn chosen(readable: impl Iterator<Item = (Aside, usize)>) -> Vec<Seq> {
    let mut known = HashSet::new();
    let mut order: Vec<_> = readable
        .map(|(one, bytes)| {
            let decides = known.insert((one.target, one.kind));
            let first = decides.then_some((precedence(one.kind), bytes));
            (!decides, first, Reverse(one.seq), bytes)
        })
        .collect();
    order.sort_unstable();
    let (mut chosen, mut left) = (Vec::new(), limits::PAGE_BYTES);
    for (_, _, Reverse(seq), bytes) in order {
        if chosen.len() == limits::PAGE {
            break;
        }
        if bytes <= left || chosen.is_empty() {
            left = left.saturating_sub(bytes);
            chosen.push(seq);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Which kind comes first: whether an alert holds, then what a post says. A record's label, and that it was
/// taken back, come with the record itself; where no relabelling does, a label that was relaxed is not
/// believed, and shows as strict as it was.
const fn precedence(kind: u8) -> u8 {
    if kind == KindTag::Alert as u8 {
        0
    } else if kind == KindTag::Edit as u8 {
        1
    } else {
        2
    }
}
