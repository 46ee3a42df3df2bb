//! The command line as it is typed. No rules here: what a command does is in `commands`.
//!
//! To add a command: its arguments as a struct in one of the files below, one variant in
//! [`Command`] or [`Online`], one function in `commands`, one line in its dispatch.

mod alerts;
mod asks;
mod audit;
mod concerns;
mod disclosure;
mod entries;
mod governing;
mod machines;
mod password;
mod people;
mod rooms;
mod subjects;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use warproom_client::proto::register::Role;

pub(crate) use alerts::Alert;
pub(crate) use asks::{Answer, Ask, Asking, Board, Options, Reported};
pub(crate) use audit::{Audit, Believe, Export};
pub(crate) use concerns::{DependsOn, Deputies, How, Interruptions};
pub(crate) use disclosure::Disclose;
pub(crate) use entries::{
    Edit, Fetch, History, Reached, React, Read, Relabel, Retract, Say, Search, Seen, Tail, Thread,
};
pub(crate) use governing::{
    Hold, Kept, OfProposal, Propose, ProposeRetention, ShownRetention, Why,
};
pub(crate) use machines::{
    BotAdd, BotCommand, BotRevoke, BotRotate, DeviceCommand, DeviceList, DeviceOnline,
    DeviceRevoke, Enrol, Join, ProfileCommand,
};
pub(crate) use password::ChangePassword;
pub(crate) use people::{
    InvitationCommand, Invite, MemberCommand, Members, OrganisationAdd, OrganisationChange,
    OrganisationCommand, Register, Revoke,
};
pub(crate) use rooms::{InRoom, RoomAdd, RoomChange, RoomCommand, RoomOpen, Rooms, WhoInRoom};
pub(crate) use subjects::Subjects;

/// The war room of a WARP, on the command line.
#[derive(Parser)]
#[command(name = "warproom", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Which profile to use; needed only if there are several
    #[arg(
        long,
        global = true,
        env = "WARPROOM_PROFILE",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub(crate) profile: Option<String>,
    /// The folder that holds the profiles, instead of your system's place for settings
    #[arg(
        long,
        global = true,
        env = "WARPROOM_PROFILES",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub(crate) profiles: Option<PathBuf>,
    /// Print one JSON object per line, as the protocol defines them
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Commands that do not start from a signed-in connection, and all the others.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Redeem an invitation and set this computer up
    Join(Join),
    #[command(flatten)]
    Online(Online),
    /// Your devices
    #[command(subcommand)]
    Device(DeviceCommand),
    /// The profiles on this computer
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Manual {
        /// Which folder
        folder: PathBuf,
    },
}

/// Commands over a signed-in connection.
#[derive(Subcommand)]
pub(crate) enum Online {
    /// List your rooms
    Rooms(Rooms),
    /// Post to a room, with files if you like
    #[command(visible_alias = "post")]
    Say(Box<Say>),
    /// Fetch the files that an entry carries
    Fetch(Fetch),
    /// Warn a room, in a standard form
    Alert(Box<Alert>),
    /// Ask every organisation in a room something, with options and a time to answer by
    Ask(Box<Ask>),
    /// Answer an ask for your organisation; answer again to change it
    Answer(Box<Answer>),
    /// Show who answered an ask, and who did not
    Board(Board),
    /// List the asks that wait for you
    Outstanding,
    /// List the common causes that concern you: what several organisations name
    Causes,
    /// Show or set what may interrupt you
    Interruptions(Interruptions),
    /// Follow rooms live
    #[command(visible_alias = "follow")]
    Tail(Tail),
    /// Read a room's history
    History(History),
    /// Read a thread
    Thread(Thread),
    /// Search what was said, newest first
    Search(Search),
    /// Put a new text in the place of your post
    Edit(Edit),
    /// Take a post back, and say whom it may have reached already
    Retract(Retract),
    /// Say whom a post or alert may have reached; for its author and for managers
    Reached(Reached),
    /// Give a post another label
    Relabel(Relabel),
    /// React to a post
    React(React),
    /// Keep how far you have read
    Read(Read),
    /// Say who has read as far as an entry
    Seen(Seen),
    /// Open a room, change it, bring people in
    #[command(subcommand)]
    Room(RoomCommand),
    /// List the members of the WARP or of a room
    Members(Members),
    /// Members of the WARP
    #[command(subcommand)]
    Member(MemberCommand),
    /// Change your password, or set up another authenticator
    Password(ChangePassword),
    /// Invite a person
    Invite(Invite),
    /// Invitations that can still be redeemed
    #[command(subcommand)]
    Invitation(InvitationCommand),
    /// Member councils and partners
    #[command(subcommand, alias = "org")]
    Organisation(OrganisationCommand),
    /// Bots and what they may do
    #[command(subcommand)]
    Bot(BotCommand),
    /// Read the log of administrative acts
    Register(Register),
    /// Read the audit log: who signed in, was refused, changed or exported what
    Audit(Audit),
    /// Write a room out; everyone in it can see that you did
    Export(Export),
    /// Write out what a request for information asks for, with the rest blacked out and listed
    ///
    /// For managers. What is given out is in the audit log first, and everyone in the room can see that
    /// you did; not whom or what you looked for. TLP:RED is never contained. What you may not read, what
    /// was taken back and what is stricter than --up-to is listed as withheld. Files that entries carry
    /// are named and not contained. Rules find what they know and no more: read what was written before
    /// you hand it on.
    Disclose(Box<Disclose>),
    /// Propose what takes two managers
    #[command(subcommand)]
    Propose(Propose),
    /// List the proposals that wait for a second manager
    Proposals,
    /// Approve another manager's proposal, and so carry it out
    Approve(OfProposal),
    /// Take your proposal back, or turn another's down
    EndProposal(OfProposal),
    /// Put a room under a legal hold: nothing in it is erased
    Hold(Hold),
    /// Say how long entries are kept
    Retention(ShownRetention),
}

/// A role as it is typed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    /// Runs the WARP
    Manager,
    /// Speaks for an organisation
    Officer,
    /// Is in the rooms they were brought into, and no more
    Guest,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Manager => Self::Manager,
            RoleName::Officer => Self::Officer,
            RoleName::Guest => Self::Guest,
        }
    }
}

/// A setting that is on or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes
    On,
    /// No
    Off,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn labels_are_taken_in_lower_case_and_never_guessed() {
        let parse =
            |label: &str| Args::try_parse_from(["warproom", "say", "Ops", "x", "--label", label]);
        assert!(parse("amber+strict").is_ok());
        assert!(parse("TLP:RED").is_ok());
        assert!(parse("amber strict").is_err());
        assert!(parse("white").is_err());
    }

    #[test]
    fn no_password_can_stand_in_an_argument() {
        for option in ["--password", "--code", "--totp"] {
            assert!(Args::try_parse_from(["warproom", "join", "x", option, "y"]).is_err());
        }
    }
}
