//! Points in time as feeds write them: ISO 8601 as Atom, CAP and JSON have it, RFC 2822 as RSS has it,
//! and the usual mistakes in both. What cannot be read is no time; it is never guessed.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// The longest text that is a time.
const BYTES: usize = 64;

/// The milliseconds since 1970 UTC that a text means. A time without an offset is taken for UTC.
pub(super) fn when(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || text.len() > BYTES {
        return None;
    }
    iso(text)
        .or_else(|| rfc2822(&mended(text)))
        .or_else(|| rfc2822(text))
        .map(Timestamp::as_millisecond)
}

fn iso(text: &str) -> Option<Timestamp> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().and_then(utc))
        .or_else(|| text.parse::<Date>().ok().and_then(|date| utc(date.at(0, 0, 0, 0))))
}

fn rfc2822(text: &str) -> Option<Timestamp> {
    const PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    PARSER.parse_timestamp(text).ok()
}

/// RFC 2822 with the usual mistakes taken out: week days in other languages, months in full, zones of
/// Europe that the standard does not have, and none at all.
fn mended(text: &str) -> String {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut words: Vec<String> = Vec::new();
    for (place, word) in text.split_whitespace().enumerate() {
        let lower = word.to_ascii_lowercase();
        let month = lower.get(..3).filter(|start| MONTHS.contains(start));
        match (lower.as_str(), month) {
            ("utc" | "z" | "wet", _) => words.push("+0000".to_owned()),
            ("bst" | "cet" | "west", _) => words.push("+0100".to_owned()),
            ("cest" | "eet", _) => words.push("+0200".to_owned()),
            ("eest", _) => words.push("+0300".to_owned()),
            (day, _) if place == 0 && day.ends_with(',') => {}
            (_, Some(month)) => words.push(month.to_owned()),
            _ => words.push(word.to_owned()),
        }
    }
    if words.len() == 4 {
        words.push("+0000".to_owned());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::when;

    #[test]
    fn times_are_read_as_feeds_write_them() {
        for text in [
            "2024-01-18T13:45:00Z",
            "2024-01-18T13:45:00.000Z",
            "2024-01-18T08:45:00-05:00",
            "2024-01-18T13:45:00-00:00",
            "2024-01-18T22:45+09:00",
            "2024-01-18 13:45:00",
            "Thu, 18 Jan 2024 13:45:00 GMT",
            "Thu, 18 Jan 2024 13:45:00 +0000",
            "Mon, 18 Jan 2024 13:45:00 +0000",
            "Thu, 18 Jan 24 13:45:00 +0000",
            "Thu, 18 Jan 2024 08:45:00 EST",
            "Thursday, 18 January 2024 13:45:00 UTC",
            "18 Jan 2024 13:45:00 Z",
            "Thu, 18 Jan 2024 14:45:00 CET",
            "Thu, 18 Jan 2024 15:45:00 CEST",
            "jeu, 18 Jan 2024 13:45:00 +0000",
            "Thu, 18 Jan 2024 13:45:00",
        ] {
            assert_eq!(when(text), Some(1_705_585_500_000), "{text:?}");
        }
        assert_eq!(when("2024-01-18"), Some(1_705_536_000_000));
        for none in ["", "yesterday", "2024-13-40", "99999999999999999999", "\u{0}"] {
            assert_eq!(when(none), None, "{none:?}");
        }
    }
}
