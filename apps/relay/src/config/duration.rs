//! A length of time as people write it: `15m`, `1h 30m`, `2 days`.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};

/// A length of time that is more than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(Duration);

impl Period {
    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Duration {
        self.0
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || {
            // Not what stands there: it may be a secret in the wrong place.
            de::Error::custom("this is not a length of time; write \"15m\" or \"2h\"")
        };
        // A day is 24 hours here: nothing depends on a calendar.
        let in_hours = days_in_hours(&text);
        let length: SignedDuration = in_hours.parse().map_err(|_| wrong())?;
        let length = Duration::try_from(length).map_err(|_| wrong())?;
        if length.is_zero() { Err(wrong()) } else { Ok(Self(length)) }
    }
}

/// `3d` as `72h`: the library has no days without a calendar.
fn days_in_hours(text: &str) -> String {
    let days = text.trim().trim_end_matches("days").trim_end_matches("day").trim_end_matches('d');
    match days.trim().parse::<u32>() {
        Ok(days) if !text.trim().ends_with(|c: char| c.is_ascii_digit()) => {
            format!("{}h", u64::from(days) * 24)
        }
        _ => text.to_owned(),
    }
}
