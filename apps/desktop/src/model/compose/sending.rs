//! From a draft to the outbox.

use warproom_client::proto::calls::{EditEntry, PostEntry};
use warproom_client::proto::{EntryId, Label, RoomId, Text, limits};

use super::{Action, Draft, draft, mention};
use crate::Effect;
use crate::effect::{Outgoing, PostWithFiles};
use crate::model::Model;
use crate::model::desk::{Confirm, Focus};
use crate::model::log::Item;
use crate::model::markdown::visible;
use crate::model::milder::{Meant, what_it_does};

/// Sends the draft of a room, or asks, or says why not.
pub(super) fn send(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    let (Some(draft), Some(label)) =
        (model.compose.drafts.get(&room).cloned(), model.draft_label(room))
    else {
        return;
    };
    match outgoing(model, room, &draft, label) {
        Err(trouble) => model.compose.trouble = Some(trouble),
        Ok(None) => {}
        Ok(Some(Outgoing::Post(_) | Outgoing::PostWithFiles(_)))
            if must_ask(model, room, &draft, label) =>
        {
            ask(model, room, &draft, label);
        }
        Ok(Some(outgoing)) => hand_over(model, room, outgoing, out),
    }
}

/// Sends it, this label being meant. If it has another one by now, that is asked about.
pub(super) fn send_meant(model: &mut Model, room: RoomId, meant: Meant, out: &mut Vec<Effect>) {
    if model.draft_label(room).map(|label| Meant { room, label }) == Some(meant) {
        model.compose.drafts.entry(room).or_default().meant_milder = Some(meant.label);
    }
    model.desk.give_focus(Focus::Composer);
    send(model, room, out);
}

fn hand_over(model: &mut Model, room: RoomId, outgoing: Outgoing, out: &mut Vec<Effect>) {
    let draft = model.compose.drafts.entry(room).or_default();
    if let Some(refused) = draft.took_over {
        model.compose.outbox.retain(|one| one.outgoing.id() != refused);
        out.push(Effect::Discard(refused));
    }
    // In the outbox first: the draft on disk goes only after that.
    model.send(outgoing, out);
    draft::clear(model, room, out);
    draft::flush(model, out);
}

/// The entry to be sent; none if there is nothing to send.
fn outgoing(
    model: &Model,
    room: RoomId,
    draft: &Draft,
    label: Label,
) -> Result<Option<Outgoing>, String> {
    let written = written(draft);
    let written = written.trim_end().trim_start_matches('\n');
    if written.trim().is_empty() {
        return Ok(None);
    }
    let text = parsed(written)?;
    let id = EntryId::random();
    if let Some(of) = draft.edit_of {
        let item = model.rooms.rooms.get(&room).and_then(|room| room.log.items.get(&of));
        if let Some(Item::Withheld(_) | Item::Erased) = item {
            return Err("the entry was taken back meanwhile; there is nothing to edit".to_owned());
        }
        return Ok(Some(Outgoing::Edit(EditEntry { room, id, of, text })));
    }
    let ceiling = model.rooms.rooms.get(&room).map(|room| room.settings.ceiling);
    if let Some(ceiling) = ceiling.filter(|ceiling| label > *ceiling) {
        return Err(format!(
            "this room holds nothing stricter than {ceiling}, and this would be {label}; choose another label or another room"
        ));
    }
    let mentions = mention::called(model, room, written).members;
    if mentions.len() > limits::MENTIONS {
        return Err(format!(
            "this calls {} people by name; one entry may call {}",
            mentions.len(),
            limits::MENTIONS
        ));
    }
    let exercise = model.draft_is_exercise(room);
    let reply_to = draft.reply_to;
    let subjects = Vec::new();
    let post = PostEntry {
        room,
        id,
        label,
        text,
        reply_to,
        mentions,
        subjects,
        ask: None,
        exercise,
        files: Vec::new(),
    };
    Ok(Some(if draft.files.is_empty() {
        Outgoing::Post(post)
    } else {
        Outgoing::PostWithFiles(PostWithFiles { post, files: draft.files.clone() })
    }))
}

/// What is written; where that is nothing, the names of the files.
fn written(draft: &Draft) -> String {
    if draft.text.trim().is_empty() && draft.edit_of.is_none() {
        let names: Vec<_> = draft.files.iter().map(|file| visible(&file.name)).collect();
        return names.join("\n");
    }
    draft.text.replace("\r\n", "\n")
}

fn parsed(written: &str) -> Result<Text, String> {
    if written.len() > limits::TEXT_BYTES {
        return Err(format!(
            "this is too long: {} bytes, and one entry has at most {}. Send it in parts",
            written.len(),
            limits::TEXT_BYTES
        ));
    }
    written.parse().map_err(|_| {
        "there is a sign in this text that cannot be shown (a control character); type it again or paste \
         it as plain text"
            .to_owned()
    })
}

fn must_ask(model: &Model, room: RoomId, draft: &Draft, label: Label) -> bool {
    let is_milder = model.expected_label(room, draft).is_some_and(|expected| label < expected);
    is_milder && draft.meant_milder != Some(label)
}

fn ask(model: &mut Model, room: RoomId, draft: &Draft, label: Label) {
    let Some(expected) = model.expected_label(room, draft) else { return };
    let because = if draft.quoted == Some(expected) {
        format!("It quotes something that is {expected}")
    } else {
        format!("What is written in this room is {expected} unless somebody says otherwise")
    };
    model.desk.confirm = Some(Confirm {
        title: format!("Send this as {label}?"),
        what_it_does: what_it_does(&because, label),
        verb: verb(label),
        is_dangerous: true,
        then: Box::new(crate::Action::Compose(Action::SendMilder(Meant { room, label }))),
    });
}

const fn verb(label: Label) -> &'static str {
    match label {
        Label::Clear => "Send as TLP:CLEAR",
        Label::Green => "Send as TLP:GREEN",
        Label::Amber => "Send as TLP:AMBER",
        Label::AmberStrict => "Send as TLP:AMBER+STRICT",
        Label::Red => "Send as TLP:RED",
    }
}
