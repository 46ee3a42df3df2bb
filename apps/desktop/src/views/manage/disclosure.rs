//! The page on which a request for information is answered: what is asked for, what is blacked out, and
//! below it what came of that, looked through before it is written.

mod fields;
mod found;

use egui::Ui;

use super::super::Cx;
use super::super::widgets::{primary_button, quiet, strong, title, trouble};
use super::{form, only_managers};
use crate::look::{READING_WIDTH, space};
use crate::model::manage::{self, Action, DisclosureUnderWay};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !cx.model.is_manager() {
        only_managers(ui, cx, "answer requests for information");
        return;
    }
    ui.set_max_width(ui.available_width().min(READING_WIDTH));
    title(ui, "Answer a request for information");
    what(ui, cx);
    ui.add_space(space::S);
    let mut form = cx.model.manage.disclosure.form.clone();
    let is_changed = form::part(ui, "disclosure", |ui| fields::ui(ui, cx, &mut form));
    if is_changed {
        cx.act(Action::FillDisclosure(Box::new(form)).into());
    }
    ui.add_space(space::M);
    read(ui, cx);
    found::ui(ui, cx);
}

/// What it will hold, and who sees that it was read.
fn what(ui: &mut Ui, cx: &Cx<'_>) {
    ui.label(
        "What the request covers is read and made into a document, with its labels, times and authors. Left \
         out, and listed with the reason, is what is stricter than the label you choose, TLP:RED always, \
         what you may not read, what was taken back and what was erased. Files that entries carry are named \
         and not contained.",
    );
    strong(
        ui,
        "Each page that is read stands in the audit log before you see it: that you disclosed from the room, \
         for what, under which reference, how much and up to which label. Everyone in the room can see it. \
         Whom and what you looked for does not stand there: let the reference be a number, too.",
    );
    quiet(
        ui,
        cx.look,
        "Put the rooms under a legal hold first, so that nothing is erased before the request is answered. \
         Nothing is written to this computer before you have looked it through.",
    );
}

fn read(ui: &mut Ui, cx: &mut Cx<'_>) {
    let disclosing = &cx.model.manage.disclosure;
    let (verb, says) = match (&disclosing.made, disclosing.reads_anew()) {
        (None, _) => ("Read what it covers", "It is read now, and that is recorded."),
        (Some(_), true) => (
            "Read it again",
            "Something else is asked for now: it is read again, and that is recorded again.",
        ),
        (Some(_), false) if disclosing.is_current() => (
            "Make it again",
            "It is made again of what was read. Nothing is read anew, and nothing recorded.",
        ),
        (Some(_), false) => (
            "Make it again",
            "Something else is blacked out now: it is made again of what was read, and nothing is recorded.",
        ),
    };
    quiet(ui, cx.look, says);
    form::part(ui, "read the disclosure", |ui| {
        let may = manage::may_read_disclosure(cx.model);
        let button = ui.add_enabled_ui(may, |ui| primary_button(ui, cx.look, verb));
        if button.inner.clicked() {
            cx.act(Action::ReadDisclosure.into());
        }
    });
    if let Some(why) = &cx.model.manage.disclosure.trouble {
        trouble(ui, cx.look, why);
    }
    under_way(ui, cx);
}

fn under_way(ui: &mut Ui, cx: &Cx<'_>) {
    let said = match cx.model.manage.disclosure.under_way {
        DisclosureUnderWay::Nothing => return,
        DisclosureUnderWay::Reading(None) => "Reading…".to_owned(),
        DisclosureUnderWay::Reading(Some(at)) => {
            let room = cx.model.managed_room_name(at.room);
            format!("Reading {room}: up to number {} of {}…", at.done, at.latest)
        }
        DisclosureUnderWay::Writing => "Writing…".to_owned(),
    };
    let said = quiet(ui, cx.look, &said);
    ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
}
