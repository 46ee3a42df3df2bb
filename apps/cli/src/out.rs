//! Where results go: standard output, for a person or as JSON, one object per line. Everything else
//! (what is going on, what went wrong) goes to standard error, so that a pipe gets results only.

use std::fmt::{self, Write as _};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::problem::problem;
use crate::profile::write_whole;
use crate::show::{safe, steers};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Out {
    /// For a person.
    Human,
    /// For a program.
    Json,
}

impl Out {
    /// A result: the wire type for a program, a line for a person.
    pub(crate) fn give<T: Serialize>(
        self,
        result: &T,
        human: impl FnOnce(&T) -> String,
    ) -> Result<()> {
        match self {
            Self::Human => line(&human(result)),
            Self::Json => {
                line(&plain(&serde_json::to_string(result).context("cannot write JSON")?))
            }
        }
    }

    /// A line that only a person needs.
    pub(crate) fn say(self, text: &str) -> Result<()> {
        match self {
            Self::Human => line(text),
            Self::Json => Ok(()),
        }
    }
}

/// JSON on one line, with every character that could steer a terminal written as `\u…`. Records carry
/// the exact text a server sent, which may hold any of them; to JSON they mean the same escaped, and
/// whoever recomputes the chain speaks the protocol instead.
///
/// Control characters below U+0020 cannot stand raw within a JSON string, so those that are there
/// stand between tokens, where a space is the same.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' | '\r' | '\t' => plain.push(' '),
            c if steers(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(plain, "\\u{unit:04x}");
                }
            }
            c => plain.push(c),
        }
    }
    plain
}

/// Nobody reads our output any more (`warproom history Ops | head`): no error, just the end.
#[derive(Debug)]
pub(crate) struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("the output was closed")
    }
}

impl std::error::Error for Closed {}

fn line(text: &str) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    closed_is_the_end(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

fn closed_is_the_end(written: std::io::Result<()>) -> Result<()> {
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Closed.into()),
        Err(error) => Err(error).context("cannot write the output"),
    }
}

/// Tells a person what is going on.
pub(crate) fn note(text: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints a document that may hold anybody's text: as it is into a pipe or file, and for a terminal
/// with everything that could steer it written out.
pub(crate) fn document(text: &str) -> Result<()> {
    if std::io::stdout().is_terminal() {
        line(safe(&text.replace("\r\n", "\n")).trim_end())
    } else {
        raw(text.as_bytes())
    }
}

/// Writes a file that was not there, for its owner alone.
pub(crate) fn write_new(file: &Path, bytes: &[u8]) -> Result<()> {
    if file.exists() {
        return Err(problem(
            format!("{} exists already", safe(&file.display().to_string())),
            "name a file that does not exist yet, so that nothing else is lost",
        )
        .into());
    }
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
    let name = file.file_name().and_then(|name| name.to_str()).context("this is no file's name")?;
    write_whole(folder.unwrap_or(Path::new(".")), name, bytes)
}

/// Writes bytes as they are.
pub(crate) fn raw(bytes: &[u8]) -> Result<()> {
    closed_is_the_end(std::io::stdout().lock().write_all(bytes))
}

/// Rings the terminal's bell. Anything else than a terminal gets nothing.
pub(crate) fn ring() {
    let mut stdout = std::io::stdout().lock();
    if stdout.is_terminal() {
        // A bell that cannot ring is no reason to end.
        let _ = stdout.write_all(b"\x07").and_then(|()| stdout.flush());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn json_of_a_hostile_server_is_one_line_and_steers_nothing() {
        let sent = "{\"text\":\r\n\"a\u{9b}2J \u{202e}b\u{7f} \\u001b[2J é 👩‍🚒\"}";
        let raw = RawValue::from_string(sent.to_owned()).unwrap();
        let shown = plain(&serde_json::to_string(&raw).unwrap());
        assert_eq!(shown, "{\"text\":  \"a\\u009b2J \\u202eb\\u007f \\u001b[2J é 👩‍🚒\"}");
        let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(value["text"], "a\u{9b}2J \u{202e}b\u{7f} \u{1b}[2J é 👩‍🚒");
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("board.csv");
        write_new(&file, b"first").unwrap();
        let error = write_new(&file, b"second").unwrap_err().to_string();
        assert!(error.ends_with("board.csv exists already"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), b"first");
    }
}
