//! Another password or another authenticator app for who is signed in.
//!
//! Both take the password and the code of now: an open window alone shall not be enough to take an
//! account over. The secret of a new authenticator is made by the world and shown as a QR code and for
//! typing; a code of it proves that the app has it. Whatever was typed is wiped as soon as its form is
//! closed.

#[cfg(test)]
pub(crate) mod tests;

use warproom_client::proto::calls::{ChangeCredentials, OtherDevices, TotpEnrolment};
use warproom_client::proto::{Secret, limits};
use zeroize::Zeroizing;

use crate::model::Model;
use crate::model::desk::{self, Confirm, Focus, Overlay};
use crate::model::manage::Asked;
use crate::model::welcome::{Qr, Strength, six_digits};
use crate::news::Refusal;
use crate::request::Request;
use crate::{Effect, News};

/// What is being changed; none: no form is open.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The form, while it is open.
    pub form: Option<Form>,
    /// How strong the new password is.
    pub strength: Option<Strength>,
    /// The new authenticator's secret, once it was made.
    pub totp: Option<Totp>,
    /// How the form stands with the server.
    pub asked: Asked,
}

/// What is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The password.
    Password,
    /// The authenticator.
    Authenticator,
}

/// What is typed.
#[derive(Clone)]
pub struct Form {
    /// What it changes.
    pub what: What,
    /// The password until now.
    pub password: Zeroizing<String>,
    /// The code until now.
    pub code: String,
    /// The password from now on.
    pub new: Zeroizing<String>,
    /// The same again.
    pub again: Zeroizing<String>,
    /// The code that the new authenticator shows.
    pub new_code: String,
    /// What becomes of one's other devices.
    pub other_devices: OtherDevices,
}

/// The secret of a new authenticator.
#[derive(Clone)]
pub struct Totp {
    /// For typing: base32.
    pub secret: Secret,
    /// For scanning.
    pub qr: Option<Qr>,
}

/// What a person does with it.
#[derive(Clone)]
pub enum Action {
    /// Open the form.
    Begin(What),
    /// The form is now this.
    Fill(Box<Form>),
    /// Change it, or ask first whether other devices are to be revoked.
    Submit,
    /// Change it: it was asked about.
    Change,
    /// Put the new authenticator's secret on the clipboard.
    CopySecret,
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Begin(what) => begin(model, what, out),
        Action::Fill(form) => fill(model, *form),
        Action::Submit => submit(model, out),
        Action::Change => change(model, out),
        Action::CopySecret => {
            let secret =
                model.credentials.totp.as_ref().map(|totp| totp.secret.expose().to_owned());
            out.extend(secret.map(Effect::Copy));
        }
    }
}

fn begin(model: &mut Model, what: What, out: &mut Vec<Effect>) {
    let Some(session) = &model.session else { return };
    let Some(handle) = session.me.handle.clone() else { return };
    if what == What::Authenticator {
        out.push(Effect::MakeTotp { warp: session.warp.clone(), handle });
    }
    let form = Form {
        what,
        password: Zeroizing::default(),
        code: String::new(),
        new: Zeroizing::default(),
        again: Zeroizing::default(),
        new_code: String::new(),
        other_devices: OtherDevices::Keep,
    };
    model.credentials = Credentials { form: Some(form), ..Credentials::default() };
    model.desk.overlays.retain(|overlay| *overlay != Overlay::Credentials);
    model.desk.overlays.push(Overlay::Credentials);
    model.desk.give_focus(Focus::Field);
}

/// Something was typed. What is on its way is changed no more.
fn fill(model: &mut Model, form: Form) {
    if model.credentials.form.is_none() || model.credentials.asked == Asked::Waiting {
        return;
    }
    let about = about(model);
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    model.credentials.strength = Strength::of_password(&form.new, &about);
    model.credentials.asked = Asked::NotYet;
    model.credentials.form = Some(form);
}

/// What is easily guessed of whose password it is.
fn about(model: &Model) -> Vec<String> {
    let Some(session) = &model.session else { return Vec::new() };
    let handle = session.me.handle.as_ref().map(ToString::to_string).unwrap_or_default();
    let organisation = model.my_organisation().map(|id| model.directory.organisation(id));
    vec![session.me.name.to_string(), handle, organisation.unwrap_or_default()]
}

fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let call = match call(&model.credentials) {
        Ok(call) => call,
        Err(sentence) => {
            model.credentials.asked = Asked::Refused(sentence);
            return;
        }
    };
    if call.other_devices == OtherDevices::Keep {
        return change(model, out);
    }
    let confirm = Confirm {
        title: "Revoke all your other devices?".to_owned(),
        what_it_does: "Every other device of yours is signed out for good, with what waits in its outbox, \
                       and must be set up anew with your password and a code. This computer stays signed in."
            .to_owned(),
        verb: "Change and revoke",
        is_dangerous: true,
        then: Box::new(Action::Change.into()),
    };
    desk::act(model, desk::Action::Ask(confirm), out);
}

fn change(model: &mut Model, out: &mut Vec<Effect>) {
    if model.credentials.asked == Asked::Waiting {
        return;
    }
    if !model.is_connected() {
        let sentence = "There is no connection to the server now, so nothing was changed.";
        model.credentials.asked = Asked::Refused(sentence.to_owned());
    } else if let Ok(call) = call(&model.credentials) {
        model.credentials.asked = Asked::Waiting;
        out.push(Effect::Call(call.into()));
    }
}

/// The call that the form makes, or what it lacks.
fn call(credentials: &Credentials) -> Result<ChangeCredentials, String> {
    let Some(form) = &credentials.form else { return Err(String::new()) };
    if form.password.is_empty() {
        return Err("Type the password that you have now.".to_owned());
    }
    let totp_code = six_digits(&form.code)?;
    let (new_password, new_totp) = match form.what {
        What::Password => (Some(new_password(form)?), None),
        What::Authenticator => {
            let totp = credentials.totp.as_ref();
            let totp = totp.ok_or_else(|| "The new secret is not made yet.".to_owned())?;
            let code = six_digits(&form.new_code).map_err(|_| {
                "Type the six digits that your app shows now for the new secret.".to_owned()
            })?;
            (None, Some(TotpEnrolment { secret: totp.secret.clone(), code }))
        }
    };
    let (password, other_devices) = (form.password.to_string().into(), form.other_devices);
    Ok(ChangeCredentials { password, totp_code, new_password, new_totp, other_devices })
}

/// The server's rule, and no other: advice is for people to weigh.
fn new_password(form: &Form) -> Result<Secret, String> {
    let chars = form.new.chars().count();
    let (least, most) = (limits::PASSWORD_CHARS, limits::PASSWORD_BYTES);
    if chars < least {
        Err(format!("A password has at least {least} characters; the new one has {chars}."))
    } else if form.new.len() > most {
        Err(format!("A password has at most {most} bytes."))
    } else if *form.new != *form.again {
        Err("The two new passwords differ; type the same one twice.".to_owned())
    } else {
        Ok(form.new.to_string().into())
    }
}

/// After everything that was done: what was typed goes with its form.
pub(super) fn look(model: &mut Model) {
    if model.credentials.form.is_some() && !model.desk.overlays.contains(&Overlay::Credentials) {
        model.credentials = Credentials::default();
    }
}

pub(super) fn hear(model: &mut Model, news: &News, _: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(_)) => model.credentials = Credentials::default(),
        News::TotpMade { secret, uri } => {
            let is_wanted = model.credentials.form.as_ref().map(|form| form.what);
            if is_wanted == Some(What::Authenticator) {
                let qr = Qr::of(uri.expose());
                model.credentials.totp = Some(Totp { secret: secret.clone(), qr });
            }
        }
        News::Answered(Request::ChangeCredentials(call), result) => {
            answered(model, call, result.as_ref().err());
        }
        _ => {}
    }
}

fn answered(model: &mut Model, call: &ChangeCredentials, refusal: Option<&Refusal>) {
    if let Some(refusal) = refusal {
        let what = if call.new_totp.is_some() { "authenticator" } else { "password" };
        // The form and its secret stay: after a lost reply the new one may be the right one.
        let sentence = format!("Your {what} was not changed, as far as is known: {refusal}");
        if model.credentials.form.is_some() {
            model.credentials.asked = Asked::Refused(sentence);
        } else {
            model.tell_trouble(&Refusal::new(sentence, ""));
        }
        return;
    }
    let what =
        if call.new_totp.is_some() { "authenticator is in force" } else { "password is set" };
    let others = match call.other_devices {
        OtherDevices::Keep => "Your other devices have to connect again, each by its own key.",
        OtherDevices::Revoke => "Your other devices are revoked.",
    };
    model.tell(format!("Your new {what}. {others}"));
    model.credentials = Credentials::default();
    model.desk.overlays.retain(|overlay| *overlay != Overlay::Credentials);
    model.desk.give_focus(Focus::Field);
}
