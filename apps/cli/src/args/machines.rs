//! Arguments of the commands on devices, bots and profiles, and of setting a device up.

use std::path::PathBuf;

use clap::Subcommand;
use warproom_client::proto::{Handle, Label, Name};

/// `join`
#[derive(clap::Args)]
pub(crate) struct Join {
    /// The text your manager gave you, beginning with warproom://; `-` reads it from standard input
    pub(crate) invitation: String,
    /// What to call this device; this computer's name if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<Name>,
    /// For scripts: take the password from the first line of this file instead of asking
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// For scripts: write the TOTP secret (base32) to this new file instead of showing it
    #[arg(long, value_name = "FILE", requires = "password_file")]
    pub(crate) totp_file: Option<PathBuf>,
}

/// `device …`
#[derive(Subcommand)]
pub(crate) enum DeviceCommand {
    /// Set this computer up as another device of yours, with your password and a TOTP code
    Enrol(Enrol),
    #[command(flatten)]
    Online(DeviceOnline),
}

/// `device list` and `device revoke`
#[derive(Subcommand)]
pub(crate) enum DeviceOnline {
    /// List your devices
    List(DeviceList),
    /// Revoke a device and end its connections
    Revoke(DeviceRevoke),
}

/// `device enrol`
#[derive(clap::Args)]
pub(crate) struct Enrol {
    /// The server, as warproom://host:port/fingerprint; `profile show` on your first device says it
    pub(crate) address: String,
    /// Your handle
    pub(crate) handle: Handle,
    /// What to call this device; this computer's name if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<Name>,
    /// For scripts: take the password from the first line of this file instead of asking; the code
    /// can be piped in
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// `device list`
#[derive(clap::Args)]
pub(crate) struct DeviceList {
    /// For managers: another member's, by handle, name or id
    #[arg(long, value_name = "HANDLE")]
    pub(crate) member: Option<String>,
}

/// `device revoke`
#[derive(clap::Args)]
pub(crate) struct DeviceRevoke {
    /// The device, by name or id
    pub(crate) device: String,
    /// For managers: another member's, by handle, name or id
    #[arg(long, value_name = "HANDLE")]
    pub(crate) member: Option<String>,
}

/// `bot …`
#[derive(Subcommand)]
pub(crate) enum BotCommand {
    /// Give a bot its grant; its token is printed once
    Add(BotAdd),
    /// List the bots and what they may do
    List,
    /// End a bot's grant and its connections
    Revoke(BotRevoke),
}

/// `bot add`
#[derive(clap::Args)]
pub(crate) struct BotAdd {
    /// What it is called
    pub(crate) name: Name,
    /// A room it is put into, by name or id; may be repeated
    #[arg(long = "room", value_name = "ROOM", required = true)]
    pub(crate) rooms: Vec<String>,
    /// The strictest label it may read; nothing if not given
    #[arg(long, value_name = "LABEL")]
    pub(crate) read: Option<Label>,
    /// The strictest label it may post; nothing if not given
    #[arg(long, value_name = "LABEL")]
    pub(crate) post: Option<Label>,
    /// For how many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub(crate) days: u16,
}

/// `bot revoke`
#[derive(clap::Args)]
pub(crate) struct BotRevoke {
    /// The bot, by name or id
    pub(crate) bot: String,
}

/// `profile …`
#[derive(Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles on this computer
    List,
    /// Show a profile: who you are, where its server is and how it is known
    Show,
}
