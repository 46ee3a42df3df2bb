//! Two managers, retention and legal holds.

use warproom_proto::calls::{HoldRoom, MakeProposal};
use warproom_proto::entry::Kind;
use warproom_proto::register::{Act, Event, Role};
use warproom_proto::{
    CarriedFile, ErrorCode, FileId, Label, MemberId, ProposalId, Proposed, Retention, RoomId,
    Sha256,
};

use super::{NOW, ROOM, member, person, state};
use crate::domain::{FileChange, KindTag, Plan, Planned, State, Summary, Upload};

const DAY_MS: i64 = 86_400_000;
const PROPOSAL: ProposalId = ProposalId::from_bytes([7; 16]);

fn apply(state: &mut State, plan: &Plan, at_ms: i64) {
    for record in &plan.records {
        if let Planned::Act(act) = record {
            state.apply_act(act, at_ms);
        }
    }
}

/// The state with two managers more: 10 and 12.
fn managers() -> State {
    let mut state = state();
    for n in [10, 12] {
        let event = Event::MemberChanged {
            member: member(n),
            role: Role::Manager,
            standing: warproom_proto::register::Standing::Active,
        };
        state.apply_act(&Act { by: None, event }, 0);
    }
    state
}

fn proposal(what: Proposed) -> MakeProposal {
    MakeProposal { what, reason: "it is time".parse().unwrap() }
}

fn retention(days: u32) -> Proposed {
    let retention = Some(Retention { green: Some(days), ..Retention::default() });
    Proposed::SetRetention { room: None, retention }
}

fn propose(state: &mut State, by: u8, what: Proposed) {
    let plan = state.decide_propose(person(by), PROPOSAL, proposal(what), NOW).unwrap();
    apply(state, &plan, NOW);
}

#[test]
fn a_proposal_is_carried_out_by_another_manager_and_not_by_its_maker() {
    let mut state = managers();
    propose(&mut state, 11, retention(30));
    let own = state.decide_approve(person(11), PROPOSAL, NOW).err().unwrap();
    assert_eq!(own.code, ErrorCode::NotAllowed);
    assert!(state.governing.usual().green.is_none(), "nothing yet");
    let plan = state.decide_approve(person(12), PROPOSAL, NOW).unwrap();
    apply(&mut state, &plan, NOW);
    assert_eq!(state.governing.usual().green, Some(30));
    let again = state.decide_approve(person(10), PROPOSAL, NOW).err().unwrap();
    assert_eq!(again.code, ErrorCode::NotFound, "once");
}

#[test]
fn whoever_becomes_a_manager_later_does_not_approve_and_who_is_none_any_more_cannot() {
    let mut state = managers();
    propose(&mut state, 11, retention(30));
    let promoted = Event::MemberChanged {
        member: member(20),
        role: Role::Manager,
        standing: warproom_proto::register::Standing::Active,
    };
    state.apply_act(&Act { by: None, event: promoted }, NOW);
    let late = state.decide_approve(person(20), PROPOSAL, NOW).err().unwrap();
    assert_eq!(late.code, ErrorCode::NotAllowed);
}

#[test]
fn a_proposal_lapses_and_is_taken_back() {
    let mut state = managers();
    propose(&mut state, 11, retention(30));
    let lapsed = NOW + 14 * DAY_MS;
    assert_eq!(
        state.decide_approve(person(12), PROPOSAL, lapsed).err().unwrap().code,
        ErrorCode::NotFound
    );
    assert!(state.decide_approve(person(12), PROPOSAL, lapsed - 1).is_ok());
    assert_eq!(
        state.decide_end_proposal(person(12), PROPOSAL, lapsed).err().unwrap().code,
        ErrorCode::NotFound
    );
    let plan = state.decide_end_proposal(person(10), PROPOSAL, NOW).unwrap();
    apply(&mut state, &plan, NOW);
    assert_eq!(state.governing.waiting(NOW).count(), 0);
}

#[test]
fn a_manager_alone_in_the_warp_is_told_to_make_another_first() {
    let state = state();
    let refused =
        state.decide_propose(person(11), PROPOSAL, proposal(retention(1)), NOW).err().unwrap();
    assert!(refused.message.contains("no other manager"), "{}", refused.message);
}

#[test]
fn days_are_within_a_century_and_at_least_one() {
    let state = managers();
    for days in [0, 36_501, u32::MAX] {
        let what = proposal(retention(days));
        let refused = state.decide_propose(person(11), PROPOSAL, what, NOW).err().unwrap();
        assert_eq!(refused.code, ErrorCode::BadParams);
    }
}

#[test]
fn a_proposal_is_kept_until_it_has_lapsed_and_a_hundred_wait_at_most() {
    let lapsed = NOW + 14 * DAY_MS;
    for (later, kept) in [(lapsed - 1, 2), (lapsed, 1)] {
        let mut state = managers();
        propose(&mut state, 11, retention(30));
        let another = ProposalId::from_bytes([8; 16]);
        let plan = state.decide_propose(person(11), another, proposal(retention(31)), later);
        apply(&mut state, &plan.unwrap(), later);
        assert_eq!(state.governing.waiting(NOW).count(), kept);
    }
    let mut state = managers();
    for n in 0..100 {
        let id = ProposalId::from_bytes([n; 16]);
        let plan = state.decide_propose(person(11), id, proposal(retention(30)), NOW);
        apply(&mut state, &plan.unwrap(), NOW);
    }
    let more = |now_ms| {
        let id = ProposalId::from_bytes([100; 16]);
        state.decide_propose(person(11), id, proposal(retention(30)), now_ms)
    };
    assert_eq!(more(NOW).err().unwrap().code, ErrorCode::Conflict);
    assert!(more(lapsed).is_ok());
}

#[test]
fn a_proposal_names_a_few_entries_or_members_and_not_none() {
    let state = with_room();
    let names = |what| {
        let plan = state.decide_propose(person(11), PROPOSAL, proposal(what), NOW);
        plan.err().map(|error| error.code)
    };
    let entries = |many: u64| Proposed::EraseEntries { room: ROOM, entries: (0..many).collect() };
    let members = |many| Proposed::RemoveMembers { members: vec![member(20); many] };
    let bad = Some(ErrorCode::BadParams);
    assert_eq!([0, 1, 100, 101].map(|many| names(entries(many))), [bad, None, None, bad]);
    assert_eq!([0, 1, 50, 51].map(|many| names(members(many))), [bad, None, None, bad]);
    let unknown = Proposed::RemoveMembers { members: vec![member(99)] };
    assert_eq!(names(unknown), Some(ErrorCode::NotFound));
    let elsewhere = RoomId::from_bytes([9; 16]);
    let elsewhere = Proposed::EraseEntries { room: elsewhere, entries: vec![1] };
    assert_eq!(names(elsewhere), Some(ErrorCode::NotFound));
    assert_eq!(names(Proposed::LiftHold { room: ROOM }), Some(ErrorCode::Conflict), "none there");
}

/// The managers' state with guests 40 to 49.
fn with_guests() -> State {
    let mut state = managers();
    for n in 40..50 {
        let invitation = warproom_proto::InvitationId::from_bytes([n; 16]);
        let member = warproom_proto::register::Member {
            member: member(n),
            name: format!("Guest {n}").parse().unwrap(),
            handle: format!("guest.{n}").parse().unwrap(),
            organisation: super::organisation(20),
            role: Role::Guest,
            standing: warproom_proto::register::Standing::Active,
        };
        let id = member.member;
        let code_hash = warproom_proto::Head([n; 32]);
        let added = Event::InvitationAdded { invitation, member, code_hash, expires_at_ms: 1 };
        state.apply_act(&Act { by: None, event: added }, 0);
        let joined = Event::MemberJoined { invitation, member: id };
        state.apply_act(&Act { by: None, event: joined }, 0);
    }
    state
}

fn remove_five(state: &mut State, at_ms: i64) {
    for n in 40..45 {
        let plan = state.decide_remove_member(person(11), member(n), at_ms).unwrap();
        apply(state, &plan, at_ms);
    }
}

#[test]
fn a_removal_counts_for_a_day_and_is_then_forgotten() {
    let begin = 100 * DAY_MS;
    for (later, is_forgotten) in [(DAY_MS - 1, false), (DAY_MS, true)] {
        let mut state = with_guests();
        remove_five(&mut state, begin);
        let alone = |state: &State, now_ms| {
            state.decide_remove_member(person(11), member(46), now_ms).is_ok()
        };
        assert!(!alone(&state, begin + DAY_MS - 1) && alone(&state, begin + DAY_MS));
        let plan = state.decide_remove_member(person(12), member(45), begin + later).unwrap();
        apply(&mut state, &plan, begin + later);
        assert_eq!(alone(&state, begin), is_forgotten, "{later}");
    }
}

#[test]
fn one_manager_removes_five_members_a_day_and_two_as_many_as_they_like() {
    let mut state = with_guests();
    remove_five(&mut state, NOW);
    let refused = state.decide_remove_member(person(11), member(45), NOW).err().unwrap();
    assert!(refused.message.contains("propose the rest"), "{}", refused.message);
    assert!(state.decide_remove_member(person(12), member(45), NOW).is_ok(), "each has their own");
    assert!(state.decide_remove_member(person(11), member(45), NOW + DAY_MS).is_ok());

    let rest: Vec<MemberId> = (45..50).map(member).collect();
    propose(&mut state, 11, Proposed::RemoveMembers { members: rest });
    let plan = state.decide_approve(person(12), PROPOSAL, NOW).unwrap();
    apply(&mut state, &plan, NOW);
    assert!((40..50).all(|n| state.register.present_member(member(n)).is_none()));
}

#[test]
fn a_mass_removal_leaves_a_manager() {
    let mut state = managers();
    let members = vec![member(10), member(11), member(12)];
    propose(&mut state, 11, Proposed::RemoveMembers { members });
    let refused = state.decide_approve(person(12), PROPOSAL, NOW).err().unwrap();
    assert!(refused.message.contains("without an active manager"), "{}", refused.message);
}

/// The managers' state with a room in it.
fn with_room() -> State {
    let mut state = managers();
    let mut append = |seq, author, kind| {
        let entry = super::notice_entry(warproom_proto::EntryId::random(), author, kind);
        let summary = Summary::of(&entry.handling, Vec::new());
        state.apply_entry(ROOM, (seq, 0), &entry, &summary);
    };
    let settings = warproom_proto::entry::RoomSettings {
        name: "A room".parse().unwrap(),
        ceiling: Label::Red,
        default_label: Label::Amber,
        typing: false,
        presence: false,
    };
    append(1, person(11), Kind::Opened { settings });
    let role = warproom_proto::entry::RoomRole::Lead;
    append(2, person(11), Kind::Joined { who: person(11), role });
    append(3, person(11), Kind::Retract { of: 7 });
    append(4, person(11), Kind::Relabel { of: 8, to: Label::Red });
    state
}

fn post(label: Label) -> Summary {
    Summary { kind: KindTag::Post, label, author: person(11), exercise: false, carries: Vec::new() }
}

#[test]
fn a_legal_hold_keeps_everything_until_two_managers_lift_it() {
    let mut state = with_room();
    let reason: warproom_proto::Line = "a request came in".parse().unwrap();
    let hold = HoldRoom { room: ROOM, reason };
    let plan = state.decide_hold(person(11), hold.clone()).unwrap();
    apply(&mut state, &plan, NOW);
    assert!(state.expiry(ROOM, i64::MAX).is_none());
    assert_eq!(state.decide_hold(person(12), hold).err().unwrap().code, ErrorCode::Conflict);
    let erase = proposal(Proposed::EraseEntries { room: ROOM, entries: vec![5] });
    let refused = state.decide_propose(person(11), PROPOSAL, erase, NOW).err().unwrap();
    assert!(refused.message.contains("legal hold"), "{}", refused.message);
    propose(&mut state, 11, Proposed::LiftHold { room: ROOM });
    let plan = state.decide_approve(person(12), PROPOSAL, NOW).unwrap();
    apply(&mut state, &plan, NOW);
    assert!(state.expiry(ROOM, NOW).is_some());
}

#[test]
fn what_is_due_follows_the_label_an_entry_has_now_and_notices_stay() {
    let mut state = with_room();
    let rule = Retention { green: Some(10), red: Some(2), ..Retention::default() };
    let event = Event::RetentionSet { room: Some(ROOM), retention: Some(rule) };
    state.apply_act(&Act { by: None, event }, NOW);
    propose(&mut state, 11, Proposed::EraseEntries { room: ROOM, entries: vec![9] });
    let plan = state.decide_approve(person(12), PROPOSAL, NOW).unwrap();
    apply(&mut state, &plan, NOW);
    let now = 100 * DAY_MS;
    let expiry = state.expiry(ROOM, now).unwrap();
    let room = &state.rooms[&ROOM];
    let is_due = |seq, days_old: i64, summary: &Summary| {
        expiry.is_due(room, (seq, now - days_old * DAY_MS), summary)
    };
    assert!(is_due(5, 11, &post(Label::Green)) && !is_due(5, 10, &post(Label::Green)));
    assert!(!is_due(5, 99, &post(Label::Amber)), "no rule, kept");
    assert!(is_due(8, 3, &post(Label::Green)), "tightened to RED since");
    assert!(is_due(9, 0, &post(Label::Amber)), "two managers had it erased");
    assert!(!is_due(7, 0, &post(Label::Amber)), "one person took it back");
    let edit = Summary { kind: KindTag::Edit, carries: vec![9], ..post(Label::Amber) };
    assert!(is_due(10, 0, &edit), "belongs to what was erased early");
    let notice = Summary { kind: KindTag::Notice, ..post(Label::Green) };
    assert!(!is_due(1, 99, &notice));
    assert_eq!(expiry.latest_ms(), Some(now - 2 * DAY_MS));
    let other = RoomId::from_bytes([9; 16]);
    assert!(state.expiry(other, now).unwrap().latest_ms().is_none(), "a rule of its own only");
}

#[test]
fn a_room_has_a_rule_of_its_own_until_that_is_taken_away() {
    let mut state = with_room();
    let rule = |days| Some(Retention { green: Some(days), ..Retention::default() });
    let in_force = |state: &State| {
        let of_room = state.governing.of_room(ROOM);
        (of_room.retention.green, of_room.own, of_room.held)
    };
    assert_eq!(in_force(&state), (None, false, false));
    for (room, retention, expected) in [
        (None, rule(30), (Some(30), false, false)),
        (Some(ROOM), rule(10), (Some(10), true, false)),
        (None, rule(20), (Some(10), true, false)),
        (Some(ROOM), None, (Some(20), false, false)),
        (None, None, (None, false, false)),
    ] {
        state.apply_act(&Act { by: None, event: Event::RetentionSet { room, retention } }, NOW);
        assert_eq!(in_force(&state), expected);
    }
}

#[test]
fn what_is_erased_early_takes_its_files_along_and_what_was_taken_back_is_not_taken_back_twice() {
    let mut state = with_room();
    let file = FileId::from_bytes([5; 16]);
    let upload = Upload {
        file,
        room: ROOM,
        owner: person(11),
        organisation: super::organisation(10),
        size_bytes: 1,
        sha256: Sha256([0; 32]),
        begun_ms: 0,
        whole: true,
    };
    state.apply_file(&FileChange::Kept(Box::new(upload)));
    state.files.carry(ROOM, 9, &[CarriedFile { file, size_bytes: 1 }]);
    propose(&mut state, 11, Proposed::EraseEntries { room: ROOM, entries: vec![7, 9, 12, 9] });
    let plan = state.decide_approve(person(12), PROPOSAL, NOW).unwrap();
    let retracted = |record: &Planned| match record {
        Planned::Entry { entry, .. } => entry.handling.kind.refers_to(),
        _ => None,
    };
    assert_eq!(plan.records.iter().filter_map(retracted).collect::<Vec<_>>(), [9, 12]);
    assert!(
        matches!(plan.files[..], [FileChange::Gone(room, gone)] if (room, gone) == (ROOM, file))
    );
    assert!(!state.expiry(ROOM, NOW).unwrap().has_early());
    apply(&mut state, &plan, NOW);
    let expiry = state.expiry(ROOM, NOW).unwrap();
    assert!(expiry.has_early() && expiry.latest_ms().is_none());
    let is_due = |seq, kind, carries| {
        let summary = Summary { kind, carries, ..post(Label::Amber) };
        expiry.is_due(&state.rooms[&ROOM], (seq, NOW), &summary)
    };
    assert!(is_due(20, KindTag::Edit, vec![9]), "an edit goes with its post");
    assert!(!is_due(20, KindTag::Edit, vec![8]), "an edit of another post");
    assert!(!is_due(20, KindTag::Post, vec![9]), "a reply stays");
}
