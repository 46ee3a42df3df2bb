//! Changing password and authenticator, without a window.

use warproom_client::proto::calls::Done;

use super::*;
use crate::fixture;
use crate::news::Connection;
use crate::request::Reply;

pub(crate) const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(action.into())
}

/// A model whose form of a new password is filled in.
pub(crate) fn password(new: &str, again: &str) -> Model {
    let mut model = fixture::model();
    let _ = act(&mut model, Action::Begin(What::Password));
    let mut form = model.credentials.form.clone().unwrap();
    form.password = "the one until now".to_owned().into();
    form.code = "123 456".to_owned();
    (form.new, form.again) = (new.to_owned().into(), again.to_owned().into());
    let _ = act(&mut model, Action::Fill(Box::new(form)));
    model
}

/// The form of a new authenticator, whose secret was made.
pub(crate) fn authenticator() -> Model {
    let mut model = fixture::model();
    let asked = act(&mut model, Action::Begin(What::Authenticator));
    assert!(matches!(&asked[..], [Effect::MakeTotp { handle, .. }] if handle.as_str() == "priya"));
    let uri = format!("otpauth://totp/Kent:priya?secret={SECRET}&issuer=Kent");
    let made = News::TotpMade { secret: SECRET.to_owned().into(), uri: uri.into() };
    let _ = model.hear(&made);
    model
}

fn sent(asked: &[Effect]) -> Option<&ChangeCredentials> {
    asked.iter().find_map(|effect| match effect {
        Effect::Call(Request::ChangeCredentials(call)) => Some(call),
        _ => None,
    })
}

fn refused(model: &Model) -> &str {
    match &model.credentials.asked {
        Asked::Refused(sentence) => sentence,
        _ => panic!("it is not refused"),
    }
}

const GOOD: &str = "four words of no sense";

#[test]
fn a_new_password_is_advised_on_and_sent_with_what_is_known_now() {
    let mut model = password(GOOD, GOOD);
    assert!(model.credentials.strength.is_some());
    let asked = act(&mut model, Action::Submit);
    let call = sent(&asked).expect("it is sent");
    assert_eq!(call.password.expose(), "the one until now");
    assert_eq!(call.totp_code.expose(), "123456");
    assert_eq!(call.new_password.as_ref().map(Secret::expose), Some(GOOD));
    assert!(call.new_totp.is_none() && call.other_devices == OtherDevices::Keep);
    assert!(act(&mut model, Action::Submit).is_empty(), "once");
    let request = Request::from(call.clone());
    let done = Ok(Reply::ChangeCredentials(Done {}));
    let _ = model.hear(&News::Answered(request, done));
    assert!(model.credentials.form.is_none() && model.desk.overlays.is_empty());
    let told = &model.desk.notices.last().unwrap().text;
    assert!(told.starts_with("Your new password is set. Your other devices"), "{told}");
}

#[test]
fn what_the_server_would_refuse_is_said_before() {
    for (new, again, why) in [
        ("short", "short", "A password has at least 12 characters; the new one has 5."),
        (GOOD, "another one", "The two new passwords differ; type the same one twice."),
    ] {
        let mut model = password(new, again);
        assert!(sent(&act(&mut model, Action::Submit)).is_none());
        assert_eq!(refused(&model), why);
    }
}

#[test]
fn revoking_the_other_devices_is_asked_about_first() {
    let mut model = password(GOOD, GOOD);
    let mut form = model.credentials.form.clone().unwrap();
    form.other_devices = OtherDevices::Revoke;
    let _ = act(&mut model, Action::Fill(Box::new(form)));
    assert!(sent(&act(&mut model, Action::Submit)).is_none());
    assert_eq!(model.desk.confirm.as_ref().unwrap().title, "Revoke all your other devices?");
    let asked = model.act(desk::Action::Confirm.into());
    assert_eq!(sent(&asked).map(|call| call.other_devices), Some(OtherDevices::Revoke));
}

#[test]
fn a_new_authenticator_is_shown_and_proved_by_its_code() {
    let mut model = authenticator();
    assert!(model.credentials.totp.as_ref().unwrap().qr.is_some());
    let mut form = model.credentials.form.clone().unwrap();
    form.password = "the one until now".to_owned().into();
    (form.code, form.new_code) = ("123456".to_owned(), "12".to_owned());
    let _ = act(&mut model, Action::Fill(Box::new(form.clone())));
    assert!(sent(&act(&mut model, Action::Submit)).is_none());
    assert!(refused(&model).contains("for the new secret"));
    form.new_code = "654321".to_owned();
    let _ = act(&mut model, Action::Fill(Box::new(form)));
    let asked = act(&mut model, Action::Submit);
    let totp = sent(&asked).and_then(|call| call.new_totp.as_ref()).expect("it is sent");
    assert_eq!((totp.secret.expose(), totp.code.expose()), (SECRET, "654321"));
    // After a lost reply the new one may be the right one: it can still be scanned.
    let request = Request::from(sent(&asked).unwrap().clone());
    let _ = model.hear(&News::Answered(request, Err(Refusal::new("not connected", "wait"))));
    assert!(model.credentials.totp.is_some());
    assert!(refused(&model).starts_with("Your authenticator was not changed, as far as is known"));
}

#[test]
fn what_was_typed_goes_with_its_form() {
    let mut model = password(GOOD, GOOD);
    let _ = model.act(desk::Action::Back.into());
    assert!(model.credentials.form.is_none() && model.credentials.strength.is_none());
    let mut model = authenticator();
    let _ = model.act(desk::Action::Show(desk::Pane::Room).into());
    assert!(model.credentials.totp.is_none());
}

#[test]
fn nothing_is_changed_without_a_connection() {
    let mut model = password(GOOD, GOOD);
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert!(sent(&act(&mut model, Action::Submit)).is_none());
    assert!(refused(&model).starts_with("There is no connection"));
}
