//! Records of the audit log in words, and which of them are shown. The words are the client crate's, the
//! same that `warproom audit` prints; names are those that the log of acts uses, too.

use warproom_client::audited_in_words;
use warproom_client::proto::audit::{Acted, Event, Record as Audited};
use warproom_client::proto::{Body, Record, Seq};

use crate::model::Model;
use crate::model::manage::acts::Names;

/// What is said of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the log.
    pub seq: Seq,
    /// When it happened, in milliseconds since 1970 UTC; none: it is a stub.
    pub at_ms: Option<i64>,
    /// What happened.
    pub words: String,
    /// What it is about.
    pub kind: Kind,
    /// The act of the register that it names, if it names one.
    pub act: Option<Seq>,
}

/// What records are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    #[default]
    All,
    /// Who came in.
    SignIns,
    /// Who was turned away.
    Refusals,
    /// Who changed what.
    Acts,
    /// Managers who read what goes beyond their own.
    Reads,
    /// What was taken out.
    Exports,
    /// Backups, keys, and how long things are kept.
    Keeping,
    /// What is a stub, or of a newer server.
    Other,
}

impl Kind {
    /// Every kind that one chooses from, in its order.
    pub const ALL: [Self; 8] = [
        Self::All,
        Self::SignIns,
        Self::Refusals,
        Self::Acts,
        Self::Reads,
        Self::Exports,
        Self::Keeping,
        Self::Other,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "Everything",
            Self::SignIns => "Sign-ins",
            Self::Refusals => "Refusals",
            Self::Acts => "Acts",
            Self::Reads => "Managers' reads",
            Self::Exports => "Exports",
            Self::Keeping => "Keys, backups, retention",
            Self::Other => "Other records",
        }
    }

    const fn of(event: &Event) -> Self {
        match event {
            Event::SignedIn { .. } => Self::SignIns,
            Event::SignInRefused { .. } | Event::Refused { .. } => Self::Refusals,
            Event::Act { .. } => Self::Acts,
            Event::ManagerRead { .. } => Self::Reads,
            Event::Exported { .. } | Event::Disclosed { .. } => Self::Exports,
            Event::BackupTaken { .. }
            | Event::KeyRotated { .. }
            | Event::RetentionChanged { .. } => Self::Keeping,
            _ => Self::Other,
        }
    }
}

/// Puts what was read into words again.
pub(super) fn reword(model: &mut Model) {
    let audit = &model.manage.audit;
    let names = Names::with_acts(model);
    let wanted = model.manage.filter.trim().to_lowercase();
    let is_shown = |line: &Line| {
        (line.at_ms.is_some() || audit.has_stubs)
            && (audit.kind == Kind::All || audit.kind == line.kind)
            && (wanted.is_empty() || line.words.to_lowercase().contains(&wanted))
    };
    let lines = audit.records.values().rev().map(|record| line(record, &names));
    let lines = lines.filter(is_shown).collect();
    model.manage.audit.lines = lines;
}

fn line(record: &Record, names: &Names<'_>) -> Line {
    let seq = record.seq;
    let said = |at_ms, words: &str| Line {
        seq,
        at_ms,
        words: words.to_owned(),
        kind: Kind::Other,
        act: None,
    };
    let Body::Shown { at_ms, item, .. } = &record.body else {
        return said(None, "Does not concern you");
    };
    let Ok(audited) = serde_json::from_str::<Audited>(item.get()) else {
        return said(Some(*at_ms), "Something that this version cannot show");
    };
    let act = match audited.event {
        Event::Act { log: Acted::Register, seq, .. } => Some(seq),
        _ => None,
    };
    let words = audited_in_words(&audited, names);
    let at_ms = Some(audited.since_ms.unwrap_or(*at_ms));
    Line { seq, at_ms, words, kind: Kind::of(&audited.event), act }
}
