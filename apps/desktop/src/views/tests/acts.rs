//! The log of acts by accessible name.

use egui::Role;
use egui_kittest::kittest::Queryable as _;
use serde_json::Value;
use warproom_client::proto::Record;
use warproom_client::proto::calls::RegisterPage;
use warproom_client::{Discontinuity, Rewritten};

use super::{Screen, screen};
use crate::fixture::acts;
use crate::model::manage::{self, ManagePage};
use crate::request::{Reply, Request};
use crate::{Action, Effect, Model, News, fixture};

/// Answers the pages that were asked for, as a server with this log.
fn serve(screen: &mut Screen, log: &[Record]) -> usize {
    let mut count = 0;
    loop {
        let asked = std::mem::take(&mut screen.state_mut().world.asked);
        let pages: Vec<_> = asked.iter().filter_map(page).collect();
        if pages.is_empty() {
            return count;
        }
        for call in pages {
            count += 1;
            let reply = Reply::RegisterPage(acts::page(log, call));
            screen.state_mut().hear(&News::Answered(Request::from(call), Ok(reply)));
        }
        screen.run_ok();
    }
}

fn page(effect: &Effect) -> Option<RegisterPage> {
    match effect {
        Effect::Call(Request::RegisterPage(call)) => Some(*call),
        _ => None,
    }
}

fn shown(model: Model, acts: &[Value]) -> Screen {
    let mut screen = screen(model);
    screen.state_mut().act(Action::Manage(manage::Action::Show(ManagePage::Acts)));
    screen.run_ok();
    serve(&mut screen, &acts::log(acts));
    screen
}

fn week() -> Screen {
    shown(fixture::model(), &acts::of_a_week())
}

fn has(screen: &Screen, part: &str) -> bool {
    screen.query_all_by_label_contains(part).next().is_some()
        || screen.query_all_by_value(part).next().is_some()
}

#[test]
fn each_act_says_when_who_and_what_and_that_the_chain_holds() {
    let screen = week();
    let row = "#4  Priya Raman, Medway Council removed Nia Prosser, Ashford Borough Council";
    let at = screen.get_by_label_contains(row).rect().min.y;
    let newer = screen.get_by_label_contains("#6  Priya Raman, Medway Council set").rect().min.y;
    assert!(newer < at, "newest first");
    screen.get_by_label_contains("#5  Withheld from you");
    screen.get_by_label_contains("Checked: every act from the first to number 6 follows");
    screen.get_by_label("This is where the log begins.");
}

#[test]
fn a_log_that_does_not_hold_says_so_and_never_that_it_was_checked() {
    let mut screen = week();
    let how = Discontinuity::Changed;
    screen.state_mut().hear(&News::Rewritten(Rewritten { room: None, seq: 3, how }));
    screen.run_ok();
    let said: Vec<_> = screen.query_all_by_role(Role::Alert).collect();
    assert!(!said.is_empty());
    screen.get_by_label_contains("This log does not hold: number 3 is not what it was.");
    assert!(!has(&screen, "Checked:"));
}

#[test]
fn the_log_is_narrowed_by_a_button_and_by_words() {
    let mut screen = week();
    screen.get_by_label("About members").click();
    screen.run_ok();
    assert!(!has(&screen, "#6  "));
    screen.get_by_label("Find an act, a person or an organisation").focus();
    screen.run_ok();
    screen.event(egui::Event::Text("removed nia".to_owned()));
    screen.run_ok();
    screen.get_by_label_contains("#4  ");
    assert!(!has(&screen, "#3  ") && !has(&screen, "#2  "));
}

#[test]
fn an_act_opens_in_full_and_leads_back() {
    let mut screen = week();
    screen.get_by_label_contains("#2  ").click();
    screen.run_ok();
    screen.get_by_label("Act number 2");
    screen
        .get_by_label_contains("invited Nia Prosser @nia, Ashford Borough Council, officer until");
    screen.get_by_label("← Log of acts").click();
    screen.run_ok();
    screen.get_by_label_contains("#4  ");
}

#[test]
fn older_acts_are_read_when_one_comes_to_the_end_and_not_before() {
    let log = acts::log(&acts::usual(650));
    let mut screen = screen(fixture::model());
    screen.state_mut().act(Action::Manage(manage::Action::Show(ManagePage::Acts)));
    screen.run_ok();
    serve(&mut screen, &log);
    // Fifty acts fill the window, with more than a few below it.
    assert_eq!(screen.state().model.manage.acts.oldest, 601);
    for _ in 0..40 {
        screen.hover_at(egui::pos2(760.0, 600.0));
        screen.event(egui::Event::MouseWheel {
            source: egui::MouseWheelSource::Wheel,
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -400.0),
            modifiers: egui::Modifiers::NONE,
            phase: egui::TouchPhase::Move,
        });
        screen.run_ok();
    }
    serve(&mut screen, &log);
    assert!(screen.state().model.manage.acts.oldest <= 401);
}

#[test]
fn who_is_no_officer_has_no_tab_for_it() {
    let mut model = fixture::signed_in(8);
    for room in model.rooms.rooms.values_mut() {
        room.role = Some(warproom_client::proto::RoomRole::Participant);
    }
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label("Manage").click();
    screen.run_ok();
    let tabs: Vec<_> = screen.query_all_by_role(Role::Tab).collect();
    assert_eq!(tabs.len(), 2);
    screen.get_by_role_and_label(Role::Tab, "Devices");
    screen.get_by_role_and_label(Role::Tab, "Audit log");
}
