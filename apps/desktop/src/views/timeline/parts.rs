//! What stands in a timeline, in order: rows, and what is said between them. Each part is found from
//! the one before or after it, so that nothing ever goes through a whole room.

use warproom_client::proto::Seq;

use crate::model::moment;
use crate::model::room::Room;

/// Withheld rows have no time: so many of them are passed over to find the day before.
const ROWS_WITHOUT_TIME: usize = 32;

/// A part of a timeline. All but the last belong to a row and stand before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// The room begins with this row.
    Beginning(Seq),
    /// Something before this row was not read.
    Gap(Seq),
    /// A day begins with this row.
    Day(Seq),
    /// What was unread when the room was opened begins with this row.
    Unread(Seq),
    /// The row.
    Row(Seq),
    /// What stands behind the last row: what was not read, and what waits to be sent.
    End,
}

/// The part before this one.
pub(super) fn before(room: &Room, part: Part) -> Option<Part> {
    let Some(row) = row_of(part) else { return room.log.last_row().map(Part::Row) };
    let leads = leads(room, row);
    let at = leads.iter().flatten().position(|one| *one == part);
    let at = at.unwrap_or_else(|| leads.iter().flatten().count());
    let lead = at.checked_sub(1).and_then(|at| leads.iter().flatten().nth(at).copied());
    lead.or_else(|| room.log.row_before(row).map(Part::Row))
}

/// The part after this one.
pub(super) fn after(room: &Room, part: Part) -> Option<Part> {
    let row = row_of(part)?;
    if part == Part::Row(row) {
        let Some(next) = room.log.row_after(row) else { return Some(Part::End) };
        return leads(room, next).into_iter().flatten().next().or(Some(Part::Row(next)));
    }
    let leads = leads(room, row);
    let mut behind = leads.iter().flatten().skip_while(|one| **one != part).skip(1);
    Some(behind.next().copied().unwrap_or(Part::Row(row)))
}

/// The first part behind everything that belongs to the rows before this one.
pub(super) const fn row_of(part: Part) -> Option<Seq> {
    match part {
        Part::Beginning(row)
        | Part::Gap(row)
        | Part::Day(row)
        | Part::Unread(row)
        | Part::Row(row) => Some(row),
        Part::End => None,
    }
}

/// What is said before a row, in order.
fn leads(room: &Room, row: Seq) -> [Option<Part>; 3] {
    let before = room.log.row_before(row);
    let is_joined = room.log.is_joined_to_before(row);
    let edge = match (is_joined, before) {
        (false, _) => Some(Part::Gap(row)),
        (true, None) => Some(Part::Beginning(row)),
        (true, Some(_)) => None,
    };
    let day = day(room, row).filter(|day| day_before(room, row).as_ref() != Some(day));
    let unread = room
        .reading
        .unread_after
        .filter(|after| row > *after && before.is_none_or(|before| before <= *after));
    [edge, day.map(|_| Part::Day(row)), unread.map(|_| Part::Unread(row))]
}

fn day(room: &Room, row: Seq) -> Option<String> {
    room.log.items.get(&row)?.at_ms().map(moment::day)
}

fn day_before(room: &Room, row: Seq) -> Option<String> {
    let mut rows = room.log.items.range(..row).rev().take(ROWS_WITHOUT_TIME);
    rows.find_map(|(_, item)| item.at_ms()).map(moment::day)
}
