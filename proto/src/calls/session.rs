//! Calls before sign-in: redeeming an invitation, enrolling a device, signing in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calls::{Path, SignedCheckpoint};
use crate::id::{DeviceId, Principal, WarpId};
use crate::invitation::Fingerprint;
use crate::record::{Position, Seq};
use crate::register::{PublicKey, Role, Signature};
use crate::secret::Secret;
use crate::text::{Handle, Name};

/// Says whom an invitation is for.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowInvitation {
    /// The invitation's last part.
    pub code: Secret,
}

/// Whom an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invited {
    /// The WARP.
    pub warp: Name,
    /// The organisation.
    pub organisation: Name,
    /// The person.
    pub name: Name,
    /// The person's handle.
    pub handle: Handle,
    /// What they will be.
    pub role: Role,
    /// When it lapses, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

/// Makes the invited person a member.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedeemInvitation {
    /// The invitation's last part.
    pub code: Secret,
    /// The password from now on: 12 characters or more, up to 1,024 bytes.
    pub password: Secret,
    /// The second factor from now on.
    pub totp: TotpEnrolment,
    /// The device from which this is sent.
    pub device: NewDevice,
}

/// A TOTP secret (RFC 6238: SHA-1, 6 digits, 30 s) with a code that proves it was written down.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpEnrolment {
    /// 20 random bytes, base32 without padding, made by the client.
    pub secret: Secret,
    /// The code it gives now.
    pub code: Secret,
}

/// A device that is to be enrolled.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// What its owner calls it.
    pub name: Name,
    /// The key that stays on it.
    pub public_key: PublicKey,
    /// That key's signature over this connection, as for [`Proof::Device`].
    pub signature: Signature,
}

/// Enrols another device of a member.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolDevice {
    /// Whose.
    pub handle: Handle,
    /// The member's password.
    pub password: Secret,
    /// The member's TOTP code of this moment.
    pub totp_code: Secret,
    /// The device from which this is sent.
    pub device: NewDevice,
}

/// Signs this connection in.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSession {
    /// Who, and the proof of it.
    pub proof: Proof,
    /// How many records of the audit log you remember: the reply proves that it continues them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_seen: Option<Seq>,
}

/// The label of the TLS exporter (RFC 8446 §7.5) that a device signs: 32 bytes, no context.
pub const EXPORTER_LABEL: &str = "EXPERIMENTAL-warproom-sign-in-v1";

/// What a device signs: `"warproom.sign-in.v1"`, then the 32 bytes of this connection's exporter.
#[must_use]
pub fn sign_in_message(exporter: &[u8; 32]) -> Vec<u8> {
    [b"warproom.sign-in.v1".as_slice(), exporter].concat()
}

/// Proof of who is at the other end of this connection.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A member's device.
    Device {
        /// Which.
        device: DeviceId,
        /// Ed25519 over `"warproom.sign-in.v1"` followed by the 32 bytes of this TLS connection's
        /// exporter: useless on any other connection.
        signature: Signature,
    },
    /// A bot's token.
    Token(Secret),
}

/// A connection is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedIn {
    /// The WARP.
    pub warp: WarpId,
    /// Its name.
    pub warp_name: Name,
    /// Who you are.
    pub me: Me,
    /// This device; none for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// How far the register has come.
    pub register: Position,
    /// How far the audit log has come, this sign-in included; none from a server without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<SignedCheckpoint>,
    /// The proof that it continues the records that were remembered; none if it has not so many, or none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_path: Option<Path>,
    /// Signatures of the [`authority_message`] of the authority that the server is known by, by the key of the
    /// audit log and, while it is being replaced, by the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authority: Vec<Signature>,
}

/// What the key of the audit log signs of the authority that a server is known by: `"warproom.authority.v1"`,
/// then the 16 bytes of the WARP's id and the 32 of the authority's fingerprint.
#[must_use]
pub fn authority_message(warp: WarpId, authority: &Fingerprint) -> Vec<u8> {
    [b"warproom.authority.v1".as_slice(), warp.as_bytes(), &authority.0].concat()
}

/// Who you are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// Your id.
    pub principal: Principal,
    /// Your name.
    pub name: Name,
    /// Your handle; none for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    /// Your role; none for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}
