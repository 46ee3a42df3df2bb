//! The page of organisations: the register of them, one's entry, and what one depends on.

use egui::Ui;
use warproom_client::proto::register::{Organisation, RegisterEntry};
use warproom_client::proto::{Name, OrganisationId, Principal};

use super::super::Cx;
use super::super::widgets::{
    button, field, heading, link_button, long_field, primary_button, quiet, strong,
};
use super::picker::{Picked, picker};
use super::{entry, form, only_managers, open, picker as finding, table};
use crate::Action;
use crate::look::space;
use crate::model::manage::{self, OrganisationForm, Shown};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !manage::is_officer(cx.model) {
        quiet(ui, cx.look, "Only officers and managers see the register of organisations.");
        return;
    }
    match cx.model.manage.shown {
        Shown::New if cx.model.is_manager() => {
            super::opened(ui, cx, "All organisations", "Add an organisation");
            fields(ui, cx, "Add the organisation");
        }
        Shown::Organisation(id) => one(ui, cx, id),
        Shown::Entry => entry::ui(ui, cx),
        _ => list(ui, cx),
    }
}

fn list(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    ui.horizontal_wrapped(|ui| {
        if model.is_manager() && primary_button(ui, cx.look, "Add an organisation").clicked() {
            open(cx, Shown::New);
        }
        let is_on = model.is_connected();
        let says = "What your organisation depends on";
        if ui.add_enabled_ui(is_on, |ui| button(ui, says)).inner.clicked() {
            open(cx, Shown::Entry);
        }
    });
    if !model.is_manager() {
        only_managers(ui, cx, "add and change organisations");
    }
    super::filter(ui, cx, "Find an organisation");
    let found = finding::organisations(cx, &model.manage.filter);
    if found.is_empty() {
        quiet(ui, cx.look, "There is no such organisation.");
    }
    table::rows(ui, "organisations", found.len(), |ui, place| {
        let one = found[place];
        let also = aliases(one).map_or_else(String::new, |also| format!("also {also}"));
        let serves = match one.clients.len() {
            0 => String::new(),
            1 => "serves 1".to_owned(),
            more => format!("serves {more}"),
        };
        if table::opening(ui, cx.look, &[one.name.as_str(), &also, &serves]).clicked() {
            open(cx, Shown::Organisation(one.organisation));
        }
    });
}

fn aliases(organisation: &Organisation) -> Option<String> {
    let aliases: Vec<_> = organisation.aliases.iter().map(Name::as_str).collect();
    (!aliases.is_empty()).then(|| aliases.join(", "))
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, id: OrganisationId) {
    let model = cx.model;
    let name = model.directory.organisation(id);
    super::opened(ui, cx, "All organisations", &name);
    let Some(organisation) = model.directory.organisations.get(&id) else { return };
    if model.is_manager() {
        fields(ui, cx, "Save the organisation");
    } else {
        if let Some(also) = aliases(organisation) {
            ui.label(format!("Also called {also}."));
        }
        let clients: Vec<_> =
            organisation.clients.iter().map(|id| model.directory.organisation(*id)).collect();
        if !clients.is_empty() {
            ui.label(format!("Serves {}.", clients.join(", ")));
        }
        only_managers(ui, cx, "change organisations");
    }
    ui.add_space(space::L);
    heading(ui, "What it depends on");
    match model.directory.entries.get(&id) {
        Some(entry) => depends_on(ui, cx, entry),
        None => {
            quiet(
                ui,
                cx.look,
                "It shows nothing of what it depends on. Its own officers say so, and whether others see it.",
            );
        }
    }
}

/// What an organisation depends on, for those who may only read it.
fn depends_on(ui: &mut Ui, cx: &Cx<'_>, entry: &RegisterEntry) {
    for dependency in &entry.depends_on {
        let says = manage::subject(&dependency.subject);
        let aliases: Vec<_> = dependency.aliases.iter().map(Name::as_str).collect();
        if aliases.is_empty() {
            ui.label(format!("• {says}"));
        } else {
            ui.label(format!("• {says} (also {})", aliases.join(", ")));
        }
    }
    let directory = &cx.model.directory;
    let deputies: Vec<_> =
        entry.deputies.iter().map(|one| directory.name(Principal::Member(*one))).collect();
    if !deputies.is_empty() {
        ui.label(format!("Deputies, in this order: {}", deputies.join(", ")));
    }
    let seen = if entry.shown {
        "Every officer sees this."
    } else {
        "Only its own officers and managers see this."
    };
    quiet(ui, cx.look, seen);
}

/// The fields of an organisation, for a new one and for one that is changed.
fn fields(ui: &mut Ui, cx: &mut Cx<'_>, verb: &str) {
    let before = &cx.model.manage.organisation;
    let mut form = before.clone();
    let is_changed = form::part(ui, "organisation", |ui| {
        let (response, name) = field(ui, "Name of the organisation", &form.name);
        super::takes_focus(cx, &response);
        let (_, aliases) = long_field(ui, "Also called, one in a line", &form.aliases, 3);
        quiet(
            ui,
            cx.look,
            "It is found and recognised by these too. No two organisations share a name.",
        );
        let is_changed = name.is_some() || aliases.is_some();
        form.name = name.unwrap_or(std::mem::take(&mut form.name));
        form.aliases = aliases.unwrap_or(std::mem::take(&mut form.aliases));
        ui.add_space(space::S);
        clients(ui, cx, &mut form) || is_changed
    });
    if is_changed {
        cx.act(Action::Manage(manage::Action::FillOrganisation(form)));
    }
    ui.add_space(space::S);
    quiet(ui, cx.look, what_it_does(before));
    if form::send(ui, cx, &before.asked, verb) {
        cx.act(Action::Manage(manage::Action::SubmitOrganisation));
    }
}

/// What sending the form does: said before it is done.
const fn what_it_does(form: &OrganisationForm) -> &'static str {
    if form.of.is_none() {
        "It stands in the register at once, for every officer and manager to see, and the log of acts keeps \
         that you added it. Nobody of it reads anything before somebody is invited for it. It cannot be \
         taken out again, only be called something else."
    } else {
        "Every officer and manager sees the entry as it is now at once. Under another name it stands \
         everywhere, also with what was said before; the log of acts keeps the old one, and who changed it."
    }
}

fn clients(ui: &mut Ui, cx: &Cx<'_>, form: &mut OrganisationForm) -> bool {
    strong(ui, "Clients: the organisations it serves");
    quiet(
        ui,
        cx.look,
        "What is TLP:AMBER and reaches this organisation may be shown to its clients: in a room they share, they read it too.",
    );
    let mut gone = None;
    ui.horizontal_wrapped(|ui| {
        for id in &form.clients {
            let name = cx.model.directory.organisation(*id);
            if link_button(ui, cx.look, &format!("✖ No longer {name}")).clicked() {
                gone = Some(*id);
            }
        }
    });
    form.clients.retain(|id| Some(*id) != gone);
    let is_offered = |one: &&Organisation| {
        Some(one.organisation) != form.of && !form.clients.contains(&one.organisation)
    };
    let found = finding::organisations(cx, &form.finding).into_iter().filter(is_offered);
    let offers = found.map(|one| (one.organisation, one.name.to_string())).collect();
    match picker(ui, cx, ("Add a client", &form.finding), offers) {
        Some(Picked::Typed(text)) => form.finding = text,
        Some(Picked::Taken(id)) => {
            form.clients.push(id);
            form.finding.clear();
        }
        None => return gone.is_some(),
    }
    true
}
