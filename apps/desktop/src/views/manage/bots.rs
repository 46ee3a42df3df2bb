//! The page of bots: the list, and one of them.

use egui::Ui;
use warproom_client::proto::register::Bot;
use warproom_client::proto::{BotId, Label, Principal};

use super::super::Cx;
use super::super::widgets::{button, chip, primary_button, quiet};
use super::{ask, bot, form, once, only_managers, open, picker, table};
use crate::look::space;
use crate::model::manage::{self, Deed, Shown};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !manage::is_officer(cx.model) {
        quiet(ui, cx.look, "Only officers and managers see what bots may do.");
        return;
    }
    match cx.model.manage.shown {
        Shown::New if cx.model.is_manager() => bot::ui(ui, cx),
        Shown::Bot(id) => one(ui, cx, id),
        _ => list(ui, cx),
    }
}

fn list(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    once::ui(ui, cx);
    if model.is_manager() {
        if primary_button(ui, cx.look, "Add a bot").clicked() {
            open(cx, Shown::New);
        }
    } else {
        only_managers(ui, cx, "add and revoke bots");
        quiet(
            ui,
            cx.look,
            "Whose bot it is may give it another token. You see the bots of the rooms you are in.",
        );
    }
    super::filter(ui, cx, "Find a bot");
    let is_found = |bot: &&Bot| picker::finds(&model.manage.filter, &[bot.name.as_str()]);
    let mut bots: Vec<_> = model.directory.bots.values().filter(is_found).collect();
    bots.sort_by_cached_key(|bot| bot.name.folded());
    if bots.is_empty() {
        quiet(ui, cx.look, "There is no bot.");
    }
    table::rows(ui, "bots", bots.len(), |ui, place| {
        let bot = bots[place];
        let owner = format!("owner {}", model.directory.name(Principal::Member(bot.owner)));
        let until = manage::expiry(model.now_ms, bot.grant.expires_at_ms);
        if table::opening(ui, cx.look, &[bot.name.as_str(), &owner, &until]).clicked() {
            open(cx, Shown::Bot(bot.bot));
        }
    });
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, id: BotId) {
    let model = cx.model;
    let Some(bot) = model.directory.bots.get(&id) else {
        super::opened(ui, cx, "All bots", "A bot that is gone");
        return;
    };
    super::opened(ui, cx, "All bots", bot.name.as_str());
    grant(ui, cx, bot);
    ui.add_space(space::L);
    let is_theirs = Some(bot.owner) == model.me();
    let is_on = model.is_connected();
    if model.is_manager() || is_theirs {
        quiet(ui, cx.look, "If its token may have been seen by others: the old one ends at once.");
        let says = "Give it another token";
        if ui.add_enabled_ui(is_on, |ui| button(ui, says)).inner.clicked() {
            ask(cx, Deed::RotateBot(id));
        }
    }
    if !model.is_manager() {
        only_managers(ui, cx, "revoke bots");
    } else if form::danger(ui, cx, "Revoke this bot") {
        ask(cx, Deed::RevokeBot(id));
    }
}

/// What it may do, in words.
fn grant(ui: &mut Ui, cx: &Cx<'_>, bot: &Bot) {
    let model = cx.model;
    let grant = &bot.grant;
    ui.label(format!(
        "Owner: {}, who answers for it.",
        model.directory.name(Principal::Member(bot.owner))
    ));
    let rooms: Vec<_> = grant.rooms.iter().map(|room| model.managed_room_name(*room)).collect();
    ui.label(format!("In {}.", rooms.join(", ")));
    up_to(ui, "It reads", grant.read);
    up_to(ui, "It posts", grant.post);
    if grant.answer {
        ui.label("It answers asks for its owner's organisation.");
    }
    ui.label(format!("At most {} entries a minute.", grant.per_minute));
    ui.label(format!("Its grant: {}.", manage::expiry(model.now_ms, grant.expires_at_ms)));
    if let Some(hook) = bot.hook {
        ui.horizontal_wrapped(|ui| {
            ui.label(format!("Its webhook posts to {} under", model.managed_room_name(hook.room)));
            chip(ui, hook.label);
        });
    }
}

fn up_to(ui: &mut Ui, what: &str, label: Option<Label>) {
    ui.horizontal_wrapped(|ui| match label {
        Some(label) => {
            ui.label(format!("{what} up to"));
            chip(ui, label);
        }
        None => {
            ui.label(format!("{what} nothing."));
        }
    });
}
