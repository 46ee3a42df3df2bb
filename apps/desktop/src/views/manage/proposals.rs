//! The page of what takes two managers: what waits, and proposing something.

use egui::Ui;
use warproom_client::proto::{Label, Principal, Proposal};

use super::super::Cx;
use super::super::widgets::{card, field, heading, primary_button, quiet, strong};
use super::picker::{Picked, finds, picker};
use super::{ask, form, only_managers, open, picker as finding, table};
use crate::look::space;
use crate::model::manage::{self, Deed, ProposalForm, Purpose, Shown};

/// What is chosen from, in its order.
const PURPOSES: [(Purpose, &str); 5] = [
    (Purpose::Retention, "How long entries are kept"),
    (Purpose::Erase, "Erase entries"),
    (Purpose::Remove, "Remove many members"),
    (Purpose::LiftHold, "Lift a legal hold"),
    (Purpose::Hold, "Put a room under a legal hold"),
];

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !cx.model.is_manager() {
        only_managers(ui, cx, "propose and approve what takes two of them");
        return;
    }
    if cx.model.manage.shown == Shown::New {
        propose(ui, cx);
        return;
    }
    quiet(
        ui,
        cx.look,
        "What nobody should be able to do alone: erasing, changing how long entries are kept, lifting a \
         legal hold, removing many members. One manager proposes it, another approves it.",
    );
    if primary_button(ui, cx.look, "Propose something").clicked() {
        open(cx, Shown::New);
    }
    waiting(ui, cx);
}

fn waiting(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    ui.add_space(space::M);
    heading(ui, "Waiting for a second manager");
    let Some(proposals) = &model.manage.proposals else {
        quiet(ui, cx.look, "What waits is not known yet.");
        return;
    };
    if proposals.is_empty() {
        quiet(ui, cx.look, "Nothing waits.");
    }
    for proposal in proposals {
        ui.push_id(proposal.proposal, |ui| {
            card(ui, cx.look, |ui| {
                ui.set_width(ui.available_width());
                one(ui, cx, proposal);
            });
        });
    }
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, proposal: &Proposal) {
    let model = cx.model;
    let by = model.directory.name(Principal::Member(proposal.by));
    let what = manage::proposed_in_words(model, &proposal.what);
    strong(ui, &format!("To {what}"));
    ui.label(format!("Because: {}", proposal.reason));
    let until = manage::proposed_until(proposal);
    quiet(ui, cx.look, &format!("Proposed by {by}; can be approved {until}"));
    let id = proposal.proposal;
    let me = model.me();
    ui.horizontal_wrapped(|ui| {
        if me.is_some_and(|me| proposal.may_approve.contains(&me)) {
            if table::act(ui, cx, "Approve", &format!("what {by} proposed: {what}")).clicked() {
                ask(cx, Deed::Approve(id));
            }
        } else if me != Some(proposal.by) {
            quiet(ui, cx.look, "You became a manager after it was proposed, so others approve it.");
        }
        let says = if me == Some(proposal.by) { "Take back" } else { "Turn down" };
        if table::act(ui, cx, says, &format!("what {by} proposed: {what}")).clicked() {
            ask(cx, Deed::EndProposal(id));
        }
    });
}

fn propose(ui: &mut Ui, cx: &mut Cx<'_>) {
    super::opened(ui, cx, "What waits", "Propose something");
    let before = &cx.model.manage.proposal;
    let mut form = before.clone();
    let mut is_changed = form::part(ui, "proposal", |ui| fields(ui, cx, &mut form));
    ui.add_space(space::S);
    let (_, reason) = field(ui, "Why", &form.reason);
    is_changed |= reason.is_some();
    form.reason = reason.unwrap_or(form.reason);
    if is_changed {
        cx.act(manage::Action::FillProposal(Box::new(form)).into());
    }
    let verb = if before.purpose == Purpose::Hold { "Put under hold…" } else { "Propose it…" };
    if form::send(ui, cx, &before.asked, verb) {
        cx.act(manage::Action::SubmitProposal.into());
    }
}

fn fields(ui: &mut Ui, cx: &Cx<'_>, form: &mut ProposalForm) -> bool {
    let purpose = form::one_of(ui, "What", &PURPOSES, form.purpose);
    if let Some(purpose) = purpose {
        (form.purpose, form.finding) = (purpose, String::new());
    }
    ui.add_space(space::S);
    let is_changed = match form.purpose {
        Purpose::Remove => members(ui, cx, form),
        Purpose::Retention => room(ui, cx, form) | retention(ui, cx, form),
        Purpose::Erase => room(ui, cx, form) | entries(ui, cx, form),
        Purpose::LiftHold | Purpose::Hold => room(ui, cx, form),
    };
    is_changed || purpose.is_some()
}

fn room(ui: &mut Ui, cx: &Cx<'_>, form: &mut ProposalForm) -> bool {
    let mut is_changed = false;
    let everywhere = form.purpose == Purpose::Retention;
    let chosen = form.room.map(|room| cx.model.managed_room_name(room));
    let none = if everywhere { "every room without a rule of its own" } else { "not chosen yet" };
    ui.label(format!("Room: {}", chosen.as_deref().unwrap_or(none)));
    if everywhere && chosen.is_some() && super::widgets::button(ui, "Every room instead").clicked()
    {
        (form.room, form.is_without_rule, is_changed) = (None, false, true);
    }
    let rooms = cx.model.managed_rooms().into_iter();
    let found = rooms.filter(|room| finds(&form.finding, &[room.settings.name.as_str()]));
    let offers = found.map(|room| (room.room, room.settings.name.to_string())).collect();
    match picker(ui, cx, ("Find the room", &form.finding), offers) {
        Some(Picked::Typed(text)) => form.finding = text,
        Some(Picked::Taken(room)) => {
            form.room = Some(room);
            form.finding.clear();
        }
        None => return is_changed,
    }
    true
}

fn retention(ui: &mut Ui, cx: &Cx<'_>, form: &mut ProposalForm) -> bool {
    let mut is_changed = false;
    if form.room.is_some() {
        let turned = form::switch(ui, "No rule of its own: as in every room", form.is_without_rule);
        is_changed |= turned.is_some();
        form.is_without_rule = turned.unwrap_or(form.is_without_rule);
        if form.is_without_rule {
            return is_changed;
        }
    }
    for (days, label) in form.days.iter_mut().zip(Label::ALL) {
        let (_, typed) = field(ui, &format!("Days that {label} is kept"), days);
        is_changed |= typed.is_some();
        *days = typed.unwrap_or(std::mem::take(days));
    }
    quiet(ui, cx.look, "Empty: for ever. What counts is the label that an entry has then.");
    is_changed
}

fn entries(ui: &mut Ui, cx: &Cx<'_>, form: &mut ProposalForm) -> bool {
    let (_, typed) = field(ui, "Numbers of the entries", &form.entries);
    quiet(ui, cx.look, "As 12, 15, 16: an entry's number stands in its details.");
    let is_changed = typed.is_some();
    form.entries = typed.unwrap_or(std::mem::take(&mut form.entries));
    is_changed
}

fn members(ui: &mut Ui, cx: &Cx<'_>, form: &mut ProposalForm) -> bool {
    let directory = &cx.model.directory;
    let mut gone = None;
    for member in &form.members {
        let name = directory.name(Principal::Member(*member));
        ui.horizontal_wrapped(|ui| {
            ui.label(&name);
            if table::act(ui, cx, "Leave out", &name).clicked() {
                gone = Some(*member);
            }
        });
    }
    form.members.retain(|member| Some(*member) != gone);
    let found = finding::members(cx, &form.finding).into_iter();
    let found = found.filter(|one| !form.members.contains(&one.member));
    let says = |one: &warproom_client::proto::register::Member| {
        format!("{}, {}", one.name, directory.organisation(one.organisation))
    };
    let offers = found.map(|one| (one.member, says(one))).collect();
    match picker(ui, cx, ("Find a member", &form.finding), offers) {
        Some(Picked::Typed(text)) => form.finding = text,
        Some(Picked::Taken(member)) => {
            form.members.push(member);
            form.finding.clear();
        }
        None => return gone.is_some(),
    }
    true
}
