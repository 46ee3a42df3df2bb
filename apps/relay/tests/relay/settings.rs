//! Sources as a configuration file has them.

use std::fs;
use std::path::Path;

use warproom_relay::config::{Config, ConfigError, Source};

/// Reads a configuration from a real file.
pub fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    fs::write(&file, text).unwrap();
    Config::load(&file)
}

/// A source with these lines besides name, interval and rooms.
pub fn source(lines: &str) -> Source {
    let text = format!("[[source]]\nname = \"Test\"\nevery = \"15m\"\nrooms = [\"One\"]\n{lines}");
    load(&text).map_err(|error| error.to_string()).unwrap().sources.remove(0)
}

/// A source of this kind at this address.
pub fn web(kind: &str, url: &str, lines: &str) -> Source {
    source(&format!("kind = \"{kind}\"\nurl = \"{url}\"\n{lines}"))
}

/// A watched folder.
pub fn folder(path: &Path) -> Source {
    source(&format!("kind = \"folder\"\npath = \"{}\"", path.display()))
}
