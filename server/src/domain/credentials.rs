//! Rules on passwords and second factors. What is right is checked before, outside, because hashing is
//! slow; here it is asked again, on the state that the change is appended to: whether what was checked
//! still holds, and whether the code was used meanwhile. So a code is good once, also after a restart,
//! and of two changes at once one is made.

use warproom_proto::calls::OtherDevices;
use warproom_proto::register::{Act, Event};
use warproom_proto::{DeviceId, Error, ErrorCode, MemberId, Principal, Secret};

use super::{Mark, Plan, Planned, State};

/// What a member's password and code were checked against, and found right.
pub struct Checked {
    /// The password's PHC string.
    pub password_phc: Secret,
    /// The TOTP secret.
    pub totp_secret: Secret,
    /// The step of the code.
    pub totp_step: u64,
}

/// What a member proves themselves by from now on, prepared outside.
pub struct Renewal {
    /// The device that asks.
    pub device: DeviceId,
    /// The password's PHC string, if it changes.
    pub password_phc: Option<Secret>,
    /// The TOTP secret, if it changes, and the step of the code that came with it.
    pub totp: Option<(Secret, u64)>,
    /// What becomes of the other devices.
    pub other_devices: OtherDevices,
}

impl State {
    /// Another password or second factor for a member whose present ones were right.
    pub fn decide_change_credentials(
        &self,
        member: MemberId,
        checked: Checked,
        renewal: Renewal,
    ) -> Result<Plan, Error> {
        self.still_proven(member, &checked)?;
        let Renewal { device, password_phc, totp, other_devices } = renewal;
        if self.register.device(device).is_none() {
            return Err(ErrorCode::SignInRequired.into());
        }
        let by = Principal::Member(member);
        // No code of the new secret that came with it works again either.
        let step = totp.as_ref().map_or(0, |(_, step)| *step).max(checked.totp_step);
        let record = |event| Planned::Act(Act { by: Some(by), event });
        let revoked = self
            .register
            .devices(member)
            .filter(|one| other_devices == OtherDevices::Revoke && one.device != device);
        // First, so that their connections are told that they are out, and not to come again.
        let mut records: Vec<_> =
            revoked.map(|one| record(Event::DeviceRevoked { device: one.device })).collect();
        records.push(record(Event::CredentialsSet {
            member,
            password_phc: password_phc.unwrap_or(checked.password_phc),
            totp_secret: totp.map_or(checked.totp_secret, |(secret, _)| secret),
            changed_from: Some(device),
        }));
        let mark = Some(Mark::TotpUsed(member, step));
        Ok(Plan { records, mark, ..Plan::default() })
    }

    /// Whether a member may act, has still the credentials that were checked, and has not used this
    /// code or a later one before.
    pub(super) fn still_proven(&self, member: MemberId, checked: &Checked) -> Result<(), Error> {
        let is_active = self.register.is_active(Principal::Member(member));
        let present = self.register.member(member).and_then(|record| record.credentials.as_ref());
        let is_present = present.is_some_and(|(phc, totp)| {
            phc.expose() == checked.password_phc.expose()
                && totp.expose() == checked.totp_secret.expose()
        });
        let is_fresh = self.totp_used.get(&member).is_none_or(|used| checked.totp_step > *used);
        if is_active && is_present && is_fresh {
            return Ok(());
        }
        Err(ErrorCode::SignInRefused.into())
    }
}
