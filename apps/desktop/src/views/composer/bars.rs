//! What the draft answers or edits, above the field.

use egui::Ui;
use warproom_client::proto::{Label, Line, RoomId, Seq};

use crate::Action;
use crate::model::compose::{self, Draft};
use crate::views::{Cx, copying, widgets};

/// As much of an entry as says which one it is.
const GIST_CHARS: usize = 80;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, draft: &Draft) {
    if cx.model.draft_is_exercise(room) {
        widgets::exercise_mark(ui, cx.look);
    }
    if let Some(of) = draft.edit_of {
        if bar(ui, cx, (room, of), "Editing your entry", "Stop editing") {
            cx.act(Action::Compose(compose::Action::Clear));
        }
    } else if let Some(to) = draft.reply_to
        && bar(ui, cx, (room, to), "Replying to", "Stop replying")
    {
        cx.act(Action::Compose(compose::Action::Reply(None)));
    }
}

/// Which entry it is, and a button to close the bar. Whether it was pressed.
fn bar(ui: &mut Ui, cx: &Cx<'_>, (room, seq): (RoomId, Seq), what: &str, close: &str) -> bool {
    let shown = cx.model.rooms.rooms.get(&room).and_then(|room| room.log.shown(seq));
    let (said, label) = match shown {
        Some(shown) => {
            let name = cx.model.directory.name(shown.entry.handling.author);
            let headline = shown.entry.content.headline.as_ref().map(Line::as_str);
            let text = headline.or_else(|| shown.text()).unwrap_or_default();
            (format!("{what}: {name}, “{}”", gist(text)), Some(shown.label))
        }
        None => (format!("{what}: entry {seq}, which is not read here yet"), draft_label(cx, room)),
    };
    let row = ui.horizontal_wrapped(|ui| {
        if let Some(label) = label {
            copying::drawn(ui, label);
            widgets::chip(ui, label);
        }
        widgets::quiet(ui, cx.look, &said);
        widgets::button(ui, close).clicked()
    });
    row.inner
}

fn draft_label(cx: &Cx<'_>, room: RoomId) -> Option<Label> {
    cx.model.compose.drafts.get(&room)?.carried
}

/// The beginning of a text, in one line.
fn gist(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut gist: String = line.chars().take(GIST_CHARS).collect();
    if gist.len() < text.trim().len() {
        gist.push('…');
    }
    gist
}
