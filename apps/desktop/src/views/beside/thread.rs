//! A thread: its first entry, and what answers it.

use egui::{ScrollArea, Ui};
use warproom_client::proto::Seq;

use crate::Action;
use crate::look::space;
use crate::model::compose;
use crate::model::log::Item;
use crate::model::room::Room;
use crate::views::widgets::{primary_button, quiet};
use crate::views::{Cx, entry};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, first: Seq) {
    let height = ui.available_height() - space::XXL - space::L;
    ScrollArea::vertical()
        .id_salt(("thread", first))
        .auto_shrink([false, true])
        .max_height(height)
        .show(ui, |ui| entries(ui, cx, room, first));
    ui.add_space(space::S);
    if primary_button(ui, cx.look, "Reply").accessible_name("Reply in this thread").clicked() {
        cx.act(Action::Compose(compose::Action::Reply(Some(first))));
    }
}

fn entries(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, first: Seq) {
    let Some(item) = room.log.item(first) else {
        quiet(ui, cx.look, &format!("Number {first} has not been read yet."));
        return;
    };
    entry::ui(ui, cx, room, first, item, true);
    ui.separator();
    let replies = match item {
        Item::Shown(shown) => shown.replies.as_slice(),
        _ => &[],
    };
    if replies.is_empty() {
        quiet(ui, cx.look, "No replies yet.");
    }
    for seq in replies {
        if let Some(item) = room.log.item(*seq) {
            entry::ui(ui, cx, room, *seq, item, true);
        }
    }
}
