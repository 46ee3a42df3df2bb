//! Profiles: what this computer keeps of a member's device. One folder each, for its owner alone,
//! every file written whole or not at all.
//!
//! ```text
//! <profiles>/<name>/profile.json   where the server is, who you are
//!                   device.key     the key that never leaves this computer
//!                   heads.json     how far each log had come: the server cannot take it back unseen
//!                   heads.lock     held while heads.json is changed: commands may run side by side
//! ```

mod folder;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use warproom_client::proto::invitation::Address;
use warproom_client::proto::{DeviceId, Handle, Name};

use crate::args::Global;
use crate::problem::problem;

pub(crate) use folder::make_private_dir;
pub(crate) use folder::{Folder, NewFolder, write_whole};
use folder::{PROFILE, make_hidden_dir, sweep};

/// What a profile says, key and heads apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The server, as `warproom://host:port/fingerprint`.
    #[serde(with = "address_text")]
    pub(crate) address: Address,
    /// This device.
    pub(crate) device: DeviceId,
    /// Its owner.
    pub(crate) handle: Handle,
    /// Its owner's name.
    pub(crate) name: Name,
    /// The organisation its owner acts for, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<Name>,
    /// The WARP's name.
    pub(crate) warp_name: Name,
}

/// All profiles of this computer's user.
pub(crate) struct Profiles {
    path: PathBuf,
    chosen: Option<String>,
}

impl Profiles {
    /// Where they are: as said, or in the system's place for settings.
    pub(crate) fn new(global: &Global) -> Result<Self> {
        let path = match &global.profiles {
            Some(path) => path.clone(),
            None => etcetera::choose_base_strategy()
                .map_err(|_| {
                    problem(
                        "this system does not say where settings are kept",
                        "name a folder for them with --profiles DIR",
                    )
                })?
                .config_dir()
                .join("warproom")
                .join("profiles"),
        };
        if let Some(name) = &global.profile {
            check_name(name)?;
        }
        Ok(Self { path, chosen: global.profile.clone() })
    }

    /// The names of all profiles, in order.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(error).context(format!("cannot read {}", self.path.display()));
            }
        };
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join(PROFILE).is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        Ok(names)
    }

    /// The profile asked for, or else the only one.
    pub(crate) fn choose(&self) -> Result<Folder> {
        let names = self.names()?;
        let wrong = match (&self.chosen, &names[..]) {
            (Some(name), _) if names.contains(name) => return Ok(self.folder(name)),
            (None, [only]) => return Ok(self.folder(only)),
            (_, []) => problem(
                "there is no profile on this computer",
                "redeem your invitation with `warproom join`, or set up another device with `warproom device enrol`",
            ),
            (Some(name), _) => problem(
                format!("there is no profile called \"{name}\""),
                format!("choose one of: {}", names.join(", ")),
            ),
            (None, _) => problem(
                "there is more than one profile on this computer",
                format!("choose one with --profile NAME: {}", names.join(", ")),
            ),
        };
        Err(wrong.into())
    }

    /// An empty folder for a new profile.
    pub(crate) fn make(&self) -> Result<NewFolder> {
        make_private_dir(&self.path)?;
        if let Some(name) = self.chosen.as_ref().filter(|name| self.path.join(name).exists()) {
            return Err(problem(
                format!("there is a profile called \"{name}\" already"),
                "give the new one another name with --profile NAME",
            )
            .into());
        }
        sweep(&self.path);
        let folder = make_hidden_dir(&self.path)
            .with_context(|| format!("cannot write to {}", self.path.display()))?;
        Ok(NewFolder { folder, profiles: self.path.clone(), chosen: self.chosen.clone() })
    }

    fn folder(&self, name: &str) -> Folder {
        Folder::at(self.path.join(name))
    }
}

/// A profile's name is a file's name: nothing in it may lead elsewhere.
fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(plain) {
        return Ok(());
    }
    Err(problem("this is no name for a profile", "use letters, digits, hyphens and full stops")
        .into())
}

/// A name for a folder, from a name for people.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if words.is_empty() { "warp".to_owned() } else { words.join("-") }
}

mod address_text {
    //! An address as one text in JSON.

    use serde::{Deserialize as _, Deserializer, Serializer};
    use warproom_client::proto::invitation::Address;

    pub(super) fn serialize<S: Serializer>(address: &Address, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(address)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use warproom_client::proto::invitation::Fingerprint;

    use super::*;

    fn profiles(path: &Path, chosen: Option<&str>) -> Profiles {
        Profiles { path: path.join("profiles"), chosen: chosen.map(str::to_owned) }
    }

    fn profile() -> Profile {
        Profile {
            address: Address { host_port: "[::1]:7443".into(), authority: Fingerprint([7; 32]) },
            device: DeviceId::from_bytes([1; 16]),
            handle: "jo.smith".parse().unwrap(),
            name: "Jo Smith".parse().unwrap(),
            organisation: None,
            warp_name: "Kent & Medway WARP".parse().unwrap(),
        }
    }

    #[test]
    fn a_profile_reads_back_as_itself_and_the_only_one_needs_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let profiles = profiles(dir.path(), None);
        assert!(profiles.choose().unwrap_err().to_string().contains("no profile"));
        profiles.make().unwrap().keep(&profile(), "secret").unwrap();
        let folder = profiles.choose().unwrap();
        assert_eq!(folder.name(), "kent-medway-warp");
        assert_eq!(folder.profile().unwrap(), profile());
        assert_eq!(folder.key().unwrap().expose(), "secret");
    }

    #[test]
    fn several_profiles_want_a_choice() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            profiles(dir.path(), Some(name)).make().unwrap().keep(&profile(), "k").unwrap();
        }
        let error = profiles(dir.path(), None).choose().unwrap_err();
        assert_eq!(error.to_string(), "there is more than one profile on this computer");
        assert_eq!(profiles(dir.path(), Some("b")).choose().unwrap().name(), "b");
        assert!(profiles(dir.path(), Some("c")).choose().is_err());
    }

    #[test]
    fn a_profile_is_never_overwritten_and_an_unused_folder_goes() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name| profiles(dir.path(), name).make();
        drop(make(None).unwrap());
        let kept = |name| make(name).unwrap().keep(&profile(), "k").unwrap().name();
        assert_eq!(kept(None), "kent-medway-warp");
        assert_eq!(kept(None), "kent-medway-warp-2");
        assert_eq!(kept(Some("mine")), "mine");
        assert!(make(Some("mine")).err().unwrap().to_string().contains("already"));
        assert_eq!(fs::read_dir(dir.path().join("profiles")).unwrap().count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_profile() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let folder = profiles(dir.path(), None).make().unwrap().keep(&profile(), "k").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        for file in ["device.key", PROFILE] {
            assert_eq!(mode(&folder.path().join(file)), 0o600, "{file}");
        }
    }

    #[test]
    fn a_profile_name_cannot_lead_elsewhere() {
        for name in ["", "..", ".x", "a/b", "a\\b"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name("kent-2").is_ok());
        assert_eq!(slug("../.."), "warp");
    }
}
