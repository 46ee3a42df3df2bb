//! Joining, unlocking and another device, by accessible name and by keyboard alone.

use egui::Key;
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::calls::Invited;
use warproom_client::proto::invitation::Fingerprint;
use warproom_client::proto::register::Role;

use super::{Screen, screen, sized};
use crate::effect::{Effect, Lock};
use crate::fixture::{self, name};
use crate::model::profile::{ProfileName, ProfileSummary};
use crate::model::welcome::{Action, Step};
use crate::news::{Invitation, Refusal};
use crate::{Model, News};

pub(super) const TEXT: &str =
    "warproom://[::1]:7443/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAA";
pub(super) const PASSWORD: &str = "clothes kettle orbit";

pub(super) fn started(profiles: Vec<ProfileSummary>, key_store: bool) -> Model {
    let mut model = Model::default();
    let computer = "council-laptop-7".to_owned();
    let _ = model.hear(&News::Clock(fixture::NOW_MS));
    let _ = model.hear(&News::Started { profiles, key_store, computer });
    model
}

pub(super) fn profile(called: &str, needs_passphrase: bool) -> ProfileSummary {
    let warp = name(&format!("{called} WARP"));
    ProfileSummary { name: ProfileName(called.to_lowercase()), needs_passphrase, warp: Some(warp) }
}

pub(super) fn invitation() -> Invitation {
    let invited = Invited {
        warp: name("Kent & Medway WARP"),
        organisation: name("Medway Council"),
        name: name("Priya Raman"),
        handle: "priya".parse().unwrap(),
        role: Role::Officer,
        expires_at_ms: fixture::NOW_MS + 86_400_000,
    };
    Invitation {
        invited,
        fingerprint: Fingerprint([7; 32]),
        totp_secret: "GEZDGNBVGY3TQOJQ".to_owned().into(),
        totp_uri: "otpauth://totp/Kent:priya?secret=GEZDGNBVGY3TQOJQ".to_owned().into(),
    }
}

fn type_into(screen: &mut Screen, field: &str, text: &str) {
    screen.get_by_label(field).focus();
    screen.run_ok();
    screen.get_by_label(field).type_text(text);
    screen.run_ok();
}

fn press(screen: &mut Screen, key: Key) {
    screen.key_press(key);
    screen.run_ok();
}

fn tell(screen: &mut Screen, news: News) {
    screen.state_mut().world.to_tell.push_back(news);
    screen.run_ok();
}

/// What has the keyboard, by name.
fn has_keyboard(screen: &Screen, field: &str) -> bool {
    screen.get_by_label(field).is_focused()
}

#[test]
fn somebody_joins_without_a_mouse() {
    let mut screen = screen(started(Vec::new(), true));
    screen.run_ok();
    screen.get_by_label_contains("Step 1 of 4");
    assert!(has_keyboard(&screen, "Invitation"));
    screen.get_by_label("Invitation").type_text(TEXT);
    screen.run_ok();
    press(&mut screen, Key::Enter);
    assert!(matches!(screen.state().world.asked[..], [Effect::OpenInvitation(_)]));
    screen.get_by_label_contains("Asking the server");

    tell(&mut screen, News::Invited(Ok(invitation())));
    screen.get_by_label_contains("Step 2 of 4");
    for said in ["Kent & Medway WARP", "Medway Council", "Priya Raman (@priya)", "[::1]:7443"] {
        screen.get_by_label(said);
    }
    screen.get_by_label_contains("officer: speaks for an organisation");
    screen.get_by_label("BwcH BwcH BwcH BwcH BwcH BwcH");
    assert!(has_keyboard(&screen, "Yes, this is me, and the fingerprint is right"));
    press(&mut screen, Key::Enter);

    screen.get_by_label_contains("Step 3 of 4");
    assert!(has_keyboard(&screen, "Password"));
    screen.get_by_label("Password").type_text(PASSWORD);
    screen.run_ok();
    screen.get_by_label_contains("This password is");
    type_into(&mut screen, "The same password again", PASSWORD);
    press(&mut screen, Key::Enter);

    screen.get_by_label_contains("Step 4 of 4");
    screen.get_by_label_contains("QR code");
    screen.get_by_label("GEZD GNBV GY3T QOJQ");
    assert!(has_keyboard(&screen, "Six-digit code"));
    screen.get_by_label("Six-digit code").type_text("123456");
    screen.run_ok();
    press(&mut screen, Key::Enter);
    let asked = &screen.state().world.asked;
    let Some(Effect::Redeem { password, code, device, lock: Lock::KeyStore }) = asked.last() else {
        panic!("it is not redeemed");
    };
    assert_eq!((password.expose(), code.expose()), (PASSWORD, "123456"));
    assert_eq!(device.as_str(), "council-laptop-7");

    tell(&mut screen, News::Joined(Ok(profile("Kent", false))));
    assert!(matches!(screen.state().world.asked.last(), Some(Effect::OpenProfile { .. })));
}

#[test]
fn what_is_wrong_is_said_and_the_keyboard_stays_in_the_field() {
    let mut screen = screen(started(Vec::new(), true));
    screen.run_ok();
    screen.get_by_label("Invitation").type_text(TEXT);
    screen.run_ok();
    press(&mut screen, Key::Enter);
    tell(&mut screen, News::Invited(Ok(invitation())));
    press(&mut screen, Key::Enter);
    screen.get_by_label("Password").type_text("short");
    screen.run_ok();
    press(&mut screen, Key::Enter);
    screen.get_by_label_contains("at least 12 characters; this one has 5");
    assert!(has_keyboard(&screen, "Password"));
    screen.get_by_label("Back").click();
    screen.run_ok();
    screen.get_by_label_contains("Step 2 of 4");
}

#[test]
fn the_secret_can_be_copied() {
    let mut model = started(Vec::new(), true);
    model.welcome.step = Step::Totp(invitation(), <_>::default(), String::new());
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label("Copy the secret").click();
    screen.run_ok();
    assert!(
        matches!(&screen.state().world.asked[..], [Effect::Copy(text)] if text == "GEZDGNBVGY3TQOJQ")
    );
}

#[test]
fn a_passphrase_is_a_matter_of_choice_where_there_is_a_key_store() {
    let mut model = started(Vec::new(), true);
    model.welcome.step = Step::Password(invitation(), <_>::default());
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label_contains("own key store");
    assert!(screen.query_by_label("Passphrase of this profile").is_none());
    screen.get_by_label("Seal it under a passphrase").click();
    screen.run_ok();
    type_into(&mut screen, "Passphrase of this profile", "lantern gravel");
    screen.get_by_label_contains("Nobody can recover");
    screen.get_by_label_contains("This passphrase is");
}

#[test]
fn a_sealed_profile_is_unlocked() {
    let mut screen = screen(started(vec![profile("Kent", true)], true));
    screen.run_ok();
    screen.get_by_label("Unlock Kent WARP");
    assert!(has_keyboard(&screen, "Passphrase"));
    screen.get_by_label("Passphrase").type_text("lantern gravel");
    screen.run_ok();
    press(&mut screen, Key::Enter);
    assert!(matches!(
        &screen.state().world.asked[..],
        [Effect::OpenProfile { passphrase: Some(one), .. }] if one.expose() == "lantern gravel"
    ));
    tell(&mut screen, News::Opened(Err(Refusal::new("wrong passphrase", "try again"))));
    screen.get_by_label_contains("wrong passphrase: try again");
    assert!(has_keyboard(&screen, "Passphrase"));
}

#[test]
fn one_of_several_profiles_is_opened_or_destroyed() {
    let mut screen = screen(started(vec![profile("Kent", false), profile("Essex", false)], true));
    screen.run_ok();
    assert!(has_keyboard(&screen, "Open Kent WARP"));
    screen.get_by_label("Destroy essex …").click();
    screen.run_ok();
    screen.get_by_label_contains("nobody can bring the profile back");
    assert!(has_keyboard(&screen, "Cancel"), "Enter by habit destroys nothing");
    screen.get_by_label("Destroy the profile").click();
    screen.run_ok();
    assert!(screen.query_by_label("Open Essex WARP").is_none());
    screen.get_by_label("Open Kent WARP").click();
    screen.run_ok();
    let asked = &screen.state().world.asked;
    assert!(matches!(&asked[..], [Effect::DestroyProfile(_), Effect::OpenProfile { .. }]));
}

#[test]
fn another_device_is_set_up_without_a_mouse() {
    let mut screen = screen(started(Vec::new(), true));
    screen.run_ok();
    screen.get_by_label("Set up another device").focus();
    screen.run_ok();
    press(&mut screen, Key::Enter);
    assert!(has_keyboard(&screen, "Address of the server"));
    screen.get_by_label("Address of the server").type_text(&TEXT[..TEXT.len() - 23]);
    screen.run_ok();
    for (field, text) in [("Handle", "priya"), ("Password", PASSWORD), ("Six-digit code", "123456")]
    {
        press(&mut screen, Key::Tab);
        assert!(has_keyboard(&screen, field), "{field} is next");
        screen.get_by_label(field).type_text(text);
        screen.run_ok();
    }
    press(&mut screen, Key::Enter);
    assert!(matches!(&screen.state().world.asked[..], [Effect::Enrol { .. }]));
}

/// At the smallest size every page is as narrow as the window and can be scrolled to its end.
#[test]
fn nothing_is_cut_off_at_the_smallest_size() {
    let pages = [
        Step::Check(invitation()),
        Step::Password(invitation(), <_>::default()),
        Step::Totp(invitation(), <_>::default(), String::new()),
        Step::Enrol(<_>::default()),
    ];
    for (step, last) in pages.into_iter().zip([
        "Yes, this is me, and the fingerprint is right",
        "Go on to the authenticator app",
        "Join",
        "Set up this computer",
    ]) {
        let mut model = started(Vec::new(), false);
        model.welcome.step = step.clone();
        let _ = model.act(crate::Action::Welcome(Action::Edit(Box::new(step))));
        let mut screen = sized(model, 1024.0, 700.0);
        screen.run_ok();
        screen.get_by_label(last).scroll_to_me();
        screen.run_ok();
        let button = screen.get_by_label(last).rect();
        assert!(button.max.y <= 700.0 && button.max.x <= 1024.0, "{last}: {button:?}");
    }
}
