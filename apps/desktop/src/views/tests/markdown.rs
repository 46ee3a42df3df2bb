//! Texts as they are laid out, links before they are opened, and the emoji picker.

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use warproom_client::proto::Label;

use super::entry::{Part, part};
use crate::model::desk::{self, Overlay};
use crate::model::{compose, room};
use crate::views::{emoji, links, markdown};
use crate::{Action, fixture};

fn text(text: &'static str) -> Harness<'static, Part> {
    let mut screen = part(fixture::model(), move |ui, cx| {
        ui.set_max_width(400.0);
        markdown::ui(ui, cx, Label::Amber, text);
    });
    screen.run_ok();
    screen
}

fn copied(screen: &Harness<'static, Part>) -> Option<String> {
    screen.state().acted.iter().find_map(|act| match act {
        Action::Desk(desk::Action::Copy(text)) => Some(text.clone()),
        _ => None,
    })
}

#[test]
fn a_link_is_looked_at_before_it_is_opened() {
    let mut screen = text("see [the advisory](https://www.ncsc.gov.uk/a) and\nmore");
    let link = screen.get_by_role_and_label(Role::Link, "the advisory");
    link.focus();
    screen.run_ok();
    screen.key_press(egui::Key::Enter);
    screen.run_ok();
    let looks = |act: &Action| matches!(act, Action::Desk(desk::Action::LookAtLink(to)) if to == "https://www.ncsc.gov.uk/a");
    assert!(screen.state().acted.iter().any(looks));
}

#[test]
fn a_link_that_looks_like_another_names_its_host() {
    let screen = text("[https://ncsc.gov.uk](https://evil.example/a)");
    screen.get_by_label(" ⚠ leads to evil.example");
    assert!(text("https://ncsc.gov.uk/a").query_by_label_contains("leads to").is_none());
}

#[test]
fn indicators_are_no_links() {
    let screen = text("hxxps://evil[.]example 203.0.113.7 CVE-2024-21887");
    assert!(screen.query_by_role(Role::Link).is_none());
    screen.get_by_label("hxxps://evil[.]example 203.0.113.7 CVE-2024-21887");
}

#[test]
fn code_is_copied_with_its_label() {
    let mut screen = text("```\nhxxps://evil[.]example\n```");
    screen.get_by_label("Copy this code").click();
    screen.run_ok();
    let wanted = "TLP:AMBER\nhxxps://evil[.]example\nTLP:AMBER";
    assert_eq!(copied(&screen).as_deref(), Some(wanted));
}

#[test]
fn nothing_is_wider_than_the_row() {
    let long = Box::leak("x".repeat(2000).into_boxed_str());
    let address = Box::leak(format!("a https://a.example/{long} b").into_boxed_str());
    let code = Box::leak(format!("```\n{long}\n```\n> {long}\n\n- {long}").into_boxed_str());
    for source in [&*long, &*address, &*code] {
        let mut screen = part(fixture::model(), move |ui, cx| {
            ui.set_max_width(400.0);
            let before = ui.min_rect().left();
            markdown::ui(ui, cx, Label::Amber, source);
            assert!(ui.min_rect().right() <= before + 401.0, "{:?}", ui.min_rect());
        });
        screen.run_ok();
    }
}

#[test]
fn every_block_is_drawn() {
    let screen =
        text("# Head\n\n- one\n- two\n\n1. first\n\n> said\n\n---\n\n|a|b|\n|-|-|\n|cell|2|\n");
    for said in ["Head", "one", "two", "1.", "first", "said", "cell"] {
        screen.get_by_label(said);
    }
}

fn overlay(link: &str) -> Harness<'static, Part> {
    let mut model = fixture::model();
    model.desk.link = Some(link.to_owned());
    let mut screen = part(model, links::ui);
    screen.run_ok();
    screen
}

#[test]
fn the_whole_target_is_shown_with_its_host_and_what_is_odd() {
    let screen = overlay("https://bank.example@xn--evl-bma.example/a");
    screen.get_by_label("https://bank.example@xn--evl-bma.example/a");
    screen.get_by_label("It leads to xn--evl-bma.example");
    assert_eq!(screen.get_all_by_label_contains("⚠").count(), 2);
    assert!(screen.get_by_label("Cancel").is_focused());
    let screen = overlay("https://www.ncsc.gov.uk/");
    assert!(screen.query_by_label_contains("⚠").is_none());
}

#[test]
fn a_target_is_copied_defanged_and_labelled_or_opened_or_left() {
    let mut screen = overlay("https://www.evil.example/a");
    for name in ["Copy defanged", "Open in the browser", "Cancel"] {
        screen.get_by_label(name).click();
        screen.run_ok();
    }
    // Nobody knows which text it came from: the strictest label.
    let wanted = "TLP:RED\nhxxps://www[.]evil[.]example/a\nTLP:RED";
    assert_eq!(copied(&screen).as_deref(), Some(wanted));
    let acted = &screen.state().acted;
    assert!(acted.iter().any(|act| matches!(act, Action::Desk(desk::Action::OpenLink))));
    assert!(acted.iter().any(|act| matches!(act, Action::Desk(desk::Action::Back))));
}

#[test]
fn what_cannot_be_opened_is_not_offered_to_be() {
    let screen = overlay("javascript:alert(1)");
    assert!(screen.query_by_label("Open in the browser").is_none());
    screen.get_by_label("Cancel");
}

#[test]
fn an_emoji_is_found_by_name_and_given_as_a_reaction() {
    let mut screen = part(fixture::model(), |ui, cx| emoji::ui(ui, cx, Some(7)));
    screen.run_ok();
    screen.get_by_role(Role::TextInput).focus();
    screen.run_ok();
    screen.get_by_role(Role::TextInput).type_text("police light");
    screen.run_ok();
    assert!(screen.query_by_label_contains("thumbs up").is_none());
    screen.key_press(egui::Key::Enter);
    screen.run_ok();
    let acted = &screen.state().acted;
    assert!(acted.iter().any(|act| {
        matches!(act, Action::Room(room::Action::React(7, emoji)) if emoji == "🚨")
    }));
    let closes = Overlay::Emoji { react_to: Some(7) };
    assert!(acted.iter().any(|act| {
        matches!(act, Action::Desk(desk::Action::Toggle(overlay)) if *overlay == closes)
    }));
}

#[test]
fn an_emoji_is_put_into_the_draft() {
    let mut screen = part(fixture::model(), |ui, cx| emoji::ui(ui, cx, None));
    screen.run_ok();
    screen.get_by_label_contains("thumbs up").click();
    screen.run_ok();
    assert!(screen.state().acted.iter().any(|act| {
        matches!(act, Action::Compose(compose::Action::Insert(emoji)) if emoji == "👍")
    }));
}
