//! What can be done with an entry. The row lies over the end of its header.

use egui::{Button, Frame, Layout, Margin, Popup, Rect, Response, RichText, Ui, UiBuilder, Vec2};
use warproom_client::proto::Label;

use super::Row;
use crate::look::{ROUND, size, space};
use crate::model::room::{Act, May, may};
use crate::views::Cx;

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
    let Some(may) = may(cx.model, row.room, row.seq) else { return false };
    // Where the layout runs from the right, the last one comes first; the keyboard meets them so too.
    let more = small(ui, "More").accessible_name("More actions");
    let is_open = Popup::menu(&more).show(|ui| menu(ui, cx, may)).is_some();
    let mut has_focus = more.has_focus() || is_open;
    for (text, act) in
        [("Copy", Act::Copy), ("Quote", Act::Quote), ("React", Act::React), ("Reply", Act::Reply)]
    {
        let Some(action) = may.action(act) else { continue };
        let response = small(ui, text);
        has_focus |= response.has_focus();
        if response.clicked() {
            cx.act(action);
        }
    }
    has_focus
}

fn small(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(RichText::new(text).size(size::SMALL)))
}

fn menu(ui: &mut Ui, cx: &mut Cx<'_>, may: May) {
    let labels = Label::ALL.map(|to| (format!("Change label to {to}"), Act::Label(to)));
    let before = [
        ("Edit", Act::Edit),
        ("Update the alert…", Act::Update),
        ("Say that it holds no more…", Act::Cancel),
    ];
    let after = [
        ("Copy its indicators", Act::CopyIndicators),
        ("Save its files…", Act::Files),
        ("Take back…", Act::TakeBack),
        ("Propose to erase…", Act::Erase),
        ("Details", Act::Details),
    ];
    let named = |(text, act): (&str, Act)| (text.to_owned(), act);
    let all = before.map(named).into_iter().chain(labels).chain(after.map(named));
    for (text, act) in all {
        let Some(action) = may.action(act) else { continue };
        if ui.button(text).clicked() {
            cx.act(action);
            ui.close();
        }
    }
}
