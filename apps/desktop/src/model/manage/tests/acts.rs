//! The log of acts: read from its end, checked, put into words and narrowed.

use warproom_client::proto::calls::RegisterPage;
use warproom_client::proto::{Body, LogId, Record, RoomRole, Seq};
use warproom_client::{Discontinuity, Rewritten};

use super::super::{ActKind, may_read_older_acts};
use super::*;
use crate::fixture::acts;

/// Answers every page that is asked for, and those that are asked for then, as a server with this log.
fn serve(model: &mut Model, log: &[Record], asked: Vec<Value>) -> Vec<RegisterPage> {
    let mut asked = std::collections::VecDeque::from(asked);
    let mut pages = Vec::new();
    while let Some(call) = asked.pop_front() {
        let Ok(Request::RegisterPage(page)) = serde_json::from_value(call.clone()) else {
            continue;
        };
        pages.push(page);
        let reply = Reply::RegisterPage(acts::page(log, page));
        asked.extend(answer(model, &call, Ok(reply)));
    }
    pages
}

fn reading(log: &[Record]) -> Model {
    let mut model = fixture::model();
    let asked = does(&mut model, Action::Show(ManagePage::Acts));
    serve(&mut model, log, asked);
    model
}

fn numbers(model: &Model) -> Vec<Seq> {
    model.manage.acts.lines.iter().map(|line| line.seq).collect()
}

fn words(model: &Model) -> Vec<&str> {
    model.manage.acts.lines.iter().map(|line| line.words.as_str()).collect()
}

#[test]
fn the_newest_acts_are_read_first_and_older_ones_as_one_scrolls() {
    let log = acts::log(&acts::usual(650));
    let mut model = reading(&log);
    assert_eq!(numbers(&model).first(), Some(&650));
    assert_eq!(numbers(&model).last(), Some(&601));
    let asked = does(&mut model, Action::OlderActs);
    assert!(!may_read_older_acts(&model), "one page at a time");
    assert!(does(&mut model, Action::OlderActs).is_empty());
    let pages = serve(&mut model, &log, asked);
    assert_eq!(pages, [RegisterPage { after: 400, limit: 200 }]);
    assert_eq!(model.manage.acts.oldest, 401);
    let asked = does(&mut model, Action::OlderActs);
    serve(&mut model, &log, asked);
    // The first page of all came when nothing was known of the log's length.
    assert_eq!(model.manage.acts.oldest, 1);
    assert_eq!(numbers(&model), (1..=650).rev().collect::<Vec<_>>());
    assert!(!may_read_older_acts(&model), "there is nothing older");
    assert_eq!(model.manage.acts.broken, None);
}

#[test]
fn a_page_that_is_short_is_filled_up_and_has_no_gap() {
    let log = acts::log(&acts::usual(400));
    let mut model = reading(&log);
    model.manage.acts = super::super::Acts::default();
    let call = RegisterPage { after: 200, limit: 200 };
    let mut short = acts::page(&log, call);
    short.records.truncate(50);
    let request = serde_json::to_value(Request::from(call)).unwrap();
    let asked = answer(&mut model, &request, Ok(Reply::RegisterPage(short)));
    assert!(numbers(&model).is_empty(), "the newest is not there yet");
    let pages = serve(&mut model, &log, asked);
    assert_eq!(pages, [RegisterPage { after: 250, limit: 199 }]);
    assert_eq!((model.manage.acts.oldest, numbers(&model)[0]), (201, 400));
}

#[test]
fn acts_are_in_words_with_the_names_of_those_who_are_gone() {
    let model = reading(&acts::log(&acts::of_a_week()));
    let words = words(&model);
    assert_eq!(
        words[0],
        "Priya Raman, Medway Council set an organisation's entry: Canterbury City Council, also CCC"
    );
    assert_eq!(words[1], "Withheld from you");
    assert_eq!(
        words[2],
        "Priya Raman, Medway Council removed Nia Prosser, Ashford Borough Council"
    );
    assert!(words[4].starts_with("Priya Raman, Medway Council invited Nia Prosser @nia, Ashford"));
    assert!(words[5].starts_with("The operator, at the server's console, founded the WARP Kent"));
}

#[test]
fn the_log_is_narrowed_by_kind_and_by_words() {
    let mut model = reading(&acts::log(&acts::of_a_week()));
    does(&mut model, Action::ActsOf(ActKind::Members));
    assert_eq!(numbers(&model), [4, 3, 2]);
    does(&mut model, Action::Filter("nia prosser".to_owned()));
    assert_eq!(numbers(&model), [4, 3, 2]);
    does(&mut model, Action::Filter("removed".to_owned()));
    assert_eq!(numbers(&model), [4]);
    does(&mut model, Action::ActsOf(ActKind::All));
    does(&mut model, Action::Filter("canterbury".to_owned()));
    assert_eq!(numbers(&model), [6], "by organisation");
    does(&mut model, Action::Show(ManagePage::Acts));
    assert_eq!(numbers(&model).len(), 6, "the page begins with all of them");
}

#[test]
fn a_record_that_does_not_follow_the_one_before_is_named() {
    let mut log = acts::log(&acts::of_a_week());
    let Body::Shown { at_ms, .. } = &mut log[3].body else { panic!("it is shown") };
    *at_ms += 1;
    let model = reading(&log);
    let broken = model.manage.acts.broken.as_deref();
    assert_eq!(broken, Some("number 4 does not follow what stands before it"));
}

#[test]
fn a_log_that_does_not_go_on_from_what_is_remembered_is_said_and_believed_only_by_a_person() {
    let mut model = reading(&acts::log(&acts::of_a_week()));
    let how = Discontinuity::RolledBack { remembered: 9 };
    let _ = model.hear(&News::Rewritten(Rewritten { room: None, seq: 6, how }));
    let broken = model.manage.acts.broken.as_deref();
    assert_eq!(broken, Some("it ends at number 6 and had come to number 9"));
    let asked = asked(&model.act(crate::Action::Desk(desk::Action::TrustLog(LogId::REGISTER))));
    assert_eq!(model.manage.acts.broken, None);
    assert!(calls(&asked).contains(&"RegisterPage"), "it is read anew");
    assert!(numbers(&model).is_empty());
}

#[test]
fn without_a_connection_the_remembered_acts_are_shown_until_the_server_has_told() {
    let old = acts::log(&acts::of_a_week()[..4]);
    let mut model = fixture::model();
    let lost = Connection::Connecting;
    let _ = model.hear(&News::Connection(lost));
    let call = RegisterPage { after: 0, limit: 200 };
    let remembered = Reply::RegisterPage(acts::page(&old, call));
    let _ = model.hear(&News::Answered(call.into(), Ok(remembered)));
    assert!(does(&mut model, Action::Show(ManagePage::Acts)).is_empty(), "nothing can be asked");
    assert_eq!(numbers(&model), [4, 3, 2, 1]);
    assert!(!model.manage.acts.is_fresh);
    let _ = model.hear(&News::Connection(Connection::Connected));
    let signed_in =
        SignedIn { warp: name("Kent & Medway WARP"), me: model.session.clone().unwrap().me };
    let asked = asked(&model.hear(&News::SignedIn(signed_in)));
    serve(&mut model, &acts::log(&acts::of_a_week()), asked);
    assert_eq!(numbers(&model), [6, 5, 4, 3, 2, 1]);
    assert!(model.manage.acts.is_fresh);
}

#[test]
fn a_guest_has_only_the_pages_that_do_something_for_them() {
    let mut model = fixture::signed_in(8);
    for room in model.rooms.rooms.values_mut() {
        room.role = Some(RoomRole::Participant);
    }
    assert_eq!(ManagePage::all_for(&model), [ManagePage::Devices, ManagePage::Audit]);
    let asked = asked(&model.act(crate::Action::Desk(desk::Action::Show(Pane::Manage))));
    assert_eq!(model.manage.page, ManagePage::Devices);
    assert_eq!(calls(&asked), ["ListDevices"]);
    model.rooms.rooms.values_mut().next().unwrap().role = Some(RoomRole::Lead);
    let pages = [ManagePage::Rooms, ManagePage::Devices, ManagePage::Audit];
    assert_eq!(ManagePage::all_for(&model), pages);
    // An officer has all but what is a manager's duty.
    let all_but_one = &ManagePage::ALL[..ManagePage::ALL.len() - 1];
    assert_eq!(ManagePage::all_for(&fixture::signed_in(1)), all_but_one);
    assert_eq!(ManagePage::all_for(&fixture::model()), ManagePage::ALL);
}
