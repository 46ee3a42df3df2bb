//! Draws the model and answers with actions.
//!
//! Each view is a function of the model. It keeps nothing but what the screen itself needs: what has
//! the keyboard, how far something is scrolled. Every control has a name for a screen reader, and
//! everything that can be clicked can be reached by keyboard.
//!
//! ```text
//! +--------------------------------------------------------------+
//! | banner: the connection, if it is not there                   |
//! +----------+-------------------------------------+-------------+
//! | rooms    | waiting asks, header                | beside:     |
//! |          | timeline                            | board,      |
//! |          |                                     | thread,     |
//! |          | composer                            | people      |
//! +----------+-------------------------------------+-------------+
//! ```

mod ask;
mod banner;
mod beside;
mod board;
mod composer;
mod confirm;
mod copying;
mod credentials;
mod date;
mod directory;
mod emoji;
mod entry;
mod export;
mod files;
mod links;
mod manage;
mod markdown;
mod notices;
mod outbox;
mod palette;
mod room;
mod rooms;
mod rows;
mod search;
mod settings;
mod shortcuts;
mod switcher;
mod timeline;
mod waiting;
mod welcome;
pub mod widgets;

#[cfg(test)]
pub(crate) mod tests;

use egui::accesskit::Role;
use egui::{CentralPanel, Frame, Id, Panel, Sense, Ui, UiBuilder};

pub use copying::Copying;

use crate::look::{self, Palette};
use crate::model::desk::{Focus, Overlay, Pane};
use crate::{Action, Model};

/// What a view draws from, and where its actions go.
pub struct Cx<'a> {
    /// The model.
    pub model: &'a Model,
    /// The colours.
    pub look: &'static Palette,
    /// What the person did.
    pub actions: &'a mut Vec<Action>,
}

impl Cx<'_> {
    /// The person did something.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}

/// Draws everything.
pub fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let look = look::apply(ui.ctx(), &model.settings);
    let mut cx = Cx { model, look, actions: &mut actions };
    for action in crate::commands::keys(ui.ctx(), model) {
        cx.act(action);
    }
    banner::ui(ui, &mut cx);
    if model.session.is_none() {
        welcome::ui(ui, &mut cx);
        if model.desk.overlays.contains(&Overlay::Shortcuts) {
            shortcuts::ui(ui, &mut cx);
        }
    } else {
        desk(ui, &mut cx);
    }
    confirm::ui(ui, &mut cx);
    notices::ui(ui, &mut cx);
    copying::all_drawn(ui);
    actions
}

fn desk(ui: &mut Ui, cx: &mut Cx<'_>) {
    let plain = |fill| Frame::new().fill(fill);
    Panel::left("rooms")
        .exact_size(look::ROOMS_WIDTH)
        .resizable(false)
        .frame(plain(cx.look.panel))
        .show(ui, |ui| rooms::ui(ui, cx));
    if beside::is_open(cx.model) {
        Panel::right("beside")
            .exact_size(look::beside_width(ui.ctx().content_rect().width()))
            .resizable(false)
            .frame(plain(cx.look.panel))
            .show(ui, |ui| beside::ui(ui, cx));
    }
    CentralPanel::default().frame(plain(cx.look.page)).show(ui, |ui| {
        let shown = cx.model.desk.pane;
        // An open room has them under its header.
        if shown != Pane::Room || cx.model.rooms.open().is_none() {
            waiting::above(ui, cx);
        }
        match shown {
            Pane::Room => room::ui(ui, cx),
            Pane::Manage => pane(ui, cx, "managing", manage::ui),
            Pane::Directory => pane(ui, cx, "the member directory", directory::ui),
            Pane::Settings => pane(ui, cx, "the settings", settings::ui),
            Pane::Outbox => pane(ui, cx, "the outbox", outbox::ui),
        }
    });
    for overlay in cx.model.desk.overlays.clone() {
        self::overlay(ui, cx, overlay);
    }
}

/// A pane that is not the room. Where nothing in it takes the keyboard first, it does so itself, so that
/// Tab goes on from there.
fn pane(ui: &mut Ui, cx: &mut Cx<'_>, name: &str, draw: fn(&mut Ui, &mut Cx<'_>)) {
    let builder = UiBuilder::new()
        .scope_id(Id::unique(("pane", name)))
        .sense(Sense::focusable_noninteractive())
        .accessibility_role(Role::Group)
        .accessibility_label(name);
    let response = ui.scope_builder(builder, |ui| draw(ui, cx)).response;
    widgets::say_where(ui, response.id, response.rect);
    widgets::takes_focus(cx, Focus::Field, &response);
}

fn overlay(ui: &mut Ui, cx: &mut Cx<'_>, overlay: Overlay) {
    match overlay {
        Overlay::Switcher => switcher::ui(ui, cx),
        Overlay::Palette => palette::ui(ui, cx),
        Overlay::Search => search::ui(ui, cx),
        Overlay::JumpToDate => date::ui(ui, cx),
        Overlay::NewAsk => ask::new_ask(ui, cx),
        Overlay::NewAlert => ask::new_alert(ui, cx),
        Overlay::Answer { room, of } => ask::answer(ui, cx, room, of),
        Overlay::Emoji { react_to } => emoji::ui(ui, cx, react_to),
        Overlay::AttachFile => files::attach(ui, cx),
        Overlay::SaveFiles { of } => files::save(ui, cx, of),
        Overlay::Row(act) => rows::ui(ui, cx, act),
        Overlay::Export => export::ui(ui, cx),
        Overlay::Credentials => credentials::ui(ui, cx),
        Overlay::Link => links::ui(ui, cx),
        Overlay::Shortcuts => shortcuts::ui(ui, cx),
    }
}
