//! What waits to be sent and what was refused: at the end of each room, and all together in a pane.

use egui::{Frame, Margin, ScrollArea, Ui};
use warproom_client::proto::{Label, RoomId};

use super::widgets;
use super::{Cx, copying};
use crate::Action;
use crate::look::{READING_WIDTH, space};
use crate::model::compose::{self, Sending, Waiting, gist};
use crate::model::markdown::visible;
use crate::model::moment;

/// As much of a text as is shown here; all of it is sent.
const TEXT_CHARS: usize = 600;

/// The pane: everything, by room.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let frame = Frame::new().inner_margin(Margin::same(24));
    frame.show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(READING_WIDTH));
            widgets::title(ui, "Outbox");
            let model = cx.model;
            if model.compose.outbox.is_empty() {
                ui.label("Nothing is waiting: the server has stored everything you have sent.");
                return;
            }
            if model.compose.outbox.iter().any(is_lost_at_the_end) {
                let warning = "What follows could not be written to this computer's disk. It is in this \
                               window only, and gone when the program ends: send it again, or copy it \
                               elsewhere.";
                widgets::trouble(ui, cx.look, warning);
                by_room(ui, cx, is_lost_at_the_end);
            }
            if !model.compose.outbox.iter().all(is_lost_at_the_end) {
                let hint = "What is here is on this computer only. It is sent by itself once there is a \
                            connection; what was refused waits for you.";
                ui.add_space(space::M);
                widgets::quiet(ui, cx.look, hint);
                by_room(ui, cx, |one| !is_lost_at_the_end(one));
            }
        });
    });
}

/// Whether it could not be kept on disk.
const fn is_lost_at_the_end(waiting: &Waiting) -> bool {
    !waiting.is_kept && matches!(waiting.state, Sending::Refused(_))
}

/// Those of these entries under the name of their room.
fn by_room(ui: &mut Ui, cx: &mut Cx<'_>, is_meant: impl Fn(&Waiting) -> bool) {
    let model = cx.model;
    let meant = || model.compose.outbox.iter().filter(|one| is_meant(one));
    let mut rooms: Vec<RoomId> = Vec::new();
    for waiting in meant() {
        if !rooms.contains(&waiting.outgoing.room()) {
            rooms.push(waiting.outgoing.room());
        }
    }
    for room in rooms {
        ui.add_space(space::M);
        let name = model.rooms.rooms.get(&room).map(|room| room.settings.name.as_str());
        widgets::heading(ui, name.unwrap_or("A room you are not in any more"));
        for waiting in meant().filter(|one| one.outgoing.room() == room) {
            row(ui, cx, waiting);
        }
    }
}

/// The entries of a room that are on their way, in the order they were written.
pub(super) fn rows(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId) {
    let model = cx.model;
    for waiting in model.compose.outbox.iter().filter(|one| one.outgoing.room() == room) {
        row(ui, cx, waiting);
    }
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, waiting: &Waiting) {
    let id = waiting.outgoing.id();
    ui.push_id(id, |ui| {
        widgets::card(ui, cx.look, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = space::XS;
            head(ui, cx, waiting);
            let state = in_words(cx, waiting);
            let is_refused = matches!(waiting.state, Sending::Refused(_));
            if is_refused {
                widgets::trouble(ui, cx.look, &state);
            }
            ui.horizontal_wrapped(|ui| {
                if !is_refused {
                    widgets::quiet(ui, cx.look, &state);
                }
                if is_refused && widgets::button(ui, "Send again").clicked() {
                    cx.act(Action::Compose(compose::Action::SendAgain(id)));
                }
                let is_coming_up = cx.model.files.up.contains_key(&id);
                let says = if is_coming_up { "Stop and discard" } else { "Discard" };
                let may = compose::may_discard(cx.model, waiting);
                if may && widgets::danger_button(ui, cx.look, says).clicked() {
                    cx.act(Action::Compose(compose::Action::Discard(id)));
                }
            });
        });
    });
}

fn head(ui: &mut Ui, cx: &Cx<'_>, waiting: &Waiting) {
    let gist = gist(cx.model, &waiting.outgoing);
    // Of what has no label here, nobody knows how strict it is.
    copying::drawn(ui, gist.label.unwrap_or(Label::Red));
    ui.horizontal_wrapped(|ui| {
        widgets::strong(ui, "You");
        if let Some(label) = gist.label {
            widgets::chip(ui, label);
        }
        if let Some(what) = gist.what {
            widgets::quiet(ui, cx.look, what);
        }
        widgets::quiet(ui, cx.look, &moment::short(waiting.at_ms));
        if gist.exercise {
            widgets::exercise_mark(ui, cx.look);
        }
    });
    if !gist.text.is_empty() {
        let mut text: String = gist.text.chars().take(TEXT_CHARS).collect();
        if text.len() < gist.text.len() {
            text.push('…');
        }
        ui.label(text);
    }
}

fn in_words(cx: &Cx<'_>, waiting: &Waiting) -> String {
    let is_kept = waiting.is_kept;
    match &waiting.state {
        Sending::Keeping => "being kept on this computer".to_owned(),
        Sending::Waiting if cx.model.is_connected() => {
            match cx.model.files.up.get(&waiting.outgoing.id()) {
                Some((name, moved)) => {
                    format!("bringing up {}: {}", visible(name), moved.in_words())
                }
                None => "being sent".to_owned(),
            }
        }
        Sending::Waiting => "waiting for the connection".to_owned(),
        Sending::Refused(refusal) if is_kept => format!("refused: {refusal}"),
        Sending::Refused(refusal) => format!("not kept on disk: {refusal}"),
    }
}
