//! What people do in a simulation: they write, answer, edit, take back, relabel, and bring each other in
//! and take each other out. Much of it is refused, as it should be.

use warproom_proto::calls::{
    AddToRoom, EditEntry, PostEntry, ReactToEntry, RelabelEntry, RemoveFromRoom, RetractEntry,
};
use warproom_proto::{Entry, EntryId, Kind, Label, Principal, RoomId, RoomRole, Seq};

use super::chance::Chance;
use super::member::{Append, Member};
use super::options::Options;
use super::world::Simulation;

/// Somebody does something in some room.
pub fn write_something(simulation: &mut Simulation) {
    let options = simulation.world.options.clone();
    let Simulation { members, rooms, chance, .. } = simulation;
    let (Some(room), Some(member)) = (chance.one(rooms).copied(), chance.one(members).cloned())
    else {
        return;
    };
    let id = EntryId::from_bytes(chance.id());
    if chance.percent(options.comings_and_goings) {
        // Whoever opened the rooms stays, so that somebody can bring the others in.
        let (lead, other) = (&members[0], chance.one(&members[1..]));
        let Some(other) = other else { return };
        lead.write(come_or_go(chance, (room, id), other));
        return;
    }
    if let Some(append) = something(&member, (room, id), chance, &options) {
        member.write(append);
    }
}

fn come_or_go(chance: &mut Chance, (room, id): (RoomId, EntryId), other: &Member) -> Append {
    if chance.percent(60) {
        Append::Add(AddToRoom { room, id, member: other.id, role: RoomRole::Participant })
    } else {
        Append::Remove(RemoveFromRoom { room, id, who: Principal::Member(other.id) })
    }
}

fn something(
    member: &Member,
    (room, id): (RoomId, EntryId),
    chance: &mut Chance,
    options: &Options,
) -> Option<Append> {
    let seen = posts_seen(member, room);
    let target = chance.one(&seen).copied();
    let label = *chance.one(&Label::ALL)?;
    let append = match target {
        Some((of, is_first, own)) if chance.percent(50) => {
            if own && chance.percent(options.retractions) {
                Append::Retract(RetractEntry { room, id, of })
            } else if chance.percent(options.relabels) {
                Append::Relabel(RelabelEntry { room, id, of, to: label })
            } else if own && chance.percent(30) {
                Append::Edit(EditEntry { room, id, of, text: text(chance, options)? })
            } else if chance.percent(40) {
                let (reaction, withdrawn) = ("👍".parse().ok()?, false);
                Append::React(ReactToEntry { room, id, of, reaction, withdrawn })
            } else {
                post((room, id), Label::Red, text(chance, options)?, is_first.then_some(of))
            }
        }
        _ => post((room, id), label, text(chance, options)?, None),
    };
    Some(append)
}

fn post(
    (room, id): (RoomId, EntryId),
    label: Label,
    text: warproom_proto::Text,
    reply_to: Option<Seq>,
) -> Append {
    Append::Post(PostEntry {
        room,
        id,
        label,
        text,
        reply_to,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: Vec::new(),
    })
}

/// Mostly a line, sometimes more than the store keeps in one piece.
fn text(chance: &mut Chance, options: &Options) -> Option<warproom_proto::Text> {
    let length = if chance.percent(options.long_posts) { 9_000 } else { 1 + chance.below(60) };
    "x".repeat(usize::try_from(length).ok()?).parse().ok()
}

/// The posts of a room that somebody was shown: number, whether it begins a thread, and whether it is
/// their own.
fn posts_seen(member: &Member, room: RoomId) -> Vec<(Seq, bool, bool)> {
    let profile = member.profile();
    let Some(kept) = profile.rooms.get(&room) else { return Vec::new() };
    let newest = kept.view.iter().rev().take(12);
    let posts = newest.filter_map(|(seq, seen)| {
        let entry: Entry = serde_json::from_str(seen.item.as_ref()?).ok()?;
        let Kind::Post { reply_to } = entry.handling.kind else { return None };
        let own = entry.handling.author == Principal::Member(member.id);
        Some((*seq, reply_to.is_none(), own))
    });
    posts.collect()
}
