//! What waits for an answer, and common causes, on cards at the top of every page and of a search. A card is one stop
//! for the keyboard: its numbers answer, Enter opens the form, arrows go to the next card.

mod cause;

use std::ops::Range;

use egui::{
    EventFilter, Frame, Id, Margin, Order, Panel, Response, RichText, Role, ScrollArea, Sense,
    Stroke, Ui, UiBuilder, WidgetInfo,
};

use warproom_client::proto::Severity;

use super::widgets::{
    button, chip, exercise_mark, heading, link_button, quiet, severity_mark, strong, takes_focus,
};
use super::{Cx, copying};
use crate::Action;
use crate::commands::here::{self, Card};
use crate::look::{ROUND, WORKING_WIDTH, space};
use crate::model::ask::{self, Due, WaitingAsk, due};
use crate::model::board;
use crate::model::desk::{self, Focus, Overlay, Pane};
use crate::model::rooms;

/// The most asks shown at once: what is read at a glance.
const MOST: usize = 3;

/// The most of the window's height that the cards take, so that there is always a timeline under them.
const SHARE: f32 = 0.45;

/// The cards at the top of a pane that is no room.
pub(super) fn above(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !is_drawn_here(ui, cx) {
        return;
    }
    if cx.model.waiting().is_empty() && cx.model.causes().next().is_none() {
        return forget_wish(ui, cx);
    }
    let frame = Frame::new().fill(cx.look.page).inner_margin(Margin::symmetric(12, 8));
    Panel::top("what waits above").resizable(false).frame(frame).show(ui, |ui| self::ui(ui, cx));
}

/// Whether this is where they stand: a search that lies over the page has them at its own top.
fn is_drawn_here(ui: &Ui, cx: &Cx<'_>) -> bool {
    let is_page = ui.layer_id().order == Order::Background;
    !(is_page && cx.model.desk.overlays.last() == Some(&Overlay::Search))
}

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !is_drawn_here(ui, cx) {
        return;
    }
    let waiting = cx.model.waiting();
    if waiting.is_empty() {
        forget_wish(ui, cx);
        if cx.model.causes().next().is_none() {
            return;
        }
    }
    let chosen = cx.model.ask.chosen;
    let at = waiting.iter().position(|card| Some(card.key()) == chosen).unwrap_or(0);
    let from = at / MOST * MOST;
    let to = (from + MOST).min(waiting.len());
    // Of the window: the header that holds the cards is only as high as what is in it.
    let height = ui.ctx().content_rect().height() * SHARE;
    Frame::new().inner_margin(Margin { top: 8, ..Margin::ZERO }).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(WORKING_WIDTH));
        let area = ScrollArea::vertical()
            .id_salt("what waits")
            .max_height(height)
            .min_scrolled_height(height);
        area.auto_shrink([false, true]).show(ui, |ui| {
            for (place, one) in (from..).zip(&waiting[from..to]) {
                card(ui, cx, one, place == at);
            }
            cause::ui(ui, cx, MOST.saturating_sub(to - from).max(1));
        });
        more(ui, cx, &waiting, from..to);
    });
}

/// Where it is kept which wish for the keyboard came while nothing waited.
fn vain() -> Id {
    Id::unique("wish for what waits, in vain")
}

/// A wish for the keyboard that finds nothing waiting is over: an ask that comes later must not take
/// the keyboard from somebody who is typing, because what they type next may be a number.
fn forget_wish(ui: &Ui, cx: &Cx<'_>) {
    ui.data_mut(|data| data.insert_temp(vain(), cx.model.desk.focus.1));
}

fn has_wish(ui: &Ui, cx: &Cx<'_>) -> bool {
    ui.data(|data| data.get_temp::<u64>(vain())).is_none_or(|vain| cx.model.desk.focus.1 > vain)
}

/// How many more there are than those that are shown, and the way to them.
fn more(ui: &mut Ui, cx: &mut Cx<'_>, waiting: &[WaitingAsk], shown: Range<usize>) {
    let hidden = waiting.len() - shown.len();
    let Some(next) = waiting.get(shown.end).or_else(|| waiting.first()) else { return };
    let text = format!("and {hidden} more that wait for an answer");
    if hidden > 0 && link_button(ui, cx.look, &text).clicked() {
        let (room, of) = next.key();
        cx.act(Action::Ask(ask::Action::Choose(room, of)));
    }
}

fn card(ui: &mut Ui, cx: &mut Cx<'_>, card: &WaitingAsk, is_chosen: bool) {
    let due = due(card.outstanding.due_at_ms, cx.model.now_ms);
    // The same ask keeps its id, and with it the keyboard, wherever its card moves.
    let id = Id::unique(("waiting", card.key()));
    let builder = UiBuilder::new().scope_id(id).sense(Sense::focusable_noninteractive());
    let response = ui
        .scope_builder(builder, |ui| {
            let has_focus = ui.memory(|memory| memory.has_focus(id));
            let is_pressing = due.is_overdue || card.severity == Some(Severity::Extreme);
            let line = match (has_focus, is_pressing) {
                (true, _) => Stroke::new(2.0, cx.look.accent),
                (false, true) => Stroke::new(2.0, cx.look.danger),
                (false, false) => Stroke::new(1.0, cx.look.line),
            };
            Frame::new()
                .fill(cx.look.panel)
                .stroke(line)
                .corner_radius(ROUND)
                .inner_margin(Margin::same(8))
                .show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.spacing_mut().item_spacing.y = space::XS;
                    ui.spacing_mut().interact_size.y = space::XL;
                    says(ui, cx, card, &due);
                    answers(ui, cx, card);
                });
        })
        .response;
    let name = spoken(cx, card, &due);
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, &name));
    if is_chosen && has_wish(ui, cx) {
        takes_focus(cx, Focus::Waiting, &response);
    }
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if response.has_focus() {
        keys(ui, cx, card, &response);
    }
}

fn says(ui: &mut Ui, cx: &mut Cx<'_>, card: &WaitingAsk, due: &Due) {
    let (room, of) = card.key();
    ui.horizontal_wrapped(|ui| {
        if card.outstanding.exercise {
            exercise_mark(ui, cx.look);
        }
        if let Some(severity) = card.severity {
            severity_mark(ui, cx.look, severity);
        }
        if let Some(label) = card.label {
            copying::drawn(ui, label);
            chip(ui, label);
        }
        match &card.title {
            Some(title) => heading(ui, title),
            None => quiet(ui, cx.look, "What is asked is being read …"),
        };
    });
    ui.horizontal_wrapped(|ui| {
        if due.is_overdue {
            strong_danger(ui, cx, &due.words);
        } else {
            quiet(ui, cx.look, &due.words);
        }
        if let Some(why) = &card.why {
            quiet(ui, cx.look, &format!("· why: {why}"));
        }
        let called = cx.model.rooms.rooms.get(&room).map(|room| room.settings.name.to_string());
        let called = called.unwrap_or_else(|| "its room".to_owned());
        if link_button(ui, cx.look, &format!("in {called}")).clicked() {
            cx.act(Action::Desk(desk::Action::Show(Pane::Room)));
            cx.act(Action::Rooms(rooms::Action::OpenAt(room, of)));
        }
    });
}

fn strong_danger(ui: &mut Ui, cx: &Cx<'_>, text: &str) {
    let family = crate::look::strong_family();
    ui.label(RichText::new(format!("⚠ {text}")).color(cx.look.danger).family(family));
}

fn answers(ui: &mut Ui, cx: &mut Cx<'_>, card: &WaitingAsk) {
    let (room, of) = card.key();
    ui.horizontal_wrapped(|ui| {
        if let Some(choice) = &card.on_its_way {
            strong(ui, &format!("{choice}: {}", sending(cx)));
        } else if card.is_ours {
            for (place, option) in card.options.iter().enumerate() {
                if button(ui, &format!("{} {option}", place + 1)).clicked() {
                    cx.act(Action::Ask(ask::Action::Answer(room, of, place)));
                }
            }
        } else {
            strong(ui, &not_answered(cx, card));
        }
        if card.is_ours
            && !card.options.is_empty()
            && link_button(ui, cx.look, "With a note…").clicked()
        {
            cx.act(Action::Ask(ask::Action::OpenAnswer(room, of)));
        }
        if link_button(ui, cx.look, "Board").clicked() {
            cx.act(Action::Desk(desk::Action::Show(Pane::Room)));
            cx.act(Action::Board(board::Action::Show(room, of)));
        }
    });
}

/// How far an answer on its way has come.
fn sending(cx: &Cx<'_>) -> &'static str {
    if cx.model.is_connected() { "sending …" } else { "will be sent once the connection is back" }
}

/// Which other organisations it waits for, for a manager.
fn not_answered(cx: &Cx<'_>, card: &WaitingAsk) -> String {
    let all = &card.outstanding.organisations;
    let names: Vec<_> =
        all.iter().take(MOST).map(|one| cx.model.directory.organisation(*one)).collect();
    match all.len() - names.len() {
        0 => format!("Not answered: {}", names.join(", ")),
        more => format!("Not answered: {} and {more} more", names.join(", ")),
    }
}

/// The card as a screen reader says it.
fn spoken(cx: &Cx<'_>, card: &WaitingAsk, due: &Due) -> String {
    let mut parts = Vec::new();
    if card.outstanding.exercise {
        parts.push("exercise, not real".to_owned());
    }
    parts.extend(card.severity.map(|severity| format!("severity {severity}")));
    parts.extend(card.label.map(|label| label.to_string()));
    parts.push(card.title.clone().unwrap_or_else(|| "an ask that is being read".to_owned()));
    parts.push(due.words.clone());
    parts.extend(card.why.as_ref().map(|why| format!("why: {why}")));
    if let Some(choice) = &card.on_its_way {
        parts.push(format!("{choice}: {}", sending(cx)));
    } else if card.is_ours {
        let keys =
            (1..).zip(&card.options).map(|(key, option): (usize, _)| format!("{key} {option}"));
        parts.push(format!("answer with {}", keys.collect::<Vec<_>>().join(", ")));
    } else {
        parts.push(not_answered(cx, card));
    }
    format!("waits for an answer: {}", parts.join("; "))
}

fn keys(ui: &Ui, cx: &mut Cx<'_>, card: &WaitingAsk, response: &Response) {
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let (room, of) = card.key();
    // A key that is held down answers once.
    let Some(key) = here::taken_once(ui, here::CARD).into_iter().next() else { return };
    let action = match key {
        Card::Step(direction) => ask::Action::Step(direction),
        _ if !card.is_ours => return,
        Card::Form => ask::Action::OpenAnswer(room, of),
        Card::Answer(place) => ask::Action::Answer(room, of, place),
    };
    cx.act(Action::Ask(action));
}
