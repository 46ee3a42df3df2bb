//! Signing in: by a device's key, a bot's token, an invitation, or handle, password and code.
//!
//! Whatever is wrong, the answer is the same bytes; and where there is something to guess, a password,
//! it takes as long whether there is such an account or not.

use warproom_proto::calls::{
    Call, EnrolDevice, Invited, Me, NewDevice, Proof, RedeemInvitation, ShowInvitation, SignedIn,
    StartSession,
};
use warproom_proto::register::Device;
use warproom_proto::{DeviceId, Error, ErrorCode, LogId, MemberId, Principal, Secret, rpc};

use super::{Stranger, check_access};
use crate::domain::Redemption;
use crate::hub::Registration;
use crate::identity::{self, PasswordError, TotpCodes};
use crate::journal::now_ms;

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
    found.ok_or_else(refused)
}

/// Signs a connection in, if its request is one that does and is right.
pub async fn sign_in(
    stranger: &Stranger,
    request: &rpc::Request<'_>,
) -> Result<(SignedIn, Registration), Error> {
    let (who, device) = match &*request.method {
        StartSession::METHOD => {
            let call: StartSession = request.params()?;
            let (who, device) = start(stranger, &call)?;
            let admitted = admit(stranger, who, device)?;
            // Asked again: a token that was replaced meanwhile ended only who was registered then.
            if matches!(call.proof, Proof::Token(_)) {
                start(stranger, &call)?;
            }
            return Ok(admitted);
        }
        RedeemInvitation::METHOD => redeem(stranger, request.params()?).await?,
        EnrolDevice::METHOD => enrol(stranger, request.params()?).await?,
        _ => return Err(ErrorCode::SignInRequired.into()),
    };
    admit(stranger, who, device)
}

fn start(stranger: &Stranger, call: &StartSession) -> Result<(Principal, Option<DeviceId>), Error> {
    let state = stranger.context.state();
    match &call.proof {
        Proof::Device { device, signature } => {
            let known = state.register.device(*device);
            let right = known
                .filter(|known| identity::signed(&known.public_key, &stranger.exporter, signature));
            let device = right.ok_or(ErrorCode::SignInRefused)?;
            Ok((Principal::Member(device.member), Some(device.device)))
        }
        Proof::Token(token) => {
            let bot = state.register.bot_by_token(&identity::hash(token), now_ms());
            let bot = bot.ok_or_else(refused)?;
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
        return Err(refused());
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
    let redemption = Redemption { code_hash, password_phc, totp_secret: totp.secret, device };
    let decide =
        move |state: &crate::domain::State, now_ms| state.decide_redeem(redemption, now_ms);
    stranger.context.journal.append(None, decide).await?;
    let owner = stranger.context.state().register.device_owner(id);
    let member = owner.ok_or(ErrorCode::SignInRefused)?;
    stranger.context.totp.use_up(member, step);
    Ok((Principal::Member(member), Some(id)))
}

async fn enrol(
    stranger: &Stranger,
    call: EnrolDevice,
) -> Result<(Principal, Option<DeviceId>), Error> {
    let EnrolDevice { handle, password, totp_code, device } = call;
    braked(stranger, handle.as_str())?;
    check_key(stranger, &device)?;
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
    let phc = credentials.as_ref().map(|(phc, _)| phc.clone());
    let checked = stranger.context.passwords.check(password, phc).await;
    let (password_right, rehashed) = checked.map_err(password_refusal)?;
    let totp_secret = credentials.map_or_else(nobodys_secret, |(_, secret)| secret);
    let step = TotpCodes::matches(&totp_secret, &totp_code, now_ms());
    let (Some(member), Some(step), true) = (member, step, password_right) else {
        return Err(failed(stranger, handle.as_str()));
    };
    if !stranger.context.totp.use_up(member, step) {
        return Err(failed(stranger, handle.as_str()));
    }
    stranger.context.throttle.succeeded(handle.as_str(), stranger.source);
    let device = new_device(device, member);
    let id = device.device;
    let rehashed = rehashed.map(|phc| (phc, totp_secret));
    let decide = move |state: &crate::domain::State, _| state.decide_enrol(device, rehashed);
    stranger.context.journal.append(None, decide).await?;
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

fn braked(stranger: &Stranger, account: &str) -> Result<(), Error> {
    match stranger.context.throttle.wait_ms(account, stranger.source, now_ms()) {
        0 => Ok(()),
        wait_ms => Err(Error::slow_down(wait_ms)),
    }
}

/// Counts a wrong password or code.
fn failed(stranger: &Stranger, account: &str) -> Error {
    stranger.context.throttle.failed(account, stranger.source, now_ms());
    refused()
}

/// Refuses. Codes and tokens have 128 random bits or more: guessing them needs no brake, and one
/// would only let a stranger lock out everyone else who comes from the same network.
fn refused() -> Error {
    tracing::warn!("sign-in refused");
    ErrorCode::SignInRefused.into()
}

fn password_refusal(error: PasswordError) -> Error {
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
