//! The doctor: looks over a WARP's set-up from outside and says what to mend. It changes nothing, needs no
//! running server and stops none, and reads no secret but to see whether it can be read.
//!
//! ```text
//! examine ─▶ folders, keys │ certificates │ network │ store, backups │ machine ─▶ findings, one a line
//! ```
//!
//! A finding is all right, worth knowing, or to be mended, and then says how. Each part of the examination
//! is a function of what it looks at, so that each finding has its test.

mod backups;
mod certificates;
mod folders;
mod machine;
mod network;
mod store;

use std::fmt;

use crate::config::Config;
use crate::journal::now_ms;

/// How something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Fine,
    /// Worth knowing; nothing needs doing.
    Note,
    /// To be mended, and how.
    Mend(String),
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// How.
    pub state: State,
}

impl Finding {
    fn fine(what: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Fine }
    }

    fn note(what: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Note }
    }

    fn mend(what: impl Into<String>, how: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Mend(how.into()) }
    }

    /// Whether somebody has to do something.
    pub const fn needs_mending(&self) -> bool {
        matches!(self.state, State::Mend(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Fine => write!(to, "ok:   {}", self.what),
            State::Note => write!(to, "note: {}", self.what),
            State::Mend(how) => write!(to, "mend: {}. {how}", self.what),
        }
    }
}

/// Looks at everything. Its only connection is to the address that the server listens on.
pub fn examine(config: &Config) -> Vec<Finding> {
    let now_s = now_ms() / 1000;
    let is_running = store::is_running(&config.data);
    let mut findings = Vec::new();
    findings.extend(folders::examine(config));
    findings.extend(certificates::examine(config, now_s));
    findings.extend(store::examine(config, is_running));
    findings.push(backups::examine(config, now_s));
    findings.extend(network::examine(config, is_running));
    findings.extend(machine::examine(config, now_s));
    findings
}
