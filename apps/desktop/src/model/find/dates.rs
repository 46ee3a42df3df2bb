//! A day as people write it: `2026-11-22`, `22 Nov`, `22/11`, "yesterday", "last Monday", "3 days ago".
//!
//! A day without its year is the latest such day that has come. The day stands before the month, as
//! it is written in these islands.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const NOT_UNDERSTOOD: &str =
    "Not understood. Write a day as 2026-11-22, 22 Nov, 22/11, yesterday or last Monday.";
const NO_SUCH_DAY: &str = "There is no such day.";

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The day that a text means, or a sentence that says why it means none.
pub fn day(text: &str, today: Date) -> Result<Date, &'static str> {
    let text = text.trim().to_lowercase();
    let words: Vec<_> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    match words[..] {
        ["today"] => Ok(today),
        ["yesterday"] => before(today, 1),
        ["last", name] => before(
            today,
            match days_since(name, today)? {
                0 => 7,
                days => days,
            },
        ),
        [count, "day" | "days", "ago"] => before(today, number(count)?),
        [count, "week" | "weeks", "ago"] => before(today, number(count)?.saturating_mul(7)),
        [one] => by_numbers(one, today).unwrap_or_else(|| before(today, days_since(one, today)?)),
        [first, second] => by_month(first, second, None, today),
        [first, second, year] => by_month(first, second, Some(year), today),
        _ => Err(NOT_UNDERSTOOD),
    }
}

/// Which day it is on this computer.
pub fn today(now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    now.to_zoned(TimeZone::system()).date()
}

/// When a day begins on this computer, in milliseconds since 1970 UTC; none: out of range.
pub fn start_ms(day: Date) -> Option<i64> {
    let midnight = day.to_zoned(TimeZone::system()).ok()?;
    Some(midnight.timestamp().as_millisecond())
}

fn before(today: Date, days: i32) -> Result<Date, &'static str> {
    today.checked_sub(days.days()).map_err(|_| NO_SUCH_DAY)
}

fn number(text: &str) -> Result<i32, &'static str> {
    let few = text.parse().ok().filter(|days| (0..=100_000).contains(days));
    few.ok_or(NOT_UNDERSTOOD)
}

/// How many days ago it last was this day of the week: 0 to 6.
fn days_since(name: &str, today: Date) -> Result<i32, &'static str> {
    let found = WEEKDAYS.iter().find(|(full, _)| is_short_for(name, full));
    let (_, weekday) = found.ok_or(NOT_UNDERSTOOD)?;
    Ok(weekday.until(today.weekday()).into())
}

fn is_short_for(name: &str, full: &str) -> bool {
    name.len() >= 3 && full.starts_with(name)
}

/// `2026-11-22`, `22/11/2026`, `22/11`, `22.11.26`; none: not of this form.
fn by_numbers(text: &str, today: Date) -> Option<Result<Date, &'static str>> {
    let parts: Option<Vec<u16>> =
        text.trim_end_matches('.').split(['-', '/', '.']).map(|part| part.parse().ok()).collect();
    let is_year_first = text.find(['-', '/', '.']) == Some(4);
    match parts?[..] {
        [year, month, day] if is_year_first => Some(date(day, month, Some(year), today)),
        [day, month, year] => Some(date(day, month, Some(year), today)),
        [day, month] => Some(date(day, month, None, today)),
        _ => None,
    }
}

/// `22 nov`, `nov 22`, `22nd november`, each perhaps with a year.
fn by_month(
    first: &str,
    second: &str,
    year: Option<&str>,
    today: Date,
) -> Result<Date, &'static str> {
    let month = |word: &str| MONTHS.iter().zip(1..).find(|(full, _)| is_short_for(word, full));
    let (day, month) = match (month(first), month(second)) {
        (None, Some((_, month))) => (first, month),
        (Some((_, month)), None) => (second, month),
        _ => return Err(NOT_UNDERSTOOD),
    };
    let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let day = day.parse().map_err(|_| NOT_UNDERSTOOD)?;
    let year = year.map(|year| year.parse().map_err(|_| NOT_UNDERSTOOD)).transpose()?;
    date(day, month, year, today)
}

fn date(day: u16, month: u16, year: Option<u16>, today: Date) -> Result<Date, &'static str> {
    let on = |year: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Date::new(year, month, day).ok()
    };
    let found = match year {
        // Two digits are of this century: no WARP is older.
        Some(year) if year < 100 => on(2000 + year.cast_signed()),
        Some(year) => i16::try_from(year).ok().and_then(on),
        // Between two 29ths of February there are eight years at most.
        None => (0..=8).filter_map(|back| on(today.year() - back)).find(|day| *day <= today),
    };
    found.ok_or(NO_SUCH_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Result<String, &'static str> {
        // A Sunday.
        day(text, Date::constant(2026, 11, 22)).map(|day| day.to_string())
    }

    #[test]
    fn days_are_understood_as_people_write_them() {
        for (text, expected) in [
            ("2026-11-22", "2026-11-22"),
            ("2024-1-9", "2024-01-09"),
            (" Today ", "2026-11-22"),
            ("yesterday", "2026-11-21"),
            ("last Monday", "2026-11-16"),
            ("monday", "2026-11-16"),
            ("last sunday", "2026-11-15"),
            ("Sunday", "2026-11-22"),
            ("last thurs", "2026-11-19"),
            ("22 Nov", "2026-11-22"),
            ("23 Nov", "2025-11-23"),
            ("Nov 21", "2026-11-21"),
            ("1st september 2024", "2024-09-01"),
            ("21 January, 2024", "2024-01-21"),
            ("22/11", "2026-11-22"),
            ("1/12", "2025-12-01"),
            ("22/11/24", "2024-11-22"),
            ("22.11.2023", "2023-11-22"),
            ("29 feb", "2024-02-29"),
            ("3 days ago", "2026-11-19"),
            ("2 weeks ago", "2026-11-08"),
        ] {
            assert_eq!(on(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_said_to_be_none() {
        for text in ["30 feb", "31/4", "2025-02-29", "22/13", "2026-11-32"] {
            assert_eq!(on(text), Err(NO_SUCH_DAY), "{text}");
        }
        for text in
            ["", "soon", "mo", "nov nov", "22 smarch", "last week maybe", "-1 days ago", "7"]
        {
            assert_eq!(on(text), Err(NOT_UNDERSTOOD), "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_of_this_computer() {
        let day = Date::constant(2026, 11, 22);
        let start = start_ms(day).unwrap();
        assert_eq!(today(start), day);
        assert_eq!(today(start - 1), Date::constant(2026, 11, 21));
    }
}
