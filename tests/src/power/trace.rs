//! What a process does to a folder, from a trace of its system calls with all their data.
//!
//! ```text
//! 3408  1795362194.788028 pwrite64(3<\x2f…>, "\x68…", 5, 0) = 5
//! 3409  1795362194.788030 fdatasync(3<\x2f…> <unfinished ...>
//! 3409  1795362194.788642 <... fdatasync resumed>) = 0
//! ```
//!
//! Every text and path is in hexadecimal, so nothing in them is taken for syntax. A call that changes the
//! folder in a way that is not known here is an error: nothing may be left out.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use super::disk::Change;

/// The calls to trace: whatever writes to files or sockets, or moves where the next write goes.
pub const CALLS: &str = "trace=openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,lseek,ftruncate,\
     truncate,fallocate,copy_file_range,sendfile,splice,rename,renameat,renameat2,link,linkat,symlink,\
     symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,sendto,sendmsg";

/// One thing that happened.
pub struct Step {
    /// When, in microseconds since 1970.
    pub at_us: u64,
    /// What.
    pub what: What,
}

/// What happened.
pub enum What {
    /// A call that changes the folder begins.
    Begins { call: u64, change: Change },
    /// It has ended well.
    Ended { call: u64, change: Change },
    /// Something is said on a socket.
    Said,
}

/// Reads a trace of what was done to a folder.
///
/// # Errors
/// If a line cannot be understood.
pub fn read(trace: &str, folder: &Path) -> anyhow::Result<Vec<Step>> {
    let mut reading = Reading {
        folder,
        steps: Vec::new(),
        under_way: HashMap::new(),
        at: HashMap::new(),
        calls: 0,
    };
    for line in trace.lines() {
        reading.line(line).with_context(|| {
            let short: String = line.chars().take(300).collect();
            format!("in the trace: {short}")
        })?;
    }
    Ok(reading.steps)
}

/// A call under way: what was said of it, its number, and what it changes in the folder.
type UnderWay = (String, u64, Option<Change>);

struct Reading<'a> {
    folder: &'a Path,
    steps: Vec<Step>,
    /// The call that each thread is in.
    under_way: HashMap<u32, UnderWay>,
    /// Where the next `write` to a descriptor goes.
    at: HashMap<u32, usize>,
    calls: u64,
}

impl Reading<'_> {
    fn line(&mut self, line: &str) -> anyhow::Result<()> {
        let mut words = line.split_ascii_whitespace();
        let (Some(thread), Some(time)) = (words.next(), words.next()) else { return Ok(()) };
        let (Ok(thread), Ok(at_us)) = (thread.parse(), time.replace('.', "").parse()) else {
            return Ok(());
        };
        let call = line.split_once(time).map_or("", |(_, call)| call.trim_start());
        if call.starts_with("+++") || call.starts_with("---") {
            return Ok(());
        }
        if let Some(resumed) = call.strip_prefix("<... ") {
            // What had begun before the trace did is of no interest.
            let Some((said, call, change)) = self.under_way.remove(&thread) else { return Ok(()) };
            let rest = resumed.split_once('>').context("it resumes nothing")?.1;
            return self.ends(at_us, &format!("{said}{rest}"), call, change);
        }
        // What strace says in its own words stands in angle brackets, after a blank: that it is not done,
        // that the process ended in it, that it was gone before it could go on.
        let said = call.split_once(" <").map_or(call, |(said, _)| said);
        let (number, change) = self.begins(at_us, said)?;
        if said.len() < call.len() {
            self.under_way.insert(thread, (said.to_owned(), number, change));
            return Ok(());
        }
        self.ends(at_us, said, number, change)
    }

    fn begins(&mut self, at_us: u64, said: &str) -> anyhow::Result<(u64, Option<Change>)> {
        self.calls += 1;
        let call = self.calls;
        let (name, arguments) = said.split_once('(').context("no call")?;
        let arguments = arguments.rsplit_once(") = ").map_or(arguments, |(first, _)| first);
        let arguments: Vec<&str> = arguments.trim_end_matches(')').split(", ").collect();
        if descriptor(arguments[0]).is_some_and(|(_, of)| is_socket(&of)) {
            self.steps.push(Step { at_us, what: What::Said });
            return Ok((call, None));
        }
        let change = self.change(name, &arguments)?;
        if let Some(change) = &change {
            let what = What::Begins { call, change: change.clone() };
            self.steps.push(Step { at_us, what });
        }
        Ok((call, change))
    }

    fn ends(
        &mut self,
        at_us: u64,
        said: &str,
        call: u64,
        change: Option<Change>,
    ) -> anyhow::Result<()> {
        let result = said.rsplit_once(" = ").map_or("", |(_, result)| result);
        if result.starts_with(['-', '?']) || result.is_empty() {
            // Whether something was done is unknown, so it stays begun for ever.
            return Ok(());
        }
        match said.split_once('(').map(|(name, _)| name) {
            Some("open" | "openat" | "creat") => {
                let (number, _) = descriptor(result).context("opened without a descriptor")?;
                self.at.insert(number, 0);
            }
            Some("lseek") => {
                let first = said.split_once('(').and_then(|(_, of)| of.split_once(", "));
                let moved = first.and_then(|(first, _)| descriptor(first));
                if let (Some((number, _)), Ok(at)) = (moved, result.trim().parse()) {
                    self.at.insert(number, at);
                }
            }
            _ => {}
        }
        if let Some(change) = change {
            self.steps.push(Step { at_us, what: What::Ended { call, change } });
        }
        Ok(())
    }

    /// What a call is going to change in the folder.
    fn change(&mut self, name: &str, arguments: &[&str]) -> anyhow::Result<Option<Change>> {
        let argument = |number: usize| arguments.get(number).copied().unwrap_or_default();
        let number = |at: usize| argument(at).trim().parse::<usize>();
        let opened = descriptor(argument(0));
        let of = opened.as_ref().and_then(|(_, path)| self.within(path));
        let file = of.clone().filter(|_| !argument(0).ends_with("(deleted)"));
        let named = |at: usize| text(argument(at)).and_then(|path| self.within(&path));
        Ok(match name {
            "write" => {
                let (Some(path), Some((descriptor, _))) = (file, opened) else { return Ok(None) };
                let bytes = bytes(argument(1))?;
                ensure!(number(2)? == bytes.len(), "the data is cut short");
                let next = self.at.get_mut(&descriptor).context("opened before the trace")?;
                let at = *next;
                *next += bytes.len();
                Some(Change::Write { path, at, bytes })
            }
            "pwrite64" => {
                let Some(path) = file else { return Ok(None) };
                let bytes = bytes(argument(1))?;
                ensure!(number(2)? == bytes.len(), "the data is cut short");
                Some(Change::Write { path, at: number(3)?, bytes })
            }
            "ftruncate" => {
                let Some(path) = file else { return Ok(None) };
                Some(Change::Length { path, to: number(1)? })
            }
            "fsync" | "fdatasync" => of.map(|path| Change::Sync { path }),
            "openat" if argument(2).contains("O_CREAT") || argument(2).contains("O_TRUNC") => {
                ensure!(!argument(2).contains("O_APPEND"), "appending is not known here");
                let empties = argument(2).contains("O_TRUNC");
                named(1).map(|path| Change::Open { path, empties })
            }
            "rename" => changed_name(named(0), named(1))?,
            "renameat" | "renameat2" => changed_name(named(1), named(3))?,
            "unlink" => named(0).map(|path| Change::Remove { path }),
            "unlinkat" => named(1).map(|path| Change::Remove { path }),
            "mkdir" => named(0).map(|path| Change::Folder { path }),
            "mkdirat" => named(1).map(|path| Change::Folder { path }),
            "lseek" | "openat" => None,
            other => {
                let touched = arguments.iter().find(|argument| {
                    let named = text(argument).or_else(|| Some(descriptor(argument)?.1));
                    named.is_some_and(|path| self.within(&path).is_some())
                });
                ensure!(touched.is_none(), "{other} is not known here");
                None
            }
        })
    }

    /// The path from the folder on, if it is in it.
    fn within(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(self.folder).ok().map(Path::to_owned)
    }
}

fn changed_name(from: Option<PathBuf>, to: Option<PathBuf>) -> anyhow::Result<Option<Change>> {
    match (from, to) {
        (Some(from), Some(to)) => Ok(Some(Change::Rename { from, to })),
        (None, None) => Ok(None),
        _ => bail!("a file is moved into the folder or out of it"),
    }
}

/// A descriptor and what it stands for: `3<\x2f…>`.
fn descriptor(argument: &str) -> Option<(u32, PathBuf)> {
    let (number, of) = argument.split_once('<')?;
    let of = of.split_once('>')?.0;
    Some((number.parse().ok()?, PathBuf::from(OsString::from_vec(unescaped(of)?))))
}

fn is_socket(of: &Path) -> bool {
    let of = of.to_string_lossy();
    of.starts_with("socket:") || of.starts_with("TCP")
}

/// A text in quotes, as a path.
fn text(argument: &str) -> Option<PathBuf> {
    let inside = argument.strip_prefix('"')?.strip_suffix('"')?;
    Some(PathBuf::from(OsString::from_vec(unescaped(inside)?)))
}

fn bytes(argument: &str) -> anyhow::Result<Vec<u8>> {
    let inside = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.and_then(unescaped).context("the data is not all there")
}

/// The bytes of `\x2f\x74…`, or of a plain word.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    if !text.starts_with("\\x") {
        return Some(text.as_bytes().to_vec());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let of = |four: &[u8]| match four {
        [b'\\', b'x', high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(4).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_which_the_process_ended_has_begun_and_never_ends() {
        let path = "\\x2f\\x77\\x2f\\x68"; // /w/h
        let ends = [
            " <unfinished ...>) = ?",
            " <unfinished ...>",
            " <Cannot restart pid 7 with ptrace(PTRACE_SYSCALL): No such process>",
            ") = ? <unavailable>",
            ") = 1",
        ];
        for end in ends {
            let trace = format!("7 1.000001 pwrite64(3<{path}>, \"\\x01\", 1, 20{end}\n");
            let steps = read(&trace, Path::new("/w")).unwrap();
            let begins = steps.iter().filter(|step| matches!(step.what, What::Begins { .. }));
            let ended = steps.iter().filter(|step| matches!(step.what, What::Ended { .. }));
            assert_eq!((begins.count(), ended.count()), (1, usize::from(end == ") = 1")), "{end}");
        }
    }
}
