//! The list of rooms, with whose WARP this is at the top and the way to everything else at the bottom.

mod list;

use egui::{Button, Frame, Margin, Panel, Response, Role, Ui, Vec2, WidgetInfo};

use super::widgets::{quiet, strong};
use super::{Cx, banner};
use crate::look::{TARGET, space};
use crate::model::compose::Sending;
use crate::model::desk::{self, Overlay, Pane};
use crate::{Action, Model};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let plain = Frame::new().fill(cx.look.panel).inner_margin(Margin::same(8));
    let head = plain.inner_margin(Margin::symmetric(12, 8));
    Panel::top("whose WARP").resizable(false).frame(head).show(ui, |ui| whose(ui, cx));
    Panel::bottom("everything else").resizable(false).frame(plain).show(ui, |ui| ways(ui, cx));
    list::ui(ui, cx);
}

fn whose(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(session) = &cx.model.session else { return };
    ui.spacing_mut().item_spacing.y = space::XS;
    strong(ui, session.warp.as_str());
    let organisation = cx.model.directory.organisation_of(session.me.principal);
    let mut who = vec![session.me.name.to_string()];
    who.extend(organisation);
    quiet(ui, cx.look, &who.join(", "));
    banner::standing(ui, cx);
}

fn ways(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.spacing_mut().item_spacing.y = space::XS;
    let pane = cx.model.desk.pane;
    ui.spacing_mut().button_padding.x = space::XS;
    let whole = ui.available_width();
    if way(ui, "Go to room…", false, whole).on_hover_text("Ctrl+K").clicked() {
        cx.act(Action::Desk(desk::Action::Toggle(Overlay::Switcher)));
    }
    // An outbox that has something to say says it on a row of its own.
    let is_empty = cx.model.compose.outbox.is_empty();
    let half = (whole - space::XS) / 2.0;
    let outbox = (Pane::Outbox, outbox_name(cx.model), if is_empty { half } else { whole });
    let half = |pane, name: &str| (pane, name.to_owned(), half);
    let (directory, manage) = (half(Pane::Directory, "Directory"), half(Pane::Manage, "Manage"));
    let settings = half(Pane::Settings, "Settings");
    let rows = if is_empty {
        vec![vec![directory, manage], vec![settings, outbox]]
    } else {
        vec![vec![outbox], vec![directory, manage], vec![settings]]
    };
    for row in rows {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            for (one, name, width) in row {
                if way(ui, &name, pane == one, width).clicked() {
                    // The same button leads back to the room.
                    let next = if pane == one { Pane::Room } else { one };
                    cx.act(Action::Desk(desk::Action::Show(next)));
                }
            }
        });
    }
}

/// A way to something else: its word begins where the ones above and below it do.
fn way(ui: &mut Ui, name: &str, is_open: bool, width: f32) -> Response {
    let button = Button::selectable(is_open, name).right_text("");
    let response = ui.add(button.min_size(Vec2::new(width, TARGET)));
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open, name));
    response
}

/// The outbox with how much is in it, and how much of that was refused.
fn outbox_name(model: &Model) -> String {
    let outbox = &model.compose.outbox;
    let is_refused = |state: &Sending| matches!(state, Sending::Refused(_));
    let failed = outbox.iter().filter(|waiting| is_refused(&waiting.state)).count();
    match (outbox.len() - failed, failed) {
        (0, 0) => "Outbox".to_owned(),
        (waiting, 0) => format!("Outbox: {waiting} waiting"),
        (0, failed) => format!("Outbox: {failed} failed"),
        (waiting, failed) => format!("Outbox: {waiting} waiting, {failed} failed"),
    }
}
