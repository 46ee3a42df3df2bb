//! Moments as people read them, in the time zone of this computer.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Looked up once: it means reading files, and every row of a timeline has a time.
static ZONE: LazyLock<TimeZone> = LazyLock::new(TimeZone::system);

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The time of day: `14:05`.
pub fn time(at_ms: i64) -> String {
    zoned(at_ms).strftime("%H:%M").to_string()
}

/// The day: `Sunday 22 November 2026`.
pub fn day(at_ms: i64) -> String {
    zoned(at_ms).strftime("%A %-d %B %Y").to_string()
}

/// Day and time, short: `22 Nov 14:05`.
pub fn short(at_ms: i64) -> String {
    zoned(at_ms).strftime("%-d %b %H:%M").to_string()
}

/// Day, time and zone for a file, which is read elsewhere and later: `2026-11-22 14:05 GMT`.
pub fn dated(at_ms: i64) -> String {
    zoned(at_ms).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// Day, time and zone, in full: `Sunday 22 November 2026, 14:05 GMT`.
pub fn full(at_ms: i64) -> String {
    zoned(at_ms).strftime("%A %-d %B %Y, %H:%M %Z").to_string()
}

/// The day as it stands to now: `Today`, `Yesterday`, else as [`day`] says it.
pub fn relative_day(now_ms: i64, at_ms: i64) -> String {
    let (now, at) = (zoned(now_ms).date(), zoned(at_ms).date());
    if at == now {
        "Today".to_owned()
    } else if now.yesterday().is_ok_and(|yesterday| at == yesterday) {
        "Yesterday".to_owned()
    } else {
        day(at_ms)
    }
}

/// When, as short as it can be said now: the time alone for today, with the day before.
pub fn brief(now_ms: i64, at_ms: i64) -> String {
    if zoned(now_ms).date() == zoned(at_ms).date() { time(at_ms) } else { short(at_ms) }
}

/// How far off a moment is, in words: `in 25 min`, `10 min ago`, `now`.
pub fn until(now_ms: i64, at_ms: i64) -> String {
    let length = length(now_ms.abs_diff(at_ms));
    match at_ms.cmp(&now_ms) {
        _ if now_ms.abs_diff(at_ms) < MINUTE_MS => "now".to_owned(),
        std::cmp::Ordering::Less => format!("{length} ago"),
        _ => format!("in {length}"),
    }
}

/// When something is due, in words: `due in 25 min`, `due now`, `overdue by 10 min`.
pub fn due(now_ms: i64, at_ms: i64) -> String {
    let off_ms = now_ms.abs_diff(at_ms);
    if at_ms < now_ms && off_ms >= MINUTE_MS {
        format!("overdue by {}", length(off_ms))
    } else {
        format!("due {}", until(now_ms, at_ms))
    }
}

/// A length of time in the unit that fits it: `25 min`, `3 h`, `3 h 20 min`, `2 days`.
fn length(ms: u64) -> String {
    let (minutes, hours, days) = (ms / MINUTE_MS, ms / HOUR_MS, ms / DAY_MS);
    match (hours, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (1..24, 0) => format!("{hours} h"),
        (1..24, minutes) => format!("{hours} h {minutes} min"),
        _ if days == 1 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}

fn zoned(at_ms: i64) -> Zoned {
    // Out of range only for moments no log ever took.
    Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(ZONE.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_705_845_600_000;
    const MINUTE: i64 = 60_000;

    #[test]
    fn how_far_off_is_said_in_the_unit_that_fits() {
        for (minutes, words) in [
            (0, "now"),
            (25, "in 25 min"),
            (-10, "10 min ago"),
            (60, "in 1 h"),
            (-200, "3 h 20 min ago"),
            (24 * 60, "in 1 day"),
            (-72 * 60, "3 days ago"),
        ] {
            assert_eq!(until(NOW_MS, NOW_MS + minutes * MINUTE), words);
        }
        assert_eq!(until(NOW_MS, NOW_MS + 59_999), "now");
    }

    #[test]
    fn what_is_past_its_time_is_overdue() {
        assert_eq!(due(NOW_MS, NOW_MS + 25 * MINUTE), "due in 25 min");
        assert_eq!(due(NOW_MS, NOW_MS), "due now");
        assert_eq!(due(NOW_MS, NOW_MS - 10 * MINUTE), "overdue by 10 min");
    }

    #[test]
    fn days_near_now_have_names() {
        let day_ms = 24 * 60 * MINUTE;
        assert_eq!(relative_day(NOW_MS, NOW_MS), "Today");
        assert_eq!(relative_day(NOW_MS, NOW_MS - day_ms), "Yesterday");
        assert_eq!(relative_day(NOW_MS, NOW_MS - 3 * day_ms), day(NOW_MS - 3 * day_ms));
        assert_ne!(relative_day(NOW_MS, NOW_MS + day_ms), "Today");
    }

    #[test]
    fn a_moment_nobody_can_name_is_no_panic() {
        assert!(!full(i64::MAX).is_empty());
        assert!(!until(i64::MIN, i64::MAX).is_empty());
    }
}
