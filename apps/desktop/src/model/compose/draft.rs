//! What is being written in a room, and keeping it on disk.

use std::mem;

use warproom_client::proto::calls::TypeInRoom;
use warproom_client::proto::{Line, RoomId, Seq};

use super::{Draft, completing, mention};
use crate::Effect;
use crate::model::Model;
use crate::model::desk::Focus;
use crate::model::log::Shown;
use crate::model::room::{Act, may};
use crate::request::Request;

/// Drafts are kept no more often than this: a disk has better things to do than follow each key.
const KEEP_EVERY_MS: i64 = 1_000;

/// Others are told no more often than this that somebody is typing.
const TYPING_EVERY_MS: i64 = 3_000;

/// The text, and where the cursor is in it.
pub(super) fn write(
    model: &mut Model,
    room: RoomId,
    text: String,
    cursor: usize,
    out: &mut Vec<Effect>,
) {
    let cursor = boundary(&text, cursor);
    model.compose.cursor = Some((room, cursor));
    let draft = model.compose.drafts.entry(room).or_default();
    if draft.text != text {
        draft.text = text;
        let still_quotes = draft.text.lines().any(|line| line.starts_with('>'));
        draft.quoted = draft.quoted.filter(|_| still_quotes);
        model.compose.trouble = None;
        let text = &model.compose.drafts[&room].text;
        let called = mention::called(model, room, text).members;
        model.compose.drafts.entry(room).or_default().mentions = called;
        changed(model, room, out);
        typing(model, room, out);
    }
    completing::look(model, room, cursor);
}

/// Puts a text in at the cursor, and the cursor after it.
pub(super) fn insert(model: &mut Model, room: RoomId, put_in: &str, out: &mut Vec<Effect>) {
    let at = model.compose.cursor_in(room);
    replace(model, room, at..at, put_in, out);
}

/// Puts an `@` in at the cursor, apart from the word before it, and offers whom it may call.
pub(super) fn mention(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    let at = model.compose.cursor_in(room);
    let before = model.compose.drafts.get(&room).map_or("", |one| &one.text[..at]);
    let is_apart = before.chars().next_back().is_none_or(char::is_whitespace);
    insert(model, room, if is_apart { "@" } else { " @" }, out);
    completing::look(model, room, model.compose.cursor_in(room));
    model.desk.give_focus(Focus::Composer);
}

/// Puts a text in the place of another, and the cursor after it.
pub(super) fn replace(
    model: &mut Model,
    room: RoomId,
    place: std::ops::Range<usize>,
    put_in: &str,
    out: &mut Vec<Effect>,
) {
    let mut text = model.compose.drafts.get(&room).map_or_else(String::new, |one| one.text.clone());
    let (from, to) = (boundary(&text, place.start), boundary(&text, place.end));
    text.replace_range(from..to.max(from), put_in);
    let cursor = from + put_in.len();
    write(model, room, text, cursor, out);
    model.compose.completing = None;
    put_cursor(model, cursor);
}

/// Answers an entry; none: no more.
pub(super) fn reply(model: &mut Model, room: RoomId, to: Option<Seq>, out: &mut Vec<Effect>) {
    let carried = match to {
        None => None,
        Some(to) => match said(model, room, to, Act::Reply) {
            Some(shown) => Some(shown.label),
            None => {
                return trouble(
                    model,
                    "only a post or an alert that you can read can be replied to",
                );
            }
        },
    };
    if to.is_some() && draft(model, room).edit_of.is_some() {
        clear(model, room, out);
    }
    let draft = draft(model, room);
    (draft.reply_to, draft.carried) = (to, carried);
    changed(model, room, out);
    model.desk.give_focus(Focus::Composer);
}

/// Edits one's own post: what was being written is put aside.
pub(super) fn edit(model: &mut Model, room: RoomId, of: Seq, out: &mut Vec<Effect>) {
    let Some(shown) = said(model, room, of, Act::Edit) else {
        return trouble(model, "only your own post can be edited");
    };
    let (text, label) = (shown.text().unwrap_or_default().to_owned(), shown.label);
    let exercise = shown.entry.handling.exercise;
    let before = mem::take(draft(model, room));
    if before.edit_of == Some(of) {
        *draft(model, room) = before;
        return model.desk.give_focus(Focus::Composer);
    }
    let aside = if before.edit_of.is_some() {
        before.aside
    } else {
        Some(before).filter(|before| *before != Draft::default()).map(Box::new)
    };
    let cursor = text.len();
    *draft(model, room) =
        Draft { edit_of: Some(of), carried: Some(label), exercise, aside, ..Draft::default() };
    write(model, room, text, cursor, out);
    model.compose.completing = None;
    put_cursor(model, cursor);
    model.desk.give_focus(Focus::Composer);
}

/// Edits one's latest post of the room, of those that are held.
pub(super) fn edit_latest(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    match latest_of_mine(model, room) {
        Some(of) => edit(model, room, of, out),
        None => trouble(model, "there is no post of yours here to edit"),
    }
}

/// One's latest post of a room that can be edited, of those that are held.
pub fn latest_of_mine(model: &Model, room: RoomId) -> Option<Seq> {
    let room = model.rooms.rooms.get(&room)?;
    let mine =
        |seq: &&Seq| may(model, room, **seq).is_some_and(|may| may.action(Act::Edit).is_some());
    room.log.items.keys().rev().find(mine).copied()
}

/// Quotes an entry after what is written: its label and its being an exercise come along.
pub(super) fn quote(model: &mut Model, room: RoomId, of: Seq, out: &mut Vec<Effect>) {
    let Some(shown) = said(model, room, of, Act::Quote) else {
        return trouble(model, "only a post or an alert that you can read can be quoted");
    };
    let (quoted, exercise) = (shown.label, shown.entry.handling.exercise);
    let headline = shown.entry.content.headline.as_ref().map(Line::as_str);
    let lines = headline.into_iter().chain(shown.text().unwrap_or_default().lines());
    let quote: String = lines.flat_map(|line| ["> ", line, "\n"]).collect();
    let before = model.draft_label(room).unwrap_or(quoted);
    let draft = draft(model, room);
    let gap = if draft.text.is_empty() || draft.text.ends_with("\n\n") {
        ""
    } else if draft.text.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let text = format!("{}{gap}{quote}\n", draft.text);
    draft.quoted = draft.quoted.max(Some(quoted));
    if draft.edit_of.is_none() {
        draft.exercise |= exercise;
        if quoted > before {
            draft.label = Some(quoted);
        }
    }
    let cursor = text.len();
    write(model, room, text, cursor, out);
    put_cursor(model, cursor);
    model.desk.give_focus(Focus::Composer);
}

/// Whether it belongs to an exercise. What answers an exercise always does.
pub(super) fn exercise(model: &mut Model, room: RoomId, exercise: bool, out: &mut Vec<Effect>) {
    if draft(model, room).edit_of.is_some() {
        return trouble(model, "an edit stays what its entry is: an exercise or not");
    }
    draft(model, room).exercise = exercise;
    changed(model, room, out);
    if !exercise && model.draft_is_exercise(room) {
        trouble(model, "what answers an exercise belongs to it");
    }
}

/// Lets the draft go; an edit gives back what was being written before it.
pub(super) fn clear(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    let before = mem::take(draft(model, room));
    *draft(model, room) = before.aside.map(|aside| *aside).unwrap_or_default();
    model.compose.trouble = None;
    model.compose.completing = None;
    let end = draft(model, room).text.len();
    model.compose.cursor = Some((room, end));
    put_cursor(model, end);
    changed(model, room, out);
    model.desk.give_focus(Focus::Composer);
}

/// A draft has changed: it is kept now, or soon.
pub(in crate::model) fn changed(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    let default = model.rooms.rooms.get(&room).map(|room| room.settings.default_label);
    if let Some(draft) = model.compose.drafts.get_mut(&room) {
        let is_written = !draft.text.trim().is_empty() || !draft.files.is_empty();
        draft.begun = draft.begun.max(default).filter(|_| is_written);
    }
    model.compose.unkept.insert(room);
    tick(model, out);
}

/// Keeps the drafts that have changed, if it is time.
pub(super) fn tick(model: &mut Model, out: &mut Vec<Effect>) {
    let is_due = |kept_at_ms: i64| (model.now_ms - kept_at_ms).abs() >= KEEP_EVERY_MS;
    if model.compose.has_unkept() && model.compose.kept_at_ms.is_none_or(is_due) {
        flush(model, out);
    }
}

/// Keeps the drafts that have changed.
pub(in crate::model) fn flush(model: &mut Model, out: &mut Vec<Effect>) {
    let compose = &mut model.compose;
    for room in mem::take(&mut compose.unkept) {
        let draft = compose.drafts.get(&room).cloned().unwrap_or_default();
        if draft == Draft::default() {
            compose.drafts.remove(&room);
        }
        out.push(Effect::KeepDraft { room, draft });
        compose.kept_at_ms = Some(model.now_ms);
    }
}

/// The nearest place at or before a byte where a text can be cut.
pub(super) fn boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn typing(model: &mut Model, room: RoomId, out: &mut Vec<Effect>) {
    let tells = model.rooms.rooms.get(&room).is_some_and(|one| one.settings.typing);
    let is_writing = !draft(model, room).text.is_empty();
    let was_told = model
        .compose
        .typed
        .is_some_and(|(at, at_ms)| at == room && (model.now_ms - at_ms).abs() < TYPING_EVERY_MS);
    if tells && is_writing && !was_told && model.is_connected() {
        model.compose.typed = Some((room, model.now_ms));
        out.push(Effect::Call(Request::from(TypeInRoom { room })));
    }
}

fn draft(model: &mut Model, room: RoomId) -> &mut Draft {
    model.compose.drafts.entry(room).or_default()
}

/// An entry that is held and can be read, if this may be done with it.
fn said(model: &Model, room: RoomId, seq: Seq, act: Act) -> Option<&Shown> {
    let room = model.rooms.rooms.get(&room)?;
    may(model, room, seq)?.action(act)?;
    room.log.shown(seq)
}

fn put_cursor(model: &mut Model, at: usize) {
    model.compose.cursor_wish = (at, model.compose.cursor_wish.1 + 1);
}

fn trouble(model: &mut Model, sentence: &str) {
    model.compose.trouble = Some(sentence.to_owned());
}
