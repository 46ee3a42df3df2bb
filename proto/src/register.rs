//! The register: the log of who exists and who may do what. Every administrative act is one event;
//! members, organisations, devices and bots are a fold over them. (Who is in a room, and its settings,
//! are told in the room's own log, where everyone in it sees them.)

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{
    BotId, DeviceId, InvitationId, MemberId, OrganisationId, Principal, RoomId, WarpId,
};
use crate::label::Label;
use crate::newtype::hex_newtype;
use crate::record::Head;
use crate::secret::Secret;
use crate::text::{Handle, Name};

hex_newtype!(
    /// A device's Ed25519 public key (RFC 8032).
    PublicKey, 32, "PublicKey", "^[0-9a-f]{64}$", "An Ed25519 public key as lower-case hexadecimal."
);
hex_newtype!(
    /// An Ed25519 signature (RFC 8032).
    Signature, 64, "Signature", "^[0-9a-f]{128}$", "An Ed25519 signature as lower-case hexadecimal."
);

/// One item of the register.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Act {
    /// Who did it; `None` where the server's operator did, at its console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Principal>,
    /// What was done.
    #[serde(flatten)]
    pub event: Event,
}

/// An administrative act.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The WARP begins. Always record 1.
    WarpFounded {
        /// Its id.
        warp: WarpId,
        /// Its name.
        name: Name,
    },
    /// An organisation comes in, or its entry is replaced by this one.
    OrganisationSet(Organisation),
    /// A named person is invited.
    InvitationAdded {
        /// The invitation.
        invitation: InvitationId,
        /// The person it will make a member.
        member: Member,
        /// SHA-256 of the code.
        code_hash: Head,
        /// When it lapses, in milliseconds since 1970 UTC.
        expires_at_ms: i64,
    },
    /// An invitation is taken back.
    InvitationRevoked {
        /// Which.
        invitation: InvitationId,
    },
    /// An invitation is redeemed: its member is one from now on.
    MemberJoined {
        /// The invitation, now used up.
        invitation: InvitationId,
        /// Whom it made a member.
        member: MemberId,
    },
    /// A member's password or TOTP secret is set. Shown to nobody.
    CredentialsSet {
        /// Whose.
        member: MemberId,
        /// The argon2id hash, as a PHC string.
        password_phc: Secret,
        /// The TOTP secret, base32.
        totp_secret: Secret,
    },
    /// A member's role or standing changes.
    MemberChanged {
        /// Who.
        member: MemberId,
        /// The role from now on.
        role: Role,
        /// The standing from now on.
        standing: Standing,
    },
    /// A member is out, with every device.
    MemberRemoved {
        /// Who.
        member: MemberId,
    },
    /// A device is enrolled.
    DeviceEnrolled(Device),
    /// A device may no longer sign in.
    DeviceRevoked {
        /// Which.
        device: DeviceId,
    },
    /// A room is opened; its log tells the rest.
    RoomOpened {
        /// Which.
        room: RoomId,
    },
    /// A bot gets its grant.
    BotAdded {
        /// The bot.
        bot: Bot,
        /// SHA-256 of the token.
        token_hash: Head,
    },
    /// A bot's grant ends.
    BotRevoked {
        /// Which.
        bot: BotId,
    },
    /// An act of a newer server.
    #[serde(other)]
    Unknown,
}

/// A member organisation: a council or partner. Chosen from the register, never typed free-hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Organisation {
    /// Its id.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: Name,
    /// What else it is called.
    #[serde(default)]
    pub aliases: Vec<Name>,
    /// The organisations it serves: TLP:AMBER shown to it may be shown to them.
    #[serde(default)]
    pub clients: Vec<OrganisationId>,
}

/// A person, acting for one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// The id.
    pub member: MemberId,
    /// The name.
    pub name: Name,
    /// The short name for signing in and for mentions.
    pub handle: Handle,
    /// The organisation acted for.
    pub organisation: OrganisationId,
    /// What they may do.
    pub role: Role,
    /// Whether they may do it now.
    #[serde(default)]
    pub standing: Standing,
}

/// What a member may do in the WARP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the WARP: invites, removes, opens rooms.
    Manager,
    /// Speaks for an organisation and may open rooms.
    Officer,
    /// Is in the rooms they were brought into, and sees nobody else.
    Guest,
}

/// Whether a member may do anything now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Yes.
    #[default]
    Active,
    /// Not until a manager says so; rooms and devices are kept.
    Suspended,
}

/// A member's enrolled client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// The id.
    pub device: DeviceId,
    /// Whose.
    pub member: MemberId,
    /// What its owner calls it.
    pub name: Name,
    /// The key that stays on it.
    pub public_key: PublicKey,
}

/// A program with a narrow grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bot {
    /// The id.
    pub bot: BotId,
    /// The name.
    pub name: Name,
    /// The member who answers for it.
    pub owner: MemberId,
    /// What it may do.
    pub grant: Grant,
}

/// What a bot may do, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    /// The rooms. The bot is put into them, as an entry everyone sees.
    pub rooms: Vec<RoomId>,
    /// The strictest label it may read; `None`: it reads nothing. Never TLP:RED.
    #[serde(default)]
    pub read: Option<Label>,
    /// The strictest label it may post; `None`: it posts nothing.
    #[serde(default)]
    pub post: Option<Label>,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}
