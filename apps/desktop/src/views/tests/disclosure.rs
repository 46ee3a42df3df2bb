//! Answering a request for information, by accessible name.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use warproom_client::DisclosedSoFar;
use warproom_client::proto::Label;
use warproom_client::proto::disclosure::Purpose;

use super::{Screen, sized};
use crate::fixture::{self, disclosure, room};
use crate::model::manage::tests::disclosure::{filled, form, found};
use crate::model::manage::{Action, DisclosureForm, ManagePage};
use crate::{Effect, Model, News};

fn shown(model: Model) -> Screen {
    let mut screen = sized(model, 1280.0, 4000.0);
    screen.run_ok();
    screen
}

fn click(screen: &mut Screen, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

fn write(screen: &mut Screen, role: Role, field: &str, text: &str) {
    screen.get_by_role_and_label(role, field).focus();
    screen.run_ok();
    screen.get_by_role_and_label(role, field).type_text(text);
    screen.run_ok();
}

#[test]
fn what_it_holds_and_who_sees_it_is_said_before_it_is_read() {
    let screen = shown(filled(DisclosureForm::default()));
    screen.get_by_label_contains("TLP:RED always");
    screen.get_by_label_contains("Everyone in the room can see it");
    screen.get_by_label_contains("Nothing is written to this computer before");
    for label in ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT"] {
        screen.get_by_label(&format!("Given out up to: {label}"));
    }
    assert!(screen.query_by_label("Given out up to: TLP:RED").is_none(), "red never leaves");
}

#[test]
fn the_form_is_filled_in_by_name_read_looked_through_and_written() {
    let mut screen = shown(filled(DisclosureForm::default()));
    write(&mut screen, Role::TextInput, "Reference of the request", "FOI 7");
    click(&mut screen, "Freedom of information");
    click(&mut screen, "Given out up to: TLP:AMBER");
    write(&mut screen, Role::TextInput, "Find a room that it is about", "incident");
    click(&mut screen, "Add room Incident: East Kent Services");
    write(&mut screen, Role::TextInput, "Find somebody whose name stays", "maire");
    click(&mut screen, "Leave the name of Mairéad Ní Dhomhnaill, Thanet District Council");
    write(&mut screen, Role::MultilineTextInput, "Words to black out, one on each line", "canary");
    write(&mut screen, Role::TextInput, "Exemption for these words", "FOIA s.31");
    click(&mut screen, "Read what it covers");
    let wish = screen.state().world.asked.iter().find_map(|one| match one {
        Effect::ReadDisclosure(wish) => Some((**wish).clone()),
        _ => None,
    });
    let wish = wish.expect("it is asked for");
    assert_eq!(wish.wanted.rooms, [room(1)].into());
    assert_eq!(
        (wish.wanted.up_to, wish.wanted.purpose),
        (Some(Label::Amber), Some(Purpose::FreedomOfInformation))
    );
    assert_eq!(wish.hidden.subjects.len(), 1);

    let so_far = DisclosedSoFar { room: room(1), done: 200, latest: 312 };
    let number = wish.number;
    screen.state_mut().hear(&News::Disclosing { number, so_far });
    screen.run_ok();
    screen.get_by_label("Reading Incident: East Kent Services: up to number 200 of 312…");
    let made = disclosure::made(&wish);
    screen.state_mut().hear(&News::DisclosureRead { number, made });
    screen.run_ok();
    screen.get_by_label("Given out: 1 entry");
    screen.get_by_label("Withheld whole: 3 entries");
    screen.get_by_label_contains("words that the officer withholds (FOIA s.31)");
    screen.get_by_label_contains("number 4: whole: labelled TLP:RED");
    click(&mut screen, "Write the folder");
    let is_written = |one: &Effect| matches!(one, Effect::WriteDisclosure { folder, .. } if folder == "disclosure-foi-7");
    assert!(screen.state().world.asked.iter().any(is_written));
    screen.state_mut().hear(&News::DisclosureWritten(Ok("/home/priya/foi-7".to_owned())));
    screen.run_ok();
    screen.get_by_label("✔ Written to /home/priya/foi-7");
    screen.get_by_label_contains("Read document.md to its end");
    click(&mut screen, "Answer another request");
    assert!(screen.query_by_label("Write the folder").is_none());
}

#[test]
fn what_is_not_what_the_form_says_any_more_cannot_be_written() {
    let mut model = found();
    let mut changed = form();
    changed.hidden.words.push_str("\nring");
    let _ = model.act(Action::FillDisclosure(Box::new(changed)).into());
    let mut screen = shown(model);
    screen.get_by_label_contains("The form says something else by now");
    click(&mut screen, "Write the folder");
    let is_written = |one: &Effect| matches!(one, Effect::WriteDisclosure { .. });
    assert!(!screen.state().world.asked.iter().any(is_written));
    screen.get_by_label_contains("made again of what was read, and nothing is recorded");
    click(&mut screen, "Make it again");
    let is_of_what_was_read =
        |one: &Effect| matches!(one, Effect::ReadDisclosure(wish) if wish.collected.is_some());
    assert!(screen.state().world.asked.iter().any(is_of_what_was_read));
}

#[test]
fn an_officer_is_told_who_does_it() {
    let mut model = fixture::signed_in(1);
    let _ = model.act(Action::Show(ManagePage::Disclosure).into());
    let screen = shown(model);
    screen.get_by_label_contains("Only managers answer requests for information");
}
