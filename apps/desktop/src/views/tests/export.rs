//! Taking a room out, and changing one's password and authenticator, by accessible name.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;

use super::{Screen, screen, sized};
use crate::fixture;
use crate::model::credentials::tests::{authenticator, password};
use crate::model::desk::{self, Pane};
use crate::model::export::tests::begun;
use crate::request::Request;
use crate::{Effect, Model};

fn shown(model: Model) -> Screen {
    let mut screen = screen(model);
    screen.run_ok();
    screen
}

fn click(screen: &mut Screen, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

#[test]
fn what_an_export_holds_and_who_sees_it_is_said_before_it_is_made() {
    let mut model = fixture::incident_model();
    begun(&mut model);
    let mut screen = shown(model);
    screen.get_by_role_and_label(Role::Dialog, "Export Incident: East Kent Services");
    screen.get_by_label_contains("Left out is what is TLP:RED");
    screen.get_by_label_contains("stands in the audit log. Everyone in the room");
    click(&mut screen, "Lines of JSON, for programs");
    click(&mut screen, "Export it");
    let wished = screen.state().world.asked.iter().find_map(|one| match one {
        Effect::Export(wish) => Some(wish.file.clone()),
        _ => None,
    });
    assert_eq!(wished.as_deref().and_then(|file| file.rsplit('.').next()), Some("jsonl"));
    screen.get_by_label("Asking the server…");
}

#[test]
fn a_room_is_exported_from_its_page_too() {
    let mut model = fixture::incident_model();
    let shown_room = crate::model::manage::Shown::Room(fixture::room(1));
    let _ = model.act(crate::model::manage::Action::Open(shown_room).into());
    let mut screen = sized(model, 1280.0, 1400.0);
    screen.run_ok();
    click(&mut screen, "Export this room…");
    screen.get_by_role_and_label(Role::Dialog, "Export Incident: East Kent Services");
}

#[test]
fn a_password_is_changed_from_the_settings_with_advice() {
    let mut model = fixture::model();
    let _ = model.act(desk::Action::Show(Pane::Settings).into());
    let mut screen = sized(model, 1280.0, 1600.0);
    screen.run_ok();
    click(&mut screen, "Change password…");
    screen.get_by_label("Password until now");
    screen.get_by_label_contains("Their connections end as soon as it is changed");

    let good = "four words of no sense";
    let mut screen = shown(password(good, good));
    screen.get_by_label_contains("This password is ");
    click(&mut screen, "Change the password");
    let asked = &screen.state().world.asked;
    let is_sent = |one: &Effect| matches!(one, Effect::Call(Request::ChangeCredentials(_)));
    assert!(asked.iter().any(is_sent));
}

#[test]
fn everything_of_a_new_authenticator_can_be_reached_in_a_small_window() {
    let mut screen = sized(authenticator(), 1024.0, 700.0);
    screen.run_ok();
    screen.get_by_label_contains("QR code of the secret for your authenticator app");
    let send = screen.get_by_label("Use the new authenticator");
    send.scroll_to_me();
    screen.run_ok();
    let send = screen.get_by_label("Use the new authenticator").rect();
    assert!(send.bottom() <= 700.0, "{send:?}");
}
