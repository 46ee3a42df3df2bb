//! Who may change what of the register: organisations, invitations, members, devices and rooms.

use warproom_proto::calls::{
    AddInvitation, ChangeMember, Preferences, QuietHours, SetRegisterEntry,
};
use warproom_proto::entry::Subject;
use warproom_proto::register::{Dependency, Device, PublicKey, RegisterEntry};
use warproom_proto::{DeviceId, Name, Secret};

use super::super::{Checked, Mark, Plan, Planned, Redemption};
use super::bots::bot;
use super::*;

pub(super) const OTHER: RoomId = RoomId::from_bytes([9; 16]);

pub(super) fn act(state: &mut State, event: Event) {
    state.apply_act(&Act { by: Some(person(11)), event }, 0);
}

/// The acts of a plan.
fn acts(plan: Plan) -> Vec<Act> {
    let act = |record| if let Planned::Act(act) = record { Some(act) } else { None };
    plan.records.into_iter().filter_map(act).collect()
}

/// The one act that a plan begins with.
pub(super) fn event(plan: Result<Plan, Error>) -> Event {
    acts(plan.unwrap()).swap_remove(0).event
}

/// Who leaves which room by a plan.
pub(super) fn departures(plan: &Plan) -> Vec<(RoomId, Principal)> {
    let left = |record: &Planned| match record {
        Planned::Entry { room, entry, .. } => match entry.handling.kind {
            Kind::Left { who } => Some((*room, who)),
            _ => None,
        },
        _ => None,
    };
    plan.records.iter().filter_map(left).collect()
}

fn change(n: u8, role: Option<Role>, standing: Option<Standing>) -> ChangeMember {
    ChangeMember { member: member(n), role, standing }
}

fn promoted(n: u8) -> Event {
    Event::MemberChanged { member: member(n), role: Role::Manager, standing: Standing::Active }
}

fn council(n: u8, name: &str, aliases: &[&str], clients: &[u8]) -> Organisation {
    let name_of = |text: &&str| text.parse::<Name>().unwrap();
    Organisation {
        organisation: organisation(n),
        name: name_of(&name),
        aliases: aliases.iter().map(name_of).collect(),
        clients: clients.iter().map(|n| organisation(*n)).collect(),
    }
}

#[test]
fn every_name_and_alias_of_an_organisation_is_its_own() {
    let mut state = state();
    act(&mut state, Event::OrganisationSet(council(20, "Council 20", &["C20"], &[])));
    let change = |state: &State, to| code(state.decide_change_organisation(person(11), to));
    let rows: [(&str, &[&str], bool); 7] = [
        ("COUNCIL 10", &["C10", "Ten"], false),
        ("council 20", &[], true),
        ("c20", &[], true),
        ("Council 10", &["COUNCIL 20"], true),
        ("Council 10", &["c20"], true),
        ("Council 10", &["council 10"], true),
        ("Council 10", &["C10", "c10"], true),
    ];
    for (name, aliases, refused) in rows {
        let refused = refused.then_some(ErrorCode::Conflict);
        assert_eq!(
            change(&state, council(10, name, aliases, &[30])),
            refused,
            "{name} {aliases:?}"
        );
    }
    assert_eq!(change(&state, council(40, "Council 40", &[], &[])), Some(ErrorCode::NotFound));
    let to = council(10, "Ten", &[], &[20, 30]);
    let event = event(state.decide_change_organisation(person(11), to.clone()));
    assert!(matches!(event, Event::OrganisationSet(set) if set == to));
}

#[test]
fn clients_are_other_organisations_of_the_register_and_lists_have_a_bound() {
    let state = state();
    let change = |to| code(state.decide_change_organisation(person(11), to));
    let clients = |of: &[u8]| change(council(10, "Council 10", &[], of));
    assert_eq!(clients(&[20, 30]), None);
    assert_eq!(clients(&[20, 10]), Some(ErrorCode::Conflict), "itself");
    assert_eq!(clients(&[20, 40]), Some(ErrorCode::Conflict), "nobody");
    assert_eq!(clients(&[20; 32]), None);
    assert_eq!(clients(&[20; 33]), Some(ErrorCode::BadParams));
    let many: Vec<String> = (0..33).map(|n| format!("Alias {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(change(council(10, "Council 10", &many[..32], &[])), None);
    assert_eq!(change(council(10, "Council 10", &many, &[])), Some(ErrorCode::BadParams));
}

const CODE: Head = Head([77; 32]);

/// An invitation for this handle, that lapses at [`NOW`] + 10.
fn invite(state: &State, n: u8, handle: &str, organisation: OrganisationId) -> Result<Plan, Error> {
    let call = AddInvitation {
        name: "Jo Smith".parse().unwrap(),
        handle: handle.parse().unwrap(),
        organisation,
        role: Role::Officer,
    };
    let id = (InvitationId::from_bytes([n; 16]), CODE);
    state.decide_invite(Some(person(n)), id, call, (NOW, NOW + 10))
}

/// The state with an invitation for `jo.smith` by manager 11.
fn invited() -> State {
    let mut state = state();
    let invited = event(invite(&state, 11, "jo.smith", organisation(10)));
    act(&mut state, invited);
    state
}

#[test]
fn an_invitation_is_for_a_handle_that_nobody_has() {
    let state = invited();
    let refused = |handle, of| code(invite(&state, 12, handle, organisation(of)));
    assert_eq!(refused("jo.smith", 10), Some(ErrorCode::Conflict), "invited already");
    assert_eq!(refused("officer.20", 10), Some(ErrorCode::Conflict), "a member");
    assert_eq!(refused("jo.jones", 40), Some(ErrorCode::NotFound), "for no organisation");
    assert_eq!(refused("jo.jones", 20), None);
}

#[test]
fn an_invitation_that_waits_is_taken_back_and_no_other() {
    let state = invited();
    let revoke = |n, now_ms| {
        let invitation = InvitationId::from_bytes([n; 16]);
        state.decide_revoke_invitation(person(11), invitation, now_ms)
    };
    let id = InvitationId::from_bytes([11; 16]);
    let revoked = event(revoke(11, NOW + 9));
    assert!(matches!(revoked, Event::InvitationRevoked { invitation } if invitation == id));
    assert_eq!(code(revoke(11, NOW + 10)), Some(ErrorCode::NotFound), "lapsed");
    assert_eq!(code(revoke(12, NOW)), Some(ErrorCode::NotFound), "unknown");
}

fn device(n: u8, of: u8) -> Device {
    let (device, name) = (DeviceId::from_bytes([n; 16]), "desk".parse().unwrap());
    Device { device, member: member(of), name, public_key: PublicKey([n; 32]) }
}

fn secret(text: &str) -> Secret {
    text.to_owned().into()
}

fn redeem(state: &State, code_hash: Head, now_ms: i64) -> Result<Plan, Error> {
    let redemption = Redemption {
        code_hash,
        password_phc: secret("phc"),
        totp_secret: secret("totp"),
        totp_step: 7,
        device: device(1, 99),
    };
    state.decide_redeem(redemption, now_ms)
}

#[test]
fn an_invitation_makes_its_member_once_with_the_device_it_was_redeemed_from() {
    let mut state = invited();
    assert_eq!(code(redeem(&state, Head([78; 32]), NOW)), Some(ErrorCode::SignInRefused));
    assert_eq!(code(redeem(&state, CODE, NOW + 10)), Some(ErrorCode::SignInRefused), "lapsed");
    let plan = redeem(&state, CODE, NOW).unwrap();
    let mark = plan.mark.unwrap();
    for record in acts(plan) {
        state.apply_act(&record, NOW);
    }
    let joined = state.register.by_handle(&"jo.smith".parse().unwrap()).unwrap();
    let id = joined.member.member;
    let (phc, totp) = joined.credentials.as_ref().unwrap();
    assert_eq!((phc.expose(), totp.expose()), ("phc", "totp"));
    assert_eq!(state.register.device(device(1, 99).device).unwrap().member, id);
    assert_eq!(mark, Mark::TotpUsed(id, 7), "the code is used up");
    assert_eq!(code(redeem(&state, CODE, NOW)), Some(ErrorCode::SignInRefused), "once");
}

#[test]
fn a_device_is_enrolled_by_an_active_member_with_a_hash_of_today() {
    let mut state = state();
    let credentials = |password| Event::CredentialsSet {
        member: member(10),
        password_phc: secret(password),
        totp_secret: secret("totp"),
        changed_from: None,
    };
    act(&mut state, credentials("old"));
    let checked =
        Checked { password_phc: secret("old"), totp_secret: secret("totp"), totp_step: 7 };
    let plan = state.decide_enrol(device(1, 10), &checked, Some(secret("new"))).unwrap();
    for record in acts(plan) {
        state.apply_act(&record, NOW);
    }
    assert!(state.register.device(device(1, 10).device).is_some());
    let (phc, totp) = state.register.member(member(10)).unwrap().credentials.as_ref().unwrap();
    assert_eq!((phc.expose(), totp.expose()), ("new", "totp"));
    act(&mut state, credentials("old"));
    let (role, standing) = (Role::Officer, Standing::Suspended);
    act(&mut state, Event::MemberChanged { member: member(10), role, standing });
    let refused = state.decide_enrol(device(2, 10), &checked, None);
    assert_eq!(code(refused), Some(ErrorCode::SignInRefused), "suspended");
}

#[test]
fn a_change_of_a_member_changes_something_and_leaves_an_active_manager() {
    let mut state = state();
    let decide = |state: &State, call| state.decide_change_member(person(11), &call, NOW);
    let suspended = Some(Standing::Suspended);
    for (call, refused) in [
        (change(99, Some(Role::Guest), None), ErrorCode::NotFound),
        (change(10, None, None), ErrorCode::Conflict),
        (change(10, Some(Role::Officer), Some(Standing::Active)), ErrorCode::Conflict),
        (change(11, Some(Role::Officer), None), ErrorCode::Conflict),
        (change(11, None, suspended), ErrorCode::Conflict),
    ] {
        let why = format!("{call:?}");
        assert_eq!(code(decide(&state, call)), Some(refused), "{why}");
    }
    let event = event(decide(&state, change(20, Some(Role::Manager), None)));
    let (member, role, standing) = (member(20), Role::Manager, Standing::Active);
    assert!(matches!(event, Event::MemberChanged { member: m, role: r, standing: s }
        if (m, r, s) == (member, role, standing)));
    assert_eq!(code(decide(&state, change(10, None, suspended))), None);
    act(&mut state, promoted(10));
    assert_eq!(code(decide(&state, change(11, Some(Role::Officer), None))), None);
    let (role, standing) = (Role::Manager, Standing::Suspended);
    let idle = Event::MemberChanged { member: super::member(10), role, standing };
    act(&mut state, idle);
    let alone = decide(&state, change(11, Some(Role::Officer), None));
    assert_eq!(code(alone), Some(ErrorCode::Conflict), "a suspended manager is none");
}

#[test]
fn nothing_that_a_removed_member_made_lets_them_back_in() {
    let mut state = with_room(Label::Red);
    act(&mut state, promoted(10));
    enter(&mut state, 4, joined(person(11)));
    act(&mut state, bot(50, 10, None));
    for (n, handle) in [(10, "jo.smith"), (11, "jo.jones")] {
        for record in acts(invite(&state, n, handle, organisation(10)).unwrap()) {
            state.apply_act(&record, 0);
        }
    }
    let plan = state.decide_remove_member(person(10), member(11), NOW).unwrap();
    let mut gone = departures(&plan);
    gone.sort();
    assert_eq!(gone, [(ROOM, person(11)), (ROOM, Principal::Bot(BOT))]);
    for record in acts(plan) {
        assert!(record.by == Some(person(10)));
        state.apply_act(&record, NOW);
    }
    assert!(state.register.present_member(member(11)).is_none());
    let waiting: Vec<_> = state.register.pending(NOW).map(|(id, _)| id).collect();
    assert_eq!(waiting, [InvitationId::from_bytes([10; 16])]);
    let bots: Vec<_> = state.register.bots().map(|bot| bot.bot).collect();
    assert_eq!(bots, [BotId::from_bytes([50; 16])]);
    let unknown = state.decide_remove_member(person(10), member(11), NOW);
    assert_eq!(code(unknown), Some(ErrorCode::NotFound));
}

#[test]
fn whoever_is_no_active_manager_any_more_has_no_invitation_left() {
    let (officer, suspended) = (Some(Role::Officer), Some(Standing::Suspended));
    for (role, standing) in [(officer, None), (None, suspended)] {
        let mut state = state();
        act(&mut state, promoted(10));
        for (n, handle) in [(10, "jo.smith"), (11, "jo.jones")] {
            for record in acts(invite(&state, n, handle, organisation(10)).unwrap()) {
                state.apply_act(&record, 0);
            }
        }
        let plan = state.decide_change_member(person(10), &change(11, role, standing), NOW);
        for record in acts(plan.unwrap()) {
            state.apply_act(&record, NOW);
        }
        let waiting: Vec<_> = state.register.pending(NOW).map(|(id, _)| id).collect();
        assert_eq!(waiting, [InvitationId::from_bytes([10; 16])], "{role:?} {standing:?}");
    }
}

#[test]
fn a_device_is_revoked_by_its_owner_or_a_manager() {
    let mut state = state();
    act(&mut state, Event::DeviceEnrolled(device(1, 10)));
    let revoke = |state: &State, by, n| {
        state.decide_revoke_device(person(by), DeviceId::from_bytes([n; 16]))
    };
    for by in [10, 11] {
        let revoked = event(revoke(&state, by, 1));
        let id = device(1, 10).device;
        assert!(matches!(revoked, Event::DeviceRevoked { device } if device == id), "{by}");
    }
    assert_eq!(code(revoke(&state, 20, 1)), Some(ErrorCode::NotFound), "somebody else's");
    assert_eq!(code(revoke(&state, 11, 2)), Some(ErrorCode::NotFound), "unknown");
    act(&mut state, Event::DeviceRevoked { device: device(1, 10).device });
    assert_eq!(code(revoke(&state, 10, 1)), Some(ErrorCode::NotFound), "revoked");
}

#[test]
fn whoever_opens_a_room_leads_it() {
    let state = state();
    let settings = RoomSettings {
        name: "Elections".parse().unwrap(),
        ceiling: Label::Amber,
        default_label: Label::Green,
        typing: false,
        presence: false,
    };
    let plan = state.decide_open_room(person(20), OTHER, settings.clone()).unwrap();
    let [
        Planned::Act(opened),
        Planned::Entry { entry: first, room, .. },
        Planned::Entry { entry, .. },
    ] = &plan.records[..]
    else {
        panic!("an act and two entries")
    };
    assert!(matches!(opened.event, Event::RoomOpened { room } if room == OTHER));
    assert_eq!((*room, &first.handling.kind), (OTHER, &Kind::Opened { settings }));
    let lead = Kind::Joined { who: person(20), role: RoomRole::Lead };
    assert_eq!((entry.handling.author, &entry.handling.kind), (person(20), &lead));
}

fn set_entry(state: &State, by: Principal, deputies: &[u8]) -> Result<Plan, Error> {
    let deputies = deputies.iter().map(|n| member(*n)).collect();
    let call = SetRegisterEntry { depends_on: Vec::new(), shown: true, deputies };
    state.decide_set_entry(by, call)
}

#[test]
fn officers_and_managers_set_the_entry_of_their_organisation_and_its_deputies() {
    let mut state = state();
    let (role, standing) = (Role::Guest, Standing::Active);
    act(&mut state, Event::MemberChanged { member: member(30), role, standing });
    let set = event(set_entry(&state, person(10), &[12, 11]));
    let deputies = vec![member(12), member(11)];
    let (depends_on, organisation) = (Vec::new(), organisation(10));
    let expected = RegisterEntry { organisation, depends_on, shown: true, deputies };
    assert!(matches!(set, Event::RegisterEntrySet(entry) if entry == expected));
    assert_eq!(code(set_entry(&state, person(11), &[])), None, "a manager");
    let refused = |by, deputies: &[u8]| code(set_entry(&state, by, deputies));
    assert_eq!(refused(person(30), &[]), Some(ErrorCode::NotAllowed), "a guest");
    assert_eq!(refused(Principal::Bot(BOT), &[]), Some(ErrorCode::NotAllowed), "a bot");
    for deputies in [[12, 20], [12, 12], [12, 99]] {
        assert_eq!(refused(person(10), &deputies), Some(ErrorCode::Conflict), "{deputies:?}");
    }
    // Four are not too many, but these are nobody; five are.
    assert_eq!(refused(person(10), &[1, 2, 3, 4]), Some(ErrorCode::Conflict));
    assert_eq!(refused(person(10), &[1, 2, 3, 4, 5]), Some(ErrorCode::BadParams));
}

#[test]
fn an_entry_has_256_dependencies_at_most_with_8_aliases_each() {
    let state = state();
    let depending = |many, aliases| {
        let subject = Subject::Vendor("Civica".parse().unwrap());
        let aliases = vec!["East Kent Services".parse().unwrap(); aliases];
        let depends_on = vec![Dependency { subject, aliases }; many];
        let call = SetRegisterEntry { depends_on, shown: false, deputies: Vec::new() };
        code(state.decide_set_entry(person(10), call))
    };
    assert_eq!(depending(256, 8), None);
    assert_eq!(depending(257, 8), Some(ErrorCode::BadParams));
    assert_eq!(depending(1, 9), Some(ErrorCode::BadParams));
}

#[test]
fn quiet_hours_are_minutes_of_the_day() {
    let preferring = |quiet: Option<(u16, u16)>| {
        let quiet = quiet.map(|(from_minute, to_minute)| QuietHours { from_minute, to_minute });
        let preferences = Preferences { quiet, ..Preferences::default() };
        let decided = State::decide_prefer(member(10), preferences);
        decided.map(|plan| plan.mark == Some(Mark::Preferences(member(10), preferences)))
    };
    for quiet in [None, Some((0, 1439)), Some((1439, 0))] {
        assert_eq!(preferring(quiet), Ok(true), "{quiet:?}");
    }
    for quiet in [Some((0, 1440)), Some((1440, 0)), Some((1440, 1440))] {
        assert_eq!(code(preferring(quiet)), Some(ErrorCode::BadParams), "{quiet:?}");
    }
}
