//! The page of one room: its settings, who is in it, bringing people in and taking them out.

use egui::Ui;
use warproom_client::proto::calls::RoomMember;
use warproom_client::proto::register::{Member, Standing};
use warproom_client::proto::{MemberId, Principal, RoomId, RoomRole};

use super::super::Cx;
use super::super::widgets::{button, chip, heading, quiet};
use super::picker::{Picked, picker};
use super::{ask, form, picker as finding, rooms, table};
use crate::Action;
use crate::look::space;
use crate::model::export;
use crate::model::manage::{self, Bringing, Deed, Managed, ProposalForm, Purpose};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, id: RoomId) {
    let name = cx.model.managed_room_name(id);
    super::opened(ui, cx, "All rooms", &name);
    let Some(room) = cx.model.managed_room(id) else {
        quiet(ui, cx.look, "You are not in this room, or not yet.");
        return;
    };
    let leads = manage::may_lead(cx.model, room.part);
    if leads {
        heading(ui, "Settings");
        rooms::settings(ui, cx, "Save the settings");
    } else {
        summary(ui, cx, room);
    }
    kept(ui, cx, id);
    ui.add_space(space::L);
    heading(ui, "People");
    if leads {
        bring(ui, cx);
        ui.add_space(space::S);
    }
    people(ui, cx, id, leads);
    if room.part.is_some() {
        ui.add_space(space::L);
        taken_out(ui, cx, id);
        ui.add_space(space::L);
        if form::danger(ui, cx, "Leave this room") {
            ask(cx, Deed::Leave(id));
        }
    }
}

/// How long its entries are kept; for a manager, the ways to change that.
fn kept(ui: &mut Ui, cx: &mut Cx<'_>, id: RoomId) {
    ui.add_space(space::S);
    let known = manage::retention_in_words(cx.model, id);
    let said = known.as_deref().unwrap_or("How long its entries are kept is not known yet.");
    quiet(ui, cx.look, said);
    if !cx.model.is_manager() {
        return;
    }
    let hold = if manage::is_held(cx.model, id) {
        ("Propose to lift the legal hold…", Purpose::LiftHold)
    } else {
        ("Put it under a legal hold…", Purpose::Hold)
    };
    ui.horizontal_wrapped(|ui| {
        for (says, purpose) in [("Propose another retention…", Purpose::Retention), hold] {
            if button(ui, says).clicked() {
                let form = Box::new(ProposalForm::about(purpose, id));
                cx.act(Action::Manage(manage::Action::BeginProposal(form)));
            }
        }
    });
}

/// The way to take what was said in it out.
fn taken_out(ui: &mut Ui, cx: &mut Cx<'_>, id: RoomId) {
    heading(ui, "Taking it out");
    quiet(
        ui,
        cx.look,
        "What was said here can be written to a file, but for what is TLP:RED. Everyone in the room can see that you did.",
    );
    if button(ui, "Export this room…").clicked() {
        cx.act(export::Action::Begin(id).into());
    }
}

/// The settings, for those who may not change them.
fn summary(ui: &mut Ui, cx: &Cx<'_>, room: Managed<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.label("Strictest label");
        chip(ui, room.settings.ceiling);
        ui.label("Label offered to a writer");
        chip(ui, room.settings.default_label);
    });
    quiet(ui, cx.look, &manage::ceiling(room.settings.ceiling));
    quiet(
        ui,
        cx.look,
        "Only this room's leads and managers change it, bring people in and take them out.",
    );
}

fn people(ui: &mut Ui, cx: &mut Cx<'_>, id: RoomId, leads: bool) {
    let model = cx.model;
    let Some(people) = &model.manage.people else {
        quiet(ui, cx.look, "Who is in it is not known yet.");
        return;
    };
    table::rows(ui, "people", people.len(), |ui, place| {
        person(ui, cx, id, (&people[place], leads));
    });
}

fn person(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, (person, leads): (&RoomMember, bool)) {
    let name = person.name.as_str();
    let organisation = match (&person.organisation_name, person.who) {
        (Some(organisation), _) => organisation.as_str(),
        (None, Principal::Bot(_)) => "bot",
        (None, Principal::Member(_)) => "",
    };
    let is_me = person.who.member().is_some() && person.who.member() == cx.model.me();
    let part = if is_me {
        format!("{}, you", manage::part(person.role))
    } else {
        manage::part(person.role).to_owned()
    };
    table::saying(ui, cx.look, &[name, organisation, &part], |ui| {
        if !leads {
            return;
        }
        if let Principal::Member(member) = person.who {
            let (role, says) = match person.role {
                RoomRole::Lead => (RoomRole::Participant, "Make participant"),
                RoomRole::Participant => (RoomRole::Lead, "Make lead"),
            };
            if table::act(ui, cx, says, name).clicked() {
                ask(cx, Deed::GivePart { room, member, role });
            }
        }
        if !is_me && table::act(ui, cx, "Take out", name).clicked() {
            ask(cx, Deed::TakeOut { room, who: person.who });
        }
    });
}

/// Bringing somebody in: who, as what, and what they will see.
fn bring(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let before = &model.manage.bringing;
    let mut bringing = before.clone();
    match picker(ui, cx, ("Bring in: name, organisation or handle", &before.finding), offers(cx)) {
        Some(Picked::Typed(text)) => bringing.finding = text,
        Some(Picked::Taken(member)) => {
            bringing.member = Some(member);
            bringing.finding.clear();
        }
        None => {}
    }
    form::part(ui, "bringing", |ui| chosen(ui, cx, &mut bringing));
    if (bringing.finding != before.finding)
        || (bringing.member, bringing.role) != (before.member, before.role)
    {
        cx.act(Action::Manage(manage::Action::FillBringing(bringing)));
    }
}

fn chosen(ui: &mut Ui, cx: &mut Cx<'_>, bringing: &mut Bringing) {
    let model = cx.model;
    let Some(member) = bringing.member.and_then(|member| model.directory.member(member)) else {
        quiet(ui, cx.look, "Choose somebody to see what they would see here.");
        return;
    };
    let organisation = model.directory.organisation(member.organisation);
    ui.label(format!("{}, {organisation}", member.name));
    let parts = [
        (RoomRole::Participant, "As a participant: reads and writes"),
        (RoomRole::Lead, "As a lead: also brings people in and changes the room"),
    ];
    if let Some(role) = form::one_of(ui, "Part", &parts, bringing.role) {
        bringing.role = role;
    }
    quiet(ui, cx.look, &manage::history(member.name.as_str(), &organisation));
    let verb = format!("Bring in {}", member.name);
    if form::send(ui, cx, &model.manage.bringing.asked, &verb) {
        cx.act(Action::Manage(manage::Action::Bring));
    }
}

/// Who could be brought in: active members who are not in the room.
fn offers(cx: &Cx<'_>) -> Vec<(MemberId, String)> {
    let manage = &cx.model.manage;
    let is_there = |who| manage.people.iter().flatten().any(|person| person.who == who);
    let found = finding::members(cx, &manage.bringing.finding).into_iter().filter(|member| {
        member.standing == Standing::Active && !is_there(Principal::Member(member.member))
    });
    let says = |member: &Member| {
        let organisation = cx.model.directory.organisation(member.organisation);
        format!("{}, {organisation}", member.name)
    };
    found.map(|member| (member.member, says(member))).collect()
}
