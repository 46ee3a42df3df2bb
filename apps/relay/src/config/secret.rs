//! Secrets that the configuration names and does not hold: in the environment, or in a file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de};
use warproom_client::proto::Secret;

/// The most bytes of a file that holds a secret: what a header can carry.
const SECRET_BYTES: usize = 8 * 1024;

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretFrom {
    /// In this variable of the environment.
    Env(String),
    /// In this file; white space at its ends does not count.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for SecretFrom {
    /// Reads `{ env = "NAME" }` or `{ file = "path" }`. The sentence about anything else does not
    /// repeat it: it may be the secret itself.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(from)?;
        let only = value.as_table().filter(|table| table.len() == 1);
        let named = |key| only?.get(key)?.as_str().map(str::to_owned);
        let variable = named("env").map(Self::Env);
        variable.or_else(|| named("file").map(|file| Self::File(file.into()))).ok_or_else(|| {
            de::Error::custom(
                "a secret is not written here: write { env = \"NAME\" } or { file = \"path\" }",
            )
        })
    }
}

/// A secret that is not where it should be. The sentences never repeat it.
#[derive(Debug, thiserror::Error)]
pub enum SecretProblem {
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("cannot read the secret in {}: {cause}", file.display())]
    NoFile {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It is empty, too long, or of more than one line.
    #[error("what stands in {0} is not one line of at most 8 KiB")]
    NotALine(String),
}

impl SecretFrom {
    /// Fetches it.
    pub fn read(&self) -> Result<Secret, SecretProblem> {
        let (text, place) = match self {
            Self::Env(name) => {
                let text =
                    std::env::var(name).map_err(|_| SecretProblem::NoVariable(name.clone()))?;
                (text, name.clone())
            }
            Self::File(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|cause| SecretProblem::NoFile { file: file.clone(), cause })?;
                (text, file.display().to_string())
            }
        };
        let line = text.trim();
        let is_line = (1..=SECRET_BYTES).contains(&line.len()) && !line.contains(char::is_control);
        if is_line { Ok(line.to_owned().into()) } else { Err(SecretProblem::NotALine(place)) }
    }

    /// With its file relative to this folder.
    pub(super) fn within(self, folder: &Path) -> Self {
        match self {
            Self::File(file) => Self::File(folder.join(file)),
            variable @ Self::Env(_) => variable,
        }
    }
}
