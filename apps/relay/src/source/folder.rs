//! A folder of this computer: files of any format that others put there. Each is read once, when it
//! is complete; files stay where they are, and are known again by their content.
//!
//! Folders in it and links are not followed.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::Gathered;
use crate::cursor::{FileMark, Marks};
use crate::formats::{self, DOCUMENT_BYTES, Refusal};
use crate::item::{Parsed, Problem};

/// How long a file is as it is before it counts as complete.
const SETTLED: Duration = Duration::from_secs(2);

/// The most files of one reading; the next one goes on.
const FILES: usize = 500;

/// The most bytes of one reading.
const BYTES: u64 = 4 * DOCUMENT_BYTES as u64;

/// How old the note that a content is there may become before it is renewed: renewing it each time
/// would write the cursor anew each time.
const RENEWED_MS: i64 = 24 * 60 * 60 * 1000;

/// A file as a look at the folder finds it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    bytes: u64,
    modified_ns: i64,
    /// When anything about it was changed, its permissions too.
    changed_ns: i64,
    is_link: bool,
}

/// Reads the files that are new or have changed.
pub(super) fn gather(path: &Path, before: &Marks, now_ms: i64) -> io::Result<Option<Gathered>> {
    let mut marks = before.clone();
    let mut new = look(path)?;
    marks.files.retain(|name, _| new.contains_key(name));
    for file in marks.files.values() {
        let at_ms = marks.contents.entry(file.hash.clone()).or_insert(now_ms);
        if now_ms.saturating_sub(*at_ms) > RENEWED_MS {
            *at_ms = now_ms;
        }
    }
    marks.forget_contents(now_ms);

    new.retain(|name, look| {
        let known = marks.files.get(name);
        known.is_none_or(|mark| {
            (mark.bytes, mark.modified_ns) != (look.bytes, look.modified_ns)
                || mark.changed_ns.is_some_and(|changed_ns| changed_ns != look.changed_ns)
        })
    });
    let mut gathered = Gathered::default();
    let mut read = 0;
    for (place, (name, look)) in settled(path, new)?.into_iter().enumerate() {
        if place == FILES || read > BYTES {
            gathered.more = true;
            break;
        }
        read += look.bytes;
        take(path, &name, look, &mut marks, &mut gathered, now_ms);
    }
    if marks == *before && gathered.problems.is_empty() {
        return Ok(None);
    }
    gathered.marks = marks;
    Ok(Some(gathered))
}

/// The files that are there. What is hidden or has the ending of an unfinished file is not for us.
fn look(path: &Path) -> io::Result<BTreeMap<String, Look>> {
    let mut looks = BTreeMap::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let unfinished = [".part", ".tmp", ".swp", "~"].iter().any(|ending| name.ends_with(ending));
        if name.starts_with('.') || unfinished {
            continue;
        }
        // Of the link itself, where it is one.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() || metadata.is_symlink() {
            looks.insert(name, Look::of(&metadata));
        }
    }
    Ok(looks)
}

/// Those that are complete. Whoever writes slowly is waited for until the next reading.
fn settled(path: &Path, new: BTreeMap<String, Look>) -> io::Result<BTreeMap<String, Look>> {
    if new.is_empty() {
        return Ok(new);
    }
    // The clock that stamps files need not be this computer's: looking twice needs none.
    std::thread::sleep(SETTLED);
    let again = look(path)?;
    Ok(new.into_iter().filter(|(name, look)| again.get(name) == Some(look)).collect())
}

/// Reads one file, and marks it as read, also where it cannot be understood.
fn take(
    path: &Path,
    name: &str,
    look: Look,
    marks: &mut Marks,
    gathered: &mut Gathered,
    now_ms: i64,
) {
    let mut report = |reason: String| {
        gathered.problems.push(Problem { item: name.to_owned(), reason });
    };
    if look.is_link {
        report("it is a link, which is not followed".into());
        marks.files.insert(name.to_owned(), look.mark("link".into()));
        return;
    }
    if look.bytes > DOCUMENT_BYTES as u64 {
        let refusal = Refusal::TooLarge {
            bytes: usize::try_from(look.bytes).unwrap_or(usize::MAX),
            most: DOCUMENT_BYTES,
        };
        report(refusal.to_string());
        // Known by its place, since it is not read.
        marks.files.insert(name.to_owned(), look.mark("too large".into()));
        return;
    }
    let content = match read(&path.join(name), look) {
        Ok(Some(content)) => content,
        // It changes under our eyes.
        Ok(None) => return,
        Err(error) => {
            report(format!("it cannot be read: {error}; it is tried again when it is changed"));
            let changed_ns = Some(look.changed_ns);
            let mark = FileMark { changed_ns, ..look.mark("unreadable".into()) };
            marks.files.insert(name.to_owned(), mark);
            return;
        }
    };
    let hash = HEXLOWER.encode(&Sha256::digest(&content));
    let known = marks.contents.insert(hash.clone(), now_ms).is_some();
    marks.files.insert(name.to_owned(), look.mark(hash));
    if known {
        return;
    }
    let parsed = formats::detect(&content)
        .ok_or(Refusal::Unknown)
        .and_then(|format| formats::parse(format, &content));
    match parsed {
        Ok(Parsed { items, problems }) => {
            gathered.items.extend(items);
            gathered.problems.extend(
                problems.into_iter().map(|problem| Problem {
                    item: format!("{name}: {}", problem.item),
                    ..problem
                }),
            );
        }
        Err(refusal) => report(refusal.to_string()),
    }
}

/// A file's content; `None` if it is not what was looked at.
fn read(path: &Path, look: Look) -> io::Result<Option<Vec<u8>>> {
    // Not through a link, and without waiting for whoever might write into a pipe.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let same = |file: &File| -> io::Result<bool> {
        let metadata = file.metadata()?;
        Ok(metadata.is_file() && Look::of(&metadata) == look)
    };
    if !same(&file)? {
        return Ok(None);
    }
    let mut content = Vec::new();
    (&mut file).take(DOCUMENT_BYTES as u64 + 1).read_to_end(&mut content)?;
    Ok((same(&file)? && content.len() as u64 == look.bytes).then_some(content))
}

impl Look {
    fn of(metadata: &Metadata) -> Self {
        let ns =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            bytes: metadata.len(),
            modified_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
            is_link: metadata.is_symlink(),
        }
    }

    const fn mark(self, hash: String) -> FileMark {
        FileMark { bytes: self.bytes, modified_ns: self.modified_ns, hash, changed_ns: None }
    }
}
