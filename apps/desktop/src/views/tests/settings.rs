//! The settings by accessible name: what may interrupt, and when.

use egui::Role;
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::calls::{Done, Preferences, QuietHours, SetPreferences};

use super::{Screen, screen};
use crate::model::desk::{self, Pane};
use crate::model::settings::USUAL_QUIET;
use crate::news::Connection;
use crate::request::{Reply, Request};
use crate::{Effect, Model, News, fixture};

fn shown(preferences: Preferences) -> Screen {
    let mut model: Model = fixture::model();
    model.settings.preferences = Some(preferences);
    let _ = model.act(desk::Action::Show(Pane::Settings).into());
    let mut screen = screen(model);
    screen.run_ok();
    screen
}

/// What the server was asked to keep last. It keeps it.
fn preferred(screen: &mut Screen) -> Option<Preferences> {
    let asked = screen.state().world.asked.iter().rev().find_map(|effect| match effect {
        Effect::Call(Request::SetPreferences(call)) => Some(call.preferences),
        _ => None,
    });
    let call = SetPreferences { preferences: asked? };
    let done = Ok(Reply::SetPreferences(Done {}));
    screen.state_mut().hear(&News::Answered(call.into(), done));
    screen.run_ok();
    asked
}

#[test]
fn quiet_hours_are_switched_on_and_moved_and_the_server_keeps_them() {
    let mut screen = shown(Preferences::default());
    assert!(screen.query_by_role_and_label(Role::ComboBox, "from").is_none());
    screen.get_by_label("Quiet hours").click();
    screen.run_ok();
    assert_eq!(preferred(&mut screen).unwrap().quiet, Some(USUAL_QUIET));

    let from = screen.get_by_role_and_label(Role::ComboBox, "from");
    assert_eq!(from.value().as_deref(), Some("22:00"));
    from.scroll_to_me();
    screen.run_ok();
    screen.get_by_role_and_label(Role::ComboBox, "from").click();
    screen.run_ok();
    screen.get_by_label("01:30").click();
    screen.run_ok();
    let moved = QuietHours { from_minute: 90, ..USUAL_QUIET };
    assert_eq!(preferred(&mut screen).unwrap().quiet, Some(moved));
    let from = screen.get_by_role_and_label(Role::ComboBox, "from");
    assert_eq!(from.value().as_deref(), Some("01:30"));

    screen.get_by_label("Quiet hours").click();
    screen.run_ok();
    assert_eq!(preferred(&mut screen).unwrap().quiet, None);
}

#[test]
fn without_a_connection_nothing_of_it_can_be_changed() {
    let mut screen = shown(Preferences::default());
    screen.state_mut().hear(&News::Connection(Connection::Connecting));
    screen.run_ok();
    screen.get_by_label("Changing this needs a connection.");
    screen.get_by_label("Quiet hours").click();
    screen.run_ok();
    assert_eq!(preferred(&mut screen), None);
}
