//! Finding, as a person and a server make it happen.

use warproom_client::Delivered;
use warproom_client::proto::calls::Found;
use warproom_client::proto::{Kind, Label, Principal, RoomId, Seq};

use super::{Action, Query, Search, people, places, shown_hits, switcher_rooms};
use crate::fixture::{self, NOW_MS, delivered, post};
use crate::model::Model;
use crate::model::desk::{self, Overlay};
use crate::model::rooms::{self, Direction};
use crate::news::Refusal;
use crate::{Action as Any, Effect, News};

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(Any::Find(action))
}

fn names(model: &Model) -> Vec<String> {
    let name = |id: RoomId| model.rooms.rooms[&id].settings.name.to_string();
    switcher_rooms(model).into_iter().map(name).collect()
}

#[test]
fn without_words_the_rooms_visited_last_come_first_and_the_open_one_last() {
    let mut model = fixture::incident_model();
    for number in [5, 2, 3] {
        let _ = model.act(Any::Rooms(rooms::Action::Open(fixture::room(number))));
    }
    let names = names(&model);
    assert_eq!(names[..2], ["General", "Exercise Sandgate"]);
    assert_eq!(names.last().map(String::as_str), Some("Warnings"));
    assert_eq!(names.len(), 6);
}

#[test]
fn the_switcher_finds_a_room_by_initials_and_opens_it() {
    let mut model = fixture::incident_model();
    let _ = model.act(Any::Rooms(rooms::Action::Open(fixture::room(2))));
    let _ = model.act(Any::Desk(desk::Action::Toggle(Overlay::Switcher)));
    let _ = act(&mut model, Action::SwitcherWords("ieks".to_owned()));
    assert_eq!(names(&model), ["Incident: East Kent Services"]);
    let _ = act(&mut model, Action::SwitcherTake(None));
    assert_eq!(model.rooms.open, Some(fixture::room(1)));
    assert!(model.desk.overlays.is_empty());
}

#[test]
fn arrows_stay_within_the_list_and_other_words_begin_at_its_top() {
    let mut model = fixture::incident_model();
    let _ = act(&mut model, Action::SwitcherStep(Direction::Back));
    assert_eq!(model.find.switcher.chosen, 0);
    for _ in 0..9 {
        let _ = act(&mut model, Action::SwitcherStep(Direction::On));
    }
    assert_eq!(model.find.switcher.chosen, 5);
    let _ = act(&mut model, Action::SwitcherWords("g".to_owned()));
    assert_eq!(model.find.switcher.chosen, 0);
}

#[test]
fn an_overlay_that_opens_has_forgotten_what_was_written_in_it() {
    let mut model = fixture::incident_model();
    let _ = act(&mut model, Action::SwitcherWords("kent".to_owned()));
    let _ = model.act(Any::Desk(desk::Action::Toggle(Overlay::Switcher)));
    assert_eq!(model.find.switcher.words, "");
}

/// Searches for words, in the open room or in all.
fn search(model: &mut Model, words: &str, room: Option<RoomId>) -> Vec<Effect> {
    let query = Query { words: words.to_owned(), room, ..Query::default() };
    let _ = act(model, Action::Query(query));
    act(model, Action::Search)
}

/// The one search among the effects: its number, its room, where it begins.
fn asked(effects: &[Effect]) -> (u64, RoomId, Option<Seq>) {
    let search = |effect: &Effect| match effect {
        Effect::Search { search, room, before, .. } => Some((*search, *room, *before)),
        _ => None,
    };
    let all: Vec<_> = effects.iter().filter_map(search).collect();
    assert_eq!(all.len(), 1, "one search at a time");
    all[0]
}

fn find(model: &mut Model, number: u64, hit: Delivered) {
    let _ = model.hear(&News::Found { search: number, hit });
}

fn end(model: &mut Model, number: u64, next_before: Option<Seq>) -> Vec<Effect> {
    let found = Found { hits: 0, looked_at: 0, next_before };
    model.hear(&News::SearchEnded { search: number, end: Ok(found) })
}

fn hit(room: u16, seq: Seq, author: u8, label: Label, hours_ago: i64) -> Delivered {
    let at_ms = NOW_MS - hours_ago * 3_600_000;
    delivered(fixture::room(room), seq, at_ms, post(author, label, "Civica does not answer"))
}

fn seqs(model: &Model) -> Vec<Seq> {
    shown_hits(model).iter().map(|hit| hit.delivered.seq).collect()
}

#[test]
fn every_room_is_searched_in_its_turn_the_open_one_first() {
    let mut model = fixture::incident_model();
    let mut asked_of = Vec::new();
    let mut effects = search(&mut model, "civica", None);
    while !model.find.search.running.is_empty() {
        let (number, room, _) = asked(&effects);
        asked_of.push(room);
        effects = end(&mut model, number, None);
    }
    assert_eq!(asked_of.len(), 6);
    assert_eq!(asked_of[0], fixture::room(1));
    assert!(effects.is_empty());
}

#[test]
fn a_new_search_waits_for_the_old_one_and_drops_what_that_finds() {
    let mut model = fixture::incident_model();
    let (old, ..) = asked(&search(&mut model, "civica", Some(fixture::room(1))));
    assert!(search(&mut model, "dover", Some(fixture::room(1))).is_empty());
    find(&mut model, old, hit(1, 2, 1, Label::Green, 0));
    assert_eq!(seqs(&model), [0; 0]);
    let (new, ..) = asked(&end(&mut model, old, None));
    assert_ne!(new, old);
    find(&mut model, new, hit(1, 3, 1, Label::Green, 0));
    assert_eq!(seqs(&model), [3]);
}

/// A search for "civica" in room 1 that found these, and is over.
fn found(hits: Vec<Delivered>) -> Model {
    let mut model = fixture::incident_model();
    let (number, ..) = asked(&search(&mut model, "civica", Some(fixture::room(1))));
    for hit in hits {
        find(&mut model, number, hit);
    }
    let _ = end(&mut model, number, None);
    model
}

fn narrow(model: &mut Model, change: impl FnOnce(&mut Query)) {
    let mut query = model.find.search.query.clone();
    change(&mut query);
    let _ = act(model, Action::Query(query));
}

#[test]
fn hits_are_narrowed_by_label_person_and_days_without_asking_again() {
    let hits = vec![
        hit(1, 9, 1, Label::Green, 0),
        hit(1, 8, 2, Label::Red, 24),
        hit(1, 7, 1, Label::Red, 48),
    ];
    let mut model = found(hits);
    assert_eq!(seqs(&model), [9, 8, 7]);
    narrow(&mut model, |query| query.label = Some(Label::Red));
    assert_eq!(seqs(&model), [8, 7]);
    narrow(&mut model, |query| query.author = Some(Principal::Member(fixture::member(1))));
    assert_eq!(seqs(&model), [7]);
    narrow(&mut model, |query| *query = Query { since: "2024-01-20".to_owned(), ..query.clone() });
    assert_eq!(seqs(&model), [0; 0]);
    narrow(&mut model, |query| {
        *query =
            Query { label: None, author: None, until: "yesterday".to_owned(), ..query.clone() };
    });
    assert_eq!(seqs(&model), [8]);
}

#[test]
fn what_is_withheld_or_says_nothing_is_no_hit() {
    let mut reaction = hit(1, 5, 1, Label::Green, 0);
    reaction.entry.as_mut().unwrap().handling.kind = Kind::React { of: 2, withdrawn: false };
    let model = found(vec![fixture::withheld(fixture::room(1), 6), reaction]);
    assert!(model.find.search.hits.is_empty());
}

#[test]
fn what_is_taken_back_or_relabelled_meanwhile_is_shown_so() {
    let mut model = found(vec![hit(1, 3, 1, Label::Green, 0), hit(1, 2, 1, Label::Green, 0)]);
    let room = fixture::room(1);
    let to = Label::Amber;
    let relabel = fixture::kind(post(1, to, "x"), Kind::Relabel { of: 2, to });
    let retract = fixture::kind(post(1, to, "x"), Kind::Retract { of: 3 });
    let _ = model.hear(&News::Entry(delivered(room, 20, NOW_MS, relabel)));
    let _ = model.hear(&News::Entry(delivered(room, 21, NOW_MS, retract)));
    let shown: Vec<_> =
        shown_hits(&model).iter().map(|hit| (hit.delivered.seq, hit.label)).collect();
    assert_eq!(shown, [(2, Label::Amber)]);
}

#[test]
fn an_edit_that_is_found_leads_to_what_it_edits_and_is_told_once() {
    let mut edit = hit(1, 6, 1, Label::Green, 0);
    edit.entry.as_mut().unwrap().handling.kind = Kind::Edit { of: 2 };
    let mut model = found(vec![edit, hit(1, 2, 1, Label::Green, 1)]);
    assert_eq!(seqs(&model), [6]);
    assert_eq!(shown_hits(&model)[0].target(), 2);
    let _ = model.act(Any::Desk(desk::Action::Toggle(Overlay::Search)));
    let _ = act(&mut model, Action::HitTake(Some(0)));
    assert!(model.desk.overlays.is_empty());
}

#[test]
fn the_chosen_hit_stays_chosen_when_others_come_before_it() {
    let mut model = fixture::incident_model();
    let (number, ..) = asked(&search(&mut model, "civica", Some(fixture::room(1))));
    find(&mut model, number, hit(1, 5, 1, Label::Green, 0));
    find(&mut model, number, hit(1, 3, 1, Label::Green, 0));
    let _ = act(&mut model, Action::HitStep(Direction::On));
    find(&mut model, number, hit(1, 4, 1, Label::Green, 0));
    assert_eq!(seqs(&model), [5, 4, 3]);
    assert_eq!(model.find.search.chosen, 2);
}

#[test]
fn searching_on_begins_where_the_room_was_left() {
    let mut model = fixture::incident_model();
    let (number, room, before) = asked(&search(&mut model, "civica", Some(fixture::room(1))));
    assert_eq!(before, None);
    let _ = end(&mut model, number, Some(40));
    assert_eq!(model.find.search.more, [(room, 40)]);
    let effects = act(&mut model, Action::SearchOn);
    assert_eq!(asked(&effects).2, Some(40));
    assert!(model.find.search.more.is_empty());
}

#[test]
fn there_is_no_more_once_everything_further_back_is_too_old() {
    let mut model = fixture::incident_model();
    let since = "yesterday".to_owned();
    let query = Query { words: "civica".to_owned(), since, ..Query::default() };
    let query = Query { room: Some(fixture::room(1)), ..query };
    let _ = act(&mut model, Action::Query(query));
    let (number, ..) = asked(&act(&mut model, Action::Search));
    find(&mut model, number, hit(1, 5, 1, Label::Green, 72));
    let _ = end(&mut model, number, Some(5));
    assert!(model.find.search.more.is_empty());
}

#[test]
fn what_cannot_be_searched_is_said_and_nothing_is_asked() {
    let mut model = fixture::incident_model();
    let mut said = |query: Query| {
        let _ = act(&mut model, Action::Query(query));
        assert!(act(&mut model, Action::Search).is_empty());
        model.find.search.trouble.clone().unwrap_or_default()
    };
    let words = "civica".to_owned();
    assert!(said(Query::default()).starts_with("Write the words"));
    assert!(said(Query { words: "x".repeat(300), ..Query::default() }).contains("too long"));
    let bad = Query { words: words.clone(), since: "31/4".to_owned(), ..Query::default() };
    assert_eq!(said(bad), "From: There is no such day.");
    let since = "today".to_owned();
    let turned = Query { words, since, until: "yesterday".to_owned(), ..Query::default() };
    assert!(said(turned).contains("after the last one"));
}

#[test]
fn a_room_that_fails_is_named_and_the_others_are_searched() {
    let mut model = fixture::incident_model();
    let (number, ..) = asked(&search(&mut model, "civica", None));
    let end = Err(Refusal::new("there is no connection", ""));
    let effects = model.hear(&News::SearchEnded { search: number, end });
    assert_ne!(asked(&effects).1, fixture::room(1));
    let trouble = model.find.search.trouble.unwrap();
    assert!(trouble.starts_with("Incident: East Kent Services could not be searched"), "{trouble}");
}

#[test]
fn after_enough_hits_the_rest_of_the_rooms_waits_to_be_asked_for() {
    let mut model = fixture::incident_model();
    let (number, ..) = asked(&search(&mut model, "civica", None));
    for seq in (1..=500).rev() {
        find(&mut model, number, hit(1, seq, 1, Label::Green, 0));
    }
    assert!(end(&mut model, number, None).is_empty());
    let Search { running, more, .. } = &model.find.search;
    assert!(running.is_empty());
    assert_eq!(more.len(), 5);
    assert_eq!(asked(&act(&mut model, Action::SearchOn)).2, Some(Seq::MAX));
}

#[test]
fn nothing_found_is_left_for_the_next_profile_or_after_leaving_the_room() {
    let mut model = found(vec![hit(1, 3, 1, Label::Green, 0)]);
    let _ = model.hear(&News::RoomLeft(fixture::room(1)));
    assert!(model.find.search.hits.is_empty());
    let mut model = found(vec![hit(1, 3, 1, Label::Green, 0)]);
    let _ = model.hear(&News::Connection(crate::news::Connection::None));
    assert!(model.find.search.hits.is_empty());
}

#[test]
fn people_are_offered_by_name_handle_and_organisation() {
    let mut model = fixture::incident_model();
    let mut offered = |words: &str| {
        let _ = act(&mut model, Action::PersonWords(words.to_owned()));
        people(&model).into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(offered("gwyn"), ["Ffion Gwŷn"]);
    assert_eq!(offered("thanet"), ["Mairéad Ní Dhomhnaill"]);
    assert_eq!(offered(""), [""; 0]);
}

#[test]
fn a_day_that_has_not_come_or_is_none_leads_nowhere() {
    let mut model = fixture::incident_model();
    let _ = model.act(Any::Desk(desk::Action::Toggle(Overlay::JumpToDate)));
    for (date, is_left) in [("2030-01-01", false), ("soon", false), ("yesterday", true)] {
        let _ = act(&mut model, Action::Date(date.to_owned()));
        let _ = act(&mut model, Action::JumpToDate);
        assert_eq!(model.desk.overlays.is_empty(), is_left, "{date}");
    }
}

fn answer(seq: Seq, of: Seq) -> Delivered {
    let (organisation, choice) = (fixture::organisation(1), fixture::name("affected"));
    let entry = post(1, Label::Green, "Civica is down");
    let entry = fixture::kind(entry, Kind::Answer { of, organisation, choice });
    delivered(fixture::room(1), seq, NOW_MS, entry)
}

#[test]
fn answers_go_with_the_ask_that_was_taken_back_also_those_found_later() {
    let mut model = fixture::incident_model();
    let (number, ..) = asked(&search(&mut model, "civica", None));
    find(&mut model, number, answer(9, 4));
    find(&mut model, number, hit(1, 3, 1, Label::Green, 0));
    assert_eq!(seqs(&model), [9, 3]);
    let retract = fixture::kind(post(5, Label::Green, "-"), Kind::Retract { of: 4 });
    let _ = model.hear(&News::Entry(delivered(fixture::room(1), 20, NOW_MS, retract)));
    assert_eq!(seqs(&model), [3]);
    find(&mut model, number, answer(8, 4));
    find(&mut model, number, hit(1, 4, 5, Label::Green, 0));
    assert_eq!(seqs(&model), [3], "the server had found them before");
}

#[test]
fn any_room_can_be_searched_and_stays_chosen_when_another_is_opened() {
    let mut model = fixture::incident_model();
    let toggle = || Any::Desk(desk::Action::Toggle(Overlay::Search));
    let _ = model.act(toggle());
    assert_eq!(model.find.search.query.room, Some(fixture::room(1)), "this room at first");
    let _ = act(&mut model, Action::PlaceWords("good".to_owned()));
    let offered = places(&model);
    assert_eq!(offered, [(fixture::room(6), "Good practice".to_owned())]);
    let (_, room, _) = asked(&search(&mut model, "civica", Some(fixture::room(6))));
    assert_eq!(room, fixture::room(6));
    assert_eq!(model.find.search.place, "", "what was written to choose it has done its work");
    let _ = model.act(toggle());
    let _ = model.act(Any::Rooms(rooms::Action::Open(fixture::room(2))));
    let _ = model.act(toggle());
    assert_eq!(model.find.search.query.room, Some(fixture::room(6)));
    let _ = model.hear(&News::RoomLeft(fixture::room(6)));
    assert_eq!(model.find.search.query.room, None);
}
