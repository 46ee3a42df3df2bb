//! What can be done with an entry. The row lies over the end of its header.

use egui::{Button, Frame, Layout, Margin, Popup, Rect, Response, RichText, Ui, UiBuilder, Vec2};
use warproom_client::proto::{Kind, Label, Message};

use super::Row;
use crate::look::{ROUND, size, space};
use crate::model::desk::{self, Overlay};
use crate::model::room::Beside;
use crate::model::{ask, compose, room};
use crate::views::Cx;
use crate::{Action, Model};

/// Draws the row; answers whether it has the keyboard or its menu is open.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>, entry: Rect) -> bool {
    let place = Rect::from_min_size(entry.min, Vec2::new(entry.width(), space::XXL));
    let layout = Layout::right_to_left(egui::Align::Min);
    // Beside the layout: what appears must not move what is there.
    let mut over = ui.new_child(UiBuilder::new().id_salt("actions").max_rect(place).layout(layout));
    let ground =
        Frame::new().fill(cx.look.raised).corner_radius(ROUND).inner_margin(Margin::same(2));
    ground.show(&mut over, |ui| buttons(ui, cx, row)).inner
}

fn buttons(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) -> bool {
    ui.spacing_mut().item_spacing.x = space::XS;
    ui.spacing_mut().button_padding.x = space::XS;
    ui.spacing_mut().interact_size.y = space::XL;
    let seq = row.seq;
    // Where the layout runs from the right, the last one comes first; the keyboard meets them so too.
    let more = small(ui, "More").accessible_name("More actions");
    let is_open = Popup::menu(&more).show(|ui| menu(ui, cx, row)).is_some();
    let mut has_focus = more.has_focus() || is_open;
    let react_to = Some(seq);
    for (text, act) in [
        ("Copy", Action::Room(room::Action::CopyEntry(seq))),
        ("Quote", Action::Compose(compose::Action::Quote(seq))),
        ("React", Action::Desk(desk::Action::Toggle(Overlay::Emoji { react_to }))),
        ("Reply", Action::Compose(compose::Action::Reply(Some(thread_of(row))))),
    ] {
        let response = small(ui, text);
        has_focus |= response.has_focus();
        if response.clicked() {
            cx.act(act);
        }
    }
    has_focus
}

/// Threads are one level deep: an answer to an answer goes to the first entry.
fn thread_of(row: Row<'_>) -> u64 {
    match row.shown.entry.handling.kind {
        Kind::Post { reply_to: Some(first) } => first,
        _ => row.seq,
    }
}

fn small(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(RichText::new(text).size(size::SMALL)))
}

fn menu(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    let seq = row.seq;
    if may_edit(cx.model, row) {
        item(ui, cx, "Edit", || Action::Compose(compose::Action::Edit(seq)));
    }
    let may_revise = is_own(cx.model, row) || cx.model.is_manager();
    if may_revise && matches!(row.shown.entry.handling.kind, Kind::Alert(_)) {
        for (text, message) in [
            ("Update the alert…", Message::Update),
            ("Say that it holds no more…", Message::Cancel),
        ] {
            item(ui, cx, text, || Action::Ask(ask::Action::Revise(seq, message)));
        }
    }
    for label in labels(cx.model, row) {
        let text = format!("Change label to {label}");
        item(ui, cx, &text, || Action::Room(room::Action::Relabel(seq, label)));
    }
    if may_take_back(cx.model, row) {
        item(ui, cx, "Take back…", || Action::Room(room::Action::Retract(seq)));
    }
    item(ui, cx, "Details", || Action::Room(room::Action::Beside(Some(Beside::Details(seq)))));
}

fn item(ui: &mut Ui, cx: &mut Cx<'_>, text: &str, act: impl FnOnce() -> Action) {
    if ui.button(text).clicked() {
        cx.act(act());
        ui.close();
    }
}

fn is_own(model: &Model, row: Row<'_>) -> bool {
    let me = model.session.as_ref().map(|session| session.me.principal);
    me == Some(row.shown.entry.handling.author)
}

fn may_edit(model: &Model, row: Row<'_>) -> bool {
    is_own(model, row) && matches!(row.shown.entry.handling.kind, Kind::Post { .. })
}

/// The server takes back and relabels what people said, and nothing else.
const fn is_said(row: Row<'_>) -> bool {
    matches!(row.shown.entry.handling.kind, Kind::Post { .. } | Kind::Alert(_))
}

fn may_take_back(model: &Model, row: Row<'_>) -> bool {
    is_said(row) && (is_own(model, row) || model.is_manager())
}

/// The labels it may be given: any of the room's by its author, stricter ones by a manager.
fn labels(model: &Model, row: Row<'_>) -> Vec<Label> {
    let (now, ceiling) = (row.shown.label, row.room.settings.ceiling);
    let may =
        |label: Label| is_said(row) && (is_own(model, row) || (model.is_manager() && label > now));
    let other = |label: &Label| *label != now && *label <= ceiling && may(*label);
    Label::ALL.into_iter().filter(other).collect()
}
