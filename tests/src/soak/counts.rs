//! What happened how often, for the table and for a test to see that everything did.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use warproom_client::CallError;
use warproom_proto::ErrorCode;

/// What is counted, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "Self::words says what each is")]
pub enum What {
    Posts,
    Replies,
    Asks,
    Edits,
    Retractions,
    Reactions,
    Answers,
    Typing,
    Refused,
    HeldBack,
    Delivered,
    TypingSeen,
    PresenceSeen,
    TakenOut,
    LetIn,
    WentByThemselves,
    Suspended,
    Reinstated,
    Removed,
    Newcomers,
    SignedOut,
    Storms,
    Cut,
    SlowSpells,
    Slowed,
    FellBehind,
    EndedWhileSlow,
    Reconnected,
    ErasedEntries,
    ReadBack,
    Restarts,
    Kills,
}

impl What {
    /// In words, for the table.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Replies => "of them replies",
            Self::Asks => "of them with an ask",
            Self::Edits => "edits",
            Self::Retractions => "retractions",
            Self::Reactions => "reactions",
            Self::Answers => "answers",
            Self::Typing => "times somebody typed",
            Self::Refused => "refused, because what they were about had gone meanwhile",
            Self::HeldBack => "not tried, because too many were under way",
            Self::Delivered => "records received by all clients",
            Self::TypingSeen => "notices of typing received",
            Self::PresenceSeen => "notices of presence received",
            Self::TakenOut => "members taken out of a room",
            Self::LetIn => "members let into a room",
            Self::WentByThemselves => "members who left a room by themselves",
            Self::Suspended => "members suspended",
            Self::Reinstated => "members reinstated",
            Self::Removed => "members removed, by two managers",
            Self::Newcomers => "newcomers who joined by invitation",
            Self::SignedOut => "clients signed out by the server",
            Self::Storms => "reconnect storms",
            Self::Cut => "connections cut in them",
            Self::SlowSpells => "times that lines were slow",
            Self::Slowed => "connections on them",
            Self::FellBehind => "times that a connection fell behind",
            Self::EndedWhileSlow => "slow connections that the server ended",
            Self::Reconnected => "reconnects",
            Self::ErasedEntries => "entries erased, by two managers",
            Self::ReadBack => "old records read again",
            Self::Restarts => "restarts",
            Self::Kills => "kills",
        }
    }
}

/// How often what happened.
#[derive(Default)]
pub struct Counts {
    all: Mutex<BTreeMap<What, u64>>,
    faults: Mutex<Vec<String>>,
}

impl Counts {
    /// How many faults are kept.
    const KEPT: usize = 20;

    /// Counts.
    pub fn add(&self, what: What, times: u64) {
        *self.all.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += times;
    }

    /// How often it happened.
    pub fn of(&self, what: What) -> u64 {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&what).copied().unwrap_or_default()
    }

    /// Everything counted, in order.
    pub fn all(&self) -> BTreeMap<What, u64> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts a call that failed. What somebody else did meanwhile may be the reason, and nothing else.
    pub fn failed(&self, doing: &str, error: &CallError) {
        let in_passing = match error {
            CallError::Refused(refusal) => matches!(
                refusal.code,
                ErrorCode::NotFound
                    | ErrorCode::NotAllowed
                    | ErrorCode::Conflict
                    | ErrorCode::SlowDown
                    | ErrorCode::SignInRequired
                    | ErrorCode::SignInRefused
            ),
            CallError::Disconnected | CallError::SignedOut(_) => true,
            _ => false,
        };
        self.add(What::Refused, 1);
        if !in_passing {
            self.fault(format!("{doing}: {error}"));
        }
    }

    /// Takes down what should not have happened.
    pub fn fault(&self, fault: String) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < Self::KEPT {
            faults.push(fault);
        }
    }

    /// What should not have happened.
    pub fn faults(&self) -> Vec<String> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
