//! Going on and going back. Whatever is not right yet is said in a sentence, and nothing typed is lost.

use std::mem;

use warproom_client::proto::{Handle, Name, Secret, limits};
use zeroize::Zeroizing;

use super::{EnrolForm, Keeping, Passwords, Step, Welcome, go, paste};
use crate::Effect;
use crate::effect::Lock;
use crate::model::Model;

/// Goes on from the step that is shown, or says why not.
pub(super) fn next(model: &mut Model, out: &mut Vec<Effect>) {
    let done = match &model.welcome.step {
        Step::Starting => Ok(Done::Nothing),
        Step::Choose { invitation } => opened(invitation),
        Step::Check(invitation) => {
            let keeping = model.welcome.keeping();
            let passwords = Passwords { keeping, ..Passwords::default() };
            Ok(Done::Go(Box::new(Step::Password(invitation.clone(), passwords))))
        }
        Step::Password(invitation, passwords) => check_password(passwords)
            .and_then(|()| lock(&model.welcome, &passwords.keeping))
            .map(|_| Step::Totp(invitation.clone(), passwords.clone(), String::new()))
            .map(|step| Done::Go(Box::new(step))),
        Step::Totp(_, passwords, code) => redeem(&model.welcome, passwords, code),
        Step::Enrol(form) => enrol(&model.welcome, form),
        Step::Unlock(profile, passphrase) if !passphrase.is_empty() => {
            let passphrase = Some(secret(passphrase));
            let profile = profile.clone();
            Ok(ask(Effect::OpenProfile { profile, passphrase }, "Opening the profile …"))
        }
        Step::Unlock(..) => Err("type the passphrase of this profile".to_owned()),
    };
    match done {
        Ok(Done::Nothing) => {}
        Ok(Done::Go(step)) => go(model, *step),
        Ok(Done::Ask(effect, doing)) => {
            if let Effect::OpenInvitation(invitation) = &*effect {
                model.welcome.server.clone_from(&invitation.address.host_port);
            }
            model.welcome.begin(doing);
            out.push(*effect);
        }
        Err(trouble) => model.welcome.trouble = Some(trouble),
    }
}

/// Goes back to the step before. What was typed there is there again, but for passwords.
pub(super) fn back(model: &mut Model) {
    let step = match mem::take(&mut model.welcome.step) {
        Step::Check(_) => Step::Choose { invitation: mem::take(&mut model.welcome.pasted) },
        Step::Password(invitation, _) => Step::Check(invitation),
        Step::Totp(invitation, passwords, _) => Step::Password(invitation, passwords),
        Step::Enrol(_) | Step::Unlock(..) => Step::choose(),
        step @ (Step::Starting | Step::Choose { .. }) => step,
    };
    go(model, step);
}

/// What comes of going on.
enum Done {
    Nothing,
    Go(Box<Step>),
    Ask(Box<Effect>, &'static str),
}

fn ask(effect: Effect, doing: &'static str) -> Done {
    Done::Ask(Box::new(effect), doing)
}

fn opened(text: &str) -> Result<Done, String> {
    let invitation = paste::invitation(text)?;
    Ok(ask(Effect::OpenInvitation(invitation), "Asking the server whom this invitation is for …"))
}

fn redeem(welcome: &Welcome, passwords: &Passwords, code: &str) -> Result<Done, String> {
    let (device, lock) = lock(welcome, &passwords.keeping)?;
    let password = secret(&passwords.password);
    let redeem = Effect::Redeem { password, code: six_digits(code)?, device, lock };
    Ok(ask(redeem, "Redeeming the invitation …"))
}

fn enrol(welcome: &Welcome, form: &EnrolForm) -> Result<Done, String> {
    let address = paste::address(&form.address)?;
    let handle = form.handle.trim().trim_start_matches('@').to_lowercase();
    let handle: Handle = handle.parse().map_err(|why| format!("your handle: {why}"))?;
    if form.password.is_empty() {
        return Err("type your password: the one you chose when you joined".to_owned());
    }
    let code = six_digits(&form.code)?;
    let (device, lock) = lock(welcome, &form.keeping)?;
    let password = secret(&form.password);
    let enrol = Effect::Enrol { address, handle, password, code, device, lock };
    Ok(ask(enrol, "Enrolling this computer …"))
}

/// The server's rule, and no other: advice is for people to weigh.
fn check_password(passwords: &Passwords) -> Result<(), String> {
    let password = &*passwords.password;
    let chars = password.chars().count();
    if chars < limits::PASSWORD_CHARS {
        let least = limits::PASSWORD_CHARS;
        return Err(format!("a password has at least {least} characters; this one has {chars}"));
    }
    if password.len() > limits::PASSWORD_BYTES {
        return Err(format!("a password has at most {} bytes", limits::PASSWORD_BYTES));
    }
    same(password, &passwords.again, "passwords")
}

/// A passphrase is all that stands between a stolen disk and the room, so it has no fewer characters
/// than a password.
fn lock(welcome: &Welcome, keeping: &Keeping) -> Result<(Name, Lock), String> {
    let device = keeping.device.trim().parse::<Name>();
    let device = device.map_err(|_| "give this device a name of 1 to 80 characters".to_owned())?;
    if !welcome.wants_passphrase(keeping) {
        return Ok((device, Lock::KeyStore));
    }
    let chars = keeping.passphrase.chars().count();
    if chars < limits::PASSWORD_CHARS {
        let least = limits::PASSWORD_CHARS;
        return Err(format!("a passphrase has at least {least} characters; this one has {chars}"));
    }
    same(&keeping.passphrase, &keeping.again, "passphrases")?;
    Ok((device, Lock::Passphrase(secret(&keeping.passphrase))))
}

fn same(one: &str, again: &str, what: &str) -> Result<(), String> {
    let differ = || format!("the two {what} differ; type the same one twice");
    if one == again { Ok(()) } else { Err(differ()) }
}

pub(in crate::model) fn six_digits(code: &str) -> Result<Secret, String> {
    let digits: String = code.chars().filter(|one| !one.is_whitespace()).collect();
    if digits.len() == 6 && digits.bytes().all(|one| one.is_ascii_digit()) {
        Ok(digits.into())
    } else {
        Err("type the six digits that your authenticator app shows now".to_owned())
    }
}

fn secret(text: &Zeroizing<String>) -> Secret {
    text.to_string().into()
}
