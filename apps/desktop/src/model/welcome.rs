//! The first minutes: from an invitation's text to rooms; unlocking a profile; another device.
//!
//! One step is shown at a time. While the world is at work on a step nothing of it changes, so that
//! what is told afterwards belongs to what is shown. Passwords live in the step that asks for them
//! and are wiped with it.

mod paste;
mod qr;
mod steps;
mod strength;
#[cfg(test)]
mod tests;

use std::mem;

use warproom_client::proto::Secret;
use zeroize::Zeroizing;

use crate::model::desk::{Confirm, Focus};
use crate::model::profile::{ProfileName, ProfileSummary};
use crate::model::{Model, compose, desk};
use crate::news::Invitation;
use crate::{Effect, News};

pub use qr::Qr;
pub(super) use steps::six_digits;
pub use strength::Strength;

/// What is shown before a profile is open.
#[derive(Clone, Default)]
pub struct Welcome {
    /// The profiles of this computer.
    pub profiles: Vec<ProfileSummary>,
    /// Whether the system has a key store that can be used.
    pub key_store: bool,
    /// What this computer is called.
    pub computer: String,
    /// Where one is.
    pub step: Step,
    /// Whether the world is at work on the last step.
    pub is_busy: bool,
    /// What it is at work on: a sentence.
    pub doing: String,
    /// Why the last step did not succeed: a sentence.
    pub trouble: Option<String>,
    /// The text of the invitation that was opened last, for whoever goes back to it.
    pub pasted: Zeroizing<String>,
    /// Where that invitation leads: host and port.
    pub server: String,
    /// How strong the password is, once there is one.
    pub password: Option<Strength>,
    /// How strong the passphrase is, once there is one.
    pub passphrase: Option<Strength>,
    /// The TOTP secret as a QR code, while it is shown.
    pub qr: Option<Qr>,
}

/// A step of the first minutes.
#[derive(Clone, Default)]
pub enum Step {
    /// The program has just started.
    #[default]
    Starting,
    /// Choose: paste an invitation, set up another device, or open a profile.
    Choose {
        /// The invitation's text, as it is being pasted.
        invitation: Zeroizing<String>,
    },
    /// Check whom the invitation is for, and its fingerprint.
    Check(Invitation),
    /// Choose a password.
    Password(Invitation, Passwords),
    /// Scan the secret and prove it with a code.
    Totp(Invitation, Passwords, String),
    /// Set up another device.
    Enrol(EnrolForm),
    /// Unlock a profile with its passphrase.
    Unlock(ProfileName, Zeroizing<String>),
}

/// Passwords being chosen.
#[derive(Clone, Default)]
pub struct Passwords {
    /// The password.
    pub password: Zeroizing<String>,
    /// The same again.
    pub again: Zeroizing<String>,
    /// What the device is called, and how its secrets are kept.
    pub keeping: Keeping,
}

/// What a device is called and how its secrets are kept.
#[derive(Clone, Default)]
pub struct Keeping {
    /// What this device is called.
    pub device: String,
    /// Whether the profile is sealed under a passphrase although there is a key store.
    pub use_passphrase: bool,
    /// The passphrase that seals the profile.
    pub passphrase: Zeroizing<String>,
    /// The same again: nobody can help who mistyped it.
    pub again: Zeroizing<String>,
}

/// Setting up another device.
#[derive(Clone, Default)]
pub struct EnrolForm {
    /// The server, as `warproom://host:port/fingerprint`.
    pub address: String,
    /// One's handle.
    pub handle: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// The code the authenticator app shows.
    pub code: String,
    /// The rest is as for joining.
    pub keeping: Keeping,
}

/// What a person does in the first minutes.
#[derive(Clone)]
pub enum Action {
    /// The step is now this: something was typed.
    Edit(Box<Step>),
    /// Go on.
    Next,
    /// Go back.
    Back,
    /// Set up another device.
    Another,
    /// Open this profile.
    Open(ProfileName),
    /// Destroy this profile. Asked before: see [`ask_destroy`].
    Destroy(ProfileName),
    /// Leave the open profile and come back here.
    SignOut,
    /// Copy the TOTP secret.
    CopySecret(Secret),
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    if model.session.is_some() {
        // An open profile is left first, and only then destroyed.
        let destroyed = match action {
            Action::SignOut => None,
            Action::Destroy(profile) => Some(profile),
            _ => return,
        };
        sign_out(model, out);
        if let Some(profile) = destroyed {
            destroy(model, profile, out);
        }
        return;
    }
    if model.welcome.is_busy {
        return;
    }
    match action {
        Action::Edit(step) => edit(&mut model.welcome, *step),
        Action::Next => steps::next(model, out),
        Action::Back => steps::back(model),
        Action::Another => {
            let keeping = model.welcome.keeping();
            go(model, Step::Enrol(EnrolForm { keeping, ..EnrolForm::default() }));
        }
        Action::Open(profile) => open(model, &profile, out),
        Action::Destroy(profile) => destroy(model, profile, out),
        Action::SignOut => {}
        Action::CopySecret(secret) => out.push(Effect::Copy(secret.expose().to_owned())),
    }
}

fn destroy(model: &mut Model, profile: ProfileName, out: &mut Vec<Effect>) {
    model.welcome.profiles.retain(|one| one.name != profile);
    out.push(Effect::DestroyProfile(profile));
    go(model, Step::choose());
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Started { profiles, key_store, computer } => {
            let welcome = &mut model.welcome;
            welcome.profiles.clone_from(profiles);
            welcome.key_store = *key_store;
            welcome.computer.clone_from(computer);
            // Told again after a profile was destroyed: what is left then is opened by a person.
            let is_first = matches!(welcome.step, Step::Starting);
            go(model, Step::choose());
            if let ([only], true) = (profiles.as_slice(), is_first) {
                open(model, &only.name, out);
            }
        }
        News::Invited(Ok(invitation)) => {
            if let Step::Choose { invitation: pasted } = mem::take(&mut model.welcome.step) {
                model.welcome.pasted = pasted;
            }
            go(model, Step::Check(invitation.clone()));
        }
        News::Joined(Ok(summary)) => joined(model, summary, out),
        News::Invited(Err(refusal)) | News::Joined(Err(refusal)) | News::Opened(Err(refusal)) => {
            model.welcome.is_busy = false;
            model.welcome.trouble = Some(refusal.to_string());
            model.desk.give_focus(Focus::Field);
        }
        News::Opened(Ok(_)) => model.welcome.reset(),
        _ => {}
    }
}

/// What somebody typed. It can only fill in the step that is shown.
fn edit(welcome: &mut Welcome, step: Step) {
    if mem::discriminant(&step) == mem::discriminant(&welcome.step) {
        welcome.step = step;
        welcome.trouble = None;
        welcome.measure();
    }
}

fn go(model: &mut Model, step: Step) {
    let welcome = &mut model.welcome;
    welcome.qr = match &step {
        Step::Totp(invitation, ..) => Qr::of(invitation.totp_uri.expose()),
        _ => None,
    };
    welcome.step = step;
    welcome.is_busy = false;
    welcome.trouble = None;
    welcome.measure();
    model.desk.give_focus(Focus::Field);
}

fn open(model: &mut Model, profile: &ProfileName, out: &mut Vec<Effect>) {
    let Some(summary) = model.welcome.profiles.iter().find(|one| one.name == *profile) else {
        return;
    };
    if summary.needs_passphrase {
        go(model, Step::Unlock(profile.clone(), Zeroizing::default()));
    } else {
        let doing = format!("Opening {} …", summary.called());
        model.welcome.begin(doing);
        out.push(Effect::OpenProfile { profile: profile.clone(), passphrase: None });
    }
}

/// The device is enrolled: the invitation is spent, and its profile is opened with what was just typed.
fn joined(model: &mut Model, summary: &ProfileSummary, out: &mut Vec<Effect>) {
    let welcome = &mut model.welcome;
    let passphrase = match mem::take(&mut welcome.step) {
        Step::Totp(_, passwords, _) => passwords.keeping.passphrase,
        Step::Enrol(form) => form.keeping.passphrase,
        _ => Zeroizing::default(),
    };
    welcome.pasted = Zeroizing::default();
    welcome.profiles.retain(|one| one.name != summary.name);
    welcome.profiles.push(summary.clone());
    if summary.needs_passphrase {
        go(model, Step::Unlock(summary.name.clone(), passphrase));
        steps::next(model, out);
    } else {
        go(model, Step::choose());
        open(model, &summary.name, out);
    }
}

/// Closes the profile: nothing of it stays but how this window looks.
fn sign_out(model: &mut Model, out: &mut Vec<Effect>) {
    compose::flush(model, out);
    out.push(Effect::CloseProfile);
    let mut settings = model.settings.clone();
    settings.preferences = None;
    let desk = desk::Desk {
        // Each wish is taken once, by its number: going back to 0 would make the screen deaf.
        focus: model.desk.focus,
        is_looked_at: model.desk.is_looked_at,
        ..desk::Desk::default()
    };
    let welcome = mem::take(&mut model.welcome);
    *model = Model { settings, welcome, desk, now_ms: model.now_ms, ..Model::default() };
    go(model, Step::choose());
}

/// Asks before a profile is destroyed.
pub fn ask_destroy(profile: &ProfileSummary) -> crate::Action {
    let what_it_does = format!(
        "This computer forgets the profile {}: its key, what it has read, the drafts, and whatever \
         waits to be sent. What the server has stored stays there. To come back on this computer you \
         need your password and your authenticator app; nobody can bring the profile back.",
        profile.name
    );
    crate::Action::Desk(desk::Action::Ask(Confirm {
        title: format!("Destroy the profile of {} on this computer?", profile.called()),
        what_it_does,
        verb: "Destroy the profile",
        is_dangerous: true,
        then: Box::new(crate::Action::Welcome(Action::Destroy(profile.name.clone()))),
    }))
}

/// Asks before the profile that is open is destroyed.
pub fn ask_destroy_open(model: &Model) -> Option<crate::Action> {
    let session = model.session.as_ref()?;
    let known = model.welcome.profile(&session.profile).cloned();
    let summary = known.unwrap_or_else(|| ProfileSummary {
        name: session.profile.clone(),
        needs_passphrase: false,
        warp: Some(session.warp.clone()),
    });
    Some(ask_destroy(&summary))
}

impl Welcome {
    /// Whether a passphrase is to be chosen: by choice, or because there is no key store.
    pub const fn wants_passphrase(&self, keeping: &Keeping) -> bool {
        keeping.use_passphrase || !self.key_store
    }

    /// The profile of this name.
    pub fn profile(&self, name: &ProfileName) -> Option<&ProfileSummary> {
        self.profiles.iter().find(|one| one.name == *name)
    }

    /// Which step of how many this is, and what it is about; none where there is only one.
    pub const fn progress(&self) -> Option<&'static str> {
        match self.step {
            Step::Choose { .. } => Some("Step 1 of 4: your invitation"),
            Step::Check(_) => Some("Step 2 of 4: check whom it is for"),
            Step::Password(..) => Some("Step 3 of 4: your password"),
            Step::Totp(..) => Some("Step 4 of 4: your authenticator app"),
            Step::Enrol(_) => Some("Step 1 of 1: another device"),
            Step::Unlock(..) => Some("Step 1 of 1: your passphrase"),
            Step::Starting => None,
        }
    }

    fn keeping(&self) -> Keeping {
        let named = self.computer.parse::<warproom_client::proto::Name>().is_ok();
        let device = if named { self.computer.clone() } else { "This computer".to_owned() };
        Keeping { device, ..Keeping::default() }
    }

    fn begin(&mut self, doing: impl Into<String>) {
        self.is_busy = true;
        self.doing = doing.into();
        self.trouble = None;
    }

    /// What is known of this computer stays; what was typed is wiped.
    fn reset(&mut self) {
        let (profiles, computer) = (mem::take(&mut self.profiles), mem::take(&mut self.computer));
        let key_store = self.key_store;
        let step = Step::choose();
        *self = Self { profiles, key_store, computer, step, ..Self::default() };
    }

    /// Measures what is being chosen. Once for each change, not for each frame.
    fn measure(&mut self) {
        let (password, keeping, about) = match &self.step {
            Step::Password(invitation, passwords) => {
                let who = &invitation.invited;
                let about = [who.name.as_str(), who.handle.as_str(), who.organisation.as_str()];
                (&**passwords.password, &passwords.keeping, about)
            }
            // The password is not chosen there: it is the one they have.
            Step::Enrol(form) => ("", &form.keeping, ["", &*form.handle, ""]),
            _ => {
                (self.password, self.passphrase) = (None, None);
                return;
            }
        };
        let measured = Strength::of_password(password, &about);
        self.passphrase = Strength::of_passphrase(&keeping.passphrase, &about);
        self.password = measured;
    }
}

impl Step {
    fn choose() -> Self {
        Self::Choose { invitation: Zeroizing::default() }
    }
}
