//! Draws one part of a timeline.

use egui::{
    Color32, CornerRadius, Frame, Id, Layout, Margin, Rect, Sense, Stroke, StrokeKind, Ui,
    UiBuilder,
};
use warproom_client::proto::Seq;
use warproom_client::proto::calls::From;

use super::super::widgets::{button, quiet, say_where, strong, trouble};
use super::super::{Cx, entry, outbox};
use super::parts::Part;
use super::scroll::Scroll;
use crate::look::{READING_WIDTH, ROUND, space};
use crate::model::log::Item;
use crate::model::moment;
use crate::model::room::{self, Room};
use crate::{Action, Model};

/// The widest a part is, in points: a text at its widest, with the margins of a row and an entry. On a
/// large screen the eye would lose the line otherwise.
const COLUMN: f32 = READING_WIDTH + 2.0 * (space::M + space::S);

/// Draws a part at its place; answers how high it is. The height of the place is what it was before.
pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    room: &Room,
    part: Part,
    place: Rect,
    scroll: &Scroll,
) -> f32 {
    let mut room_for_it = place;
    room_for_it.max.x = room_for_it.max.x.min(place.min.x + COLUMN);
    room_for_it.max.y = f32::INFINITY;
    let mut builder = UiBuilder::new()
        .scope_id(Id::unique(("timeline", room.id, part)))
        .max_rect(room_for_it)
        .layout(Layout::top_down(egui::Align::Min));
    let row = match part {
        Part::Row(seq) => room.log.items.get(&seq).map(|item| (seq, item)),
        _ => None,
    };
    if let Some((seq, _)) = row {
        // What it says has a name of its own within.
        builder = builder
            .sense(Sense::CLICK)
            .accessibility_role(egui::accesskit::Role::ListItem)
            .accessibility_label(format!("number {seq}"));
    }
    let mut inner = ui.new_child(builder);
    match (part, row) {
        (_, Some((seq, item))) => self::row(&mut inner, cx, room, (seq, item), scroll),
        (Part::Beginning(_), _) => beginning(&mut inner, cx, room),
        (Part::Gap(seq), _) => gap(&mut inner, cx, room, From::Before(seq)),
        (Part::Day(seq), _) => day(&mut inner, cx, room, seq),
        (Part::Unread(seq), _) => unread(&mut inner, cx, room, seq),
        (Part::End, _) => end(&mut inner, cx, room),
        (Part::Row(_), None) => {}
    }
    let rect = inner.min_rect();
    if row.is_some() {
        say_where(&inner, inner.unique_id(), rect);
    }
    rect.height()
}

/// A row in a few words: who, under which label, when.
pub(super) fn name(model: &Model, seq: Seq, item: &Item) -> String {
    match item {
        Item::Withheld(None) => format!("entry {seq}, withheld from you"),
        Item::Erased => format!("entry {seq}, erased under retention"),
        Item::Withheld(Some(retracted)) => {
            let who = model.directory.name(retracted.by);
            format!("entry {seq}, taken back by {who}, {}", moment::time(retracted.at_ms))
        }
        Item::Unreadable { at_ms } => {
            format!("entry {seq}, of a newer kind, {}", moment::time(*at_ms))
        }
        Item::Shown(shown) => {
            let who = model.directory.name(shown.entry.handling.author);
            format!("{who}, {}, {}", shown.label, moment::time(shown.at_ms))
        }
    }
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, (seq, item): (Seq, &Item), scroll: &Scroll) {
    let is_chosen = room.reading.chosen == Some(seq);
    let flashes = scroll.flashes(ui, seq);
    // The line is always there, so that choosing a row does not move it.
    let line = match (is_chosen, flashes) {
        (true, _) => cx.look.accent,
        (false, true) => cx.look.warning,
        (false, false) => Color32::TRANSPARENT,
    };
    if ui.response().clicked() {
        cx.act(Action::Room(room::Action::ChooseEntry(Some(seq))));
    }
    let frame = Frame::new().inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        entry::ui(ui, cx, room, seq, item, false);
    });
    let (outline, round) = (Stroke::new(2.0, line), CornerRadius::same(ROUND));
    ui.painter().rect_stroke(frame.response.rect, round, outline, StrokeKind::Inside);
}

fn beginning(ui: &mut Ui, cx: &Cx<'_>, room: &Room) {
    middle(ui, |ui| {
        let text = format!("The beginning of {}", room.settings.name);
        quiet(ui, cx.look, &text);
    });
}

/// What stands where something was not read: that it is coming, or why it did not.
fn gap(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, from: From) {
    middle(ui, |ui| {
        if let Some(why) = &room.reading.trouble {
            trouble(ui, cx.look, &format!("Entries here were not read: {why}"));
            if button(ui, "Try again").clicked() {
                cx.act(Action::Room(room::Action::Retry));
            }
        } else if room.reading.loading.contains(&from) {
            quiet(ui, cx.look, "Reading entries…");
        } else {
            quiet(ui, cx.look, "Entries not read yet");
        }
    });
}

fn day(ui: &mut Ui, cx: &Cx<'_>, room: &Room, seq: Seq) {
    let Some(at_ms) = room.log.items.get(&seq).and_then(Item::at_ms) else { return };
    ruled(ui, cx.look.line, |ui| {
        quiet(ui, cx.look, &moment::day(at_ms));
    });
}

fn unread(ui: &mut Ui, cx: &Cx<'_>, room: &Room, seq: Seq) {
    let at_ms = room.log.items.get(&seq).and_then(Item::at_ms);
    let text = at_ms.map_or_else(
        || "Unread from here".to_owned(),
        |at_ms| format!("Unread since {}", moment::time(at_ms)),
    );
    ruled(ui, cx.look.accent, |ui| {
        strong(ui, &text);
    });
}

/// The end: what is missing towards the present, what is empty, what waits to be sent.
fn end(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room) {
    let log = &room.log;
    match log.last_row() {
        Some(last) if !log.is_joined_to_latest(last) => {
            let held = log.held_around(last).map_or(last, |(_, last)| last);
            gap(ui, cx, room, From::After(held));
        }
        Some(_) => {}
        None => nothing(ui, cx, room),
    }
    if cx.model.compose.outbox.iter().any(|waiting| waiting.outgoing.room() == room.id) {
        let around = Frame::new().inner_margin(Margin::symmetric(12, 4));
        around.show(ui, |ui| outbox::rows(ui, cx, room.id));
    }
    ui.add_space(space::S);
}

fn nothing(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room) {
    if room.reading.trouble.is_some() || !room.reading.loading.is_empty() {
        return gap(ui, cx, room, From::Latest);
    }
    middle(ui, |ui| {
        strong(ui, "Nothing has been written here yet.");
        quiet(ui, cx.look, "Write the first entry below. It carries the label you see there.");
    });
}

fn middle(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.vertical_centered(|ui| {
        ui.add_space(space::S);
        add(ui);
        ui.add_space(space::S);
    });
}

/// A line across, with a text in its middle.
fn ruled(ui: &mut Ui, line: Color32, add: impl FnOnce(&mut Ui)) {
    let text = ui.vertical_centered(|ui| {
        ui.add_space(space::XS);
        add(ui);
        ui.add_space(space::XS);
    });
    let rect = text.response.rect;
    let inner = ui.min_rect();
    let y = rect.center().y;
    let gap = space::XXL * 4.0;
    let stroke = Stroke::new(1.0, line);
    let left = inner.min.x + space::M..=(inner.center().x - gap).max(inner.min.x + space::M);
    let right = (inner.center().x + gap).min(inner.max.x - space::M)..=inner.max.x - space::M;
    ui.painter().hline(left, y, stroke);
    ui.painter().hline(right, y, stroke);
}
