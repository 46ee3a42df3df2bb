//! The text field. It grows with its text up to a few lines, and then scrolls.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{EventFilter, Id, Role, ScrollArea, TextEdit, TextStyle, Ui, WidgetInfo};
use warproom_client::proto::RoomId;

use crate::Action;
use crate::commands::here::{self, Offer};
use crate::look::space;
use crate::model::compose;
use crate::model::desk::Focus;
use crate::views::Cx;
use crate::views::widgets::takes_focus;

/// As high as it gets: more would leave no room to read what is being answered.
const ROWS: f32 = 8.0;

/// What a screen reader calls it.
const NAME: &str = "Your message";

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, written: &str) {
    let id = Id::unique(("composer", room));
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    // What a key does comes after what was typed before it in the same frame.
    let then = if has_focus { key(ui, cx, room, written) } else { None };
    place_cursor(ui, cx, id, written);
    let mut text = written.to_owned();
    let height = ROWS * ui.text_style_height(&TextStyle::Body) + 2.0 * space::S;
    let area = ScrollArea::vertical().id_salt(("composer scroll", room)).max_height(height);
    let output = area.show(ui, |ui| edit(cx, room, id, &mut text).show(ui)).inner;
    let response = &output.response.response;
    response.widget_info(|| WidgetInfo::labeled(Role::MultilineTextInput, true, NAME));
    takes_focus(cx, Focus::Composer, response);
    let cursor = output.cursor_range.map(|range| byte(&text, range.primary));
    let moved = has_focus && cursor.is_some_and(|at| at != cx.model.compose.cursor_in(room));
    if response.changed() || moved {
        let cursor = cursor.unwrap_or(text.len());
        cx.act(Action::Compose(compose::Action::Write(text, cursor)));
    }
    if let Some(action) = then {
        cx.act(Action::Compose(action));
    }
}

fn edit<'t>(cx: &Cx<'_>, room: RoomId, id: Id, text: &'t mut String) -> TextEdit<'t> {
    let offers = cx.model.compose.completing_in(room).is_some();
    let name = cx.model.rooms.rooms.get(&room).map(|room| room.settings.name.to_string());
    TextEdit::multiline(text)
        .id(id)
        .desired_rows(1)
        .desired_width(f32::INFINITY)
        .cursor_at_end(true)
        .hint_text(format!("Write to {}", name.unwrap_or_default()))
        .return_key(here::new_line(cx.model.settings.send_with))
        // While there are offers, Tab takes one and Escape closes them: neither leaves the field.
        .event_filter(EventFilter {
            tab: offers,
            escape: offers,
            horizontal_arrows: true,
            vertical_arrows: true,
        })
}

/// What a key that is not for the text does.
fn key(ui: &Ui, cx: &Cx<'_>, room: RoomId, written: &str) -> Option<compose::Action> {
    if cx.model.compose.completing_in(room).is_some()
        && let Some(key) = here::taken(ui, here::OFFERS).first()
    {
        return Some(match key {
            Offer::Step(direction) => compose::Action::Offer(*direction),
            Offer::Take => compose::Action::TakeOffer(None),
            Offer::Close => compose::Action::CloseOffers,
        });
    }
    if written.is_empty() && !here::taken(ui, here::LATEST).is_empty() {
        return Some(compose::Action::EditLatest);
    }
    let sends = !here::taken(ui, here::sends(cx.model.settings.send_with)).is_empty();
    sends.then_some(compose::Action::Send)
}

/// Puts the cursor where the model wishes it: each wish once.
fn place_cursor(ui: &Ui, cx: &Cx<'_>, id: Id, written: &str) {
    let (at, number) = cx.model.compose.cursor_wish;
    let key = Id::unique("composer cursor taken");
    let taken = ui.data(|data| data.get_temp::<u64>(key)).unwrap_or_default();
    if number == taken {
        return;
    }
    ui.data_mut(|data| data.insert_temp(key, number));
    let characters = written.get(..at).unwrap_or(written).chars().count();
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(characters))));
    state.store(ui.ctx(), id);
}

/// The byte of a text at which a cursor stands.
fn byte(text: &str, cursor: CCursor) -> usize {
    text.char_indices().nth(cursor.index.into()).map_or(text.len(), |(at, _)| at)
}
