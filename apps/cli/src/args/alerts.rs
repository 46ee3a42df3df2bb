//! Arguments of `alert`. The words are those of the Common Alerting Protocol 1.2.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use warproom_client::proto::{Certainty, Label, Line, Seq, Severity, Urgency};

use super::{Asking, Reported, Subjects};
use crate::moment::Moment;

/// `alert`
#[derive(clap::Args)]
pub(crate) struct Alert {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// What it says in one line
    pub(crate) headline: Line,
    #[command(flatten)]
    pub(crate) content: AlertContent,
    #[command(flatten)]
    pub(crate) weight: Weight,
    /// Who may read it: red, amber+strict, amber, green or clear; the room's default if not given
    #[arg(long, short)]
    pub(crate) label: Option<Label>,
    #[command(flatten)]
    pub(crate) times: Times,
    /// The number of the alert it takes the place of
    #[arg(long, value_name = "N")]
    pub(crate) supersedes: Option<Seq>,
    /// The earlier alert holds no more
    #[arg(long, requires = "supersedes")]
    pub(crate) cancel: bool,
    /// It belongs to an exercise
    #[arg(long)]
    pub(crate) exercise: bool,
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// Whether it counts, as a report of your organisation, towards a common cause of what it is about
    #[arg(long, value_enum, default_value_t = Reported::No)]
    pub(crate) report: Reported,
    #[command(flatten)]
    pub(crate) subjects: Subjects,
}

/// What people read below the headline.
#[derive(clap::Args)]
pub(crate) struct AlertContent {
    /// What has happened, in Markdown; `-` reads it from standard input
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// What its readers should do, in Markdown; `-` reads it from standard input
    #[arg(long = "do", value_name = "TEXT")]
    pub(crate) what_to_do: Option<String>,
    /// Where more is to be read: a web address; may be repeated
    #[arg(long = "reference", value_name = "URL")]
    pub(crate) references: Vec<Line>,
    /// Who issued it, in their own words
    #[arg(long, value_name = "NAME")]
    pub(crate) issuer: Option<Line>,
}

/// How bad, how soon, how sure.
#[derive(clap::Args)]
pub(crate) struct Weight {
    /// How bad it is
    #[arg(long, short, value_parser = word(WORST_FIRST, Severity::as_str))]
    pub(crate) severity: Severity,
    /// How soon something is to be done
    #[arg(long, default_value = "unknown", value_parser = word(Urgency::ALL, Urgency::as_str))]
    pub(crate) urgency: Urgency,
    /// How sure it is
    #[arg(long, default_value = "unknown", value_parser = word(Certainty::ALL, Certainty::as_str))]
    pub(crate) certainty: Certainty,
}

/// When.
#[derive(clap::Args)]
pub(crate) struct Times {
    /// When its issuer issued it, as "2026-11-22 14:00"
    #[arg(long, value_name = "TIME")]
    pub(crate) issued: Option<Moment>,
    /// From when it holds, as "2026-11-22 14:00" or 2h
    #[arg(long, value_name = "TIME")]
    pub(crate) effective: Option<Moment>,
    /// Until when it holds, as "2026-11-22 14:00" or 48h
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<Moment>,
}

/// Severities as they are offered: whoever is in a hurry reads the first.
const WORST_FIRST: &[Severity] =
    &[Severity::Extreme, Severity::Severe, Severity::Moderate, Severity::Minor, Severity::Unknown];

/// A closed list of words of the protocol.
pub(super) fn word<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    as_str: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(move |one| as_str(*one))).try_map(move |word| {
        all.iter().copied().find(|one| as_str(*one) == word).ok_or("this is not one of the words")
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command, Online};

    fn alert(options: &[&str]) -> Result<Alert, clap::Error> {
        let line = ["warproom", "alert", "Early warning", "Ivanti exploited"];
        match Args::try_parse_from(line.iter().chain(options))?.command {
            Command::Online(Online::Alert(alert)) => Ok(*alert),
            _ => panic!("this is the command alert"),
        }
    }

    #[test]
    fn severity_is_asked_for_and_never_guessed() {
        assert!(alert(&[]).is_err());
        let parsed = alert(&["--severity", "severe"]).unwrap();
        assert_eq!(parsed.weight.severity, Severity::Severe);
        assert_eq!(parsed.weight.urgency, Urgency::Unknown);
        assert!(alert(&["--severity", "high"]).err().unwrap().to_string().contains("extreme"));
    }

    #[test]
    fn every_severity_is_offered() {
        assert!(Severity::ALL.iter().all(|one| WORST_FIRST.contains(one)));
    }

    #[test]
    fn a_cancellation_says_of_what_and_a_time_to_answer_by_says_to_what() {
        let severe = ["--severity", "severe"];
        let with = |more: &[&str]| alert(&[&severe[..], more].concat()).is_ok();
        assert!(with(&["--supersedes", "4", "--cancel"]));
        assert!(!with(&["--cancel"]));
        assert!(with(&["--ask", "acknowledge", "--due", "2h"]));
        assert!(!with(&["--due", "2h"]));
    }
}
