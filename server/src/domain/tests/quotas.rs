//! What one member can take for good has a bound, and room is made again where that is possible.

use warproom_proto::calls::{AddBot, AddInvitation, AddOrganisation, OtherDevices};
use warproom_proto::register::{Device, Event, PublicKey};
use warproom_proto::{DeviceId, ErrorCode, Secret};

use super::super::quotas::{
    BOTS, DEVICES, Given, INVITATIONS, JOININGS, ORGANISATIONS, REACTIONS, ROOMS,
};
use super::super::{Checked, Mark, Planned, Renewal};
use super::*;

fn act(state: &mut State, by: Principal, event: Event) {
    state.apply_act(&Act { by: Some(by), event }, 0);
}

fn code(refused: Result<impl Sized, Error>) -> Option<ErrorCode> {
    refused.err().map(|error| error.code)
}

fn device(n: usize) -> Device {
    let mut bytes = [9; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    let name = "desk".parse().unwrap();
    Device {
        device: DeviceId::from_bytes(bytes),
        member: member(10),
        name,
        public_key: PublicKey([0; 32]),
    }
}

fn secret(text: &str) -> Secret {
    text.to_owned().into()
}

fn checked(password: &str, totp_step: u64) -> Checked {
    Checked { password_phc: secret(password), totp_secret: secret("totp"), totp_step }
}

fn proven(state: &mut State) {
    let (password_phc, totp_secret) = (secret("old"), secret("totp"));
    let event =
        Event::CredentialsSet { member: member(10), password_phc, totp_secret, changed_from: None };
    act(state, person(10), event);
}

#[test]
fn rooms_of_one_member_have_a_bound_and_anothers_do_not_count() {
    let mut state = state();
    let settings = |n: u32| RoomSettings {
        name: format!("Room {n}").parse().unwrap(),
        ceiling: Label::Green,
        default_label: Label::Green,
        typing: false,
        presence: false,
    };
    let room = |n: u32| RoomId::from_bytes(u128::from(n + 1).to_be_bytes());
    for n in 0..ROOMS {
        assert!(state.decide_open_room(person(10), room(n), settings(n)).is_ok());
        act(&mut state, person(10), Event::RoomOpened { room: room(n) });
    }
    let next = |who| state.decide_open_room(who, room(ROOMS), settings(ROOMS));
    assert_eq!(code(next(person(10))), Some(ErrorCode::Conflict));
    assert!(next(person(20)).is_ok());
}

#[test]
fn devices_have_a_bound_and_revoking_one_makes_room() {
    let mut state = state();
    proven(&mut state);
    for n in 0..DEVICES {
        assert!(state.decide_enrol(device(n), &checked("old", 1), None).is_ok());
        act(&mut state, person(10), Event::DeviceEnrolled(device(n)));
    }
    let next = |state: &State| state.decide_enrol(device(DEVICES), &checked("old", 1), None);
    assert_eq!(code(next(&state)), Some(ErrorCode::Conflict));
    act(&mut state, person(10), Event::DeviceRevoked { device: device(3).device });
    assert!(next(&state).is_ok());
}

#[test]
fn invitations_that_wait_have_a_bound_and_lapsed_ones_do_not_count() {
    let mut state = state();
    let call = |n: usize| AddInvitation {
        name: "Somebody".parse().unwrap(),
        handle: format!("somebody.{n}").parse().unwrap(),
        organisation: organisation(10),
        role: Role::Officer,
    };
    let id = || (InvitationId::random(), Head([7; 32]));
    for n in 0..INVITATIONS {
        let plan = state.decide_invite(None, id(), call(n), (NOW, NOW + 10)).unwrap();
        for record in plan.records {
            let Planned::Act(done) = record else { panic!("an act") };
            state.apply_act(&done, 0);
        }
    }
    let next = |now_ms| state.decide_invite(None, id(), call(INVITATIONS), (now_ms, now_ms + 10));
    assert_eq!(code(next(NOW)), Some(ErrorCode::Conflict));
    assert!(next(NOW + 10).is_ok());
}

#[test]
fn bots_have_a_bound_whoever_makes_them_and_revoking_one_makes_room() {
    let mut state = with_room(Label::Amber);
    let grant = Grant {
        rooms: vec![ROOM],
        read: None,
        post: Some(Label::Green),
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: NOW + 1,
    };
    let add = |state: &State, owner: u8, n: usize| {
        let name = format!("Relay {n}").parse().unwrap();
        let call = AddBot { name, grant: grant.clone(), hook: None };
        let new = (BotId::random(), Head([1; 32]), Head([2; 32]));
        state.decide_add_bot(member(owner), new, call, NOW)
    };
    let mut latest = BOT;
    // One is there from the start.
    for n in 1..BOTS {
        let owner = if n % 2 == 0 { 10 } else { 11 };
        for record in add(&state, owner, n).unwrap().records {
            let Planned::Act(done) = record else { continue };
            if let Event::BotAdded { bot, .. } = &done.event {
                latest = bot.bot;
            }
            state.apply_act(&done, 0);
        }
    }
    assert_eq!(state.register.bots().count(), BOTS);
    for owner in [10, 11] {
        assert_eq!(code(add(&state, owner, BOTS)), Some(ErrorCode::Conflict));
    }
    act(&mut state, person(11), Event::BotRevoked { bot: latest });
    assert!(add(&state, 10, BOTS).is_ok());
}

#[test]
fn organisations_have_a_bound() {
    let mut state = state();
    let add = |state: &State, n: usize| {
        let name = format!("Parish {n}").parse().unwrap();
        let call = AddOrganisation { name, aliases: Vec::new(), clients: Vec::new() };
        state.decide_add_organisation(person(11), OrganisationId::random(), call)
    };
    assert!(add(&state, 0).is_ok());
    for n in state.register.organisations().count()..ORGANISATIONS {
        act(
            &mut state,
            person(11),
            Event::OrganisationSet(Organisation {
                organisation: OrganisationId::random(),
                name: format!("Parish {n}").parse().unwrap(),
                aliases: Vec::new(),
                clients: Vec::new(),
            }),
        );
    }
    assert_eq!(code(add(&state, ORGANISATIONS)), Some(ErrorCode::Conflict));
}

#[test]
fn reactions_of_one_member_to_one_entry_have_a_bound() {
    assert!(Given { own: REACTIONS - 1, by_all: 100 }.may_react().is_ok());
    assert_eq!(code(Given { own: REACTIONS, by_all: 100 }.may_react()), Some(ErrorCode::Conflict));
    assert_eq!(code(Given { own: 0, by_all: 512 }.may_react()), Some(ErrorCode::Conflict));
}

#[test]
fn a_code_is_good_once_for_whatever_it_is_used_for() {
    let mut state = state();
    proven(&mut state);
    act(&mut state, person(10), Event::DeviceEnrolled(device(1)));
    let enrol = |state: &State, step| state.decide_enrol(device(2), &checked("old", step), None);
    let plan = enrol(&state, 7).unwrap();
    assert_eq!(plan.mark, Some(Mark::TotpUsed(member(10), 7)));
    state.apply_mark(&plan.mark.unwrap());
    for step in [6, 7] {
        assert_eq!(code(enrol(&state, step)), Some(ErrorCode::SignInRefused));
    }
    assert!(enrol(&state, 8).is_ok());
}

#[test]
fn of_two_changes_of_one_password_the_second_is_refused() {
    let mut state = state();
    proven(&mut state);
    for n in [1, 2] {
        act(&mut state, person(10), Event::DeviceEnrolled(device(n)));
    }
    let change = |state: &State, step| {
        let renewal = Renewal {
            device: device(1).device,
            password_phc: Some(secret("new")),
            totp: None,
            other_devices: OtherDevices::Revoke,
        };
        state.decide_change_credentials(member(10), checked("old", step), renewal)
    };
    let plan = change(&state, 7).unwrap();
    for record in plan.records {
        let Planned::Act(done) = record else { panic!("an act") };
        state.apply_act(&done, 0);
    }
    assert_eq!(code(change(&state, 8)), Some(ErrorCode::SignInRefused), "checked against the old");
    let left: Vec<_> = state.register.devices(member(10)).map(|one| one.device).collect();
    assert_eq!(left, [device(1).device]);
}

#[test]
fn a_change_of_credentials_uses_the_later_code_up_and_keeps_devices_where_it_says_so() {
    let mut state = state();
    proven(&mut state);
    for n in [1, 2] {
        act(&mut state, person(10), Event::DeviceEnrolled(device(n)));
    }
    let change = |state: &State, from, new_step| {
        let renewal = Renewal {
            device: device(from).device,
            password_phc: None,
            totp: Some((secret("other totp"), new_step)),
            other_devices: OtherDevices::Keep,
        };
        state.decide_change_credentials(member(10), checked("old", 7), renewal)
    };
    for (new_step, used) in [(6, 7), (9, 9)] {
        let plan = change(&state, 1, new_step).unwrap();
        assert_eq!(plan.mark, Some(Mark::TotpUsed(member(10), used)));
    }
    assert_eq!(code(change(&state, 3, 9)), Some(ErrorCode::SignInRequired), "from no device");
    for record in change(&state, 1, 9).unwrap().records {
        let Planned::Act(done) = record else { panic!("an act") };
        state.apply_act(&done, 0);
    }
    assert_eq!(state.register.devices(member(10)).count(), 2);
    let (phc, totp) = state.register.member(member(10)).unwrap().credentials.as_ref().unwrap();
    assert_eq!((phc.expose(), totp.expose()), ("old", "other totp"));
}

#[test]
fn joinings_of_one_person_to_a_room_have_a_bound_and_anothers_do_not_count() {
    let mut state = with_room(Label::Amber);
    let add = |state: &State, who: u8, role| {
        state.decide_add(person(11), ROOM, EntryId::random(), (member(who), role))
    };
    for n in 0..JOININGS as u64 {
        assert!(add(&state, 20, RoomRole::Participant).is_ok(), "{n}");
        enter(&mut state, 10 + 2 * n, joined(person(20)));
        assert!(add(&state, 20, RoomRole::Lead).is_ok(), "another part is no joining");
        enter(&mut state, 11 + 2 * n, Kind::Left { who: person(20) });
    }
    assert_eq!(code(add(&state, 20, RoomRole::Participant)), Some(ErrorCode::Conflict));
    assert!(add(&state, 30, RoomRole::Participant).is_ok());
}
