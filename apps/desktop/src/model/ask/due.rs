//! When an answer is due, in words.

use crate::model::moment;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// When an answer is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// In words: `due in 25 minutes, by 14:25`.
    pub words: String,
    /// Whether that time has passed.
    pub is_overdue: bool,
}

/// When an answer is due, as seen from now; both in milliseconds since 1970 UTC.
pub fn due(due_at_ms: Option<i64>, now_ms: i64) -> Due {
    let Some(due_at_ms) = due_at_ms else {
        return Due { words: "no time was set".to_owned(), is_overdue: false };
    };
    let left_ms = due_at_ms.saturating_sub(now_ms);
    let is_overdue = left_ms <= 0;
    let at =
        if left_ms.abs() < DAY_MS { moment::time(due_at_ms) } else { moment::short(due_at_ms) };
    let words = if is_overdue {
        match left_ms.abs() {
            ..MINUTE_MS => format!("OVERDUE: was due at {at}"),
            late_ms => format!("OVERDUE by {}: was due at {at}", span(late_ms)),
        }
    } else {
        match left_ms {
            ..MINUTE_MS => format!("due in less than a minute, at {at}"),
            _ => format!("due in {}, by {at}", span(left_ms)),
        }
    };
    Due { words, is_overdue }
}

/// A span in its largest whole unit, rounded down: what is left is never made to look longer.
fn span(ms: i64) -> String {
    let (count, unit) = if ms < HOUR_MS {
        (ms / MINUTE_MS, "minute")
    } else if ms < DAY_MS {
        (ms / HOUR_MS, "hour")
    } else {
        (ms / DAY_MS, "day")
    };
    let plural = if count == 1 { "" } else { "s" };
    let rest = match ms {
        HOUR_MS..DAY_MS if ms % HOUR_MS >= MINUTE_MS => {
            format!(" {} min", ms % HOUR_MS / MINUTE_MS)
        }
        _ => String::new(),
    };
    format!("{count} {unit}{plural}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::NOW_MS;

    fn words(minutes: i64) -> String {
        due(Some(NOW_MS + minutes * MINUTE_MS), NOW_MS).words
    }

    #[test]
    fn what_is_left_is_said_in_words_and_what_is_late_in_louder_ones() {
        for (minutes, begins) in [
            (45, "due in 45 minutes, by "),
            (1, "due in 1 minute, by "),
            (60, "due in 1 hour, by "),
            (150, "due in 2 hours 30 min, by "),
            (3000, "due in 2 days, by "),
            (-10, "OVERDUE by 10 minutes: "),
            (0, "OVERDUE: was due at "),
        ] {
            assert!(words(minutes).starts_with(begins), "{}", words(minutes));
        }
        assert_eq!(due(None, NOW_MS).words, "no time was set");
        assert!(due(Some(NOW_MS), NOW_MS).is_overdue);
        assert!(!due(Some(NOW_MS + 1), NOW_MS).is_overdue);
    }
}
