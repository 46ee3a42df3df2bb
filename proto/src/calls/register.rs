//! Calls on the register: organisations, members, invitations, devices and bots.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{BotId, DeviceId, InvitationId, MemberId, OrganisationId};
use crate::register::{Bot, Device, Grant, Hook, Member, Organisation, Role, Standing};
use crate::secret::Secret;
use crate::text::{Handle, Name};

macro_rules! plain {
    ($($(#[$doc:meta])* $type:ident { $($(#[$field_doc:meta])* $field:ident: $field_type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $type { $($(#[$field_doc])* pub $field: $field_type),* }
    )*};
}

plain! {
    /// Lists the organisations.
    ListOrganisations {}

    /// Adds an organisation.
    AddOrganisation {
        /// Its name; no other organisation may have it as name or alias.
        name: Name,
        /// What else it is called, likewise.
        #[serde(default)]
        aliases: Vec<Name>,
        /// The organisations it serves.
        #[serde(default)]
        clients: Vec<OrganisationId>,
    }

    /// Replaces an organisation's entry.
    ChangeOrganisation {
        /// The entry from now on.
        organisation: Organisation,
    }

    /// Lists the members.
    ListMembers {}

    /// Gives a member another role or standing.
    ChangeMember {
        /// Who.
        member: MemberId,
        /// The role from now on, if it changes.
        #[serde(default)]
        role: Option<Role>,
        /// The standing from now on, if it changes.
        #[serde(default)]
        standing: Option<Standing>,
    }

    /// Removes a member.
    RemoveMember {
        /// Who.
        member: MemberId,
    }

    /// Invites a person.
    AddInvitation {
        /// The person's name.
        name: Name,
        /// The handle they will have; no member may have it.
        handle: Handle,
        /// The organisation they act for.
        organisation: OrganisationId,
        /// What they will be.
        role: Role,
    }

    /// Lists the invitations that can still be redeemed.
    ListInvitations {}

    /// Takes an invitation back.
    RevokeInvitation {
        /// Which.
        invitation: InvitationId,
    }

    /// Lists devices.
    ListDevices {
        /// Whose; yours if not said.
        #[serde(default)]
        member: Option<MemberId>,
    }

    /// Revokes a device.
    RevokeDevice {
        /// Which.
        device: DeviceId,
    }

    /// Gives a bot its grant.
    AddBot {
        /// What it is called.
        name: Name,
        /// What it may do.
        grant: Grant,
        /// Where a webhook of its posts; not said: it has none.
        #[serde(default)]
        hook: Option<Hook>,
    }

    /// Replaces a bot's token, and its webhook's secret if it has one. The old ones end.
    RotateBot {
        /// Which.
        bot: BotId,
    }

    /// Lists the bots.
    ListBots {}

    /// Ends a bot's grant.
    RevokeBot {
        /// Which.
        bot: BotId,
    }
}

/// An organisation was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrganisationAdded {
    /// Its id.
    pub organisation: OrganisationId,
}

/// The organisations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrganisationList {
    /// By name.
    pub organisations: Vec<Organisation>,
}

/// The members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberList {
    /// By name.
    pub members: Vec<Member>,
}

/// An invitation was made.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct InvitationAdded {
    /// Its id, to revoke it by.
    pub invitation: InvitationId,
    /// The text to hand over: `warproom://…`. Said this once.
    pub text: Secret,
    /// When it lapses, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

/// The invitations that can still be redeemed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvitationList {
    /// By name of the person.
    pub invitations: Vec<PendingInvitation>,
}

/// An invitation that can still be redeemed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingInvitation {
    /// Its id.
    pub invitation: InvitationId,
    /// Whom it will make a member.
    pub member: Member,
    /// When it lapses, in milliseconds since 1970 UTC.
    pub expires_at_ms: i64,
}

/// Devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceList {
    /// Oldest first.
    pub devices: Vec<Device>,
}

/// A bot was added, or got a new token.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct BotAdded {
    /// Its id.
    pub bot: BotId,
    /// Its token. Said this once.
    pub token: Secret,
    /// The address of its webhook, `https://…/hooks/…`: whoever has it may post. Said this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<Secret>,
}

/// The bots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotList {
    /// By name.
    pub bots: Vec<Bot>,
}
