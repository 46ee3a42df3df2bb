//! Where results go: standard output, for a person or as JSON, one object per line. Everything else
//! (what is going on, what went wrong) goes to standard error, so that a pipe gets results only.

use std::fmt;
use std::io::{ErrorKind, Write as _};

use anyhow::{Context as _, Result};
use serde::Serialize;

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
            Self::Json => line(&serde_json::to_string(result).context("cannot write JSON")?),
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

/// Writes bytes as they are.
pub(crate) fn raw(bytes: &[u8]) -> Result<()> {
    closed_is_the_end(std::io::stdout().lock().write_all(bytes))
}
