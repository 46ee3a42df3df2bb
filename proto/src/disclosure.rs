//! Disclosure: giving records of rooms to somebody outside, because the law says so. What it is for,
//! and why something is not given out.
//!
//! TLP has no effect on freedom of information (FIRST says nothing of it, and no label could); what it
//! has is a source whose permission is asked, and an officer who names the exemption. So labels bound
//! what leaves by this call, and everything that does not is said to be there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::label::Label;
use crate::record::Seq;

/// What records are disclosed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A request under the Freedom of Information Act 2000, or the Scottish Act of 2002.
    FreedomOfInformation,
    /// A request under the Environmental Information Regulations 2004.
    EnvironmentalInformation,
    /// A request of somebody for what is kept about them (UK GDPR, Article 15).
    SubjectAccess,
    /// An order of a court, or another duty of law.
    LegalDuty,
    /// Something else, or a purpose of a newer version.
    #[serde(other)]
    Other,
}

impl Purpose {
    /// The purpose in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FreedomOfInformation => "freedom of information",
            Self::EnvironmentalInformation => "environmental information",
            Self::SubjectAccess => "subject access",
            Self::LegalDuty => "legal duty",
            Self::Other => "other",
        }
    }
}

/// Records in a row that are there and not given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Withheld {
    /// The first of them.
    pub first: Seq,
    /// The last of them.
    pub last: Seq,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// Why a record is not given out. Of the first three it was not looked at whether they are by the
/// people or hold the words that were asked for: that would tell of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It is not shown to whoever discloses.
    NotYours,
    /// It was taken back, and is shown to nobody any more; it is kept until its time comes.
    TakenBack,
    /// It was erased under retention, and is not there any more.
    Erased,
    /// It was selected, and its label is stricter than what is given out; TLP:RED always is.
    Label {
        /// Its label now.
        label: Label,
    },
    /// It changes an entry that is given out, and there are more such changes than a page holds: the newest
    /// come with the entry. A selection of a longer time, or without people and words, has it.
    TooMany,
    /// A reason of a newer server.
    #[serde(other)]
    Unknown,
}
