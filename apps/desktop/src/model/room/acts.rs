//! What a person does to an entry or a room: reacting, taking back, relabelling, copying, leaving.
//! Whatever cannot be undone is asked about first, with what it does spelled out; what was asked about
//! names its room, so that it is done there even if another one was opened meanwhile.

use warproom_client::proto::calls::{
    From, ReactToEntry, RelabelEntry, RemoveFromRoom, RetractEntry,
};
use warproom_client::proto::{EntryId, Label, Line, RoomId, Seq, Text};

use super::{Act, Action, May, Room, Seek, may, recall};
use crate::Effect;
use crate::effect::Outgoing;
use crate::model::desk::Confirm;
use crate::model::log::{Log, Shown};
use crate::model::{Model, label, markdown, moment};

pub(super) fn react(model: &mut Model, of: Seq, emoji: &str, out: &mut Vec<Effect>) {
    let me = model.session.as_ref().map(|session| session.me.principal);
    let Some((room, shown, may)) = shown(model, of) else { return };
    let Ok(reaction) = emoji.parse::<Text>() else { return };
    if may.action(Act::React).is_none() {
        return;
    }
    let given = shown.reactions.get(emoji);
    let withdrawn = given.is_some_and(|people| people.iter().any(|one| Some(*one) == me));
    let room = room.id;
    let call = ReactToEntry { room, id: EntryId::random(), of, reaction, withdrawn };
    model.send(Outgoing::React(call), out);
}

pub(super) fn ask_retract(model: &mut Model, of: Seq) {
    let Some((room, shown, may)) = shown(model, of) else { return };
    if may.action(Act::TakeBack).is_none() {
        return;
    }
    let (id, label) = (room.id, shown.label);
    let whose = if may.is_mine() {
        "your entry".to_owned()
    } else {
        format!("the entry of {}", model.directory.name(shown.entry.handling.author))
    };
    model.desk.confirm = Some(Confirm {
        title: format!("Take {whose} back?"),
        what_it_does: format!(
            "Its text, and every earlier version of it, is served to nobody any more. Everyone in \
             the room sees that there was an entry and that it was taken back. Who has read it \
             already may still know what it said, and may keep it as {label} allows. This cannot be \
             undone."
        ),
        verb: "Take back",
        is_dangerous: true,
        then: Box::new(crate::Action::Room(Action::RetractNow(id, of))),
    });
}

pub(super) fn retract(model: &mut Model, room: RoomId, of: Seq, out: &mut Vec<Effect>) {
    let call = RetractEntry { room, id: EntryId::random(), of };
    recall::begin(model, room, call.id, of);
    model.send(Outgoing::Retract(call), out);
}

pub(super) fn ask_relabel(model: &mut Model, of: Seq, to: Label, out: &mut Vec<Effect>) {
    let Some((room, shown, may)) = shown(model, of) else { return };
    let (id, now) = (room.id, shown.label);
    if to == now {
        return;
    }
    if let Err(why) = may.label(to) {
        return model.tell_trouble(&why);
    }
    if to > now {
        return relabel(model, id, of, to, out);
    }
    model.desk.confirm = Some(Confirm {
        title: format!("Open your entry from {now} to {to}?"),
        what_it_does: format!(
            "So far it is {}. From now on it {}, and so is everything that was written as part of \
             it: its edits. Who gets it then cannot be made to give it back.",
            label::meaning(now),
            label::meaning(to),
        ),
        verb: "Open it",
        is_dangerous: true,
        then: Box::new(crate::Action::Room(Action::RelabelNow(id, of, to))),
    });
}

pub(super) fn relabel(model: &mut Model, room: RoomId, of: Seq, to: Label, out: &mut Vec<Effect>) {
    let call = RelabelEntry { room, id: EntryId::random(), of, to };
    model.send(Outgoing::Relabel(call), out);
}

pub(super) fn copy(model: &mut Model, seq: Seq, out: &mut Vec<Effect>) {
    let Some((_, shown, _)) = shown(model, seq) else { return };
    let author = shown.entry.handling.author;
    let mut from = vec![model.directory.name(author)];
    from.extend(model.directory.organisation_of(author));
    from.push(moment::short(shown.at_ms));
    let content = &shown.entry.content;
    let mut lines = vec![from.join(", ")];
    if shown.entry.handling.exercise {
        lines.push("EXERCISE EXERCISE EXERCISE".to_owned());
    }
    lines.extend(content.headline.as_ref().map(ToString::to_string));
    lines.extend(shown.text().map(ToOwned::to_owned));
    lines.extend(content.what_to_do.as_ref().map(|text| format!("What to do: {text}")));
    lines.extend(content.references.iter().map(Line::to_string));
    out.push(Effect::Copy(label::copied(shown.label, &lines.join("\n"))));
    model.tell("Copied, with its label.");
}

pub(super) fn copy_indicators(model: &mut Model, seq: Seq, out: &mut Vec<Effect>) {
    let Some((_, shown, _)) = shown(model, seq) else { return };
    let texts: Vec<_> = shown.texts().collect();
    let mut lines = markdown::indicators(&texts.join("\n\n"));
    let count = lines.len();
    if count == 0 {
        return model.tell("There is no indicator in it.");
    }
    if shown.entry.handling.exercise {
        lines.insert(0, "EXERCISE EXERCISE EXERCISE".to_owned());
    }
    out.push(Effect::Copy(label::copied(shown.label, &lines.join("\n"))));
    model.tell(match count {
        1 => "1 indicator copied, with its label.".to_owned(),
        more => format!("{more} indicators copied, with their label."),
    });
}

pub(super) fn ask_leave(model: &mut Model) {
    let Some(room) = model.rooms.open() else { return };
    let confirm = Confirm {
        title: format!("Leave {}?", room.settings.name),
        what_it_does:
            "You read nothing more of it, neither what is written from now on nor what is \
                       there already, and everyone in it sees that you left. Only its lead or a \
                       manager can bring you back."
                .to_owned(),
        verb: "Leave",
        is_dangerous: true,
        then: Box::new(crate::Action::Room(Action::LeaveNow(room.id))),
    };
    model.desk.confirm = Some(confirm);
}

pub(super) fn leave(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    let Some(who) = model.session.as_ref().map(|session| session.me.principal) else { return };
    let call = RemoveFromRoom { room, id: EntryId::random(), who };
    model.send(Outgoing::RemoveFromRoom(call), out);
}

pub(super) fn ask_trust(model: &mut Model) {
    let Some(room) = model.rooms.open() else { return };
    let confirm = Confirm {
        title: "Believe this room's history as it is now?".to_owned(),
        what_it_does: "What this computer remembers of the room and what the server shows do not fit \
                       together: entries were changed, or the server was put back from an older \
                       copy. Ask your WARP's manager first, by another way than this one. If you go \
                       on, this computer forgets what it remembers and takes the server's history \
                       for the true one."
            .to_owned(),
        verb: "Believe it",
        is_dangerous: true,
        then: Box::new(crate::Action::Room(Action::TrustHistoryNow(room.id))),
    };
    model.desk.confirm = Some(confirm);
}

pub(super) fn trust(model: &mut Model, id: RoomId, out: &mut Vec<Effect>) {
    let is_open = model.rooms.open == Some(id);
    let Some(room) = model.rooms.rooms.get_mut(&id) else { return };
    room.rewritten = None;
    room.log = Log::default();
    room.quiet.clear();
    out.push(Effect::TrustHistory { room: id });
    if is_open {
        room.reading.seeking = Some(Seek::Latest);
        room.reading.loading = vec![From::Latest];
        out.push(Effect::Page { room: id, from: From::Latest });
    }
}

fn shown(model: &Model, seq: Seq) -> Option<(&Room, &Shown, May)> {
    let room = model.rooms.open()?;
    Some((room, room.log.shown(seq)?, may(model, room, seq)?))
}
