//! Whom an entry may have reached, and who may ask.

use super::*;

/// Whom an entry of officer 10's may have reached, and whether they are in the room still.
fn reached(state: &State, seq: Seq, label: Label) -> Vec<(Principal, bool)> {
    let room = &state.rooms[&ROOM];
    let lifetime = room.lifetime(&Target { seq, summary: post(label), changes: 0 });
    let mut reached = room.reached_by(&state.register, &lifetime);
    reached.sort();
    reached
}

const RELAY: (Principal, bool) = (Principal::Bot(BOT), true);

#[test]
fn whoever_was_there_while_an_entry_could_be_read_may_have_it_and_its_author_does_not_count() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(20)));
    enter(&mut state, 8, Kind::Left { who: person(20) });
    assert_eq!(reached(&state, 7, Label::Green), [(person(20), false), RELAY]);
    assert_eq!(reached(&state, 8, Label::Green), [RELAY], "gone from this one on");
    enter(&mut state, 12, joined(person(30)));
    let newcomer = [(person(30), true), RELAY];
    assert_eq!(reached(&state, 10, Label::Green), newcomer);
    enter(&mut state, 13, Kind::Retract { of: 10 });
    assert_eq!(reached(&state, 10, Label::Green), newcomer, "it was taken back after they came");
    enter(&mut state, 12, Kind::Retract { of: 11 });
    assert_eq!(reached(&state, 11, Label::Green), [RELAY], "taken back when they came");
}

#[test]
fn an_entry_has_reached_whoever_its_mildest_label_let_read_it() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 12, joined(person(12)));
    enter(&mut state, 13, joined(person(20)));
    let (colleague, other) = ((person(12), true), (person(20), true));
    assert_eq!(reached(&state, 10, Label::Red), [], "they were not there, and a bot reads no RED");
    assert_eq!(reached(&state, 10, Label::AmberStrict), [colleague, RELAY]);
    // Whether 20 was a client of 10 then, nobody knows any more.
    assert_eq!(reached(&state, 10, Label::Amber), [colleague, other, RELAY]);
    for (seq, to) in [(20, Label::Green), (21, Label::Red)] {
        enter(&mut state, seq, Kind::Relabel { of: 10, to });
    }
    assert_eq!(reached(&state, 10, Label::Red), [colleague, other, RELAY], "it was GREEN once");
}

#[test]
fn a_bot_has_nothing_beyond_its_grant_and_whoever_was_removed_may_have_what_they_read() {
    let mut state = with_room(Label::Red);
    let mut bot = state.register.bot(BOT).unwrap().clone();
    (bot.bot, bot.grant.read) = (BotId::from_bytes([3; 16]), Some(Label::Green));
    let who = Principal::Bot(bot.bot);
    let added = Event::BotAdded { bot, token_hash: Head([3; 32]), hook_hash: None };
    state.apply_act(&Act { by: None, event: added }, 0);
    enter(&mut state, 4, joined(who));
    enter(&mut state, 5, joined(person(20)));
    let removed = Event::MemberRemoved { member: member(20) };
    state.apply_act(&Act { by: None, event: removed }, 0);
    assert_eq!(reached(&state, 10, Label::Amber), [(person(20), true), RELAY]);
    assert_eq!(reached(&state, 10, Label::Green), [(person(20), true), RELAY, (who, true)]);
}

#[test]
fn whom_it_has_reached_is_for_its_author_and_for_managers_who_may_read_it() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(20)));
    let ask = |state: &State, who, summary| {
        let target = Target { seq: 10, summary, changes: 0 };
        code(state.may_ask_who_has(person(who), ROOM, &target))
    };
    assert_eq!(ask(&state, 11, post(Label::Green)), Some(ErrorCode::NotFound), "not in the room");
    enter(&mut state, 11, joined(person(11)));
    enter(&mut state, 12, joined(person(30)));
    let rows = [
        (10, Label::Red, None, "its author"),
        (11, Label::AmberStrict, None, "a manager whose colleague was there"),
        (11, Label::Red, Some(ErrorCode::NotFound), "a manager who was not there"),
        (20, Label::Red, Some(ErrorCode::NotAllowed), "somebody else"),
        (30, Label::Red, Some(ErrorCode::NotFound), "somebody for whom it does not exist"),
    ];
    for (who, label, refused, why) in rows {
        assert_eq!(ask(&state, who, post(label)), refused, "{why}");
    }
    let notice = Summary { kind: KindTag::Notice, ..post(Label::Green) };
    assert_eq!(ask(&state, 10, notice), Some(ErrorCode::Conflict), "nobody said it");
    enter(&mut state, 20, Kind::Retract { of: 10 });
    for who in [10, 11] {
        assert_eq!(ask(&state, who, post(Label::Green)), None, "it is taken back, and is asked of");
    }
    enter(&mut state, 21, Kind::Relabel { of: 10, to: Label::Red });
    let stricter = ask(&state, 11, post(Label::Green));
    assert_eq!(stricter, Some(ErrorCode::NotFound), "the label it has now counts");
}
