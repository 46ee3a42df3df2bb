//! Arguments of the commands on the register: organisations, members, invitations.

use clap::Subcommand;
use warproom_client::proto::{Handle, Name, Seq};

use super::{Believe, DependsOn, Deputies, RoleName};

/// `members`
#[derive(clap::Args)]
pub(crate) struct Members {
    /// Only those in this room, by name or id
    pub(crate) room: Option<String>,
}

/// `member …`
#[derive(Subcommand)]
pub(crate) enum MemberCommand {
    /// List the members
    List,
    /// Let a member do nothing until further notice; rooms and devices are kept
    Suspend(Who),
    /// End a suspension
    Resume(Who),
    /// Remove a member with every device, room and open connection
    Remove(Who),
    /// Give a member another role
    Role(RoleChange),
}

/// A member.
#[derive(clap::Args)]
pub(crate) struct Who {
    /// The member, by handle, whole name or id
    #[arg(value_name = "HANDLE")]
    pub(crate) member: String,
}

/// `member role`
#[derive(clap::Args)]
pub(crate) struct RoleChange {
    /// The member, by handle, whole name or id
    #[arg(value_name = "HANDLE")]
    pub(crate) member: String,
    /// The role from now on
    pub(crate) role: RoleName,
}

/// `invite`
#[derive(clap::Args)]
pub(crate) struct Invite {
    /// The person's name
    pub(crate) name: Name,
    /// The short name they will have, as jo.smith
    #[arg(long)]
    pub(crate) handle: Handle,
    /// The organisation they act for, by its whole name, alias or id
    #[arg(long, short)]
    pub(crate) organisation: String,
    /// What they will be
    #[arg(long, default_value = "officer")]
    pub(crate) role: RoleName,
}

/// `invitation …`
#[derive(Subcommand)]
pub(crate) enum InvitationCommand {
    /// List the invitations that can still be redeemed
    List,
    /// Take an invitation back
    Revoke(Revoke),
}

/// `invitation revoke`
#[derive(clap::Args)]
pub(crate) struct Revoke {
    /// The invited person's handle or name, or the invitation's id
    #[arg(value_name = "HANDLE")]
    pub(crate) invitation: String,
}

/// `organisation …`
#[derive(Subcommand)]
pub(crate) enum OrganisationCommand {
    /// List the organisations
    List,
    /// Add an organisation to the register
    Add(OrganisationAdd),
    /// Change an organisation's name, aliases or clients
    Change(OrganisationChange),
    /// Show or change what your organisation depends on: a warning about it concerns you
    DependsOn(DependsOn),
    /// Show or set who is reminded when nobody else of your organisation answers
    Deputies(Deputies),
}

/// `organisation add`
#[derive(clap::Args)]
pub(crate) struct OrganisationAdd {
    /// Its name
    pub(crate) name: Name,
    /// What else it is called; may be repeated
    #[arg(long = "alias", value_name = "NAME")]
    pub(crate) aliases: Vec<Name>,
    /// An organisation it serves, by name or id; may be repeated
    #[arg(long = "client", value_name = "ORGANISATION")]
    pub(crate) clients: Vec<String>,
}

/// `organisation change`
#[derive(clap::Args)]
pub(crate) struct OrganisationChange {
    /// The organisation, by its whole name, alias or id
    pub(crate) organisation: String,
    /// What it is called from now on
    #[arg(long)]
    pub(crate) name: Option<Name>,
    /// Something else it is called from now on; may be repeated
    #[arg(long = "alias", value_name = "NAME")]
    pub(crate) aliases: Vec<Name>,
    /// An alias that goes; may be repeated
    #[arg(long = "drop-alias", value_name = "NAME")]
    pub(crate) drop_aliases: Vec<Name>,
    /// An organisation it serves from now on; may be repeated
    #[arg(long = "client", value_name = "ORGANISATION")]
    pub(crate) clients: Vec<String>,
    /// An organisation it serves no more; may be repeated
    #[arg(long = "drop-client", value_name = "ORGANISATION")]
    pub(crate) drop_clients: Vec<String>,
}

/// `register`
#[derive(clap::Args)]
pub(crate) struct Register {
    /// Only what came after this record
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "forget")]
    pub(crate) after: Seq,
    #[command(flatten)]
    pub(crate) believe: Believe,
}
