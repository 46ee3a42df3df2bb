//! The form of a disclosure: what is asked for, and what is blacked out. Answers whether it changed.

use egui::Ui;
use warproom_client::Rule;
use warproom_client::proto::disclosure::Purpose;
use warproom_client::proto::{Label, MemberId, Principal};

use super::super::super::Cx;
use super::super::super::widgets::{button, field, heading, long_field, quiet, strong};
use super::super::picker::{Picked, finds, members, picker};
use super::super::{form, labels, takes_focus};
use crate::look::space;
use crate::model::manage::{DISCLOSURE_PATTERNS, DisclosureForm, Hidden, Wanted};

const PURPOSES: [(Option<Purpose>, &str); 5] = [
    (Some(Purpose::FreedomOfInformation), "Freedom of information"),
    (Some(Purpose::EnvironmentalInformation), "Environmental information"),
    (Some(Purpose::SubjectAccess), "Subject access"),
    (Some(Purpose::LegalDuty), "Legal duty"),
    (Some(Purpose::Other), "Other"),
];

/// Rows of a field that takes one thing on each line.
const LINES: usize = 3;

pub(super) fn ui(ui: &mut Ui, cx: &Cx<'_>, form: &mut DisclosureForm) -> bool {
    heading(ui, "What is asked for");
    let mut is_changed = request(ui, cx, &mut form.wanted);
    is_changed |= rooms(ui, cx, form);
    is_changed |= narrowed(ui, cx, form);
    ui.add_space(space::M);
    heading(ui, "What is blacked out");
    quiet(
        ui,
        cx.look,
        "Rules find what they know, and no more: names of people who are no members, nicknames, and whoever \
         can be told from what is said are for you to find.",
    );
    is_changed |= rules(ui, &mut form.hidden);
    is_changed |= words(ui, cx, &mut form.hidden);
    is_changed |= subjects(ui, cx, form);
    is_changed
}

fn request(ui: &mut Ui, cx: &Cx<'_>, wanted: &mut Wanted) -> bool {
    let (response, reference) = field(ui, "Reference of the request", &wanted.reference);
    takes_focus(cx, &response);
    let mut is_changed = put(&mut wanted.reference, reference);
    quiet(ui, cx.look, "Everyone in the rooms can read it: a number that names nobody.");
    if let Some(purpose) = form::one_of(ui, "What it is for", &PURPOSES, wanted.purpose) {
        wanted.purpose = purpose;
        is_changed = true;
    }
    let strictest = (Label::AmberStrict, None);
    let up_to = labels::choose(ui, cx, "Given out up to", wanted.up_to, strictest);
    if let Some(up_to) = up_to {
        wanted.up_to = up_to;
        is_changed = true;
    }
    is_changed
}

/// The rooms that whoever is signed in is in.
fn rooms(ui: &mut Ui, cx: &Cx<'_>, form: &mut DisclosureForm) -> bool {
    let mut is_changed = false;
    strong(ui, "Rooms that it is about");
    for room in form.wanted.rooms.clone() {
        let says = format!("✖ Room {}", cx.model.managed_room_name(room));
        if button(ui, &says).on_hover_text("Take it away again").clicked() {
            form.wanted.rooms.remove(&room);
            is_changed = true;
        }
    }
    let rooms = cx.model.managed_rooms().into_iter().filter(|room| {
        let name = room.settings.name.as_str();
        room.part.is_some()
            && !form.wanted.rooms.contains(&room.room)
            && finds(&form.finding_room, &[name])
    });
    let offers = rooms.map(|room| (room.room, format!("Add room {}", room.settings.name)));
    let offers = offers.collect();
    match picker(ui, cx, ("Find a room that it is about", &form.finding_room), offers) {
        Some(Picked::Typed(text)) => form.finding_room = text,
        Some(Picked::Taken(room)) => {
            form.wanted.rooms.insert(room);
            form.finding_room.clear();
        }
        None => return is_changed,
    }
    true
}

fn narrowed(ui: &mut Ui, cx: &Cx<'_>, form: &mut DisclosureForm) -> bool {
    let wanted = &mut form.wanted;
    let (_, from) = field(ui, "First day", &wanted.from);
    let (_, until) = field(ui, "Last day", &wanted.until);
    let mut is_changed = put(&mut wanted.from, from) | put(&mut wanted.until, until);
    quiet(ui, cx.look, "As 2024-01-18, 18 Jan or yesterday; empty: whenever it was said.");
    let (_, words) =
        long_field(ui, "Only with one of these words, one on each line", &wanted.words, LINES);
    is_changed |= put(&mut wanted.words, words);
    for member in wanted.people.clone() {
        if button(ui, &format!("✖ About {}", called(cx, member))).clicked() {
            wanted.people.remove(&member);
            is_changed = true;
        }
    }
    let finding = &mut form.finding_person;
    let name = "Find somebody whom it is about: what they said, or what names them";
    let taken = found(ui, cx, (name, "Only about"), finding, &mut is_changed);
    is_changed |= taken.is_some_and(|member| wanted.people.insert(member));
    is_changed
}

fn rules(ui: &mut Ui, hidden: &mut Hidden) -> bool {
    let mut is_changed = false;
    for rule in DISCLOSURE_PATTERNS {
        let is_on = hidden.rules.contains(&rule);
        if let Some(is_on) = form::switch(ui, said(rule), is_on) {
            if is_on {
                hidden.rules.insert(rule);
            } else {
                hidden.rules.remove(&rule);
            }
            is_changed = true;
        }
        if is_on {
            is_changed |= exemption(ui, hidden, rule, &format!("Exemption for {rule}"));
        }
    }
    is_changed | exemption(ui, hidden, Rule::Labels, "Exemption for entries of a stricter label")
}

fn words(ui: &mut Ui, cx: &Cx<'_>, hidden: &mut Hidden) -> bool {
    let (_, words) = long_field(ui, "Words to black out, one on each line", &hidden.words, LINES);
    let mut is_changed = put(&mut hidden.words, words);
    quiet(ui, cx.look, "In whatever case, width or spelling, and within other words.");
    if !hidden.words.trim().is_empty() {
        is_changed |= exemption(ui, hidden, Rule::Words, "Exemption for these words");
    }
    is_changed
}

fn subjects(ui: &mut Ui, cx: &Cx<'_>, form: &mut DisclosureForm) -> bool {
    let mut is_changed = false;
    if !form.hidden.rules.contains(&Rule::Names) {
        return false;
    }
    for member in form.hidden.subjects.clone() {
        if button(ui, &format!("✖ The name of {} stays", called(cx, member))).clicked() {
            form.hidden.subjects.remove(&member);
            is_changed = true;
        }
    }
    let name = "Find somebody whose name stays";
    let finding = &mut form.finding_subject;
    let taken = found(ui, cx, (name, "Leave the name of"), finding, &mut is_changed);
    is_changed |= taken.is_some_and(|member| form.hidden.subjects.insert(member));
    is_changed
}

/// Somebody found by a part of their name; nobody is offered before something is typed.
fn found(
    ui: &mut Ui,
    cx: &Cx<'_>,
    (name, verb): (&str, &str),
    typed: &mut String,
    is_changed: &mut bool,
) -> Option<MemberId> {
    let offers = if typed.trim().is_empty() { Vec::new() } else { members(cx, typed) };
    let offer = |member: &warproom_client::proto::register::Member| {
        (member.member, format!("{verb} {}", called(cx, member.member)))
    };
    let offers: Vec<_> = offers.into_iter().map(offer).collect();
    let picked = if typed.trim().is_empty() {
        field(ui, name, typed).1.map(Picked::Typed)
    } else {
        picker(ui, cx, (name, typed), offers)
    };
    *is_changed |= picked.is_some();
    match picked? {
        Picked::Typed(text) => {
            *typed = text;
            None
        }
        Picked::Taken(member) => {
            typed.clear();
            Some(member)
        }
    }
}

fn exemption(ui: &mut Ui, hidden: &mut Hidden, rule: Rule, name: &str) -> bool {
    let named = hidden.exemptions.get(&rule).map_or("", String::as_str);
    let Some(text) = field(ui, name, named).1 else { return false };
    hidden.exemptions.insert(rule, text);
    true
}

/// What a rule blacks out, as its switch says it.
const fn said(rule: Rule) -> &'static str {
    match rule {
        Rule::Names => "Names and handles of everyone who is or was a member",
        Rule::Emails => "E-mail addresses",
        Rule::Telephones => "Telephone numbers",
        Rule::Addresses => "IP and hardware addresses",
        Rule::Indicators => "Indicators: addresses, names of hosts, web addresses, hashes",
        Rule::Words | Rule::Labels => rule.reason(),
    }
}

fn called(cx: &Cx<'_>, member: MemberId) -> String {
    let who = Principal::Member(member);
    let name = cx.model.directory.name(who);
    match cx.model.directory.organisation_of(who) {
        Some(organisation) => format!("{name}, {organisation}"),
        None => name,
    }
}

/// Takes what a field was changed to; whether it was.
fn put(text: &mut String, changed: Option<String>) -> bool {
    let is_changed = changed.is_some();
    *text = changed.unwrap_or(std::mem::take(text));
    is_changed
}
