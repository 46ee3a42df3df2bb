//! The register: who exists, what proves them, and who sees what is written of them.

use warproom_proto::concern::Key;
use warproom_proto::entry::Subject;
use warproom_proto::register::{CommonCause, Dependency, Device, PublicKey, RegisterEntry};
use warproom_proto::{CauseId, DeviceId, Handle, Secret, WarpId};

use super::*;

fn act(state: &mut State, event: Event) {
    state.apply_act(&Act { by: Some(person(11)), event }, 0);
}

fn standing(n: u8, role: Role, standing: Standing) -> Event {
    Event::MemberChanged { member: member(n), role, standing }
}

fn bot_id(n: u8) -> BotId {
    BotId::from_bytes([n; 16])
}

/// A bot of manager 11 until [`NOW`], with a token of this number and a webhook of the next.
fn add_bot(state: &mut State, n: u8) {
    let mut bot = state.register.bot(BOT).unwrap().clone();
    (bot.bot, bot.name) = (bot_id(n), format!("Bot {n}").parse().unwrap());
    bot.grant.expires_at_ms = NOW;
    let (token_hash, hook_hash) = (Head([n; 32]), Some(Head([n + 1; 32])));
    act(state, Event::BotAdded { bot, token_hash, hook_hash });
}

/// Whose token and whose webhook's secret this is, at a time.
fn by_secret(state: &State, n: u8, now_ms: i64) -> (Option<BotId>, Option<BotId>) {
    let token = state.register.bot_by_token(&Head([n; 32]), now_ms);
    let hook = state.register.bot_by_hook(&Head([n; 32]), now_ms);
    (token.map(|bot| bot.bot), hook.map(|bot| bot.bot))
}

#[test]
fn a_bot_is_known_by_its_token_and_its_webhook_until_its_grant_ends() {
    let mut state = state();
    add_bot(&mut state, 50);
    add_bot(&mut state, 60);
    assert_eq!(by_secret(&state, 50, NOW - 1), (Some(bot_id(50)), None));
    assert_eq!(by_secret(&state, 51, NOW - 1), (None, Some(bot_id(50))));
    for n in [50, 51, 60, 61] {
        assert_eq!(by_secret(&state, n, NOW), (None, None), "its grant has ended");
        assert_eq!(by_secret(&state, n, NOW + 1), (None, None));
    }
    act(&mut state, standing(11, Role::Manager, Standing::Suspended));
    assert_eq!(by_secret(&state, 50, NOW - 1), (None, None), "nobody answers for it");
}

#[test]
fn another_token_ends_the_one_before_and_no_other_bots() {
    let mut state = state();
    add_bot(&mut state, 50);
    add_bot(&mut state, 60);
    let (token_hash, hook_hash) = (Head([70; 32]), Some(Head([71; 32])));
    act(&mut state, Event::BotRotated { bot: bot_id(50), token_hash, hook_hash });
    let secrets = |state: &State| [50, 51, 60, 61, 70, 71].map(|n| by_secret(state, n, 0));
    let (none, one, other) = (None, Some(bot_id(50)), Some(bot_id(60)));
    let nobodys = (none, none);
    let rotated = [nobodys, nobodys, (other, none), (none, other), (one, none), (none, one)];
    assert_eq!(secrets(&state), rotated);
    act(&mut state, Event::BotRevoked { bot: bot_id(60) });
    let revoked = [nobodys, nobodys, nobodys, nobodys, (one, none), (none, one)];
    assert_eq!(secrets(&state), revoked);
}

#[test]
fn a_revoked_bot_does_nothing_and_keeps_its_name() {
    let mut state = state();
    add_bot(&mut state, 50);
    let who = Principal::Bot(bot_id(50));
    assert!(state.register.is_active(who));
    act(&mut state, Event::BotRevoked { bot: bot_id(50) });
    assert!(!state.register.is_active(who));
    assert_eq!(state.register.bots().map(|bot| bot.bot).collect::<Vec<_>>(), [BOT]);
    assert_eq!(state.register.name(who).unwrap().as_str(), "Bot 50");
}

fn device(n: u8, of: u8) -> Device {
    let (device, name) = (DeviceId::from_bytes([n; 16]), "desk".parse().unwrap());
    Device { device, member: member(of), name, public_key: PublicKey([n; 32]) }
}

/// Who owns device 1 and who owns device 2: to sign in with, and to revoke.
fn owners(state: &State) -> [(Option<MemberId>, Option<MemberId>); 2] {
    [1, 2].map(|n| {
        let id = DeviceId::from_bytes([n; 16]);
        let signs_in = state.register.device(id).map(|device| device.member);
        (signs_in, state.register.device_owner(id))
    })
}

#[test]
fn whoever_is_removed_is_out_with_every_device_and_nobody_else_is() {
    let mut state = state();
    act(&mut state, Event::DeviceEnrolled(device(1, 10)));
    act(&mut state, Event::DeviceEnrolled(device(2, 20)));
    let secret = |text: &str| Secret::from(text.to_owned());
    let (password_phc, totp_secret) = (secret("phc"), secret("totp"));
    let of = member(10);
    act(
        &mut state,
        Event::CredentialsSet { member: of, password_phc, totp_secret, changed_from: None },
    );
    let both = |n| (Some(member(n)), Some(member(n)));
    assert_eq!(owners(&state), [both(10), both(20)]);
    act(&mut state, Event::MemberRemoved { member: of });
    assert_eq!(owners(&state), [(None, None), both(20)]);
    let register = &state.register;
    let by_handle = |handle: &str| {
        let handle: Handle = handle.parse().unwrap();
        register.by_handle(&handle).map(|record| record.member.member)
    };
    assert_eq!((by_handle("officer.10"), by_handle("officer.20")), (None, Some(member(20))));
    assert!(register.present_member(of).is_none());
    assert!(register.members().all(|one| one.member != of) && register.members().count() == 4);
    let record = register.member(of).unwrap();
    assert!(record.removed && record.credentials.is_none());
    assert_eq!(register.name(person(10)).unwrap().as_str(), "Officer 10", "for what they wrote");
}

#[test]
fn a_suspended_member_keeps_devices_and_signs_in_with_none_and_a_revoked_one_is_gone() {
    let mut state = state();
    act(&mut state, Event::DeviceEnrolled(device(1, 10)));
    act(&mut state, Event::DeviceEnrolled(device(2, 20)));
    act(&mut state, standing(10, Role::Officer, Standing::Suspended));
    act(&mut state, Event::DeviceRevoked { device: device(2, 20).device });
    assert_eq!(owners(&state), [(None, Some(member(10))), (None, None)]);
    let devices = |n| state.register.devices(member(n)).count();
    assert_eq!((devices(10), devices(20)), (1, 0));
}

#[test]
fn the_warp_and_its_audit_key_are_known_once_they_are_said() {
    let mut state = state();
    assert!(state.register.warp().is_none() && state.register.audit_key().is_none());
    let (warp, name) = (WarpId::from_bytes([4; 16]), "KCWARP".parse().unwrap());
    act(&mut state, Event::WarpFounded { warp, name });
    act(&mut state, Event::AuditKeySet { public_key: PublicKey([4; 32]) });
    let (founded, name) = state.register.warp().unwrap();
    assert_eq!((*founded, name.as_str()), (warp, "KCWARP"));
    assert_eq!(state.register.audit_key(), Some(PublicKey([4; 32])));
}

fn entry(n: u8, shown: bool, vendor: &str) -> RegisterEntry {
    let subject = Subject::Vendor(vendor.parse().unwrap());
    let depends_on = vec![Dependency { subject, aliases: Vec::new() }];
    RegisterEntry { organisation: organisation(n), depends_on, shown, deputies: Vec::new() }
}

#[test]
fn a_register_entry_is_seen_by_its_own_by_managers_and_if_shown_by_every_officer() {
    let mut state = state();
    act(&mut state, standing(30, Role::Guest, Standing::Active));
    act(&mut state, standing(20, Role::Officer, Standing::Suspended));
    let sees = |n, of, shown| state.register.may_see_entry(person(n), &entry(of, shown, "Civica"));
    for (who, of, hidden, shown, why) in [
        (11, 20, true, true, "a manager"),
        (10, 10, true, true, "an officer, their own"),
        (10, 20, false, true, "an officer, another's"),
        (30, 30, true, true, "a guest, their own"),
        (30, 20, false, false, "a guest, another's"),
        (20, 20, false, false, "suspended"),
    ] {
        assert_eq!((sees(who, of, false), sees(who, of, true)), (hidden, shown), "{why}");
    }
    assert_eq!(state.register.entries().count(), 0);
    act(&mut state, Event::RegisterEntrySet(entry(10, true, "Civica")));
    act(&mut state, Event::RegisterEntrySet(entry(10, true, "Ivanti")));
    let entries: Vec<_> = state.register.entries().cloned().collect();
    assert_eq!(entries, [entry(10, true, "Ivanti")], "the latest");
}

fn cause(n: u8, vendor: &str) -> CommonCause {
    let subject = Subject::Vendor(vendor.parse().unwrap());
    let cause = CauseId::from_bytes([n; 16]);
    let (named, exercise) = (Vec::new(), false);
    CommonCause { cause, subject, organisations: 2, named, since_ms: 0, at_ms: 0, exercise }
}

#[test]
fn a_common_cause_is_found_by_what_it_names_and_concerns_who_depends_on_it() {
    let mut state = state();
    let (civica, ivanti) = (cause(1, "Civica UK Ltd"), cause(2, "Ivanti"));
    for cause in [&civica, &ivanti] {
        act(&mut state, Event::CommonCauseFound(cause.clone()));
    }
    act(&mut state, Event::RegisterEntrySet(entry(20, false, "Civica")));
    act(&mut state, Event::RegisterEntrySet(entry(30, false, "Somebody")));
    let register = &state.register;
    assert_eq!(register.causes().collect::<Vec<_>>(), [&civica, &ivanti]);
    let key = Key::of(&Subject::Vendor("CIVICA".parse().unwrap()));
    assert_eq!(register.causes_of(&key).collect::<Vec<_>>(), [&civica]);
    assert_eq!(register.concerned(&civica).into_iter().collect::<Vec<_>>(), [organisation(20)]);
    let concerned = |who| register.is_concerned(who, &civica);
    assert!(concerned(person(20)) && concerned(person(11)));
    assert!(!concerned(person(30)) && !concerned(Principal::Bot(BOT)));
}

const OTHER: RoomId = RoomId::from_bytes([9; 16]);

/// Acts, each with whether officer 10 sees it, who is in [`ROOM`] alone.
fn acts(state: &State) -> Vec<(Event, bool)> {
    let bot = |rooms: &[RoomId]| {
        let mut bot = state.register.bot(BOT).unwrap().clone();
        bot.grant.rooms = rooms.to_vec();
        Event::BotAdded { bot, token_hash: Head([0; 32]), hook_hash: None }
    };
    let hold = |room| Event::HoldSet { room, held: true, reason: "why".parse().unwrap() };
    let retention = |room| Event::RetentionSet { room, retention: None };
    let organisation = state.register.organisation(organisation(20)).unwrap().clone();
    let invitation = InvitationId::from_bytes([10; 16]);
    vec![
        (Event::OrganisationSet(organisation), true),
        (Event::MemberRemoved { member: member(12) }, true),
        (retention(None), true),
        (retention(Some(ROOM)), true),
        (retention(Some(OTHER)), false),
        (hold(ROOM), true),
        (hold(OTHER), false),
        (Event::RoomOpened { room: ROOM }, true),
        (Event::RoomOpened { room: OTHER }, false),
        (bot(&[ROOM]), true),
        (bot(&[ROOM, OTHER]), false),
        (Event::BotRevoked { bot: BOT }, true),
        (Event::BotRevoked { bot: bot_id(50) }, false),
        (Event::InvitationRevoked { invitation }, false),
        (Event::DeviceEnrolled(device(1, 10)), true),
        (Event::DeviceEnrolled(device(2, 20)), false),
        (Event::DeviceRevoked { device: device(1, 10).device }, true),
        (Event::DeviceRevoked { device: device(2, 20).device }, false),
        (Event::RegisterEntrySet(entry(10, false, "Civica")), true),
        (Event::RegisterEntrySet(entry(20, false, "Civica")), false),
        (Event::RegisterEntrySet(entry(20, true, "Civica")), true),
        (Event::CommonCauseFound(cause(1, "Civica")), true),
        (Event::CommonCauseFound(cause(2, "Ivanti")), false),
        (Event::Unknown, false),
    ]
}

#[test]
fn an_act_is_seen_by_managers_in_part_by_officers_and_by_no_guest() {
    let mut state = state();
    act(&mut state, Event::DeviceEnrolled(device(1, 10)));
    act(&mut state, Event::DeviceEnrolled(device(2, 20)));
    act(&mut state, Event::RegisterEntrySet(entry(10, false, "Civica")));
    act(&mut state, standing(30, Role::Guest, Standing::Active));
    let sees = |n, act: &Act| state.register.may_see(person(n), act, |room| room == ROOM);
    for (nth, (event, officer)) in acts(&state).into_iter().enumerate() {
        let act = Act { by: Some(person(11)), event };
        assert_eq!([11, 10, 30].map(|n| sees(n, &act)), [true, officer, false], "act {nth}");
    }
    let (password_phc, totp_secret) = (Secret::from(String::new()), Secret::from(String::new()));
    let event =
        Event::CredentialsSet { member: member(11), password_phc, totp_secret, changed_from: None };
    assert!(!sees(11, &Act { by: None, event }), "credentials: not even their own");
}
