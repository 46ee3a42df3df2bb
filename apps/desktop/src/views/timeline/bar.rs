//! Where in the room one is: a bar whose handle is the share of the log that is on the screen; and the
//! way back to the newest.

use egui::{CornerRadius, Id, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};
use warproom_client::proto::Seq;

use super::super::Cx;
use super::super::widgets::primary_button;
use super::layout::Laid;
use super::parts::Part;
use super::scroll::{Anchor, Scroll};
use crate::Action;
use crate::look::{TARGET, space};
use crate::model::room::{self, Room};

/// So many new entries are counted; beyond, it says that there are more.
const COUNTED: usize = 999;

pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    room: &Room,
    whole: Rect,
    laid: &Laid,
    scroll: &mut Scroll,
) {
    let mut track = whole;
    track.min.x = track.max.x - space::M;
    bar(ui, cx, room, track, laid, scroll);
    if scroll.anchor != Anchor::Bottom {
        to_latest(ui, cx, room, whole, scroll);
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the log is shown in points, and read from them, as near as may be"
)]
fn bar(ui: &Ui, cx: &mut Cx<'_>, room: &Room, track: Rect, laid: &Laid, scroll: &mut Scroll) {
    let Some((first, last)) = laid.visible else { return };
    let begins = room.log.begins.max(1);
    let all = (room.log.latest.saturating_sub(begins) + 1) as f32;
    let high = (track.height() * (last - first + 1) as f32 / all).clamp(TARGET, track.height());
    let way = track.height() - high;
    let share = match scroll.anchor {
        Anchor::Bottom => 1.0,
        Anchor::Part(..) => (first.saturating_sub(begins) as f32 / all).min(1.0),
    };
    let handle = Rect::from_min_size(
        track.min + Vec2::new(0.0, way * share),
        Vec2::new(track.width(), high),
    );
    let id = Id::unique(("timeline bar", room.id));
    // Not reached by Tab: the timeline itself scrolls by keys.
    let response = ui.interact(track, id, Sense::CLICK | Sense::DRAG);
    response
        .widget_info(|| WidgetInfo::labeled(Role::ScrollBar, true, "where in the room you are"));
    let fill = if response.hovered() || response.dragged() { cx.look.quiet } else { cx.look.line };
    ui.painter().rect_filled(handle.shrink(2.0), CornerRadius::same(2), fill);
    if way > 0.0
        && let Some(at) = response.interact_pointer_pos()
    {
        let share = ((at.y - track.min.y - high / 2.0) / way).clamp(0.0, 1.0);
        let seq = begins + (share * all) as Seq;
        go(cx, room, scroll, seq.min(room.log.latest), &response);
    }
}

/// Goes to a number while the handle is moved: where it is held at once, else when it is let go.
fn go(cx: &mut Cx<'_>, room: &Room, scroll: &mut Scroll, seq: Seq, response: &Response) {
    let is_done = response.drag_stopped() || response.clicked();
    if seq >= room.log.latest && room.log.holds_latest() {
        scroll.anchor = Anchor::Bottom;
    } else if let Some(row) = room.log.row_near(seq).filter(|_| room.log.is_held(seq)) {
        scroll.anchor = Anchor::Part(Part::Row(row), space::S);
    } else if is_done {
        cx.act(Action::Room(room::Action::ToEntry(seq)));
    }
}

/// The way back to the newest, with how many entries came since it was last on the screen.
fn to_latest(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, whole: Rect, scroll: &Scroll) {
    let new = room.log.items.range(scroll.seen + 1..).take(COUNTED + 1).count();
    let text = match new {
        0 => "To the newest ↓".to_owned(),
        new if new > COUNTED || scroll.seen == 0 => "New entries ↓".to_owned(),
        new => format!("{new} new ↓"),
    };
    let size = Vec2::new(TARGET * 5.0, TARGET);
    let corner = whole.max - Vec2::new(space::XL, space::S) - size;
    let place = Rect::from_min_size(corner, size);
    let button = ui.scope_builder(
        egui::UiBuilder::new()
            .scope_id(Id::unique(("timeline newest", room.id)))
            .max_rect(place)
            .layout(egui::Layout::right_to_left(egui::Align::Center)),
        |ui| primary_button(ui, cx.look, &text),
    );
    if button.inner.clicked() {
        cx.act(Action::Room(room::Action::ToLatest));
    }
}
