//! Search in an open room: newest first, found as it goes, label by label.

use aho_corasick::AhoCorasick;
use warproom_proto::calls::{Found, RunSearch};
use warproom_proto::entry::{Content, Entry};
use warproom_proto::notice::Notice;
use warproom_proto::{Error, ErrorCode, Line, LogId, Principal, RoomId, Seq, Text, limits, rpc};

use super::Session;
use super::history::{a_few_at_a_time, limit, reading_allowed};
use crate::context::Context;
use crate::store::{Direction, Stored};
use crate::view;

/// How many records are looked at before what was found is sent: a fraction of a second's work.
const STRIDE: usize = 16 * 1024;

/// How many records are asked about under one look at the state: well under a millisecond.
const BATCH: usize = 256;

/// The longest text looked for, in bytes: a sentence.
const NEEDLE_BYTES: usize = 256;

/// How many bytes of hits one stride gathers at most.
const STRIDE_BYTES: usize = 256 * 1024;

/// What is looked for.
#[derive(Clone)]
struct Needle {
    folded: String,
    /// Finds candidates in JSON text without reading it, where the needle stands there as it is.
    quick: Option<AhoCorasick>,
}

impl Needle {
    fn new(text: &str) -> Self {
        // Case of other scripts, and what JSON escapes, are left to the exact comparison.
        let plain = text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\');
        let quick = AhoCorasick::builder().ascii_case_insensitive(true).build([text]).ok();
        Self { folded: text.to_lowercase(), quick: quick.filter(|_| plain) }
    }

    fn is_in(&self, item: &[u8]) -> bool {
        if self.quick.as_ref().is_some_and(|quick| !quick.is_match(item)) {
            return false;
        }
        let entry = serde_json::from_slice::<Entry>(item);
        entry.is_ok_and(|entry| {
            let Content { text, headline, what_to_do, .. } = &entry.content;
            let texts = [text.as_ref().map(Text::as_str), what_to_do.as_ref().map(Text::as_str)];
            let mut texts = texts.into_iter().flatten().chain(headline.as_ref().map(Line::as_str));
            texts.any(|text| text.to_lowercase().contains(&self.folded))
        })
    }
}

/// What one stride found, and where the next begins.
struct Stride {
    candidates: Vec<Stored>,
    looked_at: u64,
    next: Option<Seq>,
}

pub async fn run(session: &Session, call: RunSearch) -> Result<Found, Error> {
    let RunSearch { search, room, text, before, limit: asked } = call;
    let wanted = limit(asked, limits::SEARCH_HITS)?;
    let context = &session.context;
    reading_allowed(&context.state(), session.who(), room)?;
    let latest = context.store.position(LogId::room(room)).seq;
    if text.as_str().len() > NEEDLE_BYTES {
        let sentence = format!("search.run: at most {NEEDLE_BYTES} bytes are looked for");
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    // One at a time for each connection: strides of many would stand before everyone else's.
    let Ok(_searching) = session.searching.try_acquire() else { return Err(Error::slow_down(500)) };
    let needle = Needle::new(text.as_str());
    let mut next = Some(before.map_or(latest, |before| before.saturating_sub(1).min(latest)));
    let mut found = Found { hits: 0, looked_at: 0, next_before: None };
    while let Some(from) = next.filter(|from| *from > 0) {
        let stride = stride(session, needle.clone(), room, from).await?;
        found.looked_at += stride.looked_at;
        next = stride.next;
        for stored in stride.candidates {
            let seq = stored.seq;
            // Asked again, because a search takes a while.
            let record = view::show_readable(&context.state(), session.who(), room, vec![stored])?;
            let Some(record) = record.into_iter().next() else { continue };
            let frame = rpc::notice_text(&Notice::Found { search, room, record });
            if !session.peer.outgoing.push(room, frame.into()) {
                // The client reads slowly: it asks again from here.
                return Ok(Found { next_before: Some(seq + 1), ..found });
            }
            found.hits += 1;
            if found.hits >= wanted as u64 {
                return Ok(Found { next_before: (seq > 1).then_some(seq), ..found });
            }
        }
    }
    Ok(found)
}

async fn stride(
    session: &Session,
    needle: Needle,
    room: RoomId,
    from: Seq,
) -> Result<Stride, Error> {
    let (context, who) = (session.context.clone(), session.who());
    let work = move || look(&context, who, (room, from), &needle);
    a_few_at_a_time(&session.context.searching, work).await
}

/// Looks through one stride. A record is compared with what is looked for only if the searcher may
/// read it: where the stride ends, and how long it takes, says nothing of the others.
fn look(
    context: &Context,
    who: Principal,
    (room, from): (RoomId, Seq),
    needle: &Needle,
) -> Result<Stride, Error> {
    let mut stride = Stride { candidates: Vec::new(), looked_at: 0, next: None };
    let mut bytes = 0;
    let mut records = context.store.page(LogId::room(room), from, STRIDE, Direction::Backward);
    loop {
        let batch = records.by_ref().take(BATCH).collect::<Result<Vec<_>, _>>();
        let batch = batch.map_err(|error| view::unreadable(&error))?;
        let Some(last) = batch.last() else { return Ok(stride) };
        stride.looked_at += batch.len() as u64;
        stride.next = last.seq.checked_sub(1).filter(|seq| *seq > 0);
        let readable = view::readable(&context.state(), who, room, &batch)?;
        for (stored, _) in batch.into_iter().zip(readable).filter(|(_, readable)| *readable) {
            if !needle.is_in(&stored.item) {
                continue;
            }
            bytes += stored.item.len();
            stride.candidates.push(stored);
            if bytes >= STRIDE_BYTES || stride.candidates.len() >= limits::SEARCH_HITS {
                let last = stride.candidates.last().map_or(0, |last| last.seq);
                stride.looked_at -= last - stride.next.map_or(1, |next| next + 1);
                stride.next = last.checked_sub(1).filter(|seq| *seq > 0);
                return Ok(stride);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Vec<u8> {
        let text = serde_json::to_string(text).unwrap();
        let id = "00000000-0000-7000-8000-000000000000";
        format!(
            r#"{{"handling":{{"id":"{id}","author":{{"member":"{id}"}},"label":"TLP:GREEN","kind":"post"}},"content":{{"text":{text}}}}}"#
        )
        .into_bytes()
    }

    #[test]
    fn words_are_found_whatever_their_case_and_only_in_the_text() {
        for (needle, text, expected) in [
            ("civica", "Has anyone called Civica?", true),
            ("ANYONE CALLED", "Has anyone called Civica?", true),
            ("called anyone", "Has anyone called Civica?", false),
            ("TLP:GREEN", "the label is not the text", false),
            ("môn", "Cyngor MÔN", true),
            ("a \"quoted\" word", "not A \"Quoted\" word", true),
            ("C:\\Windows", "under c:\\windows\\temp", true),
        ] {
            assert_eq!(Needle::new(needle).is_in(&item(text)), expected, "{needle:?} in {text:?}");
        }
    }
}
