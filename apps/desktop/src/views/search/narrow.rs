//! What narrows a search: the room, the label, the person, the days.

use egui::Ui;
use warproom_client::proto::Label;

use super::is_entered;
use crate::Action as Any;
use crate::model::find::{Action, Query, people, places};
use crate::views::Cx;
use crate::views::widgets::{button, choice, field};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    room(ui, cx);
    label(ui, cx);
    ui.columns_const(|[place, who, since, until]| {
        another_room(place, cx);
        person(who, cx);
        days(since, until, cx);
    });
}

fn change(cx: &mut Cx<'_>, change: impl FnOnce(&mut Query)) {
    let mut query = cx.model.find.search.query.clone();
    change(&mut query);
    cx.act(Any::Find(Action::Query(query)));
}

fn room(ui: &mut Ui, cx: &mut Cx<'_>) {
    let chosen = cx.model.find.search.query.room;
    ui.horizontal_wrapped(|ui| {
        if let Some(open) = cx.model.rooms.open() {
            let this = format!("This room: {}", open.settings.name);
            if choice(ui, &this, chosen == Some(open.id)).clicked() {
                change(cx, |query| query.room = Some(open.id));
            }
        }
        if choice(ui, "All my rooms", chosen.is_none()).clicked() {
            change(cx, |query| query.room = None);
        }
        let other = chosen.filter(|room| Some(*room) != cx.model.rooms.open);
        let other = other.and_then(|room| cx.model.rooms.rooms.get(&room));
        if let Some(other) = other {
            let _ = choice(ui, &format!("In {}", other.settings.name), true);
        }
    });
}

/// Any room, by its name.
fn another_room(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let (response, words) = field(ui, "In another room", &model.find.search.place);
    if let Some(words) = words {
        cx.act(Any::Find(Action::PlaceWords(words)));
    }
    let offers = places(model);
    if is_entered(ui, &response)
        && let Some((room, _)) = offers.first()
    {
        change(cx, |query| query.room = Some(*room));
    }
    for (room, name) in offers {
        let offer = choice(ui, &name, false);
        if offer.accessible_name(format!("Search in {name}")).clicked() {
            change(cx, |query| query.room = Some(room));
        }
    }
}

fn label(ui: &mut Ui, cx: &mut Cx<'_>) {
    let chosen = cx.model.find.search.query.label;
    ui.horizontal_wrapped(|ui| {
        if choice(ui, "Any label", chosen.is_none()).clicked() {
            change(cx, |query| query.label = None);
        }
        for label in Label::ALL {
            if choice(ui, label.as_str(), chosen == Some(label)).clicked() {
                change(cx, |query| query.label = Some(label));
            }
        }
    });
}

fn person(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    if let Some(author) = model.find.search.query.author {
        ui.label("From a person");
        ui.label(model.directory.name(author));
        if button(ui, "From anybody").clicked() {
            change(cx, |query| query.author = None);
        }
        return;
    }
    let (response, words) = field(ui, "From a person", &model.find.search.person);
    if let Some(words) = words {
        cx.act(Any::Find(Action::PersonWords(words)));
    }
    let offers = people(model);
    if is_entered(ui, &response)
        && let Some((who, _)) = offers.first()
    {
        change(cx, |query| query.author = Some(*who));
    }
    for (who, name) in offers {
        if choice(ui, &name, false).clicked() {
            change(cx, |query| query.author = Some(who));
        }
    }
}

fn days(since: &mut Ui, until: &mut Ui, cx: &mut Cx<'_>) {
    let query = &cx.model.find.search.query;
    let (from, changed) = field(since, "From the day", &query.since);
    if let Some(since) = changed {
        change(cx, |query| query.since = since);
    }
    let (to, changed) = field(until, "Until the day", &query.until);
    if let Some(until) = changed {
        change(cx, |query| query.until = until);
    }
    if is_entered(since, &from) || is_entered(until, &to) {
        cx.act(Any::Find(Action::Search));
    }
}
