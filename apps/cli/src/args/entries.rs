//! Arguments of the commands on entries: writing, reading, searching.

use std::path::PathBuf;

use jiff::civil::Date;
use warproom_client::proto::{Label, Seq};

use super::{Asking, Subjects, Switch};

/// `say`
#[derive(clap::Args)]
pub(crate) struct Say {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// What to say, in Markdown; `-` or nothing reads it from standard input. With files and no text, it
    /// says their names
    pub(crate) text: Option<String>,
    /// A file that goes with it; may be repeated, up to 16 times
    #[arg(long, short, value_name = "PATH")]
    pub(crate) file: Vec<PathBuf>,
    /// Who may read it: red, amber+strict, amber, green or clear; the room's default if not given
    #[arg(long, short)]
    pub(crate) label: Option<Label>,
    /// The number of the entry it answers
    #[arg(long, short, value_name = "N")]
    pub(crate) reply_to: Option<Seq>,
    /// Call somebody's attention, by handle; may be repeated
    #[arg(long, short, value_name = "HANDLE", value_delimiter = ',')]
    pub(crate) mention: Vec<String>,
    /// It belongs to an exercise
    #[arg(long)]
    pub(crate) exercise: bool,
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(flatten)]
    pub(crate) subjects: Subjects,
}

/// `fetch`
#[derive(clap::Args)]
pub(crate) struct Fetch {
    /// The room, by name or id
    pub(crate) room: String,
    /// The number of the entry that carries the files
    #[arg(value_name = "N")]
    pub(crate) seq: Seq,
    /// The folder to put them in, which is made if it is not there; where you are, if not given
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) to: PathBuf,
}

/// `tail`
#[derive(clap::Args)]
pub(crate) struct Tail {
    /// The rooms, by name or id; all of yours if none is given
    #[arg(value_name = "ROOM")]
    pub(crate) rooms: Vec<String>,
    /// Begin after this entry instead of now
    #[arg(long, value_name = "N")]
    pub(crate) since: Option<Seq>,
    /// Ring the terminal's bell for what may interrupt you; `warproom interruptions` says what does
    #[arg(long, value_enum, value_name = "SWITCH", default_value_t = Switch::On)]
    pub(crate) bell: Switch,
}

/// `history`
#[derive(clap::Args)]
pub(crate) struct History {
    /// The room, by name or id
    pub(crate) room: String,
    /// The entries just before this one
    #[arg(long, value_name = "N", group = "from")]
    pub(crate) before: Option<Seq>,
    /// The entries just after this one
    #[arg(long, value_name = "N", group = "from")]
    pub(crate) after: Option<Seq>,
    /// The entries from this day on, as 2024-01-18
    #[arg(long, group = "from")]
    pub(crate) date: Option<Date>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(crate) limit: u16,
}

/// `thread`
#[derive(clap::Args)]
pub(crate) struct Thread {
    /// The room, by name or id
    pub(crate) room: String,
    /// The number of the thread's first entry
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
}

/// `search`
#[derive(clap::Args)]
pub(crate) struct Search {
    /// Words that stand in the text, in this order
    pub(crate) text: String,
    /// Search only this room, by name or id
    #[arg(long)]
    pub(crate) room: Option<String>,
    /// How many hits at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) limit: u16,
}

/// `edit`
#[derive(clap::Args)]
pub(crate) struct Edit {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The number of your post
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
    /// What it says from now on; `-` or nothing reads it from standard input
    pub(crate) text: Option<String>,
}

/// `retract`
#[derive(clap::Args)]
pub(crate) struct Retract {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The number of the post
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
}

/// `reached`
#[derive(clap::Args)]
pub(crate) struct Reached {
    /// The room, by name or id
    pub(crate) room: String,
    /// The number of the post or alert
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
}

/// `relabel`
#[derive(clap::Args)]
pub(crate) struct Relabel {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The number of the post
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
    /// Its label from now on
    pub(crate) label: Label,
}

/// `react`
#[derive(clap::Args)]
pub(crate) struct React {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The number of the post
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
    /// One emoji
    pub(crate) emoji: String,
    /// Take the reaction back
    #[arg(long)]
    pub(crate) withdraw: bool,
}

/// `read`
#[derive(clap::Args)]
pub(crate) struct Read {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The last entry you have read; the newest if not given
    #[arg(value_name = "N")]
    pub(crate) seq: Option<Seq>,
}

/// `seen`
#[derive(clap::Args)]
pub(crate) struct Seen {
    /// The room, by name or id
    pub(crate) room: String,
    /// The number of the entry
    #[arg(value_name = "N")]
    pub(crate) seq: Seq,
}
