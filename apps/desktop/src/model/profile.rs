//! What can be said of a profile of this computer before it is opened. What it holds, and how it is
//! kept, is no business of the model.

use std::fmt;

use serde::{Deserialize, Serialize};
use warproom_client::proto::Name;

/// The name of a profile: of its folder, too. It says nothing of whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProfileName(pub String);

impl fmt::Display for ProfileName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// What can be said of a profile before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileSummary {
    /// Its name.
    pub name: ProfileName,
    /// Whether a passphrase opens it.
    pub needs_passphrase: bool,
    /// The WARP's name, where the system's key store tells it. Under a passphrase it is sealed.
    pub warp: Option<Name>,
}

impl ProfileSummary {
    /// What a person knows it by: the WARP's name, or where that is sealed the profile's own.
    pub fn called(&self) -> String {
        self.warp.as_ref().map_or_else(|| self.name.to_string(), ToString::to_string)
    }
}
