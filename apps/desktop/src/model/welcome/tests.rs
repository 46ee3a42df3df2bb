//! The first minutes without a window.

use warproom_client::proto::calls::Invited;
use warproom_client::proto::invitation::Fingerprint;
use warproom_client::proto::register::Role;

use super::*;
use crate::effect::Lock;
use crate::fixture::{self, name};
use crate::news::{Opened, Refusal};

const TEXT: &str =
    "warproom://[::1]:7443/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAA";
const PASSWORD: &str = "clothes kettle orbit";

fn profile(called: &str, needs_passphrase: bool) -> ProfileSummary {
    let warp = name(&format!("{called} WARP"));
    ProfileSummary { name: ProfileName(called.to_owned()), needs_passphrase, warp: Some(warp) }
}

fn started(profiles: &[ProfileSummary], key_store: bool) -> (Model, Vec<Effect>) {
    let mut model = Model::default();
    let computer = "council-laptop-7".to_owned();
    let out = model.hear(&News::Started { profiles: profiles.to_vec(), key_store, computer });
    (model, out)
}

fn invitation() -> Invitation {
    let invited = Invited {
        warp: name("Kent & Medway WARP"),
        organisation: name("Medway Council"),
        name: name("Priya Raman"),
        handle: "priya".parse().unwrap(),
        role: Role::Officer,
        expires_at_ms: fixture::NOW_MS,
    };
    Invitation {
        invited,
        fingerprint: Fingerprint([7; 32]),
        totp_secret: "GEZDGNBVGY3TQOJQ".to_owned().into(),
        totp_uri: "otpauth://totp/Kent:priya?secret=GEZDGNBVGY3TQOJQ".to_owned().into(),
    }
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(crate::Action::Welcome(action))
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let invitation = Zeroizing::new(text.to_owned());
    assert!(act(model, Action::Edit(Box::new(Step::Choose { invitation }))).is_empty());
    act(model, Action::Next)
}

/// A model at the choice of a password.
fn at_password(key_store: bool) -> Model {
    let (mut model, _) = started(&[], key_store);
    paste(&mut model, TEXT);
    let _ = model.hear(&News::Invited(Ok(invitation())));
    act(&mut model, Action::Next);
    assert!(matches!(model.welcome.step, Step::Password(..)));
    model
}

fn choose(model: &mut Model, change: impl FnOnce(&mut Passwords)) {
    let Step::Password(invitation, mut passwords) = model.welcome.step.clone() else {
        panic!("it is not at the password");
    };
    passwords.password = Zeroizing::new(PASSWORD.to_owned());
    passwords.again = passwords.password.clone();
    change(&mut passwords);
    act(model, Action::Edit(Box::new(Step::Password(invitation, passwords))));
}

/// A model that waits for the code.
fn at_totp(key_store: bool, change: impl FnOnce(&mut Passwords)) -> Model {
    let mut model = at_password(key_store);
    choose(&mut model, change);
    act(&mut model, Action::Next);
    assert!(matches!(model.welcome.step, Step::Totp(..)), "{:?}", model.welcome.trouble);
    model
}

fn type_code(model: &mut Model, code: &str) -> Vec<Effect> {
    let Step::Totp(invitation, passwords, _) = model.welcome.step.clone() else {
        panic!("it is not at the code");
    };
    act(model, Action::Edit(Box::new(Step::Totp(invitation, passwords, code.to_owned()))));
    act(model, Action::Next)
}

fn use_passphrase(passwords: &mut Passwords) {
    passwords.keeping.use_passphrase = true;
    passwords.keeping.passphrase = Zeroizing::new("lantern gravel tuesday".to_owned());
    passwords.keeping.again = passwords.keeping.passphrase.clone();
}

#[test]
fn the_only_profile_opens_by_itself_where_it_needs_no_passphrase() {
    let (model, out) = started(&[profile("kent", false)], true);
    assert!(
        matches!(&out[..], [Effect::OpenProfile { profile, passphrase: None }] if profile.0 == "kent")
    );
    assert!(model.welcome.is_busy);

    let (model, out) = started(&[profile("kent", true)], true);
    assert!(out.is_empty());
    assert!(matches!(&model.welcome.step, Step::Unlock(profile, _) if profile.0 == "kent"));

    let (model, out) = started(&[profile("kent", false), profile("essex", false)], true);
    assert!(out.is_empty());
    assert!(matches!(model.welcome.step, Step::Choose { .. }));
    assert_eq!(model.welcome.profiles.len(), 2);
}

#[test]
fn an_invitation_is_found_in_a_mail() {
    let (head, tail) = TEXT.split_at(60);
    for text in [
        TEXT.to_owned(),
        format!("  {TEXT}\n"),
        format!("Dear Priya,\r\n\r\nhere it is:\r\n{TEXT}.\r\n\r\nSee you on Thursday"),
        format!("<{TEXT}>"),
        format!("> here:\n> {head}\n> {tail}\n> Regards"),
        format!("{head}\n{tail}\nRegards"),
    ] {
        let (mut model, _) = started(&[], true);
        let out = paste(&mut model, &text);
        let [Effect::OpenInvitation(invitation)] = &out[..] else { panic!("not found in {text}") };
        assert_eq!(invitation.to_text(), TEXT);
        assert_eq!(model.welcome.server, "[::1]:7443");
    }
}

#[test]
fn what_is_no_invitation_is_refused_in_words_and_kept() {
    let address = &TEXT[..TEXT.len() - 23];
    for (text, said) in [
        ("", "warproom://"),
        ("https://example.org/join", "warproom://"),
        (&TEXT[..TEXT.len() - 3], "incomplete"),
        (address, "set up another device"),
    ] {
        let (mut model, _) = started(&[], true);
        assert!(paste(&mut model, text).is_empty());
        let trouble = model.welcome.trouble.clone().unwrap();
        assert!(trouble.contains(said), "{text}: {trouble}");
        assert!(
            matches!(&model.welcome.step, Step::Choose { invitation } if **invitation == *text)
        );
    }
}

#[test]
fn what_the_server_refuses_is_said_and_the_text_is_kept() {
    let (mut model, _) = started(&[], true);
    paste(&mut model, TEXT);
    assert!(act(&mut model, Action::Next).is_empty(), "it is not asked twice");
    let _ = model.hear(&News::Invited(Err(Refusal::new("it has lapsed", "ask for another"))));
    assert_eq!(model.welcome.trouble.as_deref(), Some("it has lapsed: ask for another"));
    assert!(!model.welcome.is_busy);
    assert!(matches!(&model.welcome.step, Step::Choose { invitation } if **invitation == *TEXT));
}

#[test]
fn going_back_gives_the_text_back() {
    let mut model = at_password(true);
    act(&mut model, Action::Back);
    assert!(matches!(model.welcome.step, Step::Check(_)));
    act(&mut model, Action::Back);
    assert!(matches!(&model.welcome.step, Step::Choose { invitation } if **invitation == *TEXT));
}

#[test]
fn the_device_is_named_after_the_computer() {
    let model = at_password(true);
    assert!(
        matches!(&model.welcome.step, Step::Password(_, one) if one.keeping.device == "council-laptop-7")
    );
}

#[test]
fn only_the_servers_rule_holds_a_password_up() {
    let refusal = |password: &str, again: &str| {
        let mut model = at_password(true);
        choose(&mut model, |passwords| {
            passwords.password = Zeroizing::new(password.to_owned());
            passwords.again = Zeroizing::new(again.to_owned());
        });
        act(&mut model, Action::Next);
        model.welcome.trouble
    };
    assert!(refusal("eleven char", "eleven char").unwrap().contains("at least 12"));
    assert!(refusal(PASSWORD, "another one").unwrap().contains("differ"));
    let long = "x".repeat(1025);
    assert!(refusal(&long, &long).unwrap().contains("at most 1024"));
    assert_eq!(refusal("passwordpassword", "passwordpassword"), None, "weak, and allowed");
}

#[test]
fn advice_tells_weak_from_strong() {
    let mut model = at_password(true);
    choose(&mut model, |passwords| passwords.password = Zeroizing::new("password1234".to_owned()));
    let weak = model.welcome.password.clone().unwrap();
    assert!(weak.score <= 1 && !weak.advice.is_empty());
    choose(&mut model, |_| {});
    let strong = model.welcome.password.clone().unwrap();
    assert!(strong.score >= 3, "{strong:?}");
    assert_ne!(weak.time, strong.time);
    assert_eq!(model.welcome.passphrase, None, "there is none yet");
}

#[test]
fn without_a_key_store_a_passphrase_is_needed() {
    let mut model = at_password(false);
    choose(&mut model, |_| {});
    act(&mut model, Action::Next);
    assert!(model.welcome.trouble.as_ref().unwrap().contains("passphrase"));
    choose(&mut model, |passwords| {
        use_passphrase(passwords);
        passwords.keeping.again = Zeroizing::new("something else".to_owned());
    });
    act(&mut model, Action::Next);
    assert!(model.welcome.trouble.as_ref().unwrap().contains("passphrases differ"));
    choose(&mut model, use_passphrase);
    act(&mut model, Action::Next);
    assert!(matches!(model.welcome.step, Step::Totp(..)));
}

#[test]
fn joining_opens_the_profile_with_the_passphrase_just_chosen() {
    let mut model = at_totp(true, use_passphrase);
    assert!(type_code(&mut model, "12345").is_empty());
    assert!(model.welcome.trouble.as_ref().unwrap().contains("six digits"));
    let out = type_code(&mut model, "123 456");
    let [Effect::Redeem { password, code, device, lock: Lock::Passphrase(sealed) }] = &out[..]
    else {
        panic!("it is not redeemed");
    };
    assert_eq!(password.expose(), PASSWORD);
    assert_eq!(code.expose(), "123456");
    assert_eq!(device.as_str(), "council-laptop-7");
    assert_eq!(sealed.expose(), "lantern gravel tuesday");

    let out = model.hear(&News::Joined(Ok(profile("kent", true))));
    let [Effect::OpenProfile { profile, passphrase: Some(passphrase) }] = &out[..] else {
        panic!("it is not opened");
    };
    assert_eq!(profile.0, "kent");
    assert_eq!(passphrase.expose(), "lantern gravel tuesday");
    assert_eq!(model.welcome.profiles.len(), 1);
}

#[test]
fn a_refused_code_leaves_everything_as_it_was() {
    let mut model = at_totp(true, |_| {});
    let out = type_code(&mut model, "123456");
    assert!(matches!(&out[..], [Effect::Redeem { lock: Lock::KeyStore, .. }]));
    let _ = model.hear(&News::Joined(Err(Refusal::new("the code is wrong", ""))));
    assert_eq!(model.welcome.trouble.as_deref(), Some("the code is wrong"));
    assert!(matches!(&model.welcome.step, Step::Totp(_, one, code)
        if *one.password == PASSWORD && code == "123456"));
    assert_eq!(type_code(&mut model, "654321").len(), 1, "one can try again");
}

#[test]
fn a_profile_that_does_not_open_says_why() {
    let mut model = at_totp(true, |_| {});
    type_code(&mut model, "123456");
    let out = model.hear(&News::Joined(Ok(profile("kent", false))));
    assert!(matches!(&out[..], [Effect::OpenProfile { passphrase: None, .. }]));
    let _ = model.hear(&News::Opened(Err(Refusal::new("the key store is locked", ""))));
    assert_eq!(model.welcome.trouble.as_deref(), Some("the key store is locked"));
    assert_eq!(act(&mut model, Action::Open(ProfileName("kent".to_owned()))).len(), 1);
}

#[test]
fn the_qr_code_is_there_while_it_is_shown() {
    let mut model = at_totp(true, |_| {});
    let qr = model.welcome.qr.clone().unwrap();
    assert!(qr.side() >= 21);
    let dark: Vec<_> = qr.dark().collect();
    // The finder pattern in the corner: a dark frame around a light one.
    assert!(dark.contains(&(0, 0)) && dark.contains(&(6, 6)) && !dark.contains(&(1, 1)));
    act(&mut model, Action::Back);
    assert!(model.welcome.qr.is_none());
}

#[test]
fn unlocking_takes_the_passphrase() {
    let (mut model, _) = started(&[profile("kent", true)], true);
    assert!(act(&mut model, Action::Next).is_empty());
    assert!(model.welcome.trouble.is_some());
    let typed = Zeroizing::new("lantern gravel tuesday".to_owned());
    act(&mut model, Action::Edit(Box::new(Step::Unlock(ProfileName("kent".to_owned()), typed))));
    let out = act(&mut model, Action::Next);
    assert!(matches!(&out[..], [Effect::OpenProfile { passphrase: Some(_), .. }]));
    let _ = model.hear(&News::Opened(Err(Refusal::new("wrong passphrase", ""))));
    assert!(matches!(&model.welcome.step, Step::Unlock(_, typed) if !typed.is_empty()));
}

#[test]
fn another_device_is_enrolled_by_address_handle_password_and_code() {
    let (mut model, _) = started(&[], true);
    act(&mut model, Action::Another);
    let Step::Enrol(form) = model.welcome.step.clone() else { panic!("it is not at the form") };
    assert_eq!(form.keeping.device, "council-laptop-7");
    let filled = EnrolForm {
        address: TEXT.to_owned(),
        handle: " @Priya ".to_owned(),
        password: Zeroizing::new(PASSWORD.to_owned()),
        code: "123456".to_owned(),
        ..form
    };
    for (form, said) in [
        (EnrolForm { address: "warp.example".to_owned(), ..filled.clone() }, "address"),
        (EnrolForm { handle: "p".to_owned(), ..filled.clone() }, "handle"),
        (EnrolForm { password: Zeroizing::default(), ..filled.clone() }, "password"),
        (EnrolForm { code: "12345a".to_owned(), ..filled.clone() }, "six digits"),
    ] {
        act(&mut model, Action::Edit(Box::new(Step::Enrol(form))));
        assert!(act(&mut model, Action::Next).is_empty());
        assert!(model.welcome.trouble.as_ref().unwrap().contains(said), "{said}");
    }
    act(&mut model, Action::Edit(Box::new(Step::Enrol(filled))));
    let out = act(&mut model, Action::Next);
    let [Effect::Enrol { address, handle, lock: Lock::KeyStore, .. }] = &out[..] else {
        panic!("it is not enrolled");
    };
    assert_eq!((address.host_port.as_str(), handle.as_str()), ("[::1]:7443", "priya"));
}

#[test]
fn a_profile_is_destroyed_after_being_asked() {
    let two = [profile("kent", false), profile("essex", false)];
    let (mut model, _) = started(&two, true);
    assert!(model.act(ask_destroy(&two[0])).is_empty());
    let confirm = model.desk.confirm.clone().unwrap();
    assert!(confirm.is_dangerous && confirm.title.contains("kent WARP"));
    let out = model.act(crate::Action::Desk(desk::Action::Confirm));
    assert!(matches!(&out[..], [Effect::DestroyProfile(name)] if name.0 == "kent"));
    assert_eq!(model.welcome.profiles, [two[1].clone()]);
    // The world tells what is left: somebody who destroys one has not asked for the other.
    let (profiles, computer) = (vec![two[1].clone()], "council-laptop-7".to_owned());
    let out = model.hear(&News::Started { profiles, key_store: true, computer });
    assert!(out.is_empty() && !model.welcome.is_busy);
    assert!(matches!(model.welcome.step, Step::Choose { .. }));
}

#[test]
fn the_open_profile_is_left_before_it_is_destroyed() {
    let mut model = fixture::model();
    let mine = model.session.as_ref().unwrap().profile.clone();
    let out = model.act(crate::Action::Welcome(Action::Destroy(mine.clone())));
    assert!(model.session.is_none() && model.rooms.rooms.is_empty());
    let places = [
        out.iter().position(|effect| matches!(effect, Effect::CloseProfile)),
        out.iter()
            .position(|effect| matches!(effect, Effect::DestroyProfile(name) if *name == mine)),
    ];
    assert!(places[0].is_some() && places[0] < places[1]);
}

#[test]
fn nothing_typed_outlives_the_opening() {
    let mut model = at_totp(true, use_passphrase);
    type_code(&mut model, "123456");
    let opened = Opened {
        profile: ProfileName("kent".to_owned()),
        warp: name("Kent WARP"),
        me: fixture::model().session.unwrap().me,
        device: warproom_client::proto::DeviceId::from_bytes([9; 16]),
        address: String::new(),
        settings: model.settings.clone(),
        drafts: Vec::new(),
        outbox: Vec::new(),
    };
    let _ = model.hear(&News::Joined(Ok(profile("kent", true))));
    let _ = model.hear(&News::Opened(Ok(opened)));
    assert!(matches!(&model.welcome.step, Step::Choose { invitation } if invitation.is_empty()));
    assert!(model.welcome.pasted.is_empty() && model.welcome.qr.is_none());
    assert!(!model.welcome.is_busy);
}

#[test]
fn signing_out_leaves_nothing_of_the_profile_but_keeps_what_was_being_written() {
    let mut model = fixture::incident_model();
    model.welcome.profiles = vec![profile("kent", false)];
    model.settings.zoom = 1.5;
    let wishes = model.desk.focus.1;
    let write =
        |text: &str| crate::Action::Compose(compose::Action::Write(text.to_owned(), text.len()));
    let _ = model.act(write("We are"));
    let _ = model.act(write("We are not"));
    let out = act(&mut model, Action::SignOut);
    let [Effect::KeepDraft { draft, .. }, Effect::CloseProfile] = &out[..] else {
        panic!("the draft is lost");
    };
    assert_eq!(draft.text, "We are not");
    assert!(model.session.is_none() && model.rooms.rooms.is_empty());
    assert!(model.compose.drafts.is_empty());
    assert!((model.settings.zoom - 1.5).abs() < f32::EPSILON);
    assert_eq!(model.now_ms, fixture::NOW_MS);
    assert_eq!(model.welcome.profiles.len(), 1);
    assert!(model.desk.focus.1 > wishes, "the screen hears of it");
}
