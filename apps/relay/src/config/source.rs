//! One source: where it is, how often it is read, what of it is posted, and to whom.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use url::Url;
use warproom_client::proto::{Label, Name, Severity, limits};

use super::{ConfigError, Period, SecretFrom};
use crate::fetch;
use crate::formats::Format;

/// A source, checked. Its address and proxy may carry secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Source {
    /// What it is called, in the rooms too. What was posted is remembered under it.
    pub name: Name,
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub place: Place,
    /// How often it is read.
    pub every: Duration,
    /// The rooms it is posted to: names or ids.
    pub rooms: Vec<String>,
    /// The label of what has none of its own.
    pub label: Label,
    /// Whether everything of it is public anyway, so that its own label may be `TLP:CLEAR`.
    pub public: bool,
    /// What is asked for with: a user and password.
    pub auth: Option<Auth>,
    /// Headers whose values are secret.
    pub headers: BTreeMap<String, SecretFrom>,
    /// The proxy it is read through, where it is not that of the environment.
    pub proxy: Option<String>,
    /// What of it is posted.
    pub filters: Filters,
    /// More new items at once than this become one digest.
    pub digest_over: usize,
    /// What every alert of it asks.
    pub ask: Option<Asks>,
    /// How long there is to answer.
    pub due: Option<Duration>,
    /// Whether everything of it is an exercise.
    pub exercise: bool,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An RSS or Atom feed.
    Feed,
    /// CISA's catalogue.
    Kev,
    /// One CAP document.
    Cap,
    /// One CSAF document.
    Csaf,
    /// One STIX bundle.
    Stix,
    /// One MISP event, or a list of them.
    Misp,
    /// A collection of a TAXII 2.1 server.
    Taxii,
    /// A ROLIE feed of CSAF documents.
    CsafFeed,
    /// A directory of CSAF documents, by its `index.txt` or `changes.csv`.
    CsafDirectory,
    /// A folder of this computer, with files of any of the formats.
    Folder,
}

impl Kind {
    /// The format of its one document, if that is what it is.
    #[must_use]
    pub const fn format(self) -> Option<Format> {
        match self {
            Self::Feed => Some(Format::Feed),
            Self::Kev => Some(Format::Kev),
            Self::Cap => Some(Format::Cap),
            Self::Csaf => Some(Format::Csaf),
            Self::Stix => Some(Format::Stix),
            Self::Misp => Some(Format::Misp),
            Self::Taxii | Self::CsafFeed | Self::CsafDirectory | Self::Folder => None,
        }
    }
}

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the web.
    Web(Url),
    /// On this computer.
    Folder(PathBuf),
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretFrom,
}

/// What of a source is posted. Every list that is not empty must have something that matches; what
/// was posted once is followed up whatever the filters say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Words, one of which stands in the headline, the text or what to do.
    pub words: Vec<String>,
    /// Vendors, products, vulnerabilities or CPE names, one of which it is about.
    pub subjects: Vec<String>,
    /// Topics, one of which it is about.
    pub categories: Vec<String>,
    /// The least severity. What is of unknown severity is let through: most feeds say none.
    pub severity_at_least: Option<Severity>,
}

/// What every alert of a source asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// Whether it was seen and what is done about it.
    Acknowledge,
    /// Who is affected.
    RollCall,
}

/// A source as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    name: Name,
    kind: Kind,
    url: Option<String>,
    path: Option<PathBuf>,
    every: Period,
    rooms: Vec<String>,
    label: Option<Label>,
    #[serde(default)]
    public: bool,
    auth: Option<Auth>,
    #[serde(default)]
    headers: BTreeMap<String, SecretFrom>,
    proxy: Option<String>,
    #[serde(default)]
    filters: Filters,
    digest_over: Option<usize>,
    ask: Option<Asks>,
    due: Option<Period>,
    #[serde(default)]
    exercise: bool,
}

/// The shortest time between two readings: a folder may be looked at often, and who runs a public
/// feed should not have to ask for patience.
const SHORTEST: Duration = Duration::from_secs(5);

/// The longest, so that a warning is not a week old when it comes.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// More new items than this at once are a digest where nothing else is said: a screenful.
const DIGEST_OVER: usize = 10;

/// The most of them that may be asked for: more posts at once are a flood.
const MOST_ONE_BY_ONE: usize = 50;

/// The most rooms of one source.
const ROOMS: usize = 16;

impl Written {
    /// Checks what the types cannot, and puts paths in their place.
    pub(super) fn check(self, folder: &Path) -> Result<Source, ConfigError> {
        let name = self.name.clone();
        self.checked(folder)
            .map_err(|problem| ConfigError::Value(format!("the source \"{name}\": {problem}")))
    }

    fn checked(self, folder: &Path) -> Result<Source, String> {
        self.check_bounds()?;
        let place = self.place(folder)?;
        let label = self.label.unwrap_or(Label::Green);
        if label < Label::Green && !self.public {
            return Err(format!(
                "its label is {label}, which is for public sources: set public = true if it is \
                 one, or a stricter label"
            ));
        }
        for header in self.headers.keys() {
            fetch::check_header(header)?;
        }
        if let Some(proxy) = &self.proxy {
            fetch::check_proxy(proxy)?;
        }
        let within = |secret: SecretFrom| secret.within(folder);
        Ok(Source {
            place,
            label,
            name: self.name,
            kind: self.kind,
            every: self.every.length(),
            rooms: self.rooms,
            public: self.public,
            auth: self.auth.map(|auth| Auth { password: within(auth.password), ..auth }),
            headers: self.headers.into_iter().map(|(name, value)| (name, within(value))).collect(),
            proxy: self.proxy,
            filters: self.filters,
            digest_over: self.digest_over.unwrap_or(DIGEST_OVER),
            ask: self.ask,
            due: self.due.map(Period::length),
            exercise: self.exercise,
        })
    }

    fn check_bounds(&self) -> Result<(), String> {
        if !(SHORTEST..=LONGEST).contains(&self.every.length()) {
            return Err("every is from \"5s\" to \"7d\"".into());
        }
        if self.rooms.is_empty() || self.rooms.len() > ROOMS {
            return Err(format!("rooms names 1 to {ROOMS} rooms"));
        }
        if self.digest_over.is_some_and(|over| !(1..=MOST_ONE_BY_ONE).contains(&over)) {
            return Err(format!("digest_over is from 1 to {MOST_ONE_BY_ONE}"));
        }
        match (self.ask, self.due) {
            (None, Some(_)) => Err("due is there without ask: add ask = \"acknowledge\"".into()),
            (Some(_), Some(due))
                if due.length().as_millis() > u128::from(limits::ASK_MS.unsigned_abs()) =>
            {
                Err("due is at most \"31d\"".into())
            }
            _ => Ok(()),
        }
    }

    fn place(&self, folder: &Path) -> Result<Place, String> {
        match (self.kind, &self.url, &self.path) {
            (Kind::Folder, None, Some(path)) => Ok(Place::Folder(folder.join(path))),
            (Kind::Folder, _, _) => Err("a folder has a path, and no url".into()),
            (_, Some(url), None) => {
                let url =
                    url.parse().map_err(|error| format!("its url cannot be read: {error}"))?;
                fetch::check_address(&url).map_err(|refusal| refusal.to_string())?;
                Ok(Place::Web(url))
            }
            (_, _, _) => Err("it has a url, and no path".into()),
        }
    }
}
