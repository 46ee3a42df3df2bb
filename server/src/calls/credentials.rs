//! Changing one's own password and second factor. A signed-in connection is not enough: whoever sits
//! down at an open device would take the account over. Guesses are braked as those before sign-in are,
//! for the account and the source together.

use warproom_proto::calls::{ChangeCredentials, Done, TotpEnrolment};
use warproom_proto::{DeviceId, Error, ErrorCode, MemberId, Secret};

use super::Session;
use super::session::password_refusal;
use crate::domain::{Checked, Renewal, State};
use crate::identity::{Attempt, TotpCodes};
use crate::journal::now_ms;

pub async fn change(session: &Session, call: ChangeCredentials) -> Result<Done, Error> {
    if call.new_password.is_none() && call.new_totp.is_none() {
        let sentence = "member.credentials: give a new password, a new TOTP secret, or both";
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    let member = session.who().member().ok_or(ErrorCode::NotAllowed)?;
    let device = session.peer.device.ok_or(ErrorCode::NotAllowed)?;
    let (context, account) = (&session.context, account(session, member));
    // Before anything is hashed for it.
    let attempt = context.throttle.begin(&account, session.source, now_ms());
    let attempt = attempt.map_err(Error::slow_down)?;
    match renew(session, member, device, call).await {
        Ok(()) => attempt.succeeded(),
        Err(refusal) if refusal.code == ErrorCode::SignInRefused => {
            return Err(failed(member, attempt));
        }
        Err(refusal) => {
            attempt.undone();
            return Err(refusal);
        }
    }
    Ok(Done {})
}

/// Checks the present password and code, and puts the new ones in their place.
async fn renew(
    session: &Session,
    member: MemberId,
    device: DeviceId,
    call: ChangeCredentials,
) -> Result<(), Error> {
    let ChangeCredentials { password, totp_code, new_password, new_totp, other_devices } = call;
    let checked = check(session, member, password, &totp_code).await?;
    let totp = new_totp.map(enrolled).transpose()?;
    let password_phc = match new_password {
        Some(new) => Some(session.context.passwords.hash(new).await.map_err(password_refusal)?),
        None => None,
    };
    let renewal = Renewal { device, password_phc, totp, other_devices };
    let decide = move |state: &State, _| state.decide_change_credentials(member, checked, renewal);
    session.context.journal.append(None, decide).await?;
    Ok(())
}

/// A new TOTP secret, whose code shows that it was written down, and that code's step.
fn enrolled(new: TotpEnrolment) -> Result<(Secret, u64), Error> {
    let step = TotpCodes::matches(&new.secret, &new.code, now_ms()).ok_or_else(|| {
        let sentence = "the TOTP code does not fit the new secret; check this device's clock";
        Error::new(ErrorCode::BadParams, sentence)
    })?;
    Ok((new.secret, step))
}

/// Checks the password and the code of this moment.
async fn check(
    session: &Session,
    member: MemberId,
    password: Secret,
    totp_code: &Secret,
) -> Result<Checked, Error> {
    let context = &session.context;
    let credentials = {
        let state = context.state();
        state.register.member(member).and_then(|record| record.credentials.clone())
    };
    let (password_phc, totp_secret) = credentials.ok_or(ErrorCode::SignInRequired)?;
    let right = context.passwords.check(password, Some(password_phc.clone())).await;
    let (is_right, _) = right.map_err(password_refusal)?;
    match TotpCodes::matches(&totp_secret, totp_code, now_ms()) {
        Some(totp_step) if is_right => Ok(Checked { password_phc, totp_secret, totp_step }),
        _ => Err(ErrorCode::SignInRefused.into()),
    }
}

/// Counts a wrong password or code.
fn failed(member: MemberId, attempt: Attempt<'_>) -> Error {
    attempt.failed(now_ms());
    tracing::warn!(%member, "credentials not changed: password or code refused");
    let sentence = "the present password or code is wrong, or the code was used before";
    Error::new(ErrorCode::SignInRefused, sentence)
}

/// What guesses are counted for: the same account as before sign-in, so that there is one brake.
fn account(session: &Session, member: MemberId) -> String {
    let state = session.context.state();
    let record = state.register.member(member);
    record.map_or_else(String::new, |record| record.member.handle.as_str().to_owned())
}
