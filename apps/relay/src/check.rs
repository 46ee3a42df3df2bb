//! What the relay would post now, for a person who sets it up: every source is read once, nothing is
//! posted, and what is remembered stays as it is. It needs neither the server nor the token.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use warproom_client::proto::{Label, RoomId};

use crate::compose::Room;
use crate::config::{Config, Source};
use crate::cursor::{Cursor, CursorError, Pending, StateFolder};
use crate::fetch::Fetcher;
use crate::plain;
use crate::run::{Decided, decide};
use crate::source::{GatherError, gather};

/// How much of a reason is shown: a sentence or two.
const REASON_CHARS: usize = 500;

/// Why a source cannot be checked.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error(transparent)]
    Gather(#[from] GatherError),
    #[error(transparent)]
    Cursor(#[from] CursorError),
}

/// Reads every source and writes what would be posted and what is wrong. Answers how many failed.
pub fn check(config: &Config, out: &mut impl Write) -> io::Result<usize> {
    let progress = progress(config.sources.len());
    let mut failed = 0;
    for source in &config.sources {
        progress.set_message(source.name.to_string());
        let result = decided(source, &config.state);
        progress.inc(1);
        failed += usize::from(result.is_err());
        // The bar stands aside while there is something to read.
        progress.suspend(|| write(source, result, out))?;
    }
    progress.finish_and_clear();
    Ok(failed)
}

/// A bar on the error output; nothing is drawn where that is no terminal.
fn progress(sources: usize) -> ProgressBar {
    let bar = ProgressBar::new(sources as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn decided(source: &Source, state: &Path) -> Result<Option<Decided>, CheckError> {
    let now_ms = Timestamp::now().as_millisecond();
    let cursor = StateFolder::peek(state, &source.name)?;
    let fetcher = Fetcher::new(source).map_err(GatherError::from)?;
    let Some(gathered) = gather(source, &fetcher, &cursor, now_ms)? else { return Ok(None) };
    // The rooms' ceilings are the server's to know; here every room takes everything.
    let told = told(&cursor);
    let room = |name: &String| {
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(name)[..16]);
        let id = told.unwrap_or_else(|| RoomId::from_bytes(id));
        Room { id, name: name.clone(), ceiling: Label::Red }
    };
    let one: Vec<Room> = source.rooms.iter().take(1).map(room).collect();
    Ok(Some(decide(source, &one, &cursor, gathered, now_ms)))
}

/// The room that knows most of the source, by which is shown what would be told it now.
fn told(cursor: &Cursor) -> Option<RoomId> {
    let mut counts: BTreeMap<RoomId, usize> = BTreeMap::new();
    for room in cursor.items.values().flat_map(|seen| seen.told.keys()) {
        *counts.entry(*room).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(room, _)| room)
}

fn write(
    source: &Source,
    result: Result<Option<Decided>, CheckError>,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{} → {}", source.name, source.rooms.join(", "))?;
    match result {
        Err(error) => writeln!(out, "  fails: {}", plain::line(&error.to_string(), REASON_CHARS))?,
        Ok(None) => writeln!(out, "  nothing has changed")?,
        Ok(Some(decided)) => {
            for problem in &decided.problems {
                writeln!(out, "  left out: {}: {}", problem.item, problem.reason)?;
            }
            for pending in &decided.cursor.pending {
                post(pending, out)?;
            }
            let held_back = decided.held_back;
            if held_back > 0 {
                writeln!(out, "  held back by filters, or over: {held_back}")?;
            }
            if decided.cursor.pending.is_empty() {
                writeln!(out, "  nothing to post")?;
            }
        }
    }
    out.flush()
}

fn post(pending: &Pending, out: &mut impl Write) -> io::Result<()> {
    let call = &pending.call;
    let exercise = if call.exercise { " EXERCISE" } else { "" };
    writeln!(
        out,
        "  would post: [{}]{exercise} {} ({}, {})",
        call.label, call.headline, call.alert.severity, call.alert.message
    )
}
