//! The register: the log of who exists and who may do what. Every administrative act is one event;
//! members, organisations, devices and bots are a fold over them. (Who is in a room, and its settings,
//! are told in the room's own log, where everyone in it sees them.)

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::entry::Subject;
use crate::id::{
    BotId, CauseId, DeviceId, InvitationId, MemberId, OrganisationId, Principal, ProposalId,
    RoomId, WarpId,
};
use crate::label::Label;
use crate::newtype::hex_newtype;
use crate::record::Head;
use crate::retention::{Proposed, Retention};
use crate::secret::Secret;
use crate::text::{Handle, Line, Name};

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
    /// Who did it; `None` where the server itself did, or its operator at the console.
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
    /// What an organisation depends on and who its deputies are, whole.
    RegisterEntrySet(RegisterEntry),
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
        /// The device from which they were changed: every other one's connections end. None where
        /// they were set by joining, or the same password was hashed anew.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed_from: Option<DeviceId>,
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
        /// SHA-256 of the webhook's secret, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hook_hash: Option<Head>,
    },
    /// A bot's token, and its webhook's secret if it has one, are replaced; the old ones end.
    BotRotated {
        /// The bot.
        bot: BotId,
        /// SHA-256 of the token from now on.
        token_hash: Head,
        /// SHA-256 of the webhook's secret from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hook_hash: Option<Head>,
    },
    /// The key that signs checkpoints of the audit log, from now on. The server's own act.
    AuditKeySet {
        /// The public half.
        public_key: PublicKey,
    },
    /// A bot's grant ends.
    BotRevoked {
        /// Which.
        bot: BotId,
    },
    /// Several organisations name the same supplier or product, or one more does. The server's own
    /// act: nobody's name stands beside it.
    CommonCauseFound(CommonCause),
    /// Something is proposed that takes two managers.
    ProposalMade {
        /// The proposal.
        proposal: ProposalId,
        /// What is to be done.
        what: Proposed,
        /// Why.
        reason: Line,
        /// When it lapses, in milliseconds since 1970 UTC.
        lapses_at_ms: i64,
    },
    /// A second manager approves: it is carried out.
    ProposalApproved {
        /// Which.
        proposal: ProposalId,
    },
    /// A proposal is taken back or turned down.
    ProposalEnded {
        /// Which.
        proposal: ProposalId,
    },
    /// How long entries are kept from now on.
    RetentionSet {
        /// In which room; not said: in every room without a rule of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// The rule; not said: none of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention: Option<Retention>,
    },
    /// A legal hold on a room begins or ends.
    HoldSet {
        /// Which.
        room: RoomId,
        /// Whether it is held from now on.
        held: bool,
        /// Why.
        reason: Line,
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

/// What an organisation tells of itself: what it depends on, and who stands in. Set by its own
/// officers; seen by them and by managers, and by every officer if it opts in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisterEntry {
    /// Whose.
    pub organisation: OrganisationId,
    /// The suppliers, products and subjects it depends on: a warning about one of them concerns it.
    #[serde(default)]
    pub depends_on: Vec<Dependency>,
    /// Whether every officer of the WARP may see it.
    #[serde(default)]
    pub shown: bool,
    /// Who is reminded, in this order, when nobody else of the organisation has answered in time.
    #[serde(default)]
    pub deputies: Vec<MemberId>,
}

/// Something an organisation depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dependency {
    /// What.
    pub subject: Subject,
    /// What else it is called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Name>,
}

/// A supplier or product that several organisations name within a while. Told to the managers and to
/// everyone whose organisation depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommonCause {
    /// Its id: the same when one more organisation names it.
    pub cause: CauseId,
    /// What is named.
    pub subject: Subject,
    /// How many organisations name it.
    pub organisations: u32,
    /// Those of them that allow to be named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<OrganisationId>,
    /// When the first of them did, in milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// When the latest of them did, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whether it belongs to an exercise and must never look real.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
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
    /// Where its webhook posts, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<Hook>,
}

/// Where a webhook posts and under which label, if the message says nothing stricter or says nothing
/// at all. Both lie within the bot's grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hook {
    /// The room.
    pub room: RoomId,
    /// The label.
    pub label: Label,
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
    /// Whether it may answer asks, for its owner's organisation. It must be able to read them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answer: bool,
    /// How many entries it may append in a minute, 1 to 600; more are refused until it has waited.
    #[serde(default = "Grant::usual_rate")]
    pub per_minute: u16,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

impl Grant {
    /// The rate of a grant that does not say: one entry a second over time.
    pub const USUAL_PER_MINUTE: u16 = 60;

    const fn usual_rate() -> u16 {
        Self::USUAL_PER_MINUTE
    }
}
