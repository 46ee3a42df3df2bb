//! Changing what a member proves themselves by, beside their devices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::session::TotpEnrolment;
use crate::secret::Secret;

/// Sets another password, another TOTP secret, or both, for whoever asks. Ends the connections of all
/// their other devices; the device that asks stays signed in.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCredentials {
    /// The password until now.
    pub password: Secret,
    /// The TOTP code of this moment, by the secret until now.
    pub totp_code: Secret,
    /// The password from now on, if it changes: 12 characters or more, up to 1,024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_password: Option<Secret>,
    /// The second factor from now on, if it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_totp: Option<TotpEnrolment>,
    /// What becomes of the member's other devices.
    #[serde(default)]
    pub other_devices: OtherDevices,
}

/// What becomes of a member's other devices when credentials change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtherDevices {
    /// They sign in again, each by its own key.
    #[default]
    Keep,
    /// They are revoked.
    Revoke,
}
