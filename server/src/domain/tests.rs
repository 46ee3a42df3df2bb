//! The rules, tried on small states made by hand.

mod administration;
mod bots;
mod files;
mod governing;
mod posting;
mod quotas;
mod reach;
mod register;
mod warning;

use warproom_proto::ask::Ask;
use warproom_proto::calls::{PostEntry, RelabelEntry};
use warproom_proto::entry::{Entry, Kind, RoomRole, RoomSettings};
use warproom_proto::register::{Act, Bot, Event, Grant, Member, Organisation, Role, Standing};
use warproom_proto::{
    BotId, CarriedFile, EntryId, Error, ErrorCode, FileId, Head, InvitationId, Label, MemberId,
    OrganisationId, Principal, RoomId, Seq, audit,
};

use super::posting::notice_entry;
use super::{KindTag, Plan, Planned, Reader, State, Summary, Target, changes_state};

pub(crate) const ROOM: RoomId = RoomId::from_bytes([1; 16]);
/// The time of decisions, in milliseconds since 1970 UTC.
const NOW: i64 = 1_000_000;
const BOT: BotId = BotId::from_bytes([2; 16]);

fn member(n: u8) -> MemberId {
    MemberId::from_bytes([n; 16])
}

fn organisation(n: u8) -> OrganisationId {
    OrganisationId::from_bytes([n; 16])
}

pub(crate) fn person(n: u8) -> Principal {
    Principal::Member(member(n))
}

/// Members 10, 11 (manager), 12 of organisation 10; 20 of 20; 30 of 30, a client of 10; and a bot.
fn state() -> State {
    let mut state = State::default();
    let mut act = |event| state.apply_act(&Act { by: None, event }, 0);
    for (n, clients) in [(10, vec![organisation(30)]), (20, vec![]), (30, vec![])] {
        act(Event::OrganisationSet(Organisation {
            organisation: organisation(n),
            name: format!("Council {n}").parse().unwrap(),
            aliases: Vec::new(),
            clients,
        }));
    }
    for (n, of, role) in [
        (10, 10, Role::Officer),
        (11, 10, Role::Manager),
        (12, 10, Role::Officer),
        (20, 20, Role::Officer),
        (30, 30, Role::Officer),
    ] {
        let invitation = InvitationId::from_bytes([n; 16]);
        act(Event::InvitationAdded {
            invitation,
            member: Member {
                member: member(n),
                name: format!("Officer {n}").parse().unwrap(),
                handle: format!("officer.{n}").parse().unwrap(),
                organisation: organisation(of),
                role,
                standing: Standing::Active,
            },
            code_hash: Head([n; 32]),
            expires_at_ms: 1,
        });
        act(Event::MemberJoined { invitation, member: member(n) });
    }
    let grant = Grant {
        rooms: vec![ROOM],
        read: Some(Label::AmberStrict),
        post: Some(Label::Green),
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: 1,
    };
    let name = "Relay".parse().unwrap();
    let bot = Bot { bot: BOT, name, owner: member(11), grant, hook: None };
    act(Event::BotAdded { bot, token_hash: Head([0; 32]), hook_hash: None });
    state
}

/// An entry without content, by the manager.
pub(crate) fn bare(kind: Kind) -> Entry {
    notice_entry(EntryId::random(), person(11), kind)
}

pub(crate) fn enter(state: &mut State, seq: Seq, kind: Kind) {
    apply(state, seq, &bare(kind), Vec::new());
}

/// Takes an entry in, a second after the one before it.
fn apply(state: &mut State, seq: Seq, entry: &Entry, carries: Vec<Seq>) {
    let at_ms = i64::try_from(seq).unwrap() * 1000;
    state.apply_entry(ROOM, (seq, at_ms), entry, &Summary::of(&entry.handling, carries));
}

fn joined(who: Principal) -> Kind {
    Kind::Joined { who, role: RoomRole::Participant }
}

/// A room up to TLP:AMBER+STRICT, in which officer 10 and the bot are from the start.
pub(crate) fn with_room(ceiling: Label) -> State {
    let mut state = state();
    let settings = RoomSettings {
        name: "Early warning".parse().unwrap(),
        ceiling,
        default_label: Label::Green,
        typing: false,
        presence: false,
    };
    enter(&mut state, 1, Kind::Opened { settings });
    enter(&mut state, 2, joined(person(10)));
    enter(&mut state, 3, joined(Principal::Bot(BOT)));
    state
}

pub(crate) fn post(label: Label) -> Summary {
    let (kind, author) = (KindTag::Post, person(10));
    Summary { label, kind, exercise: false, author, carries: Vec::new() }
}

fn reads(state: &State, who: Principal, seq: Seq, summary: &Summary) -> bool {
    state.may_read(who, &state.rooms[&ROOM], seq, summary)
}

/// The strictest label somebody may read of an entry posted at 10.
fn reads_up_to(state: &State, who: Principal) -> Option<Label> {
    let readable: Vec<_> =
        Label::ALL.into_iter().filter(|label| reads(state, who, 10, &post(*label))).collect();
    assert!(Label::ALL.starts_with(&readable), "what is readable is always the milder side");
    readable.last().copied()
}

#[test]
fn a_room_keeps_the_mildest_label_an_entry_had_and_where_it_was_taken_back() {
    let mut state = with_room(Label::Red);
    let of = Target { seq: 10, summary: post(Label::Amber), changes: 0 };
    let lifetime = |state: &State| {
        let lifetime = state.rooms[&ROOM].lifetime(&of);
        (lifetime.mildest, lifetime.until)
    };
    assert_eq!(lifetime(&state), (Label::Amber, None));
    let relabelled = [Label::Red, Label::Green, Label::AmberStrict];
    for ((seq, to), mildest) in
        (20..).zip(relabelled).zip([Label::Amber, Label::Green, Label::Green])
    {
        enter(&mut state, seq, Kind::Relabel { of: 10, to });
        assert_eq!(lifetime(&state), (mildest, None), "{to}");
    }
    enter(&mut state, 30, Kind::Retract { of: 10 });
    assert_eq!(lifetime(&state), (Label::Green, Some(30)));
}

#[test]
fn history_for_newcomers_follows_from_the_label() {
    let mut state = with_room(Label::Red);
    for (seq, n) in (20..).zip([12, 20, 30]) {
        assert_eq!(reads_up_to(&state, person(n)), None, "not in the room");
        enter(&mut state, seq, joined(person(n)));
    }
    let rows = [
        (person(10), Label::Red, "was there"),
        (person(12), Label::AmberStrict, "a colleague was there"),
        (person(30), Label::Amber, "a registered client of an organisation that was there"),
        (person(20), Label::Green, "nobody of theirs was there"),
        (Principal::Bot(BOT), Label::AmberStrict, "a bot, up to its ceiling"),
    ];
    for (who, strictest, why) in rows {
        assert_eq!(reads_up_to(&state, who), Some(strictest), "{why}");
    }
}

#[test]
fn who_was_away_does_not_read_what_was_said_meanwhile() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 9, Kind::Left { who: person(10) });
    assert_eq!(reads_up_to(&state, person(10)), None, "out of the room");
    enter(&mut state, 20, joined(person(10)));
    assert_eq!(reads_up_to(&state, person(10)), Some(Label::Green), "back, but not there then");
    assert!(reads(&state, person(10), 8, &post(Label::Red)), "was there before");
    assert!(!reads(&state, person(10), 9, &post(Label::Red)), "gone from this one on");
}

#[test]
fn who_is_in_a_room_now_is_who_came_and_has_not_gone() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, Kind::Joined { who: person(20), role: RoomRole::Lead });
    enter(&mut state, 5, Kind::Left { who: person(10) });
    let mut present: Vec<_> = state.rooms[&ROOM].present().collect();
    present.sort_by_key(|(who, _)| *who);
    let bot = (Principal::Bot(BOT), RoomRole::Participant);
    assert_eq!(present, [(person(20), RoomRole::Lead), bot]);
}

#[test]
fn a_room_counts_how_often_somebody_left_it_and_not_that_they_are_in_it() {
    let mut state = with_room(Label::Red);
    let left = |state: &State, n| state.rooms[&ROOM].times_left(person(n));
    assert_eq!((left(&state, 10), left(&state, 20)), (0, 0));
    for (seq, kind, times) in [
        (4, Kind::Left { who: person(10) }, 1),
        (5, joined(person(10)), 1),
        (6, Kind::Left { who: person(10) }, 2),
    ] {
        enter(&mut state, seq, kind);
        assert_eq!((left(&state, 10), left(&state, 20)), (times, 0), "{seq}");
    }
}

#[test]
fn a_notice_is_for_everyone_in_the_room_and_for_a_bot_up_to_its_ceiling() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 20, joined(person(20)));
    for label in Label::ALL {
        let notice = Summary { kind: KindTag::Notice, ..post(label) };
        assert!(reads(&state, person(20), 10, &notice), "who came later, {label}");
        assert!(!reads(&state, person(30), 10, &notice), "who is not in the room, {label}");
        let within = label <= Label::AmberStrict;
        assert_eq!(reads(&state, Principal::Bot(BOT), 10, &notice), within, "{label}");
    }
}

#[test]
fn what_refers_to_an_entry_is_withheld_with_it() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 15, joined(person(20)));
    // A reply at 16, when officer 20 is there, to a thread that began at 10, when they were not.
    let reply = Summary { carries: vec![10], ..post(Label::Amber) };
    assert!(reads(&state, person(10), 16, &reply));
    assert!(!reads(&state, person(20), 16, &reply));
    assert!(reads(&state, person(20), 16, &post(Label::Amber)), "a post of its own");
}

#[test]
fn an_edit_goes_with_its_post_and_a_reply_stays() {
    let mut state = with_room(Label::Red);
    let reply = Summary { carries: vec![10], ..post(Label::Green) };
    let edit = Summary { kind: KindTag::Edit, ..reply.clone() };
    let read = |state: &State| [&edit, &reply].map(|about| reads(state, person(10), 11, about));
    assert_eq!(read(&state), [true, true]);
    enter(&mut state, 20, Kind::Retract { of: 10 });
    assert_eq!(read(&state), [false, true]);
}

#[test]
fn a_label_tightened_later_withholds_the_entry_its_replies_and_its_edits() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 20, joined(person(20)));
    let (entry, about) = (post(Label::Green), Summary { carries: vec![10], ..post(Label::Green) });
    assert!(reads(&state, person(20), 10, &entry) && reads(&state, person(20), 11, &about));
    enter(&mut state, 21, Kind::Relabel { of: 10, to: Label::Red });
    assert!(!reads(&state, person(20), 10, &entry) && !reads(&state, person(20), 11, &about));
    assert!(reads(&state, person(10), 10, &entry), "who was there still reads it");
    assert!(!reads(&state, Principal::Bot(BOT), 10, &entry), "a bot never reads RED");
}

#[test]
fn a_retracted_post_and_its_edits_are_served_to_nobody() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 20, Kind::Retract { of: 10 });
    let edit = Summary { kind: KindTag::Edit, carries: vec![10], ..post(Label::Clear) };
    for who in [person(10), Principal::Bot(BOT)] {
        assert!(!reads(&state, who, 10, &post(Label::Clear)));
        assert!(!reads(&state, who, 11, &edit));
    }
}

#[test]
fn the_suspended_the_removed_and_their_bots_read_nothing() {
    for event in [
        Event::MemberRemoved { member: member(11) },
        Event::MemberChanged {
            member: member(11),
            role: Role::Manager,
            standing: Standing::Suspended,
        },
    ] {
        let mut state = with_room(Label::Red);
        enter(&mut state, 4, joined(person(11)));
        assert_eq!(reads_up_to(&state, person(11)), Some(Label::Red));
        state.apply_act(&Act { by: None, event }, 0);
        assert_eq!(reads_up_to(&state, person(11)), None);
        assert_eq!(reads_up_to(&state, Principal::Bot(BOT)), None, "its owner answers for it");
        assert!(Reader::of(&state.register, person(11)).is_none());
    }
}

fn posting(label: Label) -> PostEntry {
    PostEntry {
        room: ROOM,
        id: EntryId::random(),
        label,
        text: "text".parse().unwrap(),
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: Vec::new(),
    }
}

fn code<T>(result: Result<T, Error>) -> Option<ErrorCode> {
    result.err().map(|error| error.code)
}

#[test]
fn nothing_is_posted_above_the_ceiling_of_the_room_or_the_grant() {
    for ceiling in Label::ALL {
        let state = with_room(ceiling);
        for label in Label::ALL {
            let refused = (label > ceiling).then_some(ErrorCode::LabelRefused);
            assert_eq!(code(state.decide_post(person(10), &posting(label), &[], NOW)), refused);
            let refused = (label > ceiling.min(Label::Green)).then_some(ErrorCode::LabelRefused);
            assert_eq!(
                code(state.decide_post(Principal::Bot(BOT), &posting(label), &[], NOW)),
                refused
            );
            let stranger = state.decide_post(person(20), &posting(label), &[], NOW);
            assert_eq!(code(stranger), Some(ErrorCode::NotFound));
        }
    }
}

#[test]
fn a_reply_is_at_least_as_strict_as_its_thread() {
    let mut state = with_room(Label::Red);
    for thread in Label::ALL {
        let target = Target { seq: 10, summary: post(thread), changes: 0 };
        for label in Label::ALL {
            let refused = (label < thread).then_some(ErrorCode::LabelRefused);
            assert_eq!(
                code(state.decide_post(
                    person(10),
                    &posting(label),
                    std::slice::from_ref(&target),
                    NOW
                )),
                refused
            );
        }
    }
    enter(&mut state, 20, Kind::Relabel { of: 10, to: Label::Red });
    let target = Target { seq: 10, summary: post(Label::Green), changes: 0 };
    let milder = state.decide_post(person(10), &posting(Label::Green), &[target], NOW);
    assert_eq!(code(milder), Some(ErrorCode::LabelRefused), "the label it has now counts");
}

#[test]
fn only_the_author_relaxes_and_the_author_or_a_manager_tightens() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(11)));
    enter(&mut state, 5, joined(person(12)));
    let target = Target { seq: 10, summary: post(Label::Amber), changes: 0 };
    let relabel = |who, to| {
        let call = RelabelEntry { room: ROOM, id: EntryId::random(), of: 10, to };
        code(state.decide_relabel(who, &call, &target, None))
    };
    for to in Label::ALL {
        let same = (to == Label::Amber).then_some(ErrorCode::Conflict);
        assert_eq!(relabel(person(10), to), same, "the author, to {to}");
        let tightens = to > Label::Amber;
        let refused = (!tightens).then_some(ErrorCode::NotAllowed);
        assert_eq!(relabel(person(11), to), refused, "a manager, to {to}");
        assert_eq!(relabel(person(12), to), Some(ErrorCode::NotAllowed), "somebody else");
    }
}

#[test]
fn a_fold_is_the_same_whatever_else_is_in_the_log() {
    let plain = with_room(Label::Red);
    let mut busy = with_room(Label::Red);
    for kind in [Kind::Post { reply_to: None }, Kind::Edit { of: 10 }, Kind::Unknown] {
        let mut entry: Entry = notice_entry(EntryId::random(), person(10), kind);
        entry.handling.label = Label::Clear;
        apply(&mut busy, 11, &entry, Vec::new());
    }
    for who in [person(10), person(20), Principal::Bot(BOT)] {
        assert_eq!(reads_up_to(&plain, who), reads_up_to(&busy, who));
    }
}

#[test]
fn what_changes_a_fold_is_among_what_rebuilds_it_and_nothing_else_is() {
    let entry = |kind| notice_entry(EntryId::random(), person(10), kind);
    let says = || entry(Kind::Post { reply_to: None });
    let (mut asks, mut carries) = (says(), says());
    let options = ["yes", "no"].map(|option| option.parse().unwrap()).into();
    asks.handling.ask = Some(Ask { options, due_at_ms: None });
    carries.handling.files = vec![CarriedFile { file: FileId::from_bytes([5; 16]), size_bytes: 1 }];
    let alert = serde_json::json!({
        "severity": "severe", "urgency": "immediate", "certainty": "observed", "message": "alert",
    });
    let alert = Kind::Alert(serde_json::from_value(alert).unwrap());
    let (organisation, choice) = (organisation(10), "yes".parse().unwrap());
    let rows = [
        (says(), false),
        (entry(Kind::Edit { of: 10 }), false),
        (entry(Kind::React { of: 10, withdrawn: false }), false),
        (asks, true),
        (carries, true),
        (entry(alert), true),
        (entry(Kind::Answer { of: 10, organisation, choice }), true),
        (entry(Kind::Relabel { of: 10, to: Label::Red }), true),
        (entry(joined(person(20))), true),
    ];
    for (entry, changes) in rows {
        let kind = entry.handling.kind.clone();
        assert_eq!(changes_state(&entry.handling), changes, "{kind:?}");
        let plan = Plan::entry(ROOM, entry, Vec::new());
        assert_eq!(plan.records[0].changes_state(), changes, "{kind:?}");
    }
    let act = Plan::act(person(11), Event::MemberRemoved { member: member(20) });
    assert!(act.records[0].changes_state());
    let (by, device) = (person(10), None);
    let signed_in = audit::Event::SignedIn { means: audit::Means::Token, device, count: 1 };
    assert!(!Planned::Audit(audit::Record::by(by, signed_in)).changes_state());
}

#[test]
fn a_room_is_rebuilt_from_the_entries_it_is_given() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(20)));
    let kinds = [joined(person(10)), joined(person(12)), Kind::Retract { of: 10 }];
    let entries = kinds.map(bare);
    let summaries = entries.each_ref().map(|entry| Summary::of(&entry.handling, Vec::new()));
    let at = (2..).zip([2_000, 3_000, 20_000]);
    let given = at.zip(&entries).zip(&summaries).map(|((at, entry), of)| (at, entry, of));
    state.replace_room(ROOM, given);
    let room = &state.rooms[&ROOM];
    let here = [10, 12, 20].map(|n| room.role(person(n)).is_some());
    assert_eq!(here, [true, true, false], "20 came by an entry that is not among them");
    assert!(room.is_retracted(10) && room.settings().is_none());
    let later = post(Label::AmberStrict);
    assert!(reads(&state, person(12), 2, &later), "organisations are known by the register");
}
