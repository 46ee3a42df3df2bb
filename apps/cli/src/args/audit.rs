//! Arguments of the commands on the audit log, and of export.

use warproom_client::proto::Seq;

/// `audit`
#[derive(clap::Args)]
pub(crate) struct Audit {
    /// Only records after this one
    #[arg(long, default_value_t = 0, value_name = "NUMBER", conflicts_with_all = ["check", "checkpoint", "forget"])]
    pub(crate) after: Seq,
    /// Also stubs of what does not concern you
    #[arg(long, conflicts_with_all = ["check", "checkpoint", "forget"])]
    pub(crate) all: bool,
    /// Read the whole log and check it against its signed checkpoint
    #[arg(long, conflicts_with_all = ["checkpoint", "forget"])]
    pub(crate) check: bool,
    /// Print the present checkpoint, to be kept where nobody at the server can change it
    #[arg(long, conflicts_with = "forget")]
    pub(crate) checkpoint: bool,
    /// Prove that the record of this number is in the log, under its signed checkpoint
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["after", "all", "check", "checkpoint", "forget"])]
    pub(crate) prove: Option<Seq>,
    #[command(flatten)]
    pub(crate) believe: Believe,
}

/// Whether a log is believed anew.
#[derive(clap::Args)]
pub(crate) struct Believe {
    /// Believe its history as the server shows it now, after it was put back from a backup
    #[arg(long)]
    pub(crate) forget: bool,
}

/// `export`
#[derive(clap::Args)]
pub(crate) struct Export {
    /// The room's name or id
    pub(crate) room: String,
    /// Only records after this one
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub(crate) after: Seq,
}
