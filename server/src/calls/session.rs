//! Signing in: by a device's key, a bot's token, an invitation, or handle, password and code.
//!
//! Whatever is wrong, the answer is the same bytes; and where there is something to guess, a password,
//! it takes as long whether there is such an account or not.

use warproom_proto::audit::{self, Means};
use warproom_proto::calls::{
    Call, EnrolDevice, Invited, Me, NewDevice, Proof, RedeemInvitation, ShowInvitation, SignedIn,
    StartSession,
};
use warproom_proto::register::{Device, PublicKey};
use warproom_proto::{DeviceId, Error, ErrorCode, Handle, LogId, MemberId, Principal, Secret, rpc};

use super::audit::continuation;
use super::{Stranger, check_access};
use crate::audit::{Refusal, SignIn};
use crate::domain::{Checked, Redemption};
use crate::hub::Registration;
use crate::identity::{self, Attempt, PasswordError, TotpCodes};
use crate::journal::now_ms;
use crate::view;

/// The calls before sign-in.
pub const METHODS: &[&str] =
    &[ShowInvitation::METHOD, RedeemInvitation::METHOD, EnrolDevice::METHOD, StartSession::METHOD];

/// How long to wait before trying again with too many connections open: about as long as it takes to
/// notice that a lost one is gone.
const CONNECTION_WAIT_MS: u64 = 30_000;

/// Says whom an invitation is for.
pub fn show_invitation(stranger: &Stranger, call: &ShowInvitation) -> Result<Invited, Error> {
    let now_ms = now_ms();
    let state = stranger.context.state();
    let found =
        state.register.invitation(&identity::hash(&call.code), now_ms).and_then(|(_, invited)| {
            Some(Invited {
                warp: state.register.warp()?.1.clone(),
                organisation: state
                    .register
                    .organisation(invited.member.organisation)?
                    .name
                    .clone(),
                name: invited.member.name.clone(),
                handle: invited.member.handle.clone(),
                role: invited.member.role,
                expires_at_ms: invited.expires_at_ms,
            })
        });
    found.ok_or_else(|| refused(stranger, Means::Invitation, None))
}

/// Signs a connection in, if its request is one that does and is right.
pub async fn sign_in(
    stranger: &Stranger,
    request: &rpc::Request<'_>,
) -> Result<(SignedIn, Registration), Error> {
    let (means, admitted, seen) = match &*request.method {
        StartSession::METHOD => {
            let call: StartSession = request.params()?;
            let (who, device) = start(stranger, &call)?;
            let admitted = admit(stranger, who, device)?;
            // Asked again: a token that was replaced meanwhile ended only who was registered then.
            let means = match call.proof {
                Proof::Device { .. } => Means::Device,
                Proof::Token(_) => {
                    start(stranger, &call)?;
                    Means::Token
                }
            };
            (means, admitted, call.audit_seen)
        }
        RedeemInvitation::METHOD => {
            let (who, device) = redeem(stranger, request.params()?).await?;
            (Means::Invitation, admit(stranger, who, device)?, None)
        }
        EnrolDevice::METHOD => {
            let (who, device) = enrol(stranger, request.params()?).await?;
            (Means::Password, admit(stranger, who, device)?, None)
        }
        _ => return Err(ErrorCode::SignInRequired.into()),
    };
    let (mut signed_in, registration) = admitted;
    recorded(stranger, &signed_in, means).await;
    let context = &stranger.context;
    let shown = context.audit.checkpoint().map_err(|error| view::unreadable(&error))?;
    if let Some(seen) = seen {
        let size = shown.note.checkpoint().size;
        // A proof that cannot be read keeps nobody out: that there is none is told where it is missed.
        signed_in.audit_path = continuation(context, seen, size).await.unwrap_or_default();
    }
    signed_in.audit = Some(shown);
    signed_in.authority = context.audit.vouch(&context.certificate.authority());
    Ok((signed_in, registration))
}

/// Puts a sign-in into the audit log, durably. Where the disk takes nothing, people still get in, to
/// read: the record waits until it does.
async fn recorded(stranger: &Stranger, signed_in: &SignedIn, means: Means) {
    let context = &stranger.context;
    let (by, device) = (signed_in.me.principal, signed_in.device);
    let from = Some(stranger.source.network());
    let event = audit::Event::SignedIn { means, device, count: 1 };
    let record = audit::Record { from, ..audit::Record::by(by, event) };
    if context.journal.audit(record).await.is_err() {
        context.audit.counts.late(SignIn { by, means, device, from }, now_ms());
    }
}

/// A key that is no device's, so that checking a signature takes as long where there is no such device:
/// the base point of Ed25519 (RFC 8032 §5.1), since only a point of the curve is worked with.
const NOBODYS_KEY: PublicKey = {
    let mut point = [0x66; 32];
    point[0] = 0x58;
    PublicKey(point)
};

fn start(stranger: &Stranger, call: &StartSession) -> Result<(Principal, Option<DeviceId>), Error> {
    let state = stranger.context.state();
    match &call.proof {
        Proof::Device { device, signature } => {
            let known = state.register.device(*device);
            let key = known.map_or(&NOBODYS_KEY, |known| &known.public_key);
            let is_right = identity::signed(key, &stranger.exporter, signature);
            let of = || state.register.device_owner(*device);
            let right = known.filter(|_| is_right);
            let device = right.ok_or_else(|| refused(stranger, Means::Device, of()))?;
            Ok((Principal::Member(device.member), Some(device.device)))
        }
        Proof::Token(token) => {
            let bot = state.register.bot_by_token(&identity::hash(token), now_ms());
            let bot = bot.ok_or_else(|| refused(stranger, Means::Token, None))?;
            Ok((Principal::Bot(bot.bot), None))
        }
    }
}

async fn redeem(
    stranger: &Stranger,
    call: RedeemInvitation,
) -> Result<(Principal, Option<DeviceId>), Error> {
    let RedeemInvitation { code, password, totp, device } = call;
    let code_hash = identity::hash(&code);
    let known = stranger.context.state().register.invitation(&code_hash, now_ms()).is_some();
    if !known {
        return Err(refused(stranger, Means::Invitation, None));
    }
    check_key(stranger, &device)?;
    let step = TotpCodes::matches(&totp.secret, &totp.code, now_ms()).ok_or_else(|| {
        let sentence = "the TOTP code does not fit the secret; check this device's clock";
        Error::new(ErrorCode::BadParams, sentence)
    })?;
    let hashed = stranger.context.passwords.hash(password).await;
    let password_phc = hashed.map_err(password_refusal)?;
    let device = new_device(device, MemberId::from_bytes([0; 16]));
    let id = device.device;
    let (totp_secret, totp_step) = (totp.secret, step);
    let redemption = Redemption { code_hash, password_phc, totp_secret, totp_step, device };
    let decide =
        move |state: &crate::domain::State, now_ms| state.decide_redeem(redemption, now_ms);
    stranger.context.journal.append(None, decide).await?;
    let owner = stranger.context.state().register.device_owner(id);
    let member = owner.ok_or(ErrorCode::SignInRefused)?;
    Ok((Principal::Member(member), Some(id)))
}

async fn enrol(
    stranger: &Stranger,
    call: EnrolDevice,
) -> Result<(Principal, Option<DeviceId>), Error> {
    let EnrolDevice { handle, password, totp_code, device } = call;
    check_key(stranger, &device)?;
    let attempt = attempt(stranger, &handle)?;
    // Looked up first, but the password is hashed whether there is such an account or not.
    let (member, credentials) = {
        let state = stranger.context.state();
        let found = state.register.by_handle(&handle);
        let found = found
            .filter(|record| state.register.is_active(Principal::Member(record.member.member)));
        (
            found.map(|record| record.member.member),
            found.and_then(|record| record.credentials.clone()),
        )
    };
    let (phc, totp_secret) = credentials.unzip();
    let (password_right, rehashed) =
        match stranger.context.passwords.check(password, phc.clone()).await {
            Ok(checked) => checked,
            Err(error) => {
                attempt.undone();
                return Err(password_refusal(error));
            }
        };
    let totp_secret = totp_secret.unwrap_or_else(nobodys_secret);
    let step = TotpCodes::matches(&totp_secret, &totp_code, now_ms());
    let (Some(member), Some(totp_step), true) = (member, step, password_right) else {
        return Err(failed(stranger, &handle, attempt));
    };
    let password_phc = phc.ok_or(ErrorCode::SignInRefused)?;
    let checked = Checked { password_phc, totp_secret, totp_step };
    let device = new_device(device, member);
    let id = device.device;
    let decide =
        move |state: &crate::domain::State, _| state.decide_enrol(device, &checked, rehashed);
    if let Err(refusal) = stranger.context.journal.append(None, decide).await {
        // A code that was used before counts as a wrong one.
        if refusal.code == ErrorCode::SignInRefused {
            return Err(failed(stranger, &handle, attempt));
        }
        attempt.undone();
        return Err(refusal);
    }
    attempt.succeeded();
    Ok((Principal::Member(member), Some(id)))
}

/// Takes a proven principal in.
fn admit(
    stranger: &Stranger,
    who: Principal,
    device: Option<DeviceId>,
) -> Result<(SignedIn, Registration), Error> {
    let context = &stranger.context;
    // Registered first, checked after: a removal in between ends the registered connection.
    let registration = context.hub.register(who, device, context.limits.connections);
    let registration = registration.ok_or_else(|| {
        let sentence = "you have as many connections open as there may be; close one";
        Error { message: sentence.into(), ..Error::slow_down(CONNECTION_WAIT_MS) }
    })?;
    let state = context.state();
    let still = device.is_none_or(|device| state.register.device(device).is_some());
    if check_access(&state, who, warproom_proto::calls::Access::Anyone).is_err() || !still {
        return Err(ErrorCode::SignInRefused.into());
    }
    let (warp, warp_name) = state.register.warp().cloned().ok_or(ErrorCode::ServerFault)?;
    let name = state.register.name(who).cloned().ok_or(ErrorCode::ServerFault)?;
    let member = who.member().and_then(|member| state.register.present_member(member));
    let signed_in = SignedIn {
        warp,
        warp_name,
        me: Me {
            principal: who,
            name,
            handle: member.map(|member| member.handle.clone()),
            role: member.map(|member| member.role),
        },
        device,
        register: context.store.position(LogId::REGISTER),
        audit: None,
        audit_path: None,
        authority: Vec::new(),
    };
    Ok((signed_in, registration))
}

/// A device proves that it holds the key it brings.
fn check_key(stranger: &Stranger, device: &NewDevice) -> Result<(), Error> {
    if identity::signed(&device.public_key, &stranger.exporter, &device.signature) {
        return Ok(());
    }
    let sentence = "the device's signature does not fit its key and this connection";
    Err(Error::new(ErrorCode::BadParams, sentence))
}

fn new_device(device: NewDevice, member: MemberId) -> Device {
    let NewDevice { name, public_key, .. } = device;
    Device { device: DeviceId::random(), member, name, public_key }
}

/// A well-formed TOTP secret, so that checking a code takes as long where there is no account.
fn nobodys_secret() -> Secret {
    "A".repeat(32).into()
}

/// Begins an attempt at a password and code, before anything is hashed for it.
fn attempt<'a>(stranger: &'a Stranger, handle: &Handle) -> Result<Attempt<'a>, Error> {
    let begun = stranger.context.throttle.begin(handle.as_str(), stranger.source, now_ms());
    begun.map_err(|wait_ms| {
        count(stranger, Means::Password, named(stranger, handle));
        Error::slow_down(wait_ms)
    })
}

/// Counts a wrong password or code.
fn failed(stranger: &Stranger, handle: &Handle, attempt: Attempt<'_>) -> Error {
    attempt.failed(now_ms());
    refused(stranger, Means::Password, named(stranger, handle))
}

/// Whose handle this is.
fn named(stranger: &Stranger, handle: &Handle) -> Option<MemberId> {
    let state = stranger.context.state();
    state.register.by_handle(handle).map(|record| record.member.member)
}

/// Refuses. Codes and tokens have 128 random bits or more: guessing them needs no brake, and one
/// would only let a stranger lock out everyone else who comes from the same network.
fn refused(stranger: &Stranger, means: Means, of: Option<MemberId>) -> Error {
    tracing::warn!("sign-in refused");
    count(stranger, means, of);
    ErrorCode::SignInRefused.into()
}

/// Counts a refusal towards the audit log.
fn count(stranger: &Stranger, means: Means, of: Option<MemberId>) {
    let who = (None, Some(stranger.source.network()));
    stranger.context.audit.counts.refused(who, Refusal::SignIn { means, of }, now_ms());
}

pub(super) fn password_refusal(error: PasswordError) -> Error {
    match error {
        PasswordError::TooShort | PasswordError::TooLong => {
            Error::new(ErrorCode::BadParams, error.to_string())
        }
        PasswordError::Busy => Error::slow_down(2_000),
        PasswordError::Failed => {
            tracing::error!(%error, "password hashing failed");
            ErrorCode::ServerFault.into()
        }
    }
}

#[cfg(test)]
mod tests;
