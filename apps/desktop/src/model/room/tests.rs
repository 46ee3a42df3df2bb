//! What reading a room asks for, keeps and marks.

use warproom_client::proto::calls::{Posted, Reached, ReachedBy, Recipient, RoomMembers};
use warproom_client::proto::{EntryId, Head, Kind, Principal};
use warproom_client::{Delivered, Discontinuity};

use super::*;
use crate::News;
use crate::effect::Outgoing;
use crate::fixture::{
    NOW_MS, crowd, crowd_page, delivered, fill, incident_model, kind, member, model, post, room,
    withheld,
};
use crate::model::rooms;
use crate::news::{Page, Refusal};
use crate::request::{Reply, Request};

fn does(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(crate::Action::Room(action))
}

/// A model whose second room is open, has `latest` entries, and holds the last 50.
fn reading(latest: Seq) -> Model {
    let mut model = model();
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(2))));
    let first = latest.saturating_sub(49).max(1);
    comes(&mut model, From::Latest, Ok(crowd_page(room(2), first..=latest, latest)));
    model.desk.is_looked_at = true;
    model
}

fn comes(model: &mut Model, from: From, page: Result<Page, Refusal>) -> Vec<Effect> {
    model.hear(&News::Page { room: room(2), from, page })
}

fn open(model: &Model) -> &Room {
    model.rooms.open().unwrap()
}

fn pages(effects: &[Effect]) -> Vec<From> {
    let page = |effect: &Effect| match effect {
        Effect::Page { from, .. } => Some(*from),
        _ => None,
    };
    effects.iter().filter_map(page).collect()
}

fn marks(effects: &[Effect]) -> Vec<Seq> {
    let marked = |effect: &Effect| match effect {
        Effect::Call(Request::MarkRead(mark)) => Some(mark.seq),
        _ => None,
    };
    effects.iter().filter_map(marked).collect()
}

fn sent(effects: Vec<Effect>) -> Vec<Outgoing> {
    let sent = |effect| match effect {
        Effect::Send(outgoing) => Some(outgoing),
        _ => None,
    };
    effects.into_iter().filter_map(sent).collect()
}

fn confirm(model: &mut Model) -> Vec<Effect> {
    model.act(crate::Action::Desk(crate::model::desk::Action::Confirm))
}

#[test]
fn a_gap_near_what_is_visible_is_fetched_one_page_at_a_time() {
    let mut model = reading(1_000);
    assert_eq!(pages(&does(&mut model, Action::Visible(980..=990))), [From::Before(951)]);
    assert!(pages(&does(&mut model, Action::Visible(970..=980))).is_empty(), "it is on its way");
    comes(&mut model, From::Before(951), Ok(crowd_page(room(2), 751..=950, 1_000)));
    assert!(pages(&does(&mut model, Action::Visible(970..=980))).is_empty(), "it is far");
    assert_eq!(pages(&does(&mut model, Action::Visible(800..=810))), [From::Before(751)]);
}

#[test]
fn nothing_is_asked_for_before_the_beginning() {
    let mut model = reading(40);
    assert!(pages(&does(&mut model, Action::Visible(1..=10))).is_empty());
    let mut model = reading(100);
    assert_eq!(pages(&does(&mut model, Action::Visible(51..=60))), [From::Before(51)]);
    comes(
        &mut model,
        From::Before(51),
        Ok(Page { entries: vec![], amendments: vec![], latest: 100 }),
    );
    assert!(pages(&does(&mut model, Action::Visible(51..=60))).is_empty());
    assert!(open(&model).log.is_joined_to_before(51), "the room begins there now");
}

#[test]
fn a_page_that_did_not_come_says_why_and_is_asked_for_again_when_wished() {
    let mut model = reading(1_000);
    let _ = does(&mut model, Action::Visible(980..=990));
    comes(&mut model, From::Before(951), Err(Refusal::new("The server is busy.", "")));
    assert_eq!(open(&model).reading.trouble.as_deref(), Some("The server is busy."));
    assert!(pages(&does(&mut model, Action::Visible(979..=990))).is_empty());
    assert_eq!(pages(&does(&mut model, Action::Retry)), [From::Before(951)]);
    assert_eq!(open(&model).reading.trouble, None);
}

#[test]
fn a_page_brings_its_amendments() {
    let mut model = reading(1_000);
    let mut page = crowd_page(room(2), 751..=950, 1_000);
    let author = open_author(&page.entries[0]);
    let edit = kind(post(author, Label::Green, "as it is now"), Kind::Edit { of: 751 });
    page.amendments.push(delivered(room(2), 990, NOW_MS, edit));
    comes(&mut model, From::Before(951), Ok(page));
    assert_eq!(open(&model).log.shown(751).unwrap().text(), Some("as it is now"));
}

fn open_author(delivered: &Delivered) -> u8 {
    delivered.author().unwrap().member().unwrap().as_bytes()[0]
}

#[test]
fn what_is_seen_while_the_window_is_looked_at_is_read_and_told_once_a_second() {
    let mut model = reading(1_000);
    assert_eq!(marks(&does(&mut model, Action::Visible(960..=970))), [970]);
    assert!(marks(&does(&mut model, Action::Visible(961..=971))).is_empty());
    assert_eq!(open(&model).read, 971);
    assert!(marks(&does(&mut model, Action::Visible(955..=960))).is_empty());
    assert_eq!(open(&model).read, 971, "only forward");
    let later = model.now_ms + 1_000;
    assert_eq!(marks(&model.hear(&News::Clock(later))), [971]);
    assert!(marks(&model.hear(&News::Clock(later + 1_000))).is_empty());
}

#[test]
fn nothing_is_read_while_nobody_looks() {
    let mut model = reading(1_000);
    model.desk.is_looked_at = false;
    assert!(marks(&does(&mut model, Action::Visible(960..=970))).is_empty());
    assert_eq!(open(&model).read, 0);
}

#[test]
fn what_comes_while_nobody_looks_is_behind_an_unread_line() {
    let mut model = reading(1_000);
    let _ = does(&mut model, Action::Visible(960..=1_000));
    model.desk.is_looked_at = false;
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(2))));
    crowd(&mut model, room(2), 2);
    assert_eq!(open(&model).reading.unread_after, Some(1_000));
}

#[test]
fn the_open_room_keeps_what_is_around_the_visible_part() {
    let mut model = reading(50);
    crowd(&mut model, room(2), 10_200);
    assert_eq!(open(&model).log.items.len(), ROWS_OPEN);
    assert!(open(&model).log.holds_latest());
    let _ = does(&mut model, Action::Visible(260..=270));
    crowd(&mut model, room(2), 100);
    let room = open(&model);
    assert!(room.log.is_held(260) && !room.log.holds_latest());
    assert_eq!(room.log.items.len(), ROWS_OPEN);
    assert_eq!(pages(&does(&mut model, Action::ToLatest)), [From::Latest]);
}

#[test]
fn going_to_an_entry_that_is_not_held_fetches_it_first() {
    let mut model = reading(1_000);
    assert_eq!(pages(&does(&mut model, Action::ToEntry(300))), [From::After(299)]);
    let before = open(&model).reading.jump;
    comes(&mut model, From::After(299), Ok(crowd_page(room(2), 300..=499, 1_000)));
    let after = open(&model).reading.jump;
    assert!(matches!(after, Some((Jump::Entry(300), _))) && after != before);
    assert!(!open(&model).log.is_joined_to_before(951), "there is a gap between the windows");
    let asked = pages(&does(&mut model, Action::Visible(480..=499)));
    assert_eq!(asked, [From::After(499)]);
}

#[test]
fn an_entry_that_does_not_exist_is_not_looked_for_for_ever() {
    let mut model = reading(1_000);
    let _ = does(&mut model, Action::ToEntry(5_000));
    comes(
        &mut model,
        From::After(4_999),
        Ok(Page { entries: vec![], amendments: vec![], latest: 1_000 }),
    );
    assert_eq!(open(&model).reading.seeking, None);
}

#[test]
fn going_to_a_time_goes_to_its_first_entry_or_says_that_there_is_none() {
    let mut model = reading(1_000);
    assert_eq!(pages(&does(&mut model, Action::ToTime(77))), [From::Time(77)]);
    comes(&mut model, From::Time(77), Ok(crowd_page(room(2), 200..=399, 1_000)));
    assert!(matches!(open(&model).reading.jump, Some((Jump::Entry(200), _))));
    let _ = does(&mut model, Action::ToTime(99));
    comes(
        &mut model,
        From::Time(99),
        Ok(Page { entries: vec![], amendments: vec![], latest: 1_000 }),
    );
    assert!(matches!(open(&model).reading.jump, Some((Jump::Latest, _))));
    assert_eq!(model.desk.notices.len(), 1);
}

#[test]
fn arrows_choose_rows() {
    let mut model = incident_model();
    let _ = does(&mut model, Action::Choose(Direction::Back));
    assert_eq!(open(&model).reading.chosen, Some(8), "the newest at first");
    let _ = does(&mut model, Action::Choose(Direction::Back));
    assert_eq!(open(&model).reading.chosen, Some(7));
    let _ = does(&mut model, Action::Choose(Direction::On));
    let _ = does(&mut model, Action::Choose(Direction::On));
    assert_eq!(open(&model).reading.chosen, Some(8), "there is no more");
}

#[test]
fn a_reply_opens_the_thread_it_stands_in() {
    let mut model = incident_model();
    let asked = does(&mut model, Action::OpenThread(5));
    assert!(matches!(asked[..], [Effect::Thread { to: 4, .. }]));
    let late = kind(post(2, Label::Amber, "late"), Kind::Post { reply_to: Some(4) });
    let entries = Ok(vec![delivered(room(1), 400, NOW_MS, late)]);
    let _ = model.hear(&News::Thread { room: room(1), to: 4, entries });
    let log = &open(&model).log;
    assert_eq!(log.shown(4).unwrap().replies, [5, 400]);
    assert!(log.shown(400).is_some() && !log.items.contains_key(&400));
    let _ = does(&mut model, Action::CloseThread);
    assert!(open(&model).log.shown(400).is_none());
}

#[test]
fn reacting_again_takes_the_reaction_back() {
    let mut model = incident_model();
    let is = |effects: Vec<Effect>, wanted: bool| {
        let sent = sent(effects);
        assert!(
            matches!(&sent[..], [Outgoing::React(call)] if call.of == 2 && call.withdrawn == wanted)
        );
    };
    is(does(&mut model, Action::React(2, "👍".to_owned())), false);
    let mine = kind(post(5, Label::Amber, "👍"), Kind::React { of: 2, withdrawn: false });
    fill(&mut model, room(1), vec![mine]);
    is(does(&mut model, Action::React(2, "👍".to_owned())), true);
}

#[test]
fn taking_an_entry_back_is_asked_about_and_done_in_the_room_it_was_asked_in() {
    let mut model = incident_model();
    assert!(sent(does(&mut model, Action::Retract(2))).is_empty());
    let asked = model.desk.confirm.clone().unwrap();
    assert!(asked.is_dangerous && asked.title.contains("Ffion"));
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(2))));
    let sent = sent(confirm(&mut model));
    assert!(matches!(&sent[..], [Outgoing::Retract(call)] if call.room == room(1) && call.of == 2));
}

#[test]
fn what_was_taken_back_is_asked_about_once_it_is_and_shown_beside() {
    let mut model = incident_model();
    let _ = does(&mut model, Action::Retract(2));
    let sent = sent(confirm(&mut model));
    let [Outgoing::Retract(call)] = &sent[..] else { panic!("nothing is taken back") };
    let posted = Posted { seq: 90, at_ms: NOW_MS, head: Head([0; 32]) };
    assert!(model.hear(&News::Sent(EntryId::random(), Ok(posted))).is_empty(), "another's");
    let asked = model.hear(&News::Sent(call.id, Ok(posted)));
    let wanted = ReachedBy { room: room(1), of: 2 };
    assert!(asked.iter().any(|effect| {
        matches!(effect, Effect::Call(Request::ReachedBy(asked)) if *asked == wanted)
    }));
    let one = Recipient {
        who: Principal::Member(member(2)),
        name: crate::fixture::name("Dele Okafor"),
        organisation_name: None,
        here: true,
        signs: Vec::new(),
    };
    let reached = Reached { recipients: vec![one], taken_back_at_ms: None };
    let answer = Reply::ReachedBy(reached.clone());
    let _ = model.hear(&News::Answered(wanted.into(), Ok(answer)));
    let reading = &open(&model).reading;
    assert_eq!(reading.beside, Some(Beside::Details(2)));
    assert_eq!(reading.recall.as_ref().unwrap().reached, Some(reached));
    assert!(model.desk.notices.iter().any(|notice| notice.text.contains("reached one reader")));
}

#[test]
fn a_stricter_label_is_given_at_once_and_a_milder_one_asked_about_and_by_the_author_alone() {
    let mut model = incident_model();
    let strict = sent(does(&mut model, Action::Relabel(2, Label::Red)));
    assert!(matches!(&strict[..], [Outgoing::Relabel(call)] if call.to == Label::Red));
    assert!(sent(does(&mut model, Action::Relabel(2, Label::Green))).is_empty());
    assert!(model.desk.confirm.is_none() && model.desk.notices.len() == 1, "it is Ffion's");
    assert!(sent(does(&mut model, Action::Relabel(4, Label::Green))).is_empty());
    let asked = model.desk.confirm.clone().unwrap();
    assert!(asked.title.contains("TLP:AMBER+STRICT") && asked.title.contains("TLP:GREEN"));
    let milder = sent(confirm(&mut model));
    assert!(
        matches!(&milder[..], [Outgoing::Relabel(call)] if call.to == Label::Green && call.of == 4)
    );
}

#[test]
fn nothing_gets_a_label_above_the_ceiling() {
    let mut model = model();
    fill(&mut model, room(2), vec![post(5, Label::Green, "x")]);
    let _ = model.act(crate::Action::Rooms(rooms::Action::Open(room(2))));
    assert!(sent(does(&mut model, Action::Relabel(1, Label::Red))).is_empty());
    assert!(model.desk.notices[0].is_trouble);
}

#[test]
fn a_copy_carries_its_label_first_and_last_and_who_said_it() {
    let mut model = incident_model();
    let asked = does(&mut model, Action::CopyEntry(4));
    let Some(Effect::Copy(text)) = asked.first() else { panic!("nothing was copied") };
    assert!(text.starts_with("TLP:AMBER+STRICT\nPriya Raman, Medway Council, "));
    assert!(text.contains("Shared IT service of three councils is offline\nCanterbury, Dover"));
    assert!(text.ends_with("\nTLP:AMBER+STRICT"));
}

#[test]
fn the_indicators_of_an_entry_are_copied_as_they_are_written_with_its_label() {
    let mut model = incident_model();
    let asked = does(&mut model, Action::CopyIndicators(6));
    let Some(Effect::Copy(text)) = asked.first() else { panic!("nothing was copied") };
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "TLP:AMBER+STRICT",
            "hxxps://update[.]civica-support[.]example/api",
            "203[.]0[.]113[.]77:8443",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "TLP:AMBER+STRICT",
        ]
    );
    let has = |seq| {
        let may = may(&model, model.rooms.open().unwrap(), seq).unwrap();
        may.action(Act::CopyIndicators).is_some()
    };
    assert!(has(6) && !has(2), "offered only where there are some");
    assert!(does(&mut model, Action::CopyIndicators(2)).is_empty());
}

#[test]
fn what_is_withheld_cannot_be_acted_on() {
    let mut model = incident_model();
    let _ = model.hear(&News::Entry(withheld(room(1), 9)));
    for action in [Action::React(9, "👍".to_owned()), Action::CopyEntry(9), Action::Retract(9)] {
        assert!(does(&mut model, action).is_empty());
    }
    assert!(model.desk.confirm.is_none());
}

#[test]
fn leaving_is_asked_about() {
    let mut model = incident_model();
    assert!(does(&mut model, Action::Leave).is_empty());
    let sent = sent(confirm(&mut model));
    let me = Principal::Member(member(5));
    assert!(matches!(&sent[..], [Outgoing::RemoveFromRoom(call)] if call.who == me));
}

#[test]
fn a_history_that_does_not_hold_is_believed_only_when_somebody_says_so() {
    let mut model = incident_model();
    let how = Discontinuity::Changed;
    let _ = model.hear(&News::Rewritten(Rewritten { room: Some(room(1)), seq: 3, how }));
    assert!(open(&model).rewritten.is_some());
    assert!(does(&mut model, Action::TrustHistory).is_empty());
    let asked = confirm(&mut model);
    assert!(matches!(
        asked[..],
        [Effect::TrustHistory { .. }, Effect::Page { from: From::Latest, .. }]
    ));
    assert!(open(&model).rewritten.is_none() && open(&model).log.items.is_empty());
}

#[test]
fn typing_ends_with_an_entry_of_that_person_or_after_a_while() {
    let mut model = incident_model();
    for number in [1, 2, 5] {
        let _ = model.hear(&News::Typing { room: room(1), member: member(number) });
    }
    let who = |model: &Model| open(model).typing.keys().copied().collect::<Vec<_>>();
    assert_eq!(who(&model), [member(1), member(2)], "one does not see oneself type");
    fill(&mut model, room(1), vec![post(1, Label::Amber, "done")]);
    assert_eq!(who(&model), [member(2)]);
    let _ = model.hear(&News::Clock(model.now_ms + 6_001));
    assert!(who(&model).is_empty());
}

#[test]
fn who_is_here_follows_the_news() {
    let mut model = incident_model();
    for (number, here) in [(1, true), (2, true), (1, true), (2, false)] {
        let _ = model.hear(&News::Presence { room: room(1), member: member(number), here });
    }
    assert_eq!(open(&model).here, [member(1)]);
}

#[test]
fn somebody_who_comes_into_the_open_room_has_the_people_listed_anew() {
    let mut model = incident_model();
    let who = Principal::Member(member(3));
    let joined =
        kind(post(5, Label::Amber, "x"), Kind::Joined { who, role: RoomRole::Participant });
    let asked = model.hear(&News::Entry(delivered(room(1), 9, NOW_MS, joined)));
    assert!(asked.iter().any(|effect| {
        matches!(effect, Effect::Call(Request::RoomMembers(RoomMembers { room: id })) if *id == room(1))
    }));
}
