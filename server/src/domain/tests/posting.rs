//! Posts and what is said about them, a room's settings, and who comes and goes.

use warproom_proto::calls::{EditEntry, ReactToEntry, RetractEntry};
use warproom_proto::entry::{Content, Subject};
use warproom_proto::{CarriedFile, FileId, Sha256};

use super::super::quotas::{CHANGES, Given, REACTIONS};
use super::super::{FileChange, Plan, Planned, Upload, carries};
use super::*;

/// Officer 10, who wrote entry 10, manager 11 and officer 20, all there from the start.
fn room() -> State {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(11)));
    enter(&mut state, 5, joined(person(20)));
    state
}

fn target(summary: Summary) -> Target {
    Target { seq: 10, summary, changes: 0 }
}

fn of_kind(kind: KindTag) -> Target {
    target(Summary { kind, ..post(Label::Green) })
}

/// The one entry that a plan appends, with what it carries.
fn entry_of(plan: Result<Plan, Error>) -> (Entry, Vec<Seq>) {
    let mut records = plan.unwrap().records;
    assert_eq!(records.len(), 1);
    let Some(Planned::Entry { room, entry, carries, .. }) = records.pop() else {
        panic!("an entry")
    };
    assert_eq!(room, ROOM);
    (*entry, carries)
}

#[test]
fn whoever_is_mentioned_is_in_the_room_and_they_are_64_at_most() {
    let state = room();
    let mention = |mentions| {
        let call = PostEntry { mentions, ..posting(Label::Green) };
        code(state.decide_post(person(10), &call, &[], NOW))
    };
    assert_eq!(mention(vec![member(20), member(11)]), None);
    assert_eq!(mention(vec![member(20), member(30)]), Some(ErrorCode::Conflict), "30 is not");
    assert_eq!(mention(vec![member(20); 64]), None);
    assert_eq!(mention(vec![member(20); 65]), Some(ErrorCode::BadParams));
}

#[test]
fn a_post_is_about_32_subjects_at_most() {
    let state = room();
    let about = |many| {
        let subjects = vec![Subject::Topic("ransomware".parse().unwrap()); many];
        let call = PostEntry { subjects, ..posting(Label::Green) };
        code(state.decide_post(person(10), &call, &[], NOW))
    };
    assert_eq!((about(32), about(33)), (None, Some(ErrorCode::BadParams)));
}

#[test]
fn nobody_answers_what_they_may_not_read_or_what_nobody_said() {
    let mut state = room();
    enter(&mut state, 20, joined(person(30)));
    let answer = |who, to: &Target| {
        let posted =
            state.decide_post(person(who), &posting(Label::Red), std::slice::from_ref(to), NOW);
        code(posted)
    };
    let of = target(post(Label::Red));
    assert_eq!(answer(20, &of), None);
    assert_eq!(answer(30, &of), Some(ErrorCode::NotFound), "as if it did not exist");
    assert_eq!(answer(20, &of_kind(KindTag::Alert)), None);
    for kind in [KindTag::Edit, KindTag::React, KindTag::Notice, KindTag::Answer] {
        assert_eq!(answer(20, &of_kind(kind)), Some(ErrorCode::Conflict), "{kind:?}");
    }
}

#[test]
fn an_entry_carries_what_it_refers_to_and_that_ones_thread() {
    let reply = target(Summary { carries: vec![6, 4], ..post(Label::Green) });
    assert_eq!(carries(Some(&reply)), [10, 6, 4]);
    assert!(carries(None).is_empty());
}

fn edit(state: &State, who: u8, of: &Target) -> Result<Plan, Error> {
    let text = "corrected".parse().unwrap();
    let call = EditEntry { room: ROOM, id: EntryId::random(), of: of.seq, text };
    state.decide_edit(person(who), &call, of)
}

#[test]
fn an_edit_has_the_label_its_post_has_now_and_belongs_to_its_exercise() {
    let mut state = room();
    enter(&mut state, 20, Kind::Relabel { of: 10, to: Label::Amber });
    let of = target(Summary { exercise: true, carries: vec![6], ..post(Label::Green) });
    let (entry, carries) = entry_of(edit(&state, 10, &of));
    assert_eq!(entry.handling.kind, Kind::Edit { of: 10 });
    assert_eq!((entry.handling.author, entry.handling.label), (person(10), Label::Amber));
    assert!(entry.handling.exercise);
    assert!(entry.content == Content::text("corrected".parse().unwrap()));
    assert_eq!(carries, [10, 6]);
}

#[test]
fn a_post_is_edited_by_its_author_alone_and_not_after_it_was_taken_back() {
    let mut state = room();
    enter(&mut state, 20, joined(person(30)));
    let of = target(post(Label::Red));
    let refused =
        [(11, ErrorCode::NotAllowed), (20, ErrorCode::NotAllowed), (30, ErrorCode::NotFound)];
    for (who, refusal) in refused {
        assert_eq!(code(edit(&state, who, &of)), Some(refusal), "{who}");
    }
    assert_eq!(code(edit(&state, 10, &of_kind(KindTag::Alert))), Some(ErrorCode::Conflict));
    assert_eq!(code(edit(&state, 10, &of)), None);
    enter(&mut state, 21, Kind::Retract { of: 10 });
    assert_eq!(code(edit(&state, 10, &of)), Some(ErrorCode::Conflict));
}

fn retract(state: &State, who: Principal, of: &Target) -> Result<Plan, Error> {
    let call = RetractEntry { room: ROOM, id: EntryId::random(), of: of.seq };
    state.decide_retract(who, &call, of)
}

#[test]
fn a_post_is_taken_back_by_its_author_or_a_manager_and_once() {
    let mut state = room();
    enter(&mut state, 20, joined(person(30)));
    let of = target(post(Label::Red));
    for who in [person(10), person(11)] {
        let (entry, carries) = entry_of(retract(&state, who, &of));
        assert_eq!(entry.handling.kind, Kind::Retract { of: 10 });
        assert_eq!((entry.handling.author, entry.handling.label), (who, Label::Green));
        assert!(carries.is_empty(), "everyone in the room is told");
    }
    assert_eq!(code(retract(&state, person(20), &of)), Some(ErrorCode::NotAllowed));
    assert_eq!(code(retract(&state, person(30), &of)), Some(ErrorCode::NotFound));
    let notice = of_kind(KindTag::Notice);
    assert_eq!(code(retract(&state, person(10), &notice)), Some(ErrorCode::Conflict));
    enter(&mut state, 21, Kind::Retract { of: 10 });
    assert_eq!(code(retract(&state, person(10), &of)), Some(ErrorCode::Conflict));
}

#[test]
fn a_bot_knows_what_it_wrote_though_its_grant_lets_it_read_nothing() {
    let mut state = room();
    let who = Principal::Bot(BotId::from_bytes([3; 16]));
    let mut bot = state.register.bot(BOT).unwrap().clone();
    (bot.bot, bot.grant.read) = (BotId::from_bytes([3; 16]), None);
    let added = Event::BotAdded { bot, token_hash: Head([3; 32]), hook_hash: None };
    state.apply_act(&Act { by: None, event: added }, 0);
    enter(&mut state, 6, joined(who));
    let own = target(Summary { author: who, ..post(Label::Clear) });
    assert!(!reads(&state, who, 10, &own.summary));
    assert_eq!(code(retract(&state, who, &own)), None);
    let others = target(post(Label::Clear));
    assert_eq!(code(retract(&state, who, &others)), Some(ErrorCode::NotFound));
}

#[test]
fn the_files_of_a_post_go_with_it_unless_a_legal_hold_keeps_them() {
    let mut state = room();
    let (file, size_bytes) = (FileId::from_bytes([5; 16]), 7);
    let upload = Upload {
        file,
        room: ROOM,
        owner: person(10),
        organisation: organisation(10),
        size_bytes,
        sha256: Sha256([0; 32]),
        begun_ms: 0,
        whole: true,
    };
    state.apply_file(&FileChange::Kept(Box::new(upload)));
    state.files.carry(ROOM, 10, &[CarriedFile { file, size_bytes }]);
    let of = target(post(Label::Green));
    let plan = retract(&state, person(10), &of).unwrap();
    assert!(
        matches!(plan.files[..], [FileChange::Gone(room, gone)] if (room, gone) == (ROOM, file))
    );
    let held = Event::HoldSet { room: ROOM, held: true, reason: "a request".parse().unwrap() };
    state.apply_act(&Act { by: None, event: held }, 0);
    assert_eq!(code(retract(&state, person(10), &of)), Some(ErrorCode::Conflict));
    let bare = Target { seq: 11, ..of };
    assert_eq!(code(retract(&state, person(10), &bare)), None, "a text waits for the hold's end");
}

#[test]
fn a_relabelled_reply_stays_as_strict_as_its_thread_and_what_is_gone_has_no_label() {
    let mut state = room();
    let of = target(post(Label::AmberStrict));
    let thread = Target { seq: 6, summary: post(Label::Amber), changes: 0 };
    let relabel = |state: &State, to, of: &Target| {
        let call = RelabelEntry { room: ROOM, id: EntryId::random(), of: of.seq, to };
        state.decide_relabel(person(10), &call, of, Some(&thread))
    };
    assert_eq!(code(relabel(&state, Label::Green, &of)), Some(ErrorCode::LabelRefused));
    let (entry, carries) = entry_of(relabel(&state, Label::Amber, &of));
    assert_eq!(entry.handling.kind, Kind::Relabel { of: 10, to: Label::Amber });
    assert_eq!((entry.handling.label, carries), (Label::Green, vec![]), "everyone is told");
    let edit = of_kind(KindTag::Edit);
    assert_eq!(code(relabel(&state, Label::Red, &edit)), Some(ErrorCode::Conflict));
    enter(&mut state, 20, Kind::Retract { of: 10 });
    assert_eq!(code(relabel(&state, Label::Red, &of)), Some(ErrorCode::Conflict));
}

#[test]
fn an_entry_is_changed_a_thousand_times_and_its_label_tightened_still() {
    let state = room();
    let post = |changes| Target { seq: 10, summary: post(Label::Amber), changes };
    let edit = |changes| {
        let text = "corrected".parse().unwrap();
        let call = EditEntry { room: ROOM, id: EntryId::random(), of: 10, text };
        code(state.decide_edit(person(10), &call, &post(changes)))
    };
    assert_eq!(edit(CHANGES - 1), None);
    assert_eq!(edit(CHANGES), Some(ErrorCode::Conflict));
    let relabel = |changes, to| {
        let call = RelabelEntry { room: ROOM, id: EntryId::random(), of: 10, to };
        code(state.decide_relabel(person(10), &call, &post(changes), None))
    };
    assert_eq!(relabel(CHANGES - 1, Label::Green), None);
    assert_eq!(relabel(CHANGES, Label::Green), Some(ErrorCode::Conflict));
    assert_eq!(relabel(CHANGES, Label::Red), None);
    let call = RetractEntry { room: ROOM, id: EntryId::random(), of: 10 };
    assert_eq!(code(state.decide_retract(person(10), &call, &post(CHANGES))), None);
}

#[test]
fn whoever_may_read_a_post_reacts_to_it_with_32_bytes_at_most() {
    let mut state = room();
    enter(&mut state, 20, joined(person(30)));
    let react = |who, reaction: &str, of: &Target, given| {
        let (id, reaction) = (EntryId::random(), reaction.parse().unwrap());
        let call = ReactToEntry { room: ROOM, id, of: of.seq, reaction, withdrawn: true };
        state.decide_react(person(who), &call, of, given)
    };
    let (of, none) = (target(post(Label::Red)), Given::default());
    let (entry, carries) = entry_of(react(20, "👍", &of, none));
    assert_eq!(entry.handling.kind, Kind::React { of: 10, withdrawn: true });
    assert_eq!((entry.handling.label, carries), (Label::Red, vec![10]));
    assert_eq!(code(react(20, &"x".repeat(32), &of, none)), None);
    assert_eq!(code(react(20, &"x".repeat(33), &of, none)), Some(ErrorCode::BadParams));
    assert_eq!(code(react(30, "👍", &of, none)), Some(ErrorCode::NotFound));
    let notice = of_kind(KindTag::Notice);
    assert_eq!(code(react(20, "👍", &notice, none)), Some(ErrorCode::Conflict));
    let often = Given { own: REACTIONS, by_all: REACTIONS };
    assert_eq!(code(react(20, "👍", &of, often)), Some(ErrorCode::Conflict));
}

fn settings(name: &str, default_label: Label, ceiling: Label) -> RoomSettings {
    let name = name.parse().unwrap();
    RoomSettings { name, ceiling, default_label, typing: false, presence: false }
}

#[test]
fn leads_and_managers_change_a_room_and_nobody_else() {
    let mut state = room();
    let lead = Kind::Joined { who: person(20), role: RoomRole::Lead };
    enter(&mut state, 6, lead);
    let settings = settings("Elections", Label::Green, Label::Amber);
    let change =
        |who| state.decide_change_room(person(who), ROOM, EntryId::random(), settings.clone());
    for who in [11, 20] {
        let (entry, _) = entry_of(change(who));
        assert_eq!(entry.handling.kind, Kind::Changed { settings: settings.clone() });
    }
    assert_eq!(code(change(10)), Some(ErrorCode::NotAllowed));
    assert_eq!(code(change(30)), Some(ErrorCode::NotFound), "not in it");
}

#[test]
fn the_default_label_is_within_the_ceiling() {
    let state = room();
    for ceiling in Label::ALL {
        for default_label in Label::ALL {
            let settings = settings("Elections", default_label, ceiling);
            let refused = (default_label > ceiling).then_some(ErrorCode::LabelRefused);
            assert_eq!(code(state.check_settings(person(11), &settings, None)), refused);
        }
    }
}

#[test]
fn no_two_rooms_that_somebody_sees_have_one_name() {
    let mut state = room();
    let other = RoomId::from_bytes([3; 16]);
    let opened = Kind::Opened { settings: settings("Elections", Label::Green, Label::Green) };
    for (seq, kind) in (1..).zip([opened, joined(person(20))]) {
        let entry = notice_entry(EntryId::random(), person(20), kind);
        let summary = Summary::of(&entry.handling, Vec::new());
        state.apply_entry(other, (seq, 0), &entry, &summary);
    }
    let check = |who, name, except| {
        let settings = settings(name, Label::Green, Label::Green);
        code(state.check_settings(person(who), &settings, except))
    };
    assert_eq!(check(20, "ELECTIONS", Some(ROOM)), Some(ErrorCode::Conflict));
    assert_eq!(check(11, "Elections", None), Some(ErrorCode::Conflict), "a manager sees all");
    assert_eq!(check(10, "Elections", Some(ROOM)), None, "who does not see it learns nothing");
    assert_eq!(check(20, "Elections", Some(other)), None, "its own");
    assert_eq!(check(20, "Planning", None), None);
}

#[test]
fn whoever_is_brought_in_may_act_and_has_not_that_part_already() {
    let mut state = room();
    let (role, standing) = (Role::Officer, Standing::Suspended);
    let suspended = Event::MemberChanged { member: member(12), role, standing };
    state.apply_act(&Act { by: None, event: suspended }, 0);
    let add =
        |by, n, role| state.decide_add(person(by), ROOM, EntryId::random(), (member(n), role));
    let (entry, _) = entry_of(add(11, 30, RoomRole::Participant));
    assert_eq!(entry.handling.kind, joined(person(30)));
    let rows = [
        (add(11, 20, RoomRole::Lead), None, "another part"),
        (add(11, 20, RoomRole::Participant), Some(ErrorCode::Conflict), "the same"),
        (add(11, 12, RoomRole::Participant), Some(ErrorCode::NotFound), "suspended"),
        (add(11, 99, RoomRole::Participant), Some(ErrorCode::NotFound), "nobody"),
        (add(10, 30, RoomRole::Participant), Some(ErrorCode::NotAllowed), "by no lead"),
    ];
    for (decided, refused, why) in rows {
        assert_eq!(code(decided), refused, "{why}");
    }
}

#[test]
fn anyone_leaves_and_only_leads_and_managers_take_others_out() {
    let state = room();
    let remove = |by, who| state.decide_remove(person(by), ROOM, EntryId::random(), who);
    for (by, who) in [(10, person(10)), (11, person(20)), (11, Principal::Bot(BOT))] {
        let (entry, _) = entry_of(remove(by, who));
        assert_eq!(entry.handling.kind, Kind::Left { who });
    }
    assert_eq!(code(remove(10, person(20))), Some(ErrorCode::NotAllowed));
    assert_eq!(code(remove(11, person(30))), Some(ErrorCode::Conflict), "not in it");
    assert_eq!(code(remove(30, person(30))), Some(ErrorCode::NotFound));
}
