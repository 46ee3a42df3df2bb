//! Arguments of the commands on rooms.

use clap::Subcommand;
use warproom_client::proto::{Label, Name};

use super::Switch;

/// `rooms`
#[derive(clap::Args)]
pub(crate) struct Rooms {
    /// For managers: every room, also those you are not in
    #[arg(long)]
    pub(crate) all: bool,
}

/// `room …`
#[derive(Subcommand)]
pub(crate) enum RoomCommand {
    /// Open a room with yourself as its lead
    Open(RoomOpen),
    /// Bring a member into a room, or give them another part
    Add(RoomAdd),
    /// Take a member or a bot out of a room
    Remove(WhoInRoom),
    /// Leave a room
    Leave(InRoom),
    /// Change a room's settings
    Change(RoomChange),
    /// List who is in a room
    Members(InRoom),
    /// List who is connected, if the room has that on
    Present(InRoom),
    /// Accept a room's history as it is now, after it was put back from a backup
    Forget(InRoom),
}

/// `room open`
#[derive(clap::Args)]
pub(crate) struct RoomOpen {
    /// What it is called
    pub(crate) name: Name,
    /// The strictest label it may hold
    #[arg(long, value_name = "LABEL")]
    pub(crate) ceiling: Label,
    /// The label offered to a writer
    #[arg(long, value_name = "LABEL")]
    pub(crate) default: Label,
    #[command(flatten)]
    pub(crate) signals: Signals,
}

/// What members see of each other, never stored.
#[derive(clap::Args)]
pub(crate) struct Signals {
    /// Whether members see who is typing
    #[arg(long)]
    pub(crate) typing: Option<Switch>,
    /// Whether members see who is connected
    #[arg(long)]
    pub(crate) presence: Option<Switch>,
}

/// `room add`
#[derive(clap::Args)]
pub(crate) struct RoomAdd {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The member, by handle, name or id
    pub(crate) member: String,
    /// As a lead, who may bring people in and change the settings
    #[arg(long)]
    pub(crate) lead: bool,
}

/// A room and somebody in it.
#[derive(clap::Args)]
pub(crate) struct WhoInRoom {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The member or bot, by handle, name or id
    pub(crate) who: String,
}

/// A room.
#[derive(clap::Args)]
pub(crate) struct InRoom {
    /// The room, by name or id
    pub(crate) room: String,
}

/// `room change`
#[derive(clap::Args)]
pub(crate) struct RoomChange {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// What it is called from now on
    #[arg(long)]
    pub(crate) name: Option<Name>,
    /// The strictest label it may hold
    #[arg(long, value_name = "LABEL")]
    pub(crate) ceiling: Option<Label>,
    /// The label offered to a writer
    #[arg(long, value_name = "LABEL")]
    pub(crate) default: Option<Label>,
    #[command(flatten)]
    pub(crate) signals: Signals,
}
