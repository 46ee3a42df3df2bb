//! Bots: their grants, secrets and webhooks, and who may change them.

use warproom_proto::calls::AddBot;
use warproom_proto::register::Hook;

use super::super::{Plan, Planned};
use super::administration::{OTHER, act, departures, event};
use super::*;

/// A bot of somebody's in [`ROOM`].
pub(super) fn bot(n: u8, owner: u8, hook: Option<Hook>) -> Event {
    let mut bot = state().register.bot(BOT).unwrap().clone();
    (bot.bot, bot.name) = (BotId::from_bytes([n; 16]), format!("Bot {n}").parse().unwrap());
    (bot.owner, bot.hook) = (member(owner), hook);
    Event::BotAdded { bot, token_hash: Head([n; 32]), hook_hash: None }
}

fn new_bot() -> AddBot {
    let grant = Grant {
        rooms: vec![ROOM],
        read: Some(Label::AmberStrict),
        post: Some(Label::Amber),
        answer: false,
        per_minute: 60,
        expires_at_ms: NOW + 1,
    };
    AddBot { name: "Feed".parse().unwrap(), grant, hook: None }
}

fn add(state: &State, owner: u8, call: AddBot) -> Result<Plan, Error> {
    let secrets = (BotId::from_bytes([50; 16]), Head([50; 32]), Head([51; 32]));
    state.decide_add_bot(member(owner), secrets, call, NOW)
}

/// Rooms of which there are none.
fn rooms(many: u8) -> Vec<RoomId> {
    (0..many).map(|n| RoomId::from_bytes([100 + n; 16])).collect()
}

#[test]
fn a_grant_is_narrow_and_ends_later() {
    let state = with_room(Label::Red);
    let granted = |change: fn(&mut Grant)| {
        let mut call = new_bot();
        change(&mut call.grant);
        code(add(&state, 11, call))
    };
    let sound: [fn(&mut Grant); 3] =
        [|_| {}, |grant| grant.per_minute = 1, |grant| grant.per_minute = 600];
    for (nth, change) in sound.into_iter().enumerate() {
        assert_eq!(granted(change), None, "grant {nth}");
    }
    let unsound: [fn(&mut Grant); 7] = [
        |grant| grant.per_minute = 0,
        |grant| grant.per_minute = 601,
        |grant| grant.rooms.clear(),
        |grant| grant.rooms.push(ROOM),
        |grant| grant.rooms = rooms(65),
        |grant| grant.read = Some(Label::Red),
        |grant| grant.expires_at_ms = NOW,
    ];
    for (nth, change) in unsound.into_iter().enumerate() {
        assert_eq!(granted(change), Some(ErrorCode::BadParams), "grant {nth}");
    }
    let nowhere = granted(|grant| grant.rooms = rooms(64));
    assert_eq!(nowhere, Some(ErrorCode::NotFound), "64 are not too many, but there are none");
}

#[test]
fn a_bot_is_named_once_and_put_into_rooms_that_its_owner_sees() {
    let mut state = with_room(Label::Red);
    let plan = add(&state, 10, new_bot()).unwrap();
    let Some(Planned::Entry { room, entry, .. }) = plan.records.get(1) else { panic!("an entry") };
    let who = Principal::Bot(BotId::from_bytes([50; 16]));
    assert_eq!((*room, &entry.handling.kind), (ROOM, &joined(who)));
    let added = event(Ok(plan));
    assert!(matches!(added, Event::BotAdded { bot, hook_hash: None, .. }
        if bot.owner == member(10) && Principal::Bot(bot.bot) == who));
    assert_eq!(code(add(&state, 20, new_bot())), Some(ErrorCode::NotFound), "not in the room");
    let taken = AddBot { name: "RELAY".parse().unwrap(), ..new_bot() };
    assert_eq!(code(add(&state, 10, taken)), Some(ErrorCode::Conflict));
    for n in 101..=255 {
        act(&mut state, bot(n, 20, None));
    }
    for n in 0..100 {
        act(&mut state, bot(n, 20, None));
    }
    assert_eq!(state.register.bots().count(), 255);
    assert_eq!(code(add(&state, 10, new_bot())), None, "the 256th");
    act(&mut state, bot(100, 20, None));
    assert_eq!(code(add(&state, 10, new_bot())), Some(ErrorCode::Conflict), "and no more");
}

#[test]
fn a_webhook_posts_what_its_bot_may() {
    let state = with_room(Label::Red);
    let hooked = |room, label, post| {
        let mut call = new_bot();
        (call.hook, call.grant.post) = (Some(Hook { room, label }), post);
        add(&state, 11, call)
    };
    let ceiling = Some(Label::Amber);
    let added = event(hooked(ROOM, Label::Amber, ceiling));
    let hash = Some(Head([51; 32]));
    assert!(matches!(added, Event::BotAdded { hook_hash, .. } if hook_hash == hash));
    let bad = Some(ErrorCode::BadParams);
    assert_eq!(code(hooked(ROOM, Label::AmberStrict, ceiling)), bad, "above the grant");
    assert_eq!(code(hooked(OTHER, Label::Green, ceiling)), bad, "another room");
    assert_eq!(code(hooked(ROOM, Label::Clear, None)), bad, "a bot that posts nothing");
}

#[test]
fn a_bots_secrets_are_replaced_by_a_manager_or_by_its_owner_as_long_as_they_are_in_its_rooms() {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(20)));
    act(&mut state, bot(50, 10, Some(Hook { room: ROOM, label: Label::Green })));
    act(&mut state, bot(60, 10, None));
    let rotate = |state: &State, by, n| {
        let secrets = (Head([1; 32]), Head([2; 32]));
        state.decide_rotate_bot(person(by), BotId::from_bytes([n; 16]), secrets)
    };
    for (by, n, hook) in
        [(10, 50, Some(Head([2; 32]))), (11, 50, Some(Head([2; 32]))), (10, 60, None)]
    {
        let rotated = event(rotate(&state, by, n));
        assert!(matches!(rotated, Event::BotRotated { bot, token_hash, hook_hash }
            if bot == BotId::from_bytes([n; 16]) && token_hash == Head([1; 32]) && hook_hash == hook));
    }
    assert_eq!(code(rotate(&state, 20, 50)), Some(ErrorCode::NotFound), "not theirs");
    assert_eq!(code(rotate(&state, 11, 70)), Some(ErrorCode::NotFound), "unknown");
    enter(&mut state, 5, Kind::Left { who: person(10) });
    assert_eq!(code(rotate(&state, 10, 50)), Some(ErrorCode::NotFound), "out of the room");
    act(&mut state, Event::BotRevoked { bot: BotId::from_bytes([50; 16]) });
    assert_eq!(code(rotate(&state, 11, 50)), Some(ErrorCode::NotFound), "revoked");
}

#[test]
fn a_revoked_bot_leaves_its_rooms() {
    let mut state = with_room(Label::Red);
    let plan = state.decide_revoke_bot(person(11), BOT).unwrap();
    assert_eq!(departures(&plan), [(ROOM, Principal::Bot(BOT))]);
    let revoked = event(Ok(plan));
    assert!(matches!(revoked, Event::BotRevoked { bot } if bot == BOT));
    let unknown = state.decide_revoke_bot(person(11), BotId::from_bytes([50; 16]));
    assert_eq!(code(unknown), Some(ErrorCode::NotFound));
    act(&mut state, revoked);
    assert_eq!(code(state.decide_revoke_bot(person(11), BOT)), Some(ErrorCode::NotFound));
}
