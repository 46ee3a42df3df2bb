//! What an operator writes: settings of the server and the relay, and orders to a running server.

use std::path::Path;

use warproom_server::config::Config;
use warproom_server::decoders;

use super::keeping::folder;

/// Settings of the server: taken or refused with a sentence.
pub(super) fn of_server(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Config::read(text, Path::new("/warp")) {
        Ok(config) => {
            assert!(config.host().len() < config.address.len());
            assert!(config.limits.in_flight > 0 && config.limits.ping_ms > 0, "nobody is served");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A token, as the seeds have one.
const SECRET: &str = "Zm9vYmFyYmF6cXV4";

/// Settings of the relay. What it says of a mistake shows no token that stands there as a value: the name
/// of a setting that there is not is shown, and so is a source's.
pub(super) fn of_relay(bytes: &[u8]) {
    let file = folder().join("relay.toml");
    assert!(std::fs::write(&file, bytes).is_ok(), "the disk works");
    match warproom_relay::config::Config::load(&file) {
        Ok(config) => assert!(!config.sources.is_empty()),
        Err(error) => {
            let said = format!("{error} {error:?}");
            let text = String::from_utf8_lossy(bytes);
            let names = |line: &str| {
                line.trim_start().starts_with('[')
                    || line.split_once('=').is_none_or(|(name, _)| {
                        name.contains(SECRET) || name.trim().trim_matches('"') == "name"
                    })
            };
            let is_named = text.lines().any(|line| line.contains(SECRET) && names(line));
            assert!(is_named || !said.contains(SECRET), "a mistake shows a secret: {said}");
        }
    }
}

/// An operator's order.
pub(super) fn order(bytes: &[u8]) {
    if let Some(once) = decoders::order(bytes) {
        assert_eq!(decoders::order(&once), Some(once), "it is written in two ways");
    }
}
