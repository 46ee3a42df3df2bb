//! The audit log as this client remembers it: the latest signed checkpoint that it was shown, which every
//! later one must continue.
//!
//! The server gives one at each sign-in and once an hour. It must be signed by the key that is
//! remembered; a shorter log was rolled back; of a longer one the proof that it continues the remembered
//! one comes with the sign-in, or is asked for, and is checked ([RFC 9162 §2.1.4](https://www.rfc-editor.org/rfc/rfc9162)). So nobody can
//! take a record out of the log, put one in or change one, unseen by whoever was there.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use warproom_proto::calls::{
    AuditCheckpoint, AuditConsistency, AuditInclusion, AuditPage, From, SignedCheckpoint, SignedIn,
    authority_message,
};
use warproom_proto::invitation::Fingerprint;
use warproom_proto::merkle::{Frontier, continues, includes, leaf_hash};
use warproom_proto::register::{PublicKey, Signature};
use warproom_proto::{Checkpoint, Error, ErrorCode, Head, LogId, Note, Position, Seq, WarpId};

use crate::client::Client;
use crate::error::CallError;
use crate::event::{AuditBreak, Discontinuity, Rewritten};

/// What is remembered of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The key that signs its checkpoints.
    pub key: PublicKey,
    /// How many records it had.
    pub size: Seq,
    /// The root over them.
    pub root: Head,
}

impl AuditHead {
    pub(crate) const fn of(signed: &SignedCheckpoint) -> Self {
        let Checkpoint { size, root, .. } = signed.note.checkpoint();
        Self { key: signed.key, size: *size, root: *root }
    }
}

/// The first record found not to fit, and how.
pub(crate) type Break = (Seq, AuditBreak);

/// What is to be done about a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Remember it.
    Remember(AuditHead),
    /// See the proof that it, the second, continues what is remembered, the first; and then remember it.
    Prove(AuditHead, AuditHead),
    /// Nothing: a server without an audit log, which never had one.
    Nothing,
}

/// Looks at a checkpoint, as a server of this WARP shows it.
pub(crate) fn look(
    known: Option<AuditHead>,
    shown: Option<&SignedCheckpoint>,
    warp: WarpId,
) -> Result<Then, Break> {
    let Some(shown) = shown else {
        return known.map_or(Ok(Then::Nothing), |known| Err((known.size, AuditBreak::Withheld)));
    };
    let (note, head) = (&shown.note, AuditHead::of(shown));
    let trusted = known.map_or(head.key, |known| known.key);
    let signed = is_signed(note, &trusted) && is_signed(note, &head.key);
    if note.checkpoint().origin != Checkpoint::origin_of(warp) || !signed {
        return Err((head.size, AuditBreak::Signature));
    }
    match known {
        None => Ok(Then::Remember(head)),
        Some(known) if head.size < known.size => {
            Err((head.size, AuditBreak::RolledBack { remembered: known.size }))
        }
        Some(known) if head.size == known.size && head.root == known.root => {
            Ok(Then::Remember(head))
        }
        Some(known) if head.size == known.size => Err((known.size, AuditBreak::Forked)),
        Some(known) => Ok(Then::Prove(known, head)),
    }
}

/// Whether a path proves that a checkpoint continues a remembered one.
pub(crate) fn proves(known: AuditHead, shown: AuditHead, path: &[Head]) -> Result<(), Break> {
    if continues((known.size, &known.root), (shown.size, &shown.root), path) {
        Ok(())
    } else {
        Err((known.size, AuditBreak::Forked))
    }
}

/// Whether the key that is remembered signed that the server is known by this authority.
pub(crate) fn vouches(
    known: Option<AuditHead>,
    signed_in: &SignedIn,
    authority: &Fingerprint,
) -> bool {
    let message = authority_message(signed_in.warp, authority);
    let by = |key: PublicKey| UnparsedPublicKey::new(&ED25519, key.0);
    known.is_some_and(|known| {
        let mut signatures = signed_in.authority.iter();
        signatures.any(|signature| by(known.key).verify(&message, &signature.0).is_ok())
    })
}

fn is_signed(note: &Note, key: &PublicKey) -> bool {
    note.is_signed_by(key, |key: &PublicKey, text: &[u8], signature: &Signature| {
        UnparsedPublicKey::new(&ED25519, key.0).verify(text, &signature.0).is_ok()
    })
}

/// An audit log that was read from its first record and holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditChecked {
    /// The checkpoint it was held against.
    pub note: Note,
    /// How many of its records were shown; the others are stubs.
    pub shown: u64,
}

/// A record of the audit log that stands where it is said to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditProved {
    /// Its number.
    pub seq: Seq,
    /// The checkpoint under which it stands.
    pub signed: SignedCheckpoint,
}

impl Client {
    /// The present checkpoint of the audit log: signed by the key that is remembered, of this WARP, and
    /// shown to continue what is remembered.
    pub async fn audit_checkpoint(&self) -> Result<SignedCheckpoint, CallError> {
        Ok(self.checkpoint_held().await?.0)
    }

    /// Proves that a record is in the audit log, at its number, under the present checkpoint: its path in
    /// the tree is asked for and followed up to the root that is signed.
    pub async fn prove_audit(&self, seq: Seq) -> Result<AuditProved, CallError> {
        let (signed, head) = self.checkpoint_held().await?;
        if !(1..=head.size).contains(&seq) {
            let sentence =
                format!("there is no #{seq} in the audit log, which goes to #{}", head.size);
            return Err(CallError::Refused(Error::new(ErrorCode::BadParams, sentence)));
        }
        let forked = || broken((seq, AuditBreak::Forked));
        let page = self.call(AuditPage { from: From::After(seq - 1), limit: 1 }).await?;
        let record = page.records.first().ok_or_else(forked)?;
        let leaf = leaf_hash(&record.body.commitment().0);
        let asked = self.call(AuditInclusion { seq, size: head.size }).await;
        let path = asked.map_err(|error| unprovable(error, seq))?;
        let is_there = includes(leaf, seq - 1, head.size, &path.hashes, &head.root);
        if is_there { Ok(AuditProved { seq, signed }) } else { Err(forked()) }
    }

    /// The present checkpoint, held against what is remembered.
    async fn checkpoint_held(&self) -> Result<(SignedCheckpoint, AuditHead), CallError> {
        // What is remembered by the time of the answer may be of a later one.
        let known = self.heads().audit();
        let signed = self.insist(&AuditCheckpoint {}).await?;
        let warp = self.signed_in().warp;
        let head = match look(known, Some(&signed), warp) {
            Ok(Then::Remember(head)) => head,
            Ok(Then::Prove(known, head)) => {
                let question = AuditConsistency { from: known.size, to: head.size };
                let asked = self.insist(&question).await;
                let path = asked.map_err(|error| unprovable(error, known.size))?;
                proves(known, head, &path.hashes).map_err(broken)?;
                head
            }
            Ok(Then::Nothing) => return Err(broken((0, AuditBreak::Withheld))),
            Err(found) => return Err(broken(found)),
        };
        Ok((signed, head))
    }

    /// Reads the whole audit log and makes its tree anew: whether it is the one that the server signs,
    /// and continues what is remembered.
    pub async fn check_audit(&self) -> Result<AuditChecked, CallError> {
        let (signed, head) = self.checkpoint_held().await?;
        let (mut tree, mut at, mut shown) = (Frontier::default(), Position::start(LogId::AUDIT), 0);
        while at.seq < head.size {
            let page = self.call(AuditPage { from: From::After(at.seq), limit: 200 }).await?;
            let left = usize::try_from(head.size - at.seq).unwrap_or(usize::MAX);
            if page.records.is_empty() {
                return Err(broken((at.seq + 1, AuditBreak::Forked)));
            }
            for record in page.records.iter().take(left) {
                if !record.follows(at) {
                    return Err(broken((at.seq + 1, AuditBreak::Forked)));
                }
                at = record.position();
                tree.push(leaf_hash(&record.body.commitment().0));
                let is_shown = matches!(record.body, warproom_proto::Body::Shown { .. });
                shown += u64::from(is_shown);
            }
        }
        if tree.root() != head.root {
            return Err(broken((head.size, AuditBreak::Forked)));
        }
        Ok(AuditChecked { note: signed.note, shown })
    }
}

/// What a refusal to prove comes to: whoever signs a log and says that it never had so many records has
/// another one.
fn unprovable(error: CallError, seq: Seq) -> CallError {
    let is_denied = error.code() == Some(ErrorCode::BadParams);
    if is_denied { broken((seq, AuditBreak::Forked)) } else { error }
}

fn broken((seq, how): Break) -> CallError {
    CallError::Rewritten(Rewritten { room: None, seq, how: Discontinuity::Audit(how) })
}

#[cfg(test)]
pub(crate) mod tests;
