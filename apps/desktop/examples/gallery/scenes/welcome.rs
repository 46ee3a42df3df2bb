//! The first minutes.

use warproom_client::proto::calls::Invited;
use warproom_client::proto::invitation::Fingerprint;
use warproom_client::proto::register::Role;
use warproom_desktop::fixture::{NOW_MS, name};
use warproom_desktop::model::welcome::{self, Keeping, Passwords, Step};
use warproom_desktop::news::{Invitation, Refusal};
use warproom_desktop::profile::{ProfileName, ProfileSummary};
use warproom_desktop::{Action, Model, News};

use super::{CONTRAST, DARK, LIGHT, Scenes, act, hear};

pub fn scenes(scenes: &mut Scenes) {
    scenes.form("welcome-choose", LIGHT, choose);
    scenes.one("welcome-choose", CONTRAST, choose);
    scenes.form("welcome-profiles", DARK, profiles);
    scenes.form("welcome-trouble", DARK, trouble);
    scenes.form("welcome-check", LIGHT, check);
    scenes.form("welcome-password", DARK, password);
    scenes.form("welcome-totp", LIGHT, totp);
    scenes.one("welcome-totp", DARK, totp);
    scenes.form("welcome-another", DARK, another);
    scenes.form("welcome-unlock", LIGHT, unlock);
}

fn started(profiles: Vec<ProfileSummary>) -> Model {
    let mut model = Model::default();
    hear(&mut model, &News::Clock(NOW_MS));
    let computer = "council-laptop-7".to_owned();
    hear(&mut model, &News::Started { profiles, key_store: true, computer });
    model
}

fn step(model: &mut Model, step: Step) {
    act(model, Action::Welcome(welcome::Action::Edit(Box::new(step))));
}

fn choose() -> Model {
    started(Vec::new())
}

fn profile(called: &str, needs_passphrase: bool) -> ProfileSummary {
    let warp = (!needs_passphrase).then(|| name("Kent & Medway WARP"));
    ProfileSummary { name: ProfileName(called.to_owned()), needs_passphrase, warp }
}

fn profiles() -> Model {
    started(vec![profile("kent-medway-warp", false), profile("south-east-warp", true)])
}

fn trouble() -> Model {
    let mut model = choose();
    let invitation = "warproom://warp.kent.example:7443/join/AAAA".to_owned().into();
    step(&mut model, Step::Choose { invitation });
    let why = Refusal::new(
        "this invitation has lapsed on Friday 19 January 2024",
        "ask the manager who invited you for another one",
    );
    hear(&mut model, &News::Invited(Err(why)));
    model
}

fn invitation() -> Invitation {
    let invited = Invited {
        warp: name("Kent & Medway WARP"),
        organisation: name("Folkestone & Hythe District Council"),
        name: name("Siân Prosser"),
        handle: "sian".parse().unwrap_or_else(|_| panic!("it is a handle")),
        role: Role::Officer,
        expires_at_ms: NOW_MS + 86_400_000,
    };
    let fingerprint = std::array::from_fn(|place| u8::try_from(place * 37 % 251).unwrap_or(0));
    Invitation {
        invited,
        fingerprint: Fingerprint(fingerprint),
        totp_secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned().into(),
        totp_uri: "otpauth://totp/Kent%20%26%20Medway%20WARP:sian?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kent%20%26%20Medway%20WARP"
            .to_owned()
            .into(),
    }
}

fn check() -> Model {
    let mut model = choose();
    hear(&mut model, &News::Invited(Ok(invitation())));
    model
}

fn password() -> Model {
    let mut model = check();
    act(&mut model, Action::Welcome(welcome::Action::Next));
    let passwords = Passwords {
        password: "folkestone council 2024".to_owned().into(),
        keeping: Keeping {
            device: "council-laptop-7".to_owned(),
            use_passphrase: true,
            ..Keeping::default()
        },
        ..Passwords::default()
    };
    step(&mut model, Step::Password(invitation(), passwords));
    act(&mut model, Action::Welcome(welcome::Action::Next));
    model
}

fn totp() -> Model {
    let mut model = check();
    act(&mut model, Action::Welcome(welcome::Action::Next));
    let password = "lantern gravel heron quilt";
    let passwords = Passwords {
        password: password.to_owned().into(),
        again: password.to_owned().into(),
        keeping: Keeping { device: "council-laptop-7".to_owned(), ..Keeping::default() },
    };
    step(&mut model, Step::Password(invitation(), passwords));
    act(&mut model, Action::Welcome(welcome::Action::Next));
    model
}

fn another() -> Model {
    let mut model = choose();
    act(&mut model, Action::Welcome(welcome::Action::Another));
    model
}

fn unlock() -> Model {
    started(vec![profile("south-east-warp", true)])
}
