//! A request for information, without a window: the form to its wish, what was shown is what is written.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use warproom_client::proto::disclosure::Purpose;
use warproom_client::proto::{Label, Line, Principal};
use warproom_client::{DisclosedSoFar, Rule};

use super::super::{
    Action, Disclosing, DisclosureForm, DisclosureUnderWay, DisclosureWish, ManagePage,
};
use super::does;
use crate::fixture::{self, disclosure, member, room};
use crate::model::desk::{self, Pane};
use crate::model::welcome;
use crate::news::{Connection, Refusal};
use crate::{Effect, Model, News};

/// A form that lacks nothing.
pub(crate) fn form() -> DisclosureForm {
    let mut form = DisclosureForm::default();
    form.wanted.rooms.insert(room(1));
    form.wanted.up_to = Some(Label::Amber);
    form.wanted.purpose = Some(Purpose::FreedomOfInformation);
    form.wanted.reference = "FOI 2026/113".to_owned();
    form.hidden.words = "canary\n\n".to_owned();
    form.hidden.exemptions.insert(Rule::Names, " FOIA s.40(2) ".to_owned());
    form
}

/// The page, with this in its form.
pub(crate) fn filled(form: DisclosureForm) -> Model {
    let mut model = fixture::model();
    does(&mut model, Action::Show(ManagePage::Disclosure));
    fill(&mut model, form);
    model
}

/// The same, read.
pub(crate) fn found() -> Model {
    let mut model = filled(form());
    let wish = read(&mut model).expect("it is read");
    answer(&mut model, &wish);
    model
}

/// The same, written.
pub(crate) fn written() -> Model {
    let mut model = found();
    let _ = model.act(Action::WriteDisclosure.into());
    let _ = model.hear(&News::DisclosureWritten(Ok("/home/priya/foi".to_owned())));
    model
}

fn fill(model: &mut Model, form: DisclosureForm) {
    does(model, Action::FillDisclosure(Box::new(form)));
}

fn change(model: &mut Model, change: impl FnOnce(&mut DisclosureForm)) {
    let mut form = model.manage.disclosure.form.clone();
    change(&mut form);
    fill(model, form);
}

fn read(model: &mut Model) -> Option<DisclosureWish> {
    model.act(Action::ReadDisclosure.into()).into_iter().find_map(|effect| match effect {
        Effect::ReadDisclosure(wish) => Some(*wish),
        _ => None,
    })
}

fn answer(model: &mut Model, wish: &DisclosureWish) {
    let _ = model.hear(&News::DisclosureRead { number: wish.number, made: disclosure::made(wish) });
}

fn state(model: &Model) -> &Disclosing {
    &model.manage.disclosure
}

#[test]
fn the_form_is_read_as_it_says_and_what_it_lacks_is_said_before_anything_is_read() {
    let mut model = filled(DisclosureForm::default());
    let complete = form();
    let mut refused = Vec::new();
    for step in 0..3 {
        assert!(read(&mut model).is_none());
        refused.extend(state(&model).trouble.clone());
        change(&mut model, |form| match step {
            0 => form.wanted.rooms.clone_from(&complete.wanted.rooms),
            1 => form.wanted.purpose = complete.wanted.purpose,
            _ => form.wanted.up_to = complete.wanted.up_to,
        });
    }
    let lacking = ["Choose at least one room.", "Choose what it is for."];
    assert_eq!(refused[..2], lacking);
    assert_eq!(refused[2], "Choose up to which label it is given out.");
    change(&mut model, |form| {
        *form = complete;
        (form.wanted.from, form.wanted.until) = ("2024-01-18".into(), "2024-01-20".into());
        form.wanted.words = " ransom note \n\nportal".into();
        form.wanted.people.insert(member(2));
        form.hidden.subjects.insert(member(3));
    });
    let wish = read(&mut model).expect("it is read");
    let midnight = |day: &str| {
        let day: jiff::civil::Date = day.parse().unwrap();
        day.to_zoned(TimeZone::system()).unwrap().timestamp()
    };
    let at = |ms: Option<i64>| Timestamp::from_millisecond(ms.unwrap()).unwrap();
    let selection = &wish.selection;
    assert_eq!(at(selection.from_ms), midnight("2024-01-18"));
    assert_eq!(at(selection.until_ms), midnight("2024-01-21"), "the last day is in it");
    let words: Vec<_> = selection.words.iter().map(Line::as_str).collect();
    assert_eq!(words, ["ransom note", "portal"]);
    assert_eq!(selection.people, [member(2)]);
    assert_eq!(selection.reference.as_ref().map(Line::as_str), Some("FOI 2026/113"));
    assert_eq!(selection.rooms[0].0, room(1));
    assert_eq!(wish.rules.words, ["canary"]);
    assert_eq!(wish.rules.rules[&Rule::Names].as_deref(), Some("FOIA s.40(2)"));
    assert!(wish.rules.rules.contains_key(&Rule::Words), "because there are words");
    assert!(wish.rules.subjects.contains(&Principal::Member(member(3))));
}

#[test]
fn what_cannot_be_understood_is_said_and_not_read() {
    let refuses = |spoil: fn(&mut DisclosureForm), expected: &str| {
        let mut spoiled = form();
        spoil(&mut spoiled);
        let mut model = filled(spoiled);
        assert!(read(&mut model).is_none(), "{expected}");
        let said = state(&model).trouble.clone().unwrap_or_default();
        assert!(said.starts_with(expected), "{said}");
    };
    refuses(|form| form.wanted.from = "soon".into(), "First day: Not understood.");
    let backwards = |form: &mut DisclosureForm| {
        (form.wanted.from, form.wanted.until) = ("2024-01-20".into(), "2024-01-18".into());
    };
    refuses(backwards, "The last day is before the first.");
    refuses(|form| form.hidden.words = "—".into(), "Words: there is no letter or digit");
    let elsewhere = |form: &mut DisclosureForm| form.wanted.rooms.extend([room(77)]);
    refuses(elsewhere, "You are not in one of these rooms");
}

#[test]
fn it_is_looked_through_and_what_was_shown_is_what_is_written() {
    let mut model = filled(form());
    let wish = read(&mut model).expect("it is read");
    assert!(read(&mut model).is_none(), "once at a time");
    let so_far = DisclosedSoFar { room: room(1), done: 200, latest: 312 };
    let _ = model.hear(&News::Disclosing { number: wish.number, so_far });
    assert_eq!(state(&model).under_way, DisclosureUnderWay::Reading(Some(so_far)));
    answer(&mut model, &wish);
    let made = state(&model).made.clone().expect("it is there");
    assert_eq!((made.entries, made.strictest, made.withheld()), (1, Some(Label::Amber), 3));
    let rows = made.rows.join("\n");
    for part in [
        "number 4: whole: labelled TLP:RED",
        "numbers 5 to 6: whole: ",
        "a telephone number",
        "words that the officer withholds",
        "the name of a person whom the request is not about (FOIA s.40(2))",
    ] {
        assert!(rows.contains(part), "{part:?} is not in {rows}");
    }
    for (name, text) in &made.files {
        let text = text.to_lowercase();
        assert!(!text.contains("canary") && !text.contains("7946"), "{name}: {text}");
    }
    assert_eq!(state(&model).form.folder, "disclosure-foi-2026-113");
    let effects = model.act(Action::WriteDisclosure.into());
    let Some(Effect::WriteDisclosure { folder, made: to_write }) = effects.first() else {
        panic!("it is written")
    };
    assert_eq!(folder, "disclosure-foi-2026-113");
    assert!(Arc::ptr_eq(to_write, &made));
    let _ = model.hear(&News::DisclosureWritten(Err(Refusal::new("it is there already", ""))));
    assert_eq!(state(&model).trouble.as_deref(), Some("it is there already"));
    let _ = model.act(Action::WriteDisclosure.into());
    let _ = model.hear(&News::DisclosureWritten(Ok("/home/priya/foi".to_owned())));
    assert_eq!(state(&model).written.as_deref(), Some("/home/priya/foi"));
    does(&mut model, Action::AnotherDisclosure);
    assert!(state(&model).made.is_none() && state(&model).form.wanted.rooms.is_empty());
}

#[test]
fn what_is_blacked_out_else_is_made_of_what_was_read_and_what_is_asked_else_is_read_anew() {
    let mut model = found();
    change(&mut model, |form| form.hidden.words.push_str("ring"));
    assert!(!state(&model).is_current() && !state(&model).reads_anew());
    assert!(model.act(Action::WriteDisclosure.into()).is_empty(), "it was not shown like this");
    let wish = read(&mut model).expect("it is made");
    assert!(wish.collected.is_some(), "nothing more is asked of the server");
    answer(&mut model, &wish);
    let document = &state(&model).made.as_ref().unwrap().files[0].1;
    assert!(state(&model).is_current() && !document.contains("ring"), "{document}");
    change(&mut model, |form| form.wanted.up_to = Some(Label::Green));
    let anew = read(&mut model).expect("it is read");
    assert!(anew.collected.is_none());
    // What comes late of the one before is dropped.
    let before = state(&model).made.clone().unwrap();
    answer(&mut model, &wish);
    assert!(Arc::ptr_eq(state(&model).made.as_ref().unwrap(), &before));
    assert_ne!(state(&model).under_way, DisclosureUnderWay::Nothing);
}

#[test]
fn the_form_is_kept_while_one_looks_elsewhere_and_gone_with_the_profile() {
    let mut model = filled(form());
    let wish = read(&mut model).expect("it is read");
    let _ = model.act(desk::Action::Show(Pane::Room).into());
    answer(&mut model, &wish);
    assert!(super::said(&model).contains("is read. Look it through"), "{}", super::said(&model));
    does(&mut model, Action::Show(ManagePage::Disclosure));
    assert!(state(&model).form.wanted == form().wanted, "it is as it was");
    assert!(state(&model).made.is_some());
    let _ = model.act(welcome::Action::SignOut.into());
    assert!(state(&model).made.is_none() && state(&model).form.hidden.words.is_empty());
}

#[test]
fn nothing_is_read_without_a_connection_or_by_who_is_no_manager() {
    let mut model = filled(form());
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert!(read(&mut model).is_none());
    let mut officer = fixture::signed_in(1);
    fill(&mut officer, form());
    assert!(read(&mut officer).is_none());
    assert!(!ManagePage::all_for(&officer).contains(&ManagePage::Disclosure));
}
