//! Arguments of the commands on devices, bots and profiles, and of setting a device up.

use std::path::PathBuf;

use clap::Subcommand;
use warproom_client::proto::register::Grant;
use warproom_client::proto::{Handle, Label, Name, limits};

use crate::moment::Moment;

/// `join`
#[derive(clap::Args)]
pub(crate) struct Join {
    /// The text your manager gave you, beginning with warproom://. Asked for if not given: who else is on this
    /// computer can see what a command is given
    pub(crate) invitation: Option<String>,
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
    /// The device, by its whole name or id
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
    /// Give a bot another token, and its webhook another address; they are printed once
    Rotate(BotRotate),
    /// End a bot's grant and its connections
    Revoke(BotRevoke),
}

/// `bot add`
#[derive(clap::Args)]
pub(crate) struct BotAdd {
    /// What it is called
    pub(crate) name: Name,
    /// A room it is put into, by its whole name or id; may be repeated
    #[arg(long = "room", value_name = "ROOM", required = true)]
    pub(crate) rooms: Vec<String>,
    /// The strictest label it may read; nothing if not given
    #[arg(long, value_name = "LABEL")]
    pub(crate) read: Option<Label>,
    /// The strictest label it may post; nothing if not given
    #[arg(long, value_name = "LABEL")]
    pub(crate) post: Option<Label>,
    /// Let it answer asks for your organisation; it must be able to read them
    #[arg(long, requires = "read")]
    pub(crate) answer: bool,
    /// How many entries it may write in a minute
    #[arg(
        long,
        value_name = "N",
        default_value_t = Grant::USUAL_PER_MINUTE,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(limits::BOT_PER_MINUTE))
    )]
    pub(crate) per_minute: u16,
    /// Until when, as "2026-11-22 14:00" or 90d
    #[arg(long, value_name = "TIME", default_value = "90d")]
    pub(crate) expires: Moment,
    /// Give it a webhook that posts to this room, by its whole name or id
    #[arg(long, value_name = "ROOM", requires = "hook_label")]
    pub(crate) hook: Option<String>,
    /// The label of what the webhook posts, unless a message asks for a stricter one
    #[arg(long, value_name = "LABEL", requires = "hook")]
    pub(crate) hook_label: Option<Label>,
}

/// `bot rotate`
#[derive(clap::Args)]
pub(crate) struct BotRotate {
    /// The bot, by its whole name or id
    pub(crate) bot: String,
}

/// `bot revoke`
#[derive(clap::Args)]
pub(crate) struct BotRevoke {
    /// The bot, by its whole name or id
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::args::Args;

    #[test]
    fn a_webhook_has_a_room_and_a_label_and_an_answering_bot_reads() {
        let takes = |options: &[&str]| {
            let line = ["warproom", "bot", "add", "Monitoring", "--room", "Ops"];
            Args::try_parse_from(line.iter().chain(options)).is_ok()
        };
        assert!(takes(&["--post", "green", "--hook", "Ops", "--hook-label", "green"]));
        assert!(!takes(&["--hook", "Ops"]));
        assert!(!takes(&["--hook-label", "green"]));
        assert!(takes(&["--read", "green", "--answer", "--per-minute", "600", "--expires", "30d"]));
        assert!(!takes(&["--answer"]));
        assert!(!takes(&["--per-minute", "601"]));
        assert!(!takes(&["--per-minute", "0"]));
    }
}
