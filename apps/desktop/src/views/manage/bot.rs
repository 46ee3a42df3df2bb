//! The form of a bot's grant.

use egui::Ui;
use warproom_client::proto::{Label, RoomId};

use super::super::Cx;
use super::super::widgets::{field, link_button, quiet, strong};
use super::picker::{Picked, picker};
use super::{form, labels, picker as finding};
use crate::Action;
use crate::look::space;
use crate::model::manage::{self, BotForm};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    super::opened(ui, cx, "All bots", "Add a bot");
    quiet(
        ui,
        cx.look,
        "A bot is a program with a narrow grant. You answer for it, everyone in its rooms sees it there, and it may do what stands here and nothing else.",
    );
    let before = &cx.model.manage.bot;
    let mut form = before.clone();
    let is_changed = form::part(ui, "bot", |ui| fields(ui, cx, &mut form));
    if is_changed {
        cx.act(Action::Manage(manage::Action::FillBot(form)));
    }
    ui.add_space(space::S);
    if form::send(ui, cx, &before.asked, "Add the bot") {
        cx.act(Action::Manage(manage::Action::AddBot));
    }
}

fn fields(ui: &mut Ui, cx: &Cx<'_>, form: &mut BotForm) -> bool {
    let mut is_changed = typed(ui, cx, "Name of the bot", &mut form.name);
    ui.add_space(space::S);
    is_changed |= rooms(ui, cx, form);
    ui.add_space(space::S);
    let read =
        labels::choose(ui, cx, "It reads up to", form.read, (Label::AmberStrict, Some("nothing")));
    is_changed |= read.is_some();
    form.read = read.unwrap_or(form.read);
    quiet(
        ui,
        cx.look,
        "TLP:RED is for individuals: no bot reads it. One that reads nothing cannot be made to tell anything.",
    );
    ui.add_space(space::S);
    let post = labels::choose(ui, cx, "It posts up to", form.post, (Label::Red, Some("nothing")));
    is_changed |= post.is_some();
    form.post = post.unwrap_or(form.post);
    is_changed |= answer(ui, cx, form);
    ui.add_space(space::S);
    is_changed |= typed(ui, cx, "Entries a minute, 1 to 600", &mut form.per_minute);
    is_changed |= typed(ui, cx, "Days until its grant ends", &mut form.days);
    ui.add_space(space::S);
    is_changed | hook(ui, cx, form)
}

fn typed(ui: &mut Ui, cx: &Cx<'_>, name: &str, text: &mut String) -> bool {
    let (response, changed) = field(ui, name, text);
    super::takes_focus(cx, &response);
    let is_changed = changed.is_some();
    *text = changed.unwrap_or(std::mem::take(text));
    is_changed
}

fn answer(ui: &mut Ui, cx: &Cx<'_>, form: &mut BotForm) -> bool {
    let turned = form::switch(ui, "It answers asks for your organisation", form.answer);
    quiet(
        ui,
        cx.look,
        "Its answers count as yours on every board. It must be able to read the asks.",
    );
    form.answer = turned.unwrap_or(form.answer);
    turned.is_some()
}

fn rooms(ui: &mut Ui, cx: &Cx<'_>, form: &mut BotForm) -> bool {
    strong(ui, "Its rooms");
    let mut gone = None;
    ui.horizontal_wrapped(|ui| {
        for id in &form.rooms {
            let name = cx.model.managed_room_name(*id);
            if link_button(ui, cx.look, &format!("✖ Not in {name}")).clicked() {
                gone = Some(*id);
            }
        }
    });
    form.rooms.retain(|id| Some(*id) != gone);
    let offers = offers(cx, form);
    match picker(ui, cx, ("Put it into a room", &form.finding), offers) {
        Some(Picked::Typed(text)) => form.finding = text,
        Some(Picked::Taken(room)) => {
            form.rooms.push(room);
            form.finding.clear();
        }
        None => return gone.is_some(),
    }
    true
}

fn offers(cx: &Cx<'_>, form: &BotForm) -> Vec<(RoomId, String)> {
    let rooms = cx.model.managed_rooms().into_iter();
    let found = rooms.filter(|room| {
        !form.rooms.contains(&room.room)
            && finding::finds(&form.finding, &[room.settings.name.as_str()])
    });
    found.map(|room| (room.room, room.settings.name.to_string())).collect()
}

/// Whether it has a webhook, and where and under which label that posts.
fn hook(ui: &mut Ui, cx: &Cx<'_>, form: &mut BotForm) -> bool {
    let before = form.hook;
    if let Some(is_on) = form::switch(ui, "It has a webhook", form.hook.is_some()) {
        let room = form.rooms.first().copied().filter(|_| form.rooms.len() == 1);
        form.hook = is_on.then(|| (room, form.post.unwrap_or(Label::Green)));
    }
    quiet(
        ui,
        cx.look,
        "An address that other programs post to without knowing this protocol. Whoever has it may post.",
    );
    ui.scope(|ui| {
        let Some((room, label)) = &mut form.hook else { return };
        strong(ui, "The webhook posts to");
        ui.horizontal_wrapped(|ui| {
            for one in &form.rooms {
                let name = format!("Webhook to {}", cx.model.managed_room_name(*one));
                if ui.radio(*room == Some(*one), name).clicked() {
                    *room = Some(*one);
                }
            }
        });
        let upto = form.post.unwrap_or(Label::Clear);
        let picked = labels::choose(ui, cx, "Label of what it posts", Some(*label), (upto, None));
        *label = picked.flatten().unwrap_or(*label);
    });
    form.hook != before
}
