//! The emoji picker: for a reaction, or for the draft. Typing narrows it down, arrows and Enter choose.

use egui::{Button, Id, RichText, ScrollArea, Ui, Vec2};
use warproom_client::proto::Seq;

use super::Cx;
use super::widgets::{field, overlay, quiet, takes_focus, title};
use crate::Action;
use crate::commands::here;
use crate::look::{BESIDE_WIDTH, TARGET, size, space};
use crate::model::desk::{self, Focus, Overlay};
use crate::model::find::Wanted;
use crate::model::{compose, room};

/// What is kept of the picker from frame to frame: what was typed.
#[derive(Clone, Default)]
struct Typed {
    text: String,
    /// When it was last drawn: an older one belongs to a picker that was closed.
    pass: u64,
}

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, react_to: Option<Seq>) {
    let name = if react_to.is_some() { "React" } else { "Emoji" };
    overlay(ui, cx.look, name, BESIDE_WIDTH, |ui| {
        title(ui, name);
        let typed = typed(ui);
        let (search, changed) = field(ui, "Search emoji", &typed);
        takes_focus(cx, Focus::Field, &search);
        let typed = changed.unwrap_or(typed);
        keep(ui, &typed);
        let all = compose::emoji::ALL.iter().collect();
        let found = Wanted::new(&typed).best_first(all, |(_, name)| (name, ""));
        let enter = search.lost_focus() && here::seen(ui, here::FIELD).is_some();
        let down = search.has_focus() && here::seen(ui, here::EMOJI).is_some();
        if found.is_empty() {
            quiet(ui, cx.look, "No emoji of that name.");
        }
        let chosen =
            grid(ui, &found, down).or_else(|| found.first().filter(|_| enter).map(|one| one.0));
        if let Some(emoji) = chosen {
            choose(cx, react_to, emoji);
        }
    });
}

/// The emoji in rows; answers the one that was chosen.
fn grid(ui: &mut Ui, found: &[&(&'static str, &str)], focus_first: bool) -> Option<&'static str> {
    let mut chosen = None;
    ScrollArea::vertical().show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
            for (place, (emoji, name)) in found.iter().enumerate() {
                let sign = RichText::new(*emoji).size(size::HEADING);
                let response = ui
                    .add(Button::new(sign).min_size(Vec2::splat(TARGET)))
                    .accessible_name(format!("{emoji} {name}"));
                if place == 0 && focus_first {
                    response.request_focus();
                }
                if response.on_hover_text(*name).clicked() {
                    chosen = Some(*emoji);
                }
            }
        });
    });
    chosen
}

fn choose(cx: &mut Cx<'_>, react_to: Option<Seq>, emoji: &str) {
    cx.act(match react_to {
        Some(seq) => Action::Room(room::Action::React(seq, emoji.to_owned())),
        None => Action::Compose(compose::Action::Insert(emoji.to_owned())),
    });
    cx.act(Action::Desk(desk::Action::Toggle(Overlay::Emoji { react_to })));
    cx.act(Action::Desk(desk::Action::Focus(Focus::Composer)));
}

fn key() -> Id {
    Id::unique("emoji typed")
}

fn typed(ui: &Ui) -> String {
    let typed = ui.ctx().data(|data| data.get_temp::<Typed>(key())).unwrap_or_default();
    let is_new = typed.pass + 1 < ui.ctx().cumulative_pass_nr();
    if is_new { String::new() } else { typed.text }
}

fn keep(ui: &Ui, text: &str) {
    let typed = Typed { text: text.to_owned(), pass: ui.ctx().cumulative_pass_nr() };
    ui.ctx().data_mut(|data| data.insert_temp(key(), typed));
}
