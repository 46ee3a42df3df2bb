//! The timeline of the open room.
//!
//! It scrolls by an anchor, not by a distance from the top: what is remembered is one part of the
//! timeline and where it stands on the screen, or that it sticks to the newest. Nothing that comes or
//! goes elsewhere moves what is being read, and a frame lays out what can be seen and half a screen on
//! either side, however much the room holds.
//!
//! How a frame goes: [`scroll`] moves the anchor by what the person did; [`parts`] says what stands
//! before and after a part; [`layout`] walks from the anchor with the heights that are known and draws;
//! where a height turns out to be another, it is kept and the pass is done again before it is shown.

mod bar;
mod keys;
mod layout;
mod part;
mod parts;
mod scroll;

use egui::{Id, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo};

use super::Cx;
use super::widgets::takes_focus;
use crate::Action;
use crate::look::space;
use crate::model::desk::Focus;
use crate::model::room::{self, Room};
use layout::Laid;
use scroll::{Report, Scroll};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(room) = cx.model.rooms.open() else { return };
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    let mut view = whole;
    view.max.x -= space::M;
    let builder = UiBuilder::new().scope_id(Id::unique(("timeline", room.id))).max_rect(view);
    let mut inner = ui.new_child(builder);
    inner.set_clip_rect(view.intersect(ui.clip_rect()));

    let id = Id::unique(("timeline scroll", room.id));
    let mut scroll = take(ui, id);
    scroll.fit(view, room);
    let response = focusable(&inner, cx, room, view);
    keys::ui(&inner, cx, room, &response, &mut scroll);
    scroll.wheel(&inner, view);
    scroll.honour(room, &inner);
    let laid = layout::ui(&mut inner, cx, room, view, &mut scroll);
    bar::ui(ui, cx, room, whole, &laid, &mut scroll);
    if laid.is_settled {
        scroll.follow_focus(&inner, view);
        report(cx, room, &laid, &mut scroll);
    }
    ui.data_mut(|data| data.insert_temp(id, scroll));
}

/// The timeline as one thing that has the keyboard: arrows walk it. It says what is chosen.
fn focusable(ui: &Ui, cx: &Cx<'_>, room: &Room, view: Rect) -> egui::Response {
    let id = Id::unique(("timeline keys", room.id));
    let response = ui.interact(view, id, Sense::click());
    let chosen = room.reading.chosen.and_then(|seq| Some((seq, room.log.item(seq)?)));
    let name = match chosen {
        Some((seq, item)) => {
            let text = item.shown().and_then(crate::model::log::Shown::text).unwrap_or_default();
            format!("timeline, chosen: {}: {text}", part::name(cx.model, seq, item))
        }
        None => "timeline: arrow keys choose an entry".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::List, true, &name));
    takes_focus(cx, Focus::Timeline, &response);
    response
}

/// Says which rows are on the screen, once for each change of what the model makes of it.
fn report(cx: &mut Cx<'_>, room: &Room, laid: &Laid, scroll: &mut Scroll) {
    let Some((first, last)) = laid.visible else { return };
    let report = Report {
        rows: (first, last),
        revision: room.log.revision,
        latest: room.log.latest,
        is_loading: !room.reading.loading.is_empty(),
        is_troubled: room.reading.trouble.is_some(),
        is_looked_at: cx.model.desk.is_looked_at,
        is_connected: cx.model.is_connected(),
    };
    if scroll.reported != Some(report) {
        scroll.reported = Some(report);
        cx.act(Action::Room(room::Action::Visible(first..=last)));
    }
}

/// Takes the state out, so that it is not copied each frame.
fn take(ui: &Ui, id: Id) -> Scroll {
    ui.data_mut(|data| data.remove_temp::<Scroll>(id)).unwrap_or_default()
}
