//! `password`: another password, and another authenticator if that is asked for.

use std::fs;

use anyhow::Result;
use warproom_client::proto::calls::{ChangeCredentials, OtherDevices, TotpEnrolment};
use warproom_client::{CallError, TotpSecret};

use super::join::hand_over;
use crate::args::ChangePassword;
use crate::out::{note, write_new};
use crate::problem::problem;
use crate::prompt;
use crate::session::Session;

/// `password`
pub(crate) async fn change(session: &Session, args: &ChangePassword) -> Result<()> {
    note("First what you have now.");
    let password = prompt::password(args.password_file.as_deref())?;
    let totp_code = prompt::code("Code from your authenticator app: ", |_| true)?;
    let new_password = if args.keep_password {
        None
    } else {
        Some(prompt::new_password(args.new_password_file.as_deref())?)
    };
    let new_totp = if args.authenticator { Some(authenticator(session, args)?) } else { None };
    let other_devices = if args.revoke_devices { OtherDevices::Revoke } else { OtherDevices::Keep };
    let call = ChangeCredentials { password, totp_code, new_password, new_totp, other_devices };
    let done = session.call(call).await.inspect_err(|error| {
        // Refused, so the new secret is nobody's. Where the answer was lost it may be the right one.
        let is_refused = matches!(error.downcast_ref(), Some(CallError::Refused(_)));
        if let Some(file) = args.totp_file.as_deref().filter(|_| is_refused)
            && let Err(kept) = fs::remove_file(file)
        {
            note(&format!("{}: {kept}; this secret is of no use", file.display()));
        }
    })?;
    session.out().give(&done, |_| match other_devices {
        OtherDevices::Revoke => "changed; your other devices are revoked".to_owned(),
        OtherDevices::Keep => {
            "changed; your other devices have to connect again, by their own keys. If somebody else may have one: `warproom device list`".to_owned()
        }
    })
}

/// A new TOTP secret, handed over, with the code that shows it.
fn authenticator(session: &Session, args: &ChangePassword) -> Result<TotpEnrolment> {
    let totp = TotpSecret::generate();
    let handle = session.me().handle.ok_or_else(|| {
        problem("only a member has an authenticator", "use a profile of a member's")
    })?;
    match &args.totp_file {
        Some(file) => write_new(file, format!("{}\n", totp.to_base32().expose()).as_bytes())?,
        None => hand_over(&totp, &session.client().signed_in().warp_name, &handle)?,
    }
    Ok(TotpEnrolment { secret: totp.to_base32(), code: totp.code_now() })
}
