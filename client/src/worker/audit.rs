//! The audit log's checkpoints as they come: looked at, proved to continue the remembered one, and then
//! remembered. A sign-in brings its proof. For a checkpoint that comes by itself it is asked: one question is
//! under way at a time, and a checkpoint that comes meanwhile takes its turn.
//!
//! Whoever is told that a log does not hold is told that somebody forged it. So nothing counts as that but
//! what the log itself shows: not a checkpoint that another one overtook on its way, and not a refusal that
//! is about this reader. A server that gives no proof for hours is told of as such.

use serde_json::value::RawValue;
use warproom_proto::calls::{AuditConsistency, Path, SignedCheckpoint, SignedIn};
use warproom_proto::{Error, ErrorCode, Seq};

use crate::audit::{self, AuditHead, Break, Then};
use crate::client::Memory;
use crate::event::AuditBreak;

/// How many checkpoints, which come once an hour, may go by without a proof.
const PATIENCE: u8 = 3;

/// What is to be told about a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proved {
    /// That there is one, after it was told that there was none.
    AfterAll,
    /// Nothing.
    Nothing,
}

/// What is under way.
#[derive(Default)]
pub(crate) struct Audit {
    /// The latest checkpoint that is to be proved.
    wanted: Option<AuditHead>,
    /// The question under way: its number, and the earlier and the later checkpoint that it is about.
    asked: Option<(u64, AuditHead, AuditHead)>,
    /// How many checkpoints came by themselves since the latest proof.
    unproved: u8,
}

impl Audit {
    /// Takes the checkpoint of a sign-in, with its proof.
    pub(crate) fn show(&mut self, signed_in: &SignedIn, memory: &Memory) -> Result<Proved, Break> {
        let known = memory.known().heads.audit();
        let head = match audit::look(known, signed_in.audit.as_ref(), signed_in.warp)? {
            Then::Remember(head) => head,
            Then::Prove(known, head) => {
                let path = signed_in.audit_path.as_ref();
                let path = path.ok_or((known.size, AuditBreak::Unproved))?;
                audit::proves(known, head, &path.hashes)?;
                head
            }
            Then::Nothing => return Ok(Proved::Nothing),
        };
        Ok(self.proved(head, memory))
    }

    fn proved(&mut self, head: AuditHead, memory: &Memory) -> Proved {
        self.unproved = 0;
        if memory.known().audit_proved(head) { Proved::AfterAll } else { Proved::Nothing }
    }

    /// Takes a checkpoint that came by itself. It may have been made before the one that a sign-in brought
    /// meanwhile: then that one must continue it.
    pub(crate) fn hear(&mut self, told: &SignedCheckpoint, memory: &Memory) -> Result<(), Break> {
        let mut known = memory.known();
        let warp = known.signed_in.warp;
        match audit::look(known.heads.audit(), Some(told), warp) {
            Ok(Then::Remember(head)) => known.heads.set_audit(head),
            Ok(Then::Prove(known, head)) => return self.want(known.size, head),
            Err((_, AuditBreak::RolledBack { remembered })) => {
                return self.want(remembered, AuditHead::of(told));
            }
            Ok(Then::Nothing) => {}
            Err(found) => return Err(found),
        }
        Ok(())
    }

    fn want(&mut self, remembered: Seq, head: AuditHead) -> Result<(), Break> {
        match self.wanted {
            Some(wanted) if wanted.size == head.size && wanted.root != head.root => {
                return Err((head.size, AuditBreak::Forked));
            }
            Some(wanted) if wanted.size >= head.size => {}
            _ => self.wanted = Some(head),
        }
        self.unproved += 1;
        if self.unproved > PATIENCE {
            self.unproved = 0;
            return Err((remembered, AuditBreak::Unproved));
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
    ) -> Result<Proved, Break> {
        let Some((_, earlier, later)) = self.asked.take() else { return Ok(Proved::Nothing) };
        let is_known = |known: AuditHead| [earlier, later].iter().any(|one| one.root == known.root);
        if !memory.known().heads.audit().is_some_and(is_known) {
            // Whoever forgot the log meanwhile believes it as it is.
            return Ok(Proved::Nothing);
        }
        let forked = (earlier.size, AuditBreak::Forked);
        let path = match result {
            Ok(reply) => serde_json::from_str::<Path>(reply.get()).map_err(|_| forked)?,
            // Who signs a log and says that it never had so many records has another one.
            Err(error) if error.code == ErrorCode::BadParams => return Err(forked),
            // It may be able to next time: what is remembered stays until it is. Who is suspended while
            // they sign in may ask nothing any more.
            Err(_) => return Ok(Proved::Nothing),
        };
        audit::proves(earlier, later, &path.hashes)?;
        let furthest = memory.known().heads.audit().filter(|known| known.size >= later.size);
        Ok(self.proved(furthest.unwrap_or(later), memory))
    }

    /// The connection ended. The next sign-in brings a checkpoint.
    pub(crate) const fn disconnected(&mut self) {
        self.asked = None;
        self.wanted = None;
    }
}
