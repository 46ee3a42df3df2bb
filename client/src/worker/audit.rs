//! The audit log's checkpoints as they come: looked at, proved to continue the remembered one, and then
//! remembered. One question is under way at a time; a checkpoint that comes meanwhile takes its turn.
//!
//! Whoever is told that a log does not hold is told that somebody forged it. So nothing counts as that but
//! what the log itself shows: not a checkpoint that another one overtook on its way, and not a refusal that
//! is about this reader.

use serde_json::value::RawValue;
use warproom_proto::calls::{AuditConsistency, Path, SignedCheckpoint};
use warproom_proto::{Error, ErrorCode};

use crate::audit::{self, AuditHead, Break, Then};
use crate::client::Memory;
use crate::event::AuditBreak;

/// What is under way.
#[derive(Default)]
pub(crate) struct Audit {
    /// The latest checkpoint that is to be proved.
    wanted: Option<AuditHead>,
    /// The question under way: its number, and the earlier and the later checkpoint that it is about.
    asked: Option<(u64, AuditHead, AuditHead)>,
}

impl Audit {
    /// Takes the checkpoint of a sign-in.
    pub(crate) fn show(
        &mut self,
        shown: Option<&SignedCheckpoint>,
        memory: &Memory,
    ) -> Result<(), Break> {
        let mut known = memory.known();
        let warp = known.signed_in.warp;
        match audit::look(known.heads.audit(), shown, warp)? {
            Then::Remember(head) => known.heads.set_audit(head),
            Then::Prove(head) => return self.want(head),
            Then::Nothing => {}
        }
        Ok(())
    }

    /// Takes a checkpoint that came by itself. It may have been made before the one that a sign-in brought
    /// meanwhile: then that one must continue it.
    pub(crate) fn hear(&mut self, told: &SignedCheckpoint, memory: &Memory) -> Result<(), Break> {
        match self.show(Some(told), memory) {
            Err((_, AuditBreak::RolledBack { .. })) => self.want(AuditHead::of(told)),
            shown => shown,
        }
    }

    fn want(&mut self, head: AuditHead) -> Result<(), Break> {
        match self.wanted {
            Some(wanted) if wanted.size == head.size && wanted.root != head.root => {
                return Err((head.size, AuditBreak::Forked));
            }
            Some(wanted) if wanted.size >= head.size => {}
            _ => self.wanted = Some(head),
        }
        Ok(())
    }

    /// What to ask next, and under which number.
    pub(crate) fn ask(&mut self, memory: &Memory) -> Option<(u64, AuditConsistency)> {
        if self.asked.is_some() {
            return None;
        }
        let wanted = self.wanted.take()?;
        let known = memory.known().heads.audit()?;
        let (earlier, later) =
            if wanted.size < known.size { (wanted, known) } else { (known, wanted) };
        let id = memory.next_id();
        self.asked = Some((id, earlier, later));
        Some((id, AuditConsistency { from: earlier.size, to: later.size }))
    }

    /// Whether this is the number of the question under way.
    pub(crate) fn has_asked(&self, id: u64) -> bool {
        self.asked.is_some_and(|(asked, ..)| asked == id)
    }

    /// Takes its answer.
    pub(crate) fn answer(
        &mut self,
        result: Result<Box<RawValue>, Error>,
        memory: &Memory,
    ) -> Result<(), Break> {
        let Some((_, earlier, later)) = self.asked.take() else { return Ok(()) };
        let is_known = |known: AuditHead| [earlier, later].iter().any(|one| one.root == known.root);
        if !memory.known().heads.audit().is_some_and(is_known) {
            // Whoever forgot the log meanwhile believes it as it is.
            return Ok(());
        }
        let forked = (earlier.size, AuditBreak::Forked);
        let path = match result {
            Ok(reply) => serde_json::from_str::<Path>(reply.get()).map_err(|_| forked)?,
            // Who signs a log and says that it never had so many records has another one.
            Err(error) if error.code == ErrorCode::BadParams => return Err(forked),
            // It may be able to next time: what is remembered stays until it is. Who is suspended while
            // they sign in may ask nothing any more.
            Err(_) => return Ok(()),
        };
        audit::proves(earlier, later, &path.hashes)?;
        let heads = &mut memory.known().heads;
        if heads.audit().is_some_and(|known| known.size < later.size) {
            heads.set_audit(later);
        }
        Ok(())
    }

    /// The connection ended. The next sign-in brings a checkpoint.
    pub(crate) const fn disconnected(&mut self) {
        self.asked = None;
        self.wanted = None;
    }
}
