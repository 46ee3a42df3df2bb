//! Arguments of the commands on asks: asking, answering, and who has not answered.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use warproom_client::proto::{Label, Name, Reporting, Seq, limits};

use super::Subjects;
use crate::moment::Moment;

/// What an entry asks.
#[derive(clap::Args)]
pub(crate) struct Asking {
    /// Ask every organisation in the room: acknowledge, roll-call, or your own options with commas
    /// between them
    #[arg(long, value_name = "OPTIONS")]
    pub(crate) ask: Option<Options>,
    /// When the answer is due, as "2026-11-22 14:00" or 2h
    #[arg(long, value_name = "TIME", requires = "ask")]
    pub(crate) due: Option<Moment>,
}

/// `ask`
#[derive(clap::Args)]
pub(crate) struct Ask {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// What to ask, in Markdown; `-` or nothing reads it from standard input
    pub(crate) text: Option<String>,
    #[command(flatten)]
    pub(crate) choices: Choices,
    /// When the answer is due, as "2026-11-22 14:00" or 2h; nobody is reminded if not given
    #[arg(long, value_name = "TIME")]
    pub(crate) due: Option<Moment>,
    /// Who may read it: red, amber+strict, amber, green or clear; the room's default if not given
    #[arg(long, short)]
    pub(crate) label: Option<Label>,
    /// It belongs to an exercise
    #[arg(long)]
    pub(crate) exercise: bool,
    #[command(flatten)]
    pub(crate) subjects: Subjects,
}

/// What may be answered.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Choices {
    /// Affected, investigating, not affected or separate incident
    #[arg(long)]
    roll_call: bool,
    /// Seen, acting, done or not applicable
    #[arg(long)]
    acknowledge: bool,
    /// An option of your own; needed at least twice
    #[arg(long = "option", short, value_name = "OPTION")]
    options: Vec<Name>,
}

impl Choices {
    /// The options as chosen.
    pub(crate) fn options(&self) -> Result<Options, OptionsError> {
        match (self.roll_call, self.acknowledge) {
            (true, _) => Ok(Options::ROLL_CALL),
            (_, true) => Ok(Options::ACKNOWLEDGE),
            _ => Options::own(self.options.clone()),
        }
    }
}

/// The options of an ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Options {
    /// Those that the protocol names.
    Usual(&'static [&'static str]),
    /// One's own.
    Own(Vec<Name>),
}

/// These are no options. The sentence is shown to people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OptionsError(String);

impl std::fmt::Display for OptionsError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for OptionsError {}

impl Options {
    const ROLL_CALL: Self = Self::Usual(&warproom_client::proto::Ask::ROLL_CALL);
    const ACKNOWLEDGE: Self = Self::Usual(&warproom_client::proto::Ask::ACKNOWLEDGE);

    fn own(options: Vec<Name>) -> Result<Self, OptionsError> {
        if !(2..=limits::ASK_OPTIONS).contains(&options.len()) {
            return Err(OptionsError(format!(
                "an ask has 2 to {} options, or write acknowledge or roll-call",
                limits::ASK_OPTIONS
            )));
        }
        let mut folded: Vec<_> = options.iter().map(Name::folded).collect();
        folded.sort_unstable();
        if let Some([twice, _]) = folded.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(OptionsError(format!("\"{twice}\" stands there twice; write it once")));
        }
        Ok(Self::Own(options))
    }
}

impl FromStr for Options {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text.trim().to_lowercase().as_str() {
            "acknowledge" => return Ok(Self::ACKNOWLEDGE),
            "roll-call" => return Ok(Self::ROLL_CALL),
            _ => {}
        }
        let options = text.split(',').map(|option| {
            let option = option.trim();
            option.parse().map_err(|error| OptionsError(format!("\"{option}\": {error}")))
        });
        Self::own(options.collect::<Result<_, _>>()?)
    }
}

/// `answer`
#[derive(clap::Args)]
pub(crate) struct Answer {
    /// The room, by its whole name or id
    pub(crate) room: String,
    /// The number of the entry that asks
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
    /// The option, by its beginning or its number
    pub(crate) choice: String,
    /// What there is to add, in Markdown; `-` reads it from standard input
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Who may read the answer; whoever may read the ask if not given
    #[arg(long, short)]
    pub(crate) label: Option<Label>,
    /// Whether what it is about counts towards a common cause; anonymous if not given and there is
    /// something it is about
    #[arg(long, value_enum)]
    pub(crate) report: Option<Reported>,
    #[command(flatten)]
    pub(crate) subjects: Subjects,
}

/// Whether a report counts towards a common cause, as it is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Reported {
    /// It does not count
    No,
    /// It counts, and nobody is told whose report it was
    Anonymous,
    /// It counts, and your organisation may be named
    Named,
}

impl From<Reported> for Reporting {
    fn from(reported: Reported) -> Self {
        match reported {
            Reported::No => Self::No,
            Reported::Anonymous => Self::Anonymous,
            Reported::Named => Self::Named,
        }
    }
}

/// `board`
#[derive(clap::Args)]
pub(crate) struct Board {
    /// The room, by name or id
    pub(crate) room: String,
    /// The number of the entry that asks
    #[arg(value_name = "N")]
    pub(crate) of: Seq,
    /// Write it as CSV to this new file; `-` prints it
    #[arg(long, value_name = "FILE", group = "form")]
    pub(crate) csv: Option<PathBuf>,
    /// Write it as Markdown to this new file; `-` prints it
    #[arg(long, value_name = "FILE", group = "form")]
    pub(crate) markdown: Option<PathBuf>,
    /// Every answer that one organisation gave, by its name, alias or id
    #[arg(long, value_name = "ORGANISATION", group = "form")]
    pub(crate) history: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    #[test]
    fn options_are_the_usual_ones_or_ones_own() {
        assert_eq!("roll-call".parse(), Ok(Options::ROLL_CALL));
        assert_eq!("Acknowledge".parse(), Ok(Options::ACKNOWLEDGE));
        let own = Options::Own(vec!["yes".parse().unwrap(), "not yet".parse().unwrap()]);
        assert_eq!("yes, not yet".parse(), Ok(own));
    }

    #[test]
    fn one_option_many_options_and_one_twice_are_refused() {
        let refused = |text: &str| text.parse::<Options>().unwrap_err().to_string();
        assert!(refused("yes").starts_with("an ask has 2 to 8 options"));
        assert!(refused("a,b,c,d,e,f,g,h,i").starts_with("an ask has 2 to 8 options"));
        assert_eq!(refused("yes,no,YES"), "\"yes\" stands there twice; write it once");
        assert!(refused("yes,").starts_with("\"\": a name has"));
    }

    #[test]
    fn asking_says_what_may_be_answered() {
        let ask = |options: &[&str]| {
            let line = ["warproom", "ask", "Ops", "Are you hit?"];
            Args::try_parse_from(line.iter().chain(options)).is_ok()
        };
        assert!(!ask(&[]));
        assert!(ask(&["--roll-call", "--due", "2h", "--vendor", "Civica"]));
        assert!(ask(&["--option", "yes", "--option", "no"]));
        assert!(!ask(&["--roll-call", "--acknowledge"]));
    }
}
