//! Whom a text calls by name: every `@handle` of somebody in the room.

use std::collections::BTreeMap;

use warproom_client::proto::register::{Member, Standing};
use warproom_client::proto::{MemberId, Principal, RoomId};

use crate::model::Model;

/// Whom a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// Those it calls, each once, in order.
    pub members: Vec<MemberId>,
    /// The handles of those who are not in the room: they would not read it, so they are not called.
    pub elsewhere: Vec<String>,
}

/// Whom a text calls in a room.
pub(super) fn called(model: &Model, room: RoomId, text: &str) -> Called {
    let mut called = Called::default();
    if !text.contains('@') {
        return called;
    }
    let by_handle: BTreeMap<&str, &Member> =
        active(model).map(|member| (member.handle.as_str(), member)).collect();
    for handle in handles(text) {
        let Some(member) = by_handle.get(handle.as_str()) else { continue };
        if !is_here(model, room, member.member) {
            if !called.elsewhere.contains(&handle) {
                called.elsewhere.push(handle);
            }
        } else if !called.members.contains(&member.member) {
            called.members.push(member.member);
        }
    }
    called
}

/// The members who can be called anywhere.
pub(super) fn active(model: &Model) -> impl Iterator<Item = &Member> {
    model.directory.members.values().filter(|member| member.standing == Standing::Active)
}

/// Whether somebody is in a room, as far as is known: nobody is shut out before the room was asked.
pub(super) fn is_here(model: &Model, room: RoomId, member: MemberId) -> bool {
    let people = model.rooms.rooms.get(&room).and_then(|room| room.people.as_ref());
    people.is_none_or(|people| people.iter().any(|one| one.who == Principal::Member(member)))
}

/// What stands after each `@` that does not belong to a mail address.
fn handles(text: &str) -> impl Iterator<Item = String> {
    text.match_indices('@').filter_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || "._-+".contains(c)) {
            return None;
        }
        let rest = &text[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c));
        let handle = rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', '_', '-']);
        (!handle.is_empty()).then(|| handle.to_ascii_lowercase())
    })
}

impl Model {
    /// Whom the draft of a room calls, and whom it names in vain.
    pub fn draft_calls(&self, room: RoomId) -> Called {
        let text = self.compose.drafts.get(&room).map_or("", |draft| &draft.text);
        called(self, room, text)
    }
}
