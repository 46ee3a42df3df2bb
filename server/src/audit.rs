//! The audit log's own machinery: the Merkle tree over it, the key that signs its checkpoints, and
//! what is counted before it is written.
//!
//! How things flow: whoever has something to record hands it to the journal
//! ([`crate::journal::Journal::audit`]), which answers once it is durable. The writer adds to every act
//! it commits a record that refers to it ([`references`]), in the same batch, and hands the commitments
//! of what was committed to the [`Tree`]. Refusals are counted first ([`Counts`]) and written once in a
//! while by the [`keeper`], so that nobody fills the disk by being refused. A checkpoint is signed where
//! it is asked for, and kept outside the store once an hour ([`anchor`]).

pub mod anchor;
pub mod check;
mod counts;
pub mod keeper;
mod key;
mod tree;

use std::sync::{Mutex, PoisonError};

use warproom_proto::audit::{Acted, Event, Record};
use warproom_proto::calls::{SignedCheckpoint, authority_message};
use warproom_proto::invitation::Fingerprint;
use warproom_proto::register::{Act, Event as ActEvent, Signature};
use warproom_proto::{Checkpoint, Head, Kind, LogId, Note, Principal, WarpId};

use crate::journal::What;
use crate::store::{Appended, Draft, ReadError};

pub use counts::{Counts, Refusal, SignIn};
pub use key::{AuditKey, AuditKeyError, KEY, Keys, is_right};
pub use tree::Tree;
pub(crate) use tree::reread as reread_tile;

/// The audit log of a running server, apart from its records.
pub struct Audit {
    /// The tree over its records.
    pub tree: Tree,
    /// What is not written yet.
    pub counts: Counts,
    keys: Keys,
    warp: WarpId,
    /// The latest checkpoint that was signed: many sign in at once after a restart.
    signed: Mutex<Option<Note>>,
}

impl Audit {
    /// Puts it together.
    pub fn new(tree: Tree, keys: Keys, warp: WarpId) -> Self {
        Self { tree, counts: Counts::default(), keys, warp, signed: Mutex::default() }
    }

    /// The checkpoint of the log as it stands on the disk now.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint, ReadError> {
        let (size, root) = self.tree.root()?;
        let key = self.keys.present.public();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = signed.as_ref().filter(|note| note.checkpoint().size == size);
        if let Some(note) = known {
            return Ok(SignedCheckpoint { note: note.clone(), key });
        }
        let checkpoint = Checkpoint { origin: Checkpoint::origin_of(self.warp), size, root };
        let note = self.keys.sign(checkpoint);
        *signed = Some(note.clone());
        Ok(SignedCheckpoint { note, key })
    }

    /// What the log's keys say of the authority that the server is known by.
    pub fn vouch(&self, authority: &Fingerprint) -> Vec<Signature> {
        self.keys.sign_message(&authority_message(self.warp, authority))
    }

    /// The key that signs now.
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// A record of this log, as the store takes it.
pub fn draft(record: &Record) -> Result<Draft, serde_json::Error> {
    Ok(Draft {
        log: LogId::AUDIT,
        summary: Vec::new(),
        item: serde_json::to_vec(record)?,
        refers_to: None,
        is_state: false,
        id: None,
    })
}

/// The records that refer to the acts among what is appended: one for each act of the register and
/// each notice of a room.
pub fn references<'a>(
    appended: impl Iterator<Item = (&'a Appended, &'a What)>,
) -> Result<Vec<Draft>, serde_json::Error> {
    let new = appended.filter(|(appended, _)| !appended.repeated);
    let record = |(appended, what): (&Appended, &What)| match what {
        What::Act(act) => {
            Some(reference(Acted::Register, appended.seq, appended.head, (act.by, subject_of(act))))
        }
        What::Entry { room, entry, .. } if entry.handling.kind.is_notice() => {
            let of = match &entry.handling.kind {
                Kind::Joined { who, .. } | Kind::Left { who } => Some(*who),
                _ => None,
            };
            let who = (Some(entry.handling.author), of);
            Some(reference(Acted::Room(*room), appended.seq, appended.head, who))
        }
        What::Entry { .. } | What::Audit => None,
    };
    new.filter_map(record).map(|record| draft(&record)).collect()
}

/// A record that refers to the act of a log at this head.
pub const fn reference(
    log: Acted,
    seq: u64,
    head: Head,
    (by, of): (Option<Principal>, Option<Principal>),
) -> Record {
    Record { by, from: None, since_ms: None, event: Event::Act { log, seq, head, of } }
}

/// Whom an act is about, if one person or bot.
pub fn subject_of(act: &Act) -> Option<Principal> {
    match &act.event {
        ActEvent::MemberJoined { member, .. }
        | ActEvent::CredentialsSet { member, .. }
        | ActEvent::MemberChanged { member, .. }
        | ActEvent::MemberRemoved { member } => Some(Principal::Member(*member)),
        ActEvent::DeviceEnrolled(device) => Some(Principal::Member(device.member)),
        ActEvent::BotAdded { bot, .. } => Some(Principal::Bot(bot.bot)),
        ActEvent::BotRotated { bot, .. } | ActEvent::BotRevoked { bot } => {
            Some(Principal::Bot(*bot))
        }
        _ => None,
    }
}
