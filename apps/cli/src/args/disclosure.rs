//! Arguments of `disclose`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use jiff::civil::Date;
use warproom_client::Rule;
use warproom_client::proto::disclosure::Purpose;
use warproom_client::proto::{Label, Line};

/// `disclose`
#[derive(clap::Args)]
pub(crate) struct Disclose {
    /// The rooms, by name or id
    #[arg(required = true, value_name = "ROOM")]
    pub(crate) rooms: Vec<String>,
    /// The folder to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// What for
    #[arg(long, value_enum)]
    pub(crate) purpose: PurposeName,
    /// The request's number. Everyone in the room can read it in the audit log: let it name nobody
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<Line>,
    /// Only what was said on this day or later, as 2024-01-18
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<Date>,
    /// Only what was said on this day or earlier
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<Date>,
    /// Only what this member said, or what mentions or names them; may be repeated: any of them
    #[arg(long, value_name = "HANDLE")]
    pub(crate) person: Vec<String>,
    /// Only what has this word or phrase, in any text it ever had; may be repeated: any of them
    #[arg(long, value_name = "WORDS")]
    pub(crate) words: Vec<Line>,
    /// The strictest label that is given out: clear, green, amber or amber+strict
    #[arg(long, value_name = "LABEL")]
    pub(crate) up_to: Label,
    /// Black out by a rule: names, emails, telephones, addresses or indicators; with `=TEXT` the exemption
    /// is named, as names="FOIA s.40(2)". `words=TEXT` and `labels=TEXT` name those of --hide-words and
    /// --up-to. May be repeated
    #[arg(long, value_name = "RULE[=EXEMPTION]")]
    pub(crate) hide: Vec<Hide>,
    /// Whom the request is about: a member whose name --hide names leaves; may be repeated
    #[arg(long, value_name = "HANDLE")]
    pub(crate) subject: Vec<String>,
    /// Black out these words; may be repeated
    #[arg(long, value_name = "WORDS")]
    pub(crate) hide_words: Vec<String>,
    /// Black out the words of a file, one on each line: they stand in no list of processes
    #[arg(long, value_name = "FILE")]
    pub(crate) hide_words_of: Option<PathBuf>,
}

/// A purpose as it is typed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PurposeName {
    /// A request under the Freedom of Information Act
    Foi,
    /// A request under the Environmental Information Regulations
    Eir,
    /// Somebody asks for what is kept about them
    SubjectAccess,
    /// An order of a court, or another duty of law
    LegalDuty,
    /// Something else
    Other,
}

impl From<PurposeName> for Purpose {
    fn from(name: PurposeName) -> Self {
        match name {
            PurposeName::Foi => Self::FreedomOfInformation,
            PurposeName::Eir => Self::EnvironmentalInformation,
            PurposeName::SubjectAccess => Self::SubjectAccess,
            PurposeName::LegalDuty => Self::LegalDuty,
            PurposeName::Other => Self::Other,
        }
    }
}

/// A rule as it is typed, with the exemption if one is named.
#[derive(Clone)]
pub(crate) struct Hide {
    pub(crate) rule: Rule,
    pub(crate) exemption: Option<String>,
}

/// A text is no rule.
#[derive(Debug)]
pub(crate) struct NotARule;

impl std::fmt::Display for NotARule {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = Rule::ALL.map(Rule::as_str).join(", ");
        write!(to, "a rule is one of {names}, with =EXEMPTION behind it if you like")
    }
}

impl std::error::Error for NotARule {}

impl FromStr for Hide {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Self, NotARule> {
        let (name, exemption) = match text.split_once('=') {
            Some((name, exemption)) => (name, Some(exemption.trim())),
            None => (text, None),
        };
        let rule = Rule::ALL.into_iter().find(|rule| rule.as_str() == name.trim());
        let exemption = exemption.filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self { rule: rule.ok_or(NotARule)?, exemption })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_typed_with_or_without_its_exemption() {
        let hide: Hide = "names=FOIA s.40(2)".parse().unwrap();
        assert_eq!((hide.rule, hide.exemption.as_deref()), (Rule::Names, Some("FOIA s.40(2)")));
        let hide: Hide = "emails".parse().unwrap();
        assert_eq!((hide.rule, hide.exemption), (Rule::Emails, None));
        let refused = "everything".parse::<Hide>().err().unwrap().to_string();
        assert!(refused.contains("telephones"), "{refused}");
    }
}
