//! Attacks, one named test each, that no other file has already. docs/threat-model.md has the table of
//! all of them, with the tests of the other files in it.

#[path = "attacks/clock.rs"]
pub(crate) mod clock;
#[path = "attacks/credentials.rs"]
mod credentials;
#[path = "attacks/echo.rs"]
mod echo;
#[path = "attacks/floods.rs"]
mod floods;
#[path = "attacks/guesses.rs"]
mod guesses;
#[path = "attacks/hoards.rs"]
mod hoards;
#[path = "attacks/kinds.rs"]
mod kinds;
#[path = "attacks/matrix.rs"]
mod matrix;
#[path = "attacks/notices.rs"]
mod notices;
#[path = "attacks/oracles.rs"]
mod oracles;
#[path = "attacks/quotas.rs"]
mod quotas;
#[path = "attacks/races.rs"]
mod races;
#[path = "attacks/removals.rs"]
mod removals;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use warproom_proto::ErrorCode;

/// What a reply refuses with; none: it was done.
fn refused(reply: &str) -> anyhow::Result<Option<ErrorCode>> {
    let reply: Value = serde_json::from_str(reply)?;
    let error = reply.get("error").map(|error| serde_json::from_value(error["code"].clone()));
    Ok(error.transpose()?)
}

/// The seconds of the next TOTP step: a code that the server takes and that joining has not used up.
pub(crate) fn next_step() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + 30)
}
