//! A moment as people type it: a date with its time, or how long from now. Parsed where it is read,
//! and made a time of the protocol where the command knows what time it is, and where.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::{Span, Timestamp, Zoned};

use crate::problem::{Problem, problem};

/// A moment.
#[derive(Clone, Debug)]
pub(crate) enum Moment {
    /// It said where on Earth its time holds.
    Exact(Timestamp),
    /// A time here.
    Local(DateTime),
    /// So long from now.
    After(Span),
}

/// A text is not a moment.
#[derive(Debug)]
pub(crate) enum MomentError {
    /// It says no moment at all.
    NotAMoment,
    /// It says a day alone, which leaves open whether its beginning or its end is meant.
    NoTimeOfDay,
    /// It goes back, or nowhere.
    NotForward,
}

impl std::fmt::Display for MomentError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Self::NotAMoment => {
                "write a time as \"2026-11-22 14:00\" or 2026-11-22T14:00:00Z, or how long from now, as 30m, 2h or 3d"
            }
            Self::NoTimeOfDay => "say the time of day too, as \"2026-11-22 14:00\"",
            Self::NotForward => "say how long from now on, as 30m, 2h or 3d",
        })
    }
}

impl std::error::Error for MomentError {}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let text = text.trim();
        // The exact forms first: a reader of local times would pass over their offset or zone.
        if let Ok(zoned) = text.parse::<Zoned>() {
            return Ok(Self::Exact(zoned.timestamp()));
        }
        if let Ok(exact) = text.parse() {
            return Ok(Self::Exact(exact));
        }
        if let Ok(local) = text.parse() {
            let has_time = text.contains(':');
            return if has_time { Ok(Self::Local(local)) } else { Err(MomentError::NoTimeOfDay) };
        }
        let span: Span = text.parse().map_err(|_| MomentError::NotAMoment)?;
        if span.is_positive() { Ok(Self::After(span)) } else { Err(MomentError::NotForward) }
    }
}

impl Moment {
    /// The moment in milliseconds since 1970 UTC. Days from now are days here: over a change of the
    /// clocks, `1d` is this time tomorrow.
    pub(crate) fn at_ms(&self, now: &Zoned) -> Result<i64, Problem> {
        let at = match self {
            Self::Exact(at) => Ok(*at),
            Self::Local(local) => {
                local.to_zoned(now.time_zone().clone()).map(|zoned| zoned.timestamp())
            }
            Self::After(span) => now.checked_add(*span).map(|zoned| zoned.timestamp()),
        };
        at.map(Timestamp::as_millisecond)
            .map_err(|_| problem("this time is out of reach", "write a nearer one"))
    }

    /// The same for a moment that must be still to come. `what` says what it is, as "the answer is
    /// due".
    pub(crate) fn to_come_ms(&self, now: &Zoned, what: &str) -> Result<i64, Problem> {
        let at_ms = self.at_ms(now)?;
        if at_ms > now.timestamp().as_millisecond() {
            return Ok(at_ms);
        }
        Err(problem(format!("the time when {what} has passed already"), "write a later time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2024-03-30T09:00[Europe/London]".parse().unwrap()
    }

    fn at(text: &str) -> String {
        let at_ms = text.parse::<Moment>().unwrap().at_ms(&now()).unwrap();
        Timestamp::from_millisecond(at_ms).unwrap().to_string()
    }

    #[test]
    fn a_time_is_local_unless_it_says_where_it_holds() {
        assert_eq!(at("2024-07-18 10:00"), "2024-07-18T09:00:00Z");
        assert_eq!(at("2024-07-18T10:00:00"), "2024-07-18T09:00:00Z");
        assert_eq!(at("2024-07-18T10:00:00Z"), "2024-07-18T10:00:00Z");
        assert_eq!(at("2024-07-18T10:00:00+02:00"), "2024-07-18T08:00:00Z");
        assert_eq!(at("2024-07-18T10:00[Europe/Berlin]"), "2024-07-18T08:00:00Z");
    }

    #[test]
    fn a_span_counts_from_now_and_days_follow_the_clock_on_the_wall() {
        assert_eq!(at("2h"), "2024-03-30T11:00:00Z");
        assert_eq!(at("1h30m"), "2024-03-30T10:30:00Z");
        // British Summer Time begins on the 31st.
        assert_eq!(at("1d"), "2024-03-31T08:00:00Z");
        assert_eq!(at("24h"), "2024-03-31T09:00:00Z");
    }

    #[test]
    fn what_says_no_moment_is_refused_with_how_to_say_it() {
        let refused = |text: &str| text.parse::<Moment>().unwrap_err().to_string();
        for text in ["soon", "", "2", "25:00", "2024-13-01 10:00"] {
            assert!(refused(text).contains("2026-11-22 14:00"), "{text}");
        }
        assert!(refused("2024-07-18").starts_with("say the time of day too"));
        for text in ["-2h", "0h", "2h ago"] {
            assert!(refused(text).starts_with("say how long from now on"), "{text}");
        }
    }

    #[test]
    fn what_must_be_to_come_is_not_in_the_past() {
        let due = |text: &str| {
            let moment: Moment = text.parse().unwrap();
            moment.to_come_ms(&now(), "the answer is due").map_err(|problem| problem.to_string())
        };
        assert_eq!(
            due("2024-03-30 08:59"),
            Err("the time when the answer is due has passed already".into())
        );
        assert_eq!(due("2024-03-30 09:01"), Ok(1_711_789_260_000));
    }
}
