//! What one's own organisation depends on: the form of its register entry.

use egui::{ComboBox, Id, TextEdit, Ui, UiBuilder, Vec2};
use warproom_client::proto::{MemberId, Principal, limits};

use super::super::Cx;
use super::super::widgets::{button, heading, quiet};
use super::{form, picker as finding, table};
use crate::Action;
use crate::look::{TARGET, space};
use crate::model::manage::{self, EntryForm, Row, SubjectKind};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let ours = model.my_organisation().map(|id| model.directory.organisation(id));
    let ours = ours.unwrap_or_else(|| "your organisation".to_owned());
    super::opened(ui, cx, "All organisations", &format!("What {ours} depends on"));
    let Some(before) = &model.manage.entry else {
        quiet(ui, cx.look, "Asking the server what is set now…");
        return;
    };
    let mut form = before.clone();
    let is_changed = form::part(ui, "entry", |ui| {
        let depends_on = depends_on(ui, cx, &mut form);
        ui.add_space(space::L);
        let deputies = deputies(ui, cx, &mut form);
        ui.add_space(space::L);
        depends_on | deputies | shown(ui, cx, &mut form)
    });
    if is_changed {
        cx.act(Action::Manage(manage::Action::FillEntry(form)));
    }
    ui.add_space(space::S);
    if form::send(ui, cx, &before.asked, "Save what we depend on") {
        cx.act(Action::Manage(manage::Action::SubmitEntry));
    }
}

fn depends_on(ui: &mut Ui, cx: &Cx<'_>, form: &mut EntryForm) -> bool {
    heading(ui, "Suppliers, products and subjects");
    quiet(
        ui,
        cx.look,
        "A warning about one of these concerns you: it stands out, may interrupt you, and says why. When several organisations name the same one, you are told of the common cause.",
    );
    let mut is_changed = false;
    let mut gone = None;
    for (place, row) in form.rows.iter_mut().enumerate() {
        let builder = UiBuilder::new().scope_id(Id::unique(("manage dependency", place)));
        ui.scope_builder(builder, |ui| match dependency(ui, (place, row)) {
            Edited::No => {}
            Edited::Yes => is_changed = true,
            Edited::Gone => gone = Some(place),
        });
    }
    if let Some(place) = gone {
        form.rows.remove(place);
    }
    let is_added = button(ui, "Add a row").clicked();
    if is_added {
        form.rows.push(Row::default());
    }
    is_changed || is_added || gone.is_some()
}

/// What was done with a row.
enum Edited {
    No,
    Yes,
    Gone,
}

fn dependency(ui: &mut Ui, (place, row): (usize, &mut Row)) -> Edited {
    let number = place + 1;
    let before = row.clone();
    let mut is_gone = false;
    ui.horizontal(|ui| {
        let chosen = ComboBox::from_id_salt("kind").selected_text(row.kind.name());
        let shown = chosen.show_ui(ui, |ui| {
            for kind in SubjectKind::ALL {
                ui.selectable_value(&mut row.kind, kind, kind.name());
            }
        });
        named(&shown.response, egui::Role::ComboBox, &format!("Kind {number}"));
        let says = format!("Remove row {number}");
        // Two fields and a button share what is left of the line.
        let width = (ui.available_width() - TARGET * 3.0 - space::S * 3.0) / 2.0;
        let size = Vec2::new(width, TARGET);
        let name = TextEdit::singleline(&mut row.name).hint_text(row.kind.example());
        let name = ui.add_sized(size, name);
        named(&name, egui::Role::TextInput, &format!("Name {number}"));
        let aliases = TextEdit::singleline(&mut row.aliases).hint_text("also called, with commas");
        let aliases = ui.add_sized(size, aliases);
        named(&aliases, egui::Role::TextInput, &format!("Also called {number}"));
        let remove = button(ui, "Remove");
        named(&remove, egui::Role::Button, &says);
        is_gone = remove.clicked();
    });
    if is_gone {
        Edited::Gone
    } else if *row == before {
        Edited::No
    } else {
        Edited::Yes
    }
}

fn named(response: &egui::Response, role: egui::Role, name: &str) {
    response.widget_info(|| egui::WidgetInfo::labeled(role, true, name));
}

fn deputies(ui: &mut Ui, cx: &Cx<'_>, form: &mut EntryForm) -> bool {
    heading(ui, "Deputies");
    quiet(
        ui,
        cx.look,
        "When an ask waits for your organisation and nobody has answered in time, they are reminded one after the other, in this order, before the managers are.",
    );
    let before = form.deputies.clone();
    let mut step = None;
    table::rows(ui, "deputies", before.len(), |ui, place| {
        let name = cx.model.directory.name(Principal::Member(before[place]));
        let says = format!("{}. {name}", place + 1);
        table::saying(ui, cx.look, &[&says], |ui| {
            if place > 0 && table::act(ui, cx, "Earlier", &name).clicked() {
                step = Some((place, Some(place - 1)));
            }
            if table::act(ui, cx, "No deputy", &name).clicked() {
                step = Some((place, None));
            }
        });
    });
    match step {
        Some((place, Some(to))) => form.deputies.swap(place, to),
        Some((place, None)) => {
            form.deputies.remove(place);
        }
        None => {}
    }
    if form.deputies.len() < limits::DEPUTIES {
        form.deputies.extend(another(ui, cx, &before));
    }
    form.deputies != before
}

/// Somebody of one's own organisation, to be one more deputy.
fn another(ui: &mut Ui, cx: &Cx<'_>, named: &[MemberId]) -> Option<MemberId> {
    let ours = cx.model.my_organisation();
    let is_offered = |member: &&warproom_client::proto::register::Member| {
        Some(member.organisation) == ours && !named.contains(&member.member)
    };
    let mut picked = None;
    ui.horizontal_wrapped(|ui| {
        for member in finding::members(cx, "").into_iter().filter(is_offered) {
            if button(ui, &format!("Add {} as a deputy", member.name)).clicked() {
                picked = Some(member.member);
            }
        }
    });
    picked
}

fn shown(ui: &mut Ui, cx: &Cx<'_>, form: &mut EntryForm) -> bool {
    heading(ui, "Who sees it");
    let turned = form::switch(ui, "Every officer of the WARP may see it", form.shown);
    quiet(
        ui,
        cx.look,
        "Otherwise only your own officers and managers do. Shown, others learn who shares a supplier with them; it is also a list of what you rely on. A common cause then names you.",
    );
    form.shown = turned.unwrap_or(form.shown);
    turned.is_some()
}
