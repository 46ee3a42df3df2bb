//! Arguments of the commands on how long entries are kept, and on what takes two managers.

use std::str::FromStr;

use clap::Subcommand;
use warproom_client::proto::{Label, Line, ProposalId, Retention, Seq};

/// `propose …`
#[derive(Subcommand)]
pub(crate) enum Propose {
    /// For how many days entries are kept, by their label
    Retention(ProposeRetention),
    /// Erase entries before their time
    Erase(ProposeErase),
    /// End the legal hold on a room
    LiftHold(ProposeLiftHold),
    /// Remove more members than one manager may within a day
    Remove(ProposeRemove),
}

/// `propose retention`
#[derive(clap::Args)]
pub(crate) struct ProposeRetention {
    /// Only in this room, by its whole name or id; otherwise in every room without a rule of its own
    pub(crate) room: Option<String>,
    /// For how many days entries of a label are kept, as green=365; may be repeated. Labels that are not
    /// named keep their entries for ever
    #[arg(long = "keep", value_name = "LABEL=DAYS", required_unless_present = "none")]
    pub(crate) keep: Vec<Kept>,
    /// No rule: the room goes by the one for every room, and without a room everything is kept for ever
    #[arg(long, conflicts_with = "keep")]
    pub(crate) none: bool,
    #[command(flatten)]
    pub(crate) why: Why,
}

/// `propose erase`
#[derive(clap::Args)]
pub(crate) struct ProposeErase {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The numbers of the entries
    #[arg(value_name = "N", required = true)]
    pub(crate) entries: Vec<Seq>,
    #[command(flatten)]
    pub(crate) why: Why,
}

/// `propose lift-hold`
#[derive(clap::Args)]
pub(crate) struct ProposeLiftHold {
    /// The room, by its whole name or id
    pub(crate) room: String,
    #[command(flatten)]
    pub(crate) why: Why,
}

/// `propose remove`
#[derive(clap::Args)]
pub(crate) struct ProposeRemove {
    /// The members, by handle, whole name or id
    #[arg(value_name = "HANDLE", required = true)]
    pub(crate) members: Vec<String>,
    #[command(flatten)]
    pub(crate) why: Why,
}

/// `hold`
#[derive(clap::Args)]
pub(crate) struct Hold {
    /// The room, by its whole name or id
    pub(crate) room: String,
    #[command(flatten)]
    pub(crate) why: Why,
}

/// `retention`
#[derive(clap::Args)]
pub(crate) struct ShownRetention {
    /// Of this room, by name or id; otherwise of rooms without a rule of their own
    pub(crate) room: Option<String>,
}

/// Why something is done.
#[derive(clap::Args)]
pub(crate) struct Why {
    /// Why; it stays in the register
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Line,
}

/// A proposal.
#[derive(clap::Args)]
pub(crate) struct OfProposal {
    /// The proposal's id, as `warproom proposals` lists it
    #[arg(value_name = "ID")]
    pub(crate) proposal: ProposalId,
}

/// For how many days entries of a label are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Which label.
    pub(crate) label: Label,
    /// How many days.
    pub(crate) days: u32,
}

impl FromStr for Kept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (label, days) = text.split_once('=').ok_or("write LABEL=DAYS, as green=365")?;
        let label = label.parse().map_err(|error| format!("{error}"))?;
        let days = days.parse().ok().filter(|days| (1..=Retention::MOST_DAYS).contains(days));
        let days = days.ok_or_else(|| format!("days are 1 to {}", Retention::MOST_DAYS))?;
        Ok(Self { label, days })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_said_by_label() {
        let kept = "amber+strict=90".parse::<Kept>();
        assert_eq!(kept, Ok(Kept { label: Label::AmberStrict, days: 90 }));
        for wrong in ["green", "green=0", "green=36501", "mauve=3", "=3", "green="] {
            assert!(wrong.parse::<Kept>().is_err(), "{wrong}");
        }
    }
}
