//! `join` and `device enrol`: how this computer becomes a member's device.

use std::fs;

use anyhow::{Context as _, Result};
use warproom_client::proto::calls::{Invited, SignedIn};
use warproom_client::proto::invitation::{Address, Invitation};
use warproom_client::proto::{Handle, Name};
use warproom_client::{JoinError, Joined, TotpSecret, enrol_device, open_invitation};

use crate::args::{Enrol, Join};
use crate::out::{note, write_new};
use crate::problem::problem;
use crate::profile::{NewFolder, Profile};
use crate::prompt;
use crate::session::Place;
use crate::show::{self, safe};

/// `join`
pub(crate) async fn join(place: &Place, args: &Join) -> Result<()> {
    let invitation = invitation(args.invitation.as_deref())?;
    let (joining, invited) = open_invitation(&invitation).await?;
    note(&introduction(place, &invitation.address, &invited));
    let folder = place.profiles.make()?;
    let password = prompt::new_password(args.password_file.as_deref())?;
    let totp = TotpSecret::generate();
    match &args.totp_file {
        Some(file) => write_new(file, format!("{}\n", totp.to_base32().expose()).as_bytes())?,
        None => hand_over(&totp, &invited.warp, &invited.handle)?,
    }
    let joined = match joining.redeem(password, &totp, device_name(args.device_name.as_ref())).await
    {
        Ok(joined) => joined,
        Err(error) => return Err(not_redeemed(error, args, &invitation.address, &invited.handle)),
    };
    keep(place, folder, &joined, Some(invited.organisation))
}

/// `device enrol`
pub(crate) async fn enrol(place: &Place, args: &Enrol) -> Result<()> {
    let address: Address = args.address.parse().map_err(|_| {
        problem(
            "this is not the address of a server",
            "write warproom://host:port/fingerprint, as `warproom profile show` says it on your first device",
        )
    })?;
    let folder = place.profiles.make()?;
    let password = prompt::password(args.password_file.as_deref())?;
    let code = prompt::code("Code from your authenticator app: ", |_| true)?;
    let name = device_name(args.device_name.as_ref());
    let joined = enrol_device(&address, args.handle.clone(), password, code, name).await?;
    keep(place, folder, &joined, None)
}

/// Reads the invitation, which is a secret until it is redeemed: asked for or piped, or as it was given.
fn invitation(given: Option<&str>) -> Result<Invitation> {
    let asked;
    let text = match given {
        Some(given) if given != "-" => given,
        _ => {
            asked = prompt::visible("Invitation: ")?;
            &asked
        }
    };
    text.parse::<Invitation>().map_err(|error| {
        problem(
            safe(&error.to_string()),
            "ask your WARP's manager for the whole text, and put it in quotes if your shell minds",
        )
        .into()
    })
}

/// Whom the invitation is for, and how the server is known, for its holder to check.
fn introduction(place: &Place, address: &Address, invited: &Invited) -> String {
    format!(
        "WARP          {}\nOrganisation  {}\nName          {} @{}\nRole          {}\nLapses        {}\nServer        {}\nFingerprint   {}\n\nIf this is not you, or your manager reads you another fingerprint, stop here (Ctrl-C).\n",
        safe(invited.warp.as_str()),
        safe(invited.organisation.as_str()),
        safe(invited.name.as_str()),
        invited.handle,
        show::role(invited.role),
        show::when(invited.expires_at_ms, &place.zone),
        safe(&address.host_port),
        address.authority,
    )
}

/// Shows the TOTP secret, once, and waits until the person's app gives its code.
pub(crate) fn hand_over(totp: &TotpSecret, warp: &Name, handle: &Handle) -> Result<()> {
    let uri = totp.uri(warp, handle);
    note("Scan this with an authenticator app on your phone, or type the secret into it:\n");
    match show::qr(uri.expose()) {
        Ok(code) => note(&code),
        Err(error) => note(&format!("({error:#})")),
    }
    note(&format!("Address  {}\nSecret   {}\n", uri.expose(), totp.to_base32().expose()));
    // A code typed as it changes is right too: it was read from the app a moment ago.
    let mut before = totp.code_now();
    prompt::code("The code the app shows now: ", |typed| {
        let now = totp.code_now();
        let is_right = typed == now.expose() || typed == before.expose();
        before = now;
        is_right
    })?;
    Ok(())
}

/// Keeps the new device in its profile and says what to do next.
fn keep(
    place: &Place,
    folder: NewFolder,
    joined: &Joined,
    organisation: Option<Name>,
) -> Result<()> {
    let me = &joined.signed_in.me;
    let profile = Profile {
        address: joined.address.clone(),
        device: joined.device,
        handle: me.handle.clone().context("the server did not say who you are")?,
        name: me.name.clone(),
        organisation,
        warp_name: joined.signed_in.warp_name.clone(),
    };
    let folder = folder.keep(&profile, joined.key.to_text().expose())?;
    place.out.give(&joined.signed_in, |signed_in: &SignedIn| {
        format!(
            "This computer is set up: {} of {}, profile \"{}\".\nNext: `warproom rooms` lists your rooms, `warproom tail` follows them.",
            safe(signed_in.me.name.as_str()),
            safe(signed_in.warp_name.as_str()),
            folder.name(),
        )
    })
}

/// What a failed redemption means. Where the answer was lost, the server may have taken it: then the
/// password and the TOTP secret just set are good, and only this device is missing.
fn not_redeemed(
    error: JoinError,
    args: &Join,
    address: &Address,
    handle: &Handle,
) -> anyhow::Error {
    let JoinError::Connect(cause) = error else {
        if let Some(file) = &args.totp_file {
            // It was made for this redemption and is of no use without it.
            let _ = fs::remove_file(file);
        }
        return error.into();
    };
    problem(
        format!("{cause}, and it is not known whether the invitation was redeemed"),
        format!(
            "run `warproom join` again; if it is refused, run `warproom device enrol {address} {handle}` with the password and authenticator entry you have just made"
        ),
    )
    .into()
}

/// What to call this device: as asked, or this computer's name.
fn device_name(asked: Option<&Name>) -> Name {
    let said = ["COMPUTERNAME", "HOSTNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = said.or_else(|| fs::read_to_string("/proc/sys/kernel/hostname").ok());
    let host = host.and_then(|host| host.trim().parse().ok());
    asked.cloned().or(host).unwrap_or_else(|| {
        #[expect(clippy::expect_used, reason = "this name is one")]
        "computer".parse().expect("a word is a name")
    })
}
