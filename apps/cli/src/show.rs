//! What people read, as text with colours. Pure: nothing here prints, asks or connects. The stream
//! it is written to takes the colours away where they are not wanted (pipes, `NO_COLOR`).

mod act;
mod alert;
mod ask;
mod audit;
mod board;
mod concern;
mod entry;
mod file;
mod governing;
mod lists;
mod page;
mod qr;
mod recall;

use std::fmt::Write as _;

use anstyle::{Color, RgbColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use warproom_client::proto::calls::SignedCheckpoint;
use warproom_client::proto::{Label, RoomId};

use crate::directory::Directory;

pub(crate) use act::{Names, act};
pub(crate) use ask::{outstanding, reminder};
pub(crate) use audit::audit;
pub(crate) use board::board;
pub(crate) use concern::{cause, preferences, register_entry, subject};
pub(crate) use entry::{Item, Superseded, entry, role};
pub(crate) use file::size;
pub(crate) use governing::{proposal, proposed};
pub(crate) use lists::{bot, device, invitation, member, organisation, room, room_member};
pub(crate) use page::page;
pub(crate) use qr::qr;
pub(crate) use recall::reached;

/// Weaker text, for what stands beside the content.
pub(super) const FAINT: Style = Style::new().dimmed();
/// Stronger text, for names.
pub(super) const STRONG: Style = Style::new().bold();

/// What is shown is in this room, at this time, and these are the names of what it tells of.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) people: &'a Directory,
    pub(crate) zone: &'a TimeZone,
    /// Now, in milliseconds since 1970 UTC.
    pub(crate) now_ms: i64,
    pub(crate) room: RoomId,
}

/// What every line of an exercise begins with. A word and not a colour alone, so that it is there in
/// a pipe, in a copy and for every eye.
const EXERCISE: &str = "EXERCISE  ";

/// Everything there is to see of something, every line marked if it is an exercise.
pub(crate) fn marked(is_exercise: bool, text: &str) -> String {
    if !is_exercise {
        return text.to_owned();
    }
    let mark = styled(STRONG.invert(), EXERCISE.trim_end());
    let mark = mark + &EXERCISE[EXERCISE.trim_end().len()..];
    text.lines().map(|line| format!("{mark}{line}")).collect::<Vec<_>>().join("\n")
}

/// A line under a header that says something of its own about the entry. Two spaces in, where no line
/// of a text can stand, so that no text can look like it.
pub(super) fn caption(name: &str, text: &str) -> String {
    let space = if text.is_empty() { "" } else { " " };
    format!("\n  {}{space}{text}", styled(FAINT, &format!("{name}:")))
}

/// A label as FIRST wants it seen: spelled out, in its colour, on black also where the terminal is
/// light.
pub(crate) fn chip(label: Label) -> String {
    let [red, green, blue] = label.rgb();
    let style = Style::new()
        .fg_color(Some(Color::Rgb(RgbColor(red, green, blue))))
        .bg_color(Some(Color::Rgb(RgbColor(0, 0, 0))))
        .bold();
    styled(style, &format!(" {label} "))
}

/// A text in a style.
pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A room's name over what was found in it.
pub(crate) fn heading(room: &str) -> String {
    styled(STRONG, &format!("In {}:", safe(room)))
}

/// An entry behind the name of its room, which is safe already.
pub(crate) fn in_room(room: &str, entry: &str) -> String {
    format!("{}  {entry}", styled(STRONG, room))
}

/// A moment in local time.
pub(crate) fn when(at_ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(
        |_| "at an impossible time".to_owned(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// Somebody else's text on one line or several, with everything that could steer the terminal or
/// reorder what is seen written out as `\u{…}`. The protocol refuses most of it already; a terminal
/// must not depend on that.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push('\n'),
            '\t' => safe.push_str("    "),
            c if steers(c) => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// A checkpoint of the audit log, as the server signed it.
pub(crate) fn checkpoint(signed: &SignedCheckpoint) -> String {
    safe(signed.note.to_string().trim_end())
}

/// Whether a character could steer a terminal or reorder what is seen.
pub(crate) fn steers(c: char) -> bool {
    c.is_control() || reorders(c)
}

/// Invisible characters that change the order or the lines of what is seen (Unicode UAX #9). Joiners
/// stay: emoji and some scripts are written with them.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// A text under its header line. Every line is indented, so that no text can look like a header or a
/// caption.
pub(super) fn indented(text: &str) -> String {
    let mut lines = String::new();
    for line in safe(text).lines() {
        lines.push_str("\n    ");
        lines.push_str(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_is_spelled_out_in_its_colour_on_black() {
        assert_eq!(
            chip(Label::AmberStrict),
            "\u{1b}[1m\u{1b}[38;2;255;192;0m\u{1b}[48;2;0;0;0m TLP:AMBER+STRICT \u{1b}[0m"
        );
        let plain = anstream::adapter::strip_str(&chip(Label::Red)).to_string();
        assert_eq!(plain, " TLP:RED ");
    }

    #[test]
    fn nothing_in_a_text_steers_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mb\u{7}\r"), "a\\u{1b}[31mb\\u{7}\\u{d}");
        assert_eq!(safe("x\u{202e}y\u{9b}2J"), "x\\u{202e}y\\u{9b}2J");
        assert_eq!(safe("Cyngor Môn\t👩‍🚒\n2"), "Cyngor Môn    👩‍🚒\n2");
    }

    #[test]
    fn every_line_of_a_text_is_indented() {
        assert_eq!(
            indented("a\n2024-01-18 09:00  TLP:CLEAR"),
            "\n    a\n    2024-01-18 09:00  TLP:CLEAR"
        );
    }

    #[test]
    fn times_are_local() {
        let london = TimeZone::get("Europe/London").unwrap();
        assert_eq!(when(1_705_568_400_000, &london), "2024-01-18 09:00");
        assert_eq!(when(1_721_293_200_000, &london), "2024-07-18 10:00");
        assert_eq!(when(i64::MAX, &london), "at an impossible time");
    }
}
