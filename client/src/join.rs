//! A person's first minutes: looking at an invitation, redeeming it, and enrolling another device.
//!
//! Each step opens a connection of its own, because the server gives strangers ten seconds and people
//! take longer to think of a password. What comes out is a device with its key, to be kept by the
//! application and used to [`connect`](crate::connect); nothing stays open.

use warproom_proto::calls::{
    EnrolDevice, Invited, NewDevice, RedeemInvitation, ShowInvitation, SignedIn, TotpEnrolment,
    sign_in_message,
};
use warproom_proto::invitation::{Address, Invitation};
use warproom_proto::{DeviceId, Handle, Name, Secret, limits};

use crate::error::{ConnectError, JoinError};
use crate::key::{Credentials, DeviceKey};
use crate::sign_in::ask;
use crate::totp::TotpSecret;
use crate::transport::{Dialler, Link};

/// Asks the server whom an invitation is for, so that its holder can check before redeeming it.
pub async fn open_invitation(invitation: &Invitation) -> Result<(Joining, Invited), JoinError> {
    let dialler = Dialler::new(&invitation.address)?;
    let mut link = dialler.open().await?;
    let invited = ask(&mut link, &ShowInvitation { code: invitation.code.clone() }).await?;
    link.writer.close().await;
    Ok((Joining { dialler, code: invitation.code.clone() }, invited))
}

/// An invitation that was shown and can be redeemed.
pub struct Joining {
    dialler: Dialler,
    code: Secret,
}

impl Joining {
    /// Makes the invited person a member with this device. May be tried again after a refusal.
    pub async fn redeem(
        &self,
        password: Secret,
        totp: &TotpSecret,
        device_name: Name,
    ) -> Result<Joined, JoinError> {
        check_password(&password)?;
        let mut link = self.dialler.open().await?;
        let (key, device) = new_device(device_name, &link);
        let code = self.code.clone();
        let totp = TotpEnrolment { secret: totp.to_base32(), code: totp.code_now() };
        let signed_in = ask(&mut link, &RedeemInvitation { code, password, totp, device }).await?;
        Joined::new(&self.dialler, key, signed_in, link).await
    }
}

/// Enrols this device for somebody who is a member already.
pub async fn enrol_device(
    address: &Address,
    handle: Handle,
    password: Secret,
    totp_code: Secret,
    device_name: Name,
) -> Result<Joined, JoinError> {
    let dialler = Dialler::new(address)?;
    let mut link = dialler.open().await?;
    let (key, device) = new_device(device_name, &link);
    let signed_in = ask(&mut link, &EnrolDevice { handle, password, totp_code, device }).await?;
    Joined::new(&dialler, key, signed_in, link).await
}

/// A device is enrolled. Keep its address, id and key: they are how it signs in from now on.
pub struct Joined {
    /// Where the server is, with its present authority: the one that was given may have been replaced.
    pub address: Address,
    /// What the server calls the device.
    pub device: DeviceId,
    /// Its key.
    pub key: DeviceKey,
    /// Who it signs in.
    pub signed_in: SignedIn,
}

impl Joined {
    async fn new(
        dialler: &Dialler,
        key: DeviceKey,
        signed_in: SignedIn,
        link: Link,
    ) -> Result<Self, JoinError> {
        let authority = link.established.authority;
        link.writer.close().await;
        let device = signed_in.device.ok_or(JoinError::Connect(ConnectError::Incompatible))?;
        let address = Address { authority, ..dialler.address().clone() };
        Ok(Self { address, device, key, signed_in })
    }

    /// What to sign in with.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::Device { device: self.device, key: self.key.clone() }
    }
}

fn new_device(name: Name, link: &Link) -> (DeviceKey, NewDevice) {
    let key = DeviceKey::generate();
    let signature = key.sign(&sign_in_message(&link.established.exporter));
    let device = NewDevice { name, public_key: key.public_key(), signature };
    (key, device)
}

/// The server's rule, said before a connection is made for nothing.
fn check_password(password: &Secret) -> Result<(), JoinError> {
    let password = password.expose();
    let fits = password.chars().count() >= limits::PASSWORD_CHARS
        && password.len() <= limits::PASSWORD_BYTES;
    if fits { Ok(()) } else { Err(JoinError::Password) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_measured_before_anything_is_sent() {
        let password = |text: &str| check_password(&text.to_owned().into()).is_ok();
        assert!(!password("eleven char"));
        assert!(password("twelve chars"));
        assert!(password("ŵŷâîôêŵŷâîôê"));
        assert!(!password(&"x".repeat(limits::PASSWORD_BYTES + 1)));
    }
}
