//! Files: brought up for a post, and fetched from an entry. What is fetched is written and never
//! opened; its declared type is shown and decides nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;
use warproom_client::Progress;
use warproom_client::proto::{FileName, Label, NamedFile, RoomId, Seq, Text, limits};

use crate::args::Fetch;
use crate::names::Purpose;
use crate::out::note;
use crate::problem::problem;
use crate::profile::make_private_dir;
use crate::prompt;
use crate::session::Session;
use crate::show::{self, safe};

/// How much comes between two lines on how far a file is.
const TOLD_EVERY_BYTES: u64 = 10 << 20;

/// What a post says that has files and no text.
pub(super) fn names(files: &[PathBuf]) -> Result<Text> {
    let names: Vec<_> = files.iter().map(|path| name(path).to_string()).collect();
    prompt::parse(&names.join("\n"))
}

/// Brings files up for a post. A file that was cut off goes on where it stood.
pub(super) async fn bring_up(
    session: &Session,
    room: RoomId,
    files: &[PathBuf],
) -> Result<Vec<NamedFile>> {
    if files.len() > limits::FILES {
        let what = format!("an entry carries at most {} files", limits::FILES);
        return Err(problem(what, "post them in several entries").into());
    }
    let mut named = Vec::new();
    for path in files {
        let shown = safe(&path.display().to_string());
        let told = tell(format!("Sending {shown}"));
        let uploaded = session.client().upload(room, path, told).await;
        let uploaded = uploaded.with_context(|| format!("{shown} could not be sent"))?;
        // What it is, is for its readers to find out: an ending says little, and can lie.
        named.push(NamedFile { file: uploaded.file, name: uploaded.name, media_type: None });
    }
    Ok(named)
}

/// A file that was fetched, as a program gets it.
#[derive(Serialize)]
struct Fetched<'a> {
    room: RoomId,
    seq: Seq,
    label: Label,
    name: &'a FileName,
    path: &'a Path,
}

/// `fetch`
pub(crate) async fn fetch(session: &Session, args: &Fetch) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?;
    let entry = session.entry(room.room, args.seq).await?.entry.ok_or_else(|| {
        let what = format!("#{} is no entry that you may read", args.seq);
        problem(what, "look for its number with `warproom history`")
    })?;
    if entry.content.files.is_empty() {
        let what = format!("#{} carries no files", args.seq);
        return Err(problem(what, "look for its number with `warproom history`").into());
    }
    make_private_dir(&args.to)?;
    let label = entry.handling.label;
    for file in &entry.content.files {
        let told = tell(format!("Fetching {}", safe(file.name.as_str())));
        let place = (room.room, args.seq);
        let path = session.client().download(place, file, &args.to, told).await;
        let path = path.with_context(|| format!("{} was not fetched", safe(file.name.as_str())))?;
        let (name, seq) = (&file.name, args.seq);
        let fetched = Fetched { room: room.room, seq, label, name, path: &path };
        session.out().give(&fetched, |_| {
            let path = safe(&path.display().to_string());
            let line = format!("{}  {path}  {}", show::chip(label), show::size(file.size_bytes));
            show::marked(entry.handling.exercise, &line)
        })?;
    }
    Ok(())
}

fn name(path: &Path) -> FileName {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    FileName::nearest(&name)
}

/// Tells how far a file is, where that takes a while.
fn tell(what: String) -> impl FnMut(Progress) + Send {
    let mut told_bytes = 0;
    move |Progress { done_bytes, size_bytes }| {
        if done_bytes >= told_bytes + TOLD_EVERY_BYTES && done_bytes < size_bytes {
            told_bytes = done_bytes;
            note(&format!("{what}: {} of {}", show::size(done_bytes), show::size(size_bytes)));
        }
    }
}
