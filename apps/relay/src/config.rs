//! The relay's one TOML file: where the WARP is, where to remember what was posted, and the sources.
//! What is wrong with it is said in a sentence that names the line, the source and the key.
//!
//! It reads no feed and knows no format. The token may stand in the environment or a file instead,
//! and nothing here prints it.

mod duration;
mod redact;
mod secret;
mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use warproom_client::Credentials;
use warproom_client::proto::Secret;
use warproom_client::proto::invitation::Address;

pub use duration::Period;
pub use secret::{SecretFrom, SecretProblem};
pub use source::{Asks, Auth, Filters, Kind, Place, Source};

/// The environment's variable for the bot's token.
pub const TOKEN_VARIABLE: &str = "WARPROOM_RELAY_TOKEN";

/// The environment's variable for the server's address.
pub const ADDRESS_VARIABLE: &str = "WARPROOM_RELAY_ADDRESS";

/// The relay's configuration, checked. It may hold secrets, so it has no `Debug`.
pub struct Config {
    /// The WARP it posts to.
    pub warp: Warp,
    /// The folder where it remembers what it has posted.
    pub state: PathBuf,
    /// Where it reads.
    pub sources: Vec<Source>,
}

/// The WARP that is posted to.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Warp {
    /// The server's address, as `warproom://host:port/fingerprint`.
    address: Option<String>,
    /// The bot's token.
    token: Option<Secret>,
    /// The file that has the bot's token.
    token_file: Option<PathBuf>,
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not to be read.
    #[error("cannot read {}: {cause}", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It is not TOML, or has a key or value that does not belong there.
    #[error("{}, line {line}: {problem}", file.display())]
    Text {
        /// Which file.
        file: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What.
        problem: String,
    },
    /// A value that cannot be.
    #[error("{0}")]
    Value(String),
    /// A secret that is not there.
    #[error(transparent)]
    Secret(#[from] SecretProblem),
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    warp: Warp,
    #[serde(default = "default_state")]
    state: PathBuf,
    #[serde(default)]
    source: Vec<source::Written>,
}

fn default_state() -> PathBuf {
    "state".into()
}

impl Config {
    /// Reads the file. Paths in it are relative to the folder it lies in.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|cause| ConfigError::File { file: file.to_owned(), cause })?;
        let folder = file.parent().unwrap_or_else(|| Path::new(""));
        Self::parse(&text, file, folder)
    }

    fn parse(text: &str, file: &Path, folder: &Path) -> Result<Self, ConfigError> {
        let written: Written = toml::from_str(text).map_err(|error| {
            // The message only: a rendered excerpt could show a token that stands in that line.
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = 1 + text[..at].matches('\n').count();
            let key = text.lines().nth(line - 1).and_then(redact::key);
            let problem = redact::problem(error.message(), key);
            ConfigError::Text { file: file.to_owned(), line, problem }
        })?;
        let mut warp = written.warp;
        warp.token_file = warp.token_file.map(|path| folder.join(path));
        let sources: Result<Vec<_>, _> =
            written.source.into_iter().map(|source| source.check(folder)).collect();
        let config = Self { warp, state: folder.join(written.state), sources: sources? };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.sources.is_empty() {
            let problem = "there is no source: add a [[source]] with name, kind, url and rooms";
            return Err(ConfigError::Value(problem.into()));
        }
        let mut names = BTreeSet::new();
        for source in &self.sources {
            // What was posted is remembered under the name.
            if !names.insert(source.name.folded()) {
                let problem = format!("two sources are called \"{}\": rename one", source.name);
                return Err(ConfigError::Value(problem));
            }
        }
        Ok(())
    }
}

impl Warp {
    /// Where the server is: the environment first, then the file.
    pub fn address(&self) -> Result<Address, ConfigError> {
        let set = std::env::var(ADDRESS_VARIABLE).ok().or_else(|| self.address.clone());
        let text = set.ok_or_else(|| {
            let problem = format!(
                "no server is named: set address in [warp], or {ADDRESS_VARIABLE}, to the address \
                 that came with the bot's token (warproom://…)"
            );
            ConfigError::Value(problem)
        })?;
        text.trim().parse().map_err(|error| {
            ConfigError::Value(format!("the server's address cannot be read: {error}"))
        })
    }

    /// The bot's token: the environment first, then the token file, then the configuration.
    pub fn credentials(&self) -> Result<Credentials, ConfigError> {
        let token = if std::env::var_os(TOKEN_VARIABLE).is_some() {
            SecretFrom::Env(TOKEN_VARIABLE.into()).read()?
        } else if let Some(file) = &self.token_file {
            SecretFrom::File(file.clone()).read()?
        } else if let Some(token) = &self.token {
            token.clone()
        } else {
            let problem = format!(
                "no token: put the bot's token into a file and name it as token_file in [warp], or \
                 set {TOKEN_VARIABLE}"
            );
            return Err(ConfigError::Value(problem));
        };
        Ok(Credentials::Token(token))
    }
}
