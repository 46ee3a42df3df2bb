//! Completing what stands before the cursor: `@` and the beginning of somebody's name, handle or
//! organisation; `:` and that of an emoji's name.

use warproom_client::proto::register::Member;
use warproom_client::proto::{OrganisationId, RoomId};

use super::{Completing, draft, emoji, mention};
use crate::Effect;
use crate::model::Model;
use crate::model::desk::Focus;
use crate::model::rooms::Direction;

/// As many as are seen at a glance.
const OFFERS: usize = 8;

/// A colon is mostly just a colon: what follows it has to look like the beginning of a name.
const EMOJI_CHARS: usize = 2;

/// Looks what there is to complete at the cursor.
pub(super) fn look(model: &mut Model, room: RoomId, cursor: usize) {
    let text = model.compose.drafts.get(&room).map_or("", |draft| &draft.text);
    let found = begun(&text[..cursor]).map(|(from, sign, begun)| {
        let offers = if sign == '@' { people(model, room, begun) } else { emoji(begun) };
        (from, offers)
    });
    let Some((from, offers)) = found.filter(|(_, offers)| !offers.is_empty()) else {
        model.compose.completing = None;
        return;
    };
    // Going on with the same word keeps the choice where it still fits.
    let before = model.compose.completing_in(room).filter(|before| before.from == from);
    let chosen = before.map_or(0, |before| before.chosen.min(offers.len() - 1));
    model.compose.completing = Some(Completing { room, from, offers, chosen });
}

/// Chooses the offer before or after, around the ends.
pub(super) fn choose(model: &mut Model, direction: Direction) {
    let Some(completing) = &mut model.compose.completing else { return };
    let count = completing.offers.len();
    let step = match direction {
        Direction::Back => count - 1,
        Direction::On => 1,
    };
    completing.chosen = (completing.chosen + step) % count;
}

/// Puts an offer in the place of what was begun.
pub(super) fn take(model: &mut Model, room: RoomId, place: Option<usize>, out: &mut Vec<Effect>) {
    let Some(completing) = model.compose.completing_in(room).cloned() else { return };
    let Some((_, put_in)) = completing.offers.get(place.unwrap_or(completing.chosen)) else {
        return;
    };
    let cursor = model.compose.cursor_in(room);
    draft::replace(model, room, completing.from..cursor, put_in, out);
    model.desk.give_focus(Focus::Composer);
}

/// The sign that begins the word before the cursor, where it stands, and what follows it.
fn begun(before: &str) -> Option<(usize, char, &str)> {
    let from = before.rfind(['@', ':'])?;
    let sign = before[from..].chars().next()?;
    let word = &before[from + 1..];
    let begins =
        before[..from].chars().next_back().is_none_or(|c| c.is_whitespace() || "([>".contains(c));
    let goes_on = word.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    let is_long_enough = sign == '@' || word.chars().count() >= EMOJI_CHARS;
    (begins && goes_on && is_long_enough).then_some((from, sign, word))
}

/// The people of the room, or of the directory while the room's are not known.
fn people(model: &Model, room: RoomId, begun: &str) -> Vec<(String, String)> {
    let begun = begun.to_lowercase();
    let me = model.me();
    let mut found: Vec<(u8, String, &Member)> = mention::active(model)
        .filter(|member| Some(member.member) != me && mention::is_here(model, room, member.member))
        .filter_map(|member| {
            let organisation = organisation(model, room, member.organisation);
            Some((rank(member, &organisation, &begun)?, organisation, member))
        })
        .collect();
    found.sort_by_key(|(rank, _, member)| (*rank, member.name.folded()));
    found.truncate(OFFERS);
    let offer = |(_, organisation, member): (u8, String, &Member)| {
        let shown = format!("{} @{}, {organisation}", member.name, member.handle);
        (shown, format!("@{} ", member.handle))
    };
    found.into_iter().map(offer).collect()
}

/// How well somebody fits what was begun, best 0; none: not at all.
fn rank(member: &Member, organisation: &str, begun: &str) -> Option<u8> {
    let begins = |text: &str| text.split_whitespace().any(|word| word.starts_with(begun));
    if member.handle.as_str().starts_with(begun) {
        Some(0)
    } else if begins(&member.name.folded()) {
        Some(1)
    } else if begins(&organisation.to_lowercase()) {
        Some(2)
    } else {
        None
    }
}

/// What an organisation is called: a guest knows it from the people of the room alone.
fn organisation(model: &Model, room: RoomId, id: OrganisationId) -> String {
    let people = model.rooms.rooms.get(&room).and_then(|room| room.people.as_ref());
    let told = people.into_iter().flatten().find(|one| one.organisation == Some(id));
    let told = told.and_then(|one| one.organisation_name.as_ref());
    told.map_or_else(|| model.directory.organisation(id), ToString::to_string)
}

fn emoji(begun: &str) -> Vec<(String, String)> {
    let begun = begun.to_lowercase().replace(['_', '-'], " ");
    let found = emoji::matching(&begun).take(OFFERS);
    found.map(|(sign, name)| (format!("{sign} {name}"), (*sign).to_owned())).collect()
}
