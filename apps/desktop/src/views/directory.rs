//! The member directory: organisations with their people and what they depend on, and the bots.

mod rows;

use egui::{Frame, Margin, Ui};
use warproom_client::proto::register::Member;
use warproom_client::proto::{BotId, MemberId, OrganisationId, Principal};

use super::Cx;
use super::widgets::{field, heading, link_button, quiet, strong, takes_focus, title};
use crate::Action as Any;
use crate::look::{READING_WIDTH, space};
use crate::model::desk::{self, Focus, Pane};
use crate::model::directory::{Row, dependency, grant, listed, standing};
use crate::model::find::Action;
use crate::model::{Model, compose};

pub(super) use rows::rows;

/// Around a page, in whole points.
const AROUND: Margin = Margin::same(24);

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    Frame::new().inner_margin(AROUND).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(READING_WIDTH));
        title(ui, "Member directory");
        let model = cx.model;
        let name = "Name, handle, organisation, or what it depends on";
        let (response, words) = field(ui, name, &model.find.directory);
        if model.desk.overlays.is_empty() {
            takes_focus(cx, Focus::Field, &response);
        }
        if let Some(words) = words {
            cx.act(Any::Find(Action::DirectoryWords(words)));
        }
        let all = listed(model);
        quiet(ui, cx.look, &counted(model, &all));
        rows(ui, "directory", &all, None, |ui, _, row| draw(ui, cx, row));
    });
}

/// What is listed, in one sentence.
fn counted(model: &Model, rows: &[Row]) -> String {
    let count = |is: fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    let members = count(|row| matches!(row, Row::Member(_) | Row::Other(_)));
    let organisations = count(|row| matches!(row, Row::Organisation(_)));
    let bots = count(|row| matches!(row, Row::Bot(_)));
    if members + organisations + bots > 0 {
        let noun = |count, one: &str| if count == 1 { one.to_owned() } else { format!("{one}s") };
        let members = format!("{members} {}", noun(members, "person").replace("persons", "people"));
        let organisations = format!("{organisations} {}", noun(organisations, "organisation"));
        format!("{members}, {organisations}, {bots} {}", noun(bots, "bot"))
    } else if model.find.directory.trim().is_empty() {
        "Nobody is known yet: the list comes with the connection.".to_owned()
    } else {
        "Nobody and nothing here fits these words.".to_owned()
    }
}

fn draw(ui: &mut Ui, cx: &mut Cx<'_>, row: Row) {
    match row {
        Row::Organisation(id) => organisation(ui, cx, id),
        Row::Member(id) => member(ui, cx, id),
        Row::Bot(id) => bot(ui, cx, id),
        Row::Bots => {
            ui.add_space(space::L);
            heading(ui, "Bots");
        }
        Row::Others => {
            ui.add_space(space::L);
            heading(ui, "People of your rooms");
        }
        Row::Other(who) => other(ui, cx, who),
    }
}

fn organisation(ui: &mut Ui, cx: &Cx<'_>, id: OrganisationId) {
    let directory = &cx.model.directory;
    ui.add_space(space::L);
    heading(ui, &directory.organisation(id));
    let names = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let one = directory.organisations.get(&id);
    let aliases = one.and_then(|one| names(one.aliases.iter().map(ToString::to_string).collect()));
    let clients = one
        .and_then(|one| names(one.clients.iter().map(|id| directory.organisation(*id)).collect()));
    let entry = directory.entries.get(&id);
    let depends_on = entry.and_then(|entry| {
        let subjects = entry.depends_on.iter();
        names(subjects.map(|one| dependency(&one.subject, &one.aliases)).collect())
    });
    let told = [("Also called", aliases), ("Serves", clients), ("Depends on", depends_on)];
    for (what, names) in told {
        if let Some(names) = names {
            quiet(ui, cx.look, &format!("{what}: {names}"));
        }
    }
}

fn member(ui: &mut Ui, cx: &mut Cx<'_>, id: MemberId) {
    let Some(member) = cx.model.directory.member(id) else { return };
    ui.horizontal_wrapped(|ui| {
        ui.add_space(space::M);
        strong(ui, member.name.as_str());
        ui.label(format!("@{}", member.handle));
        quiet(ui, cx.look, &standing(member));
        if let Some(place) = deputy_place(cx.model, member) {
            quiet(ui, cx.look, &format!("deputy {place}"));
        }
        if cx.model.me() == Some(id) {
            quiet(ui, cx.look, "you");
        } else if cx.model.rooms.open().is_some()
            && link_button(ui, cx.look, "Call by name")
                .accessible_name(format!("Call {} by name", member.name))
                .clicked()
        {
            let handle = format!("@{} ", member.handle);
            cx.act(Any::Desk(desk::Action::Show(Pane::Room)));
            cx.act(Any::Compose(compose::Action::Insert(handle)));
            cx.act(Any::Desk(desk::Action::Focus(Focus::Composer)));
        }
    });
}

/// Who is reminded first, second and so on when nobody else of the organisation answers.
fn deputy_place(model: &Model, member: &Member) -> Option<usize> {
    let entry = model.directory.entries.get(&member.organisation)?;
    entry.deputies.iter().position(|id| *id == member.member).map(|place| place + 1)
}

fn bot(ui: &mut Ui, cx: &Cx<'_>, id: BotId) {
    let Some(bot) = cx.model.directory.bots.get(&id) else { return };
    ui.add_space(space::S);
    strong(ui, bot.name.as_str());
    quiet(ui, cx.look, &grant(cx.model, bot));
}

fn other(ui: &mut Ui, cx: &Cx<'_>, who: Principal) {
    let directory = &cx.model.directory;
    ui.horizontal_wrapped(|ui| {
        ui.add_space(space::M);
        strong(ui, &directory.name(who));
        if let Some(organisation) = directory.organisation_of(who) {
            quiet(ui, cx.look, &organisation);
        }
    });
}
