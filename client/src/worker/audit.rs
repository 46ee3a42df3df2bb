//! The audit log's checkpoints as they come: looked at, proved to continue the remembered one, and then
//! remembered. One question is under way at a time; a checkpoint that comes meanwhile takes its turn.

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
    /// The question under way: its number, and between what.
    asked: Option<(u64, AuditHead, AuditHead)>,
}

impl Audit {
    /// Takes a checkpoint.
    pub(crate) fn show(
        &mut self,
        shown: Option<&SignedCheckpoint>,
        memory: &Memory,
    ) -> Result<(), Break> {
        let mut known = memory.known();
        let warp = known.signed_in.warp;
        match audit::look(known.heads.audit(), shown, warp)? {
            Then::Remember(head) => known.heads.set_audit(head),
            Then::Prove(head) => self.wanted = Some(head),
            Then::Nothing => {}
        }
        Ok(())
    }

    /// What to ask next, and under which number.
    pub(crate) fn ask(&mut self, memory: &Memory) -> Option<(u64, AuditConsistency)> {
        if self.asked.is_some() {
            return None;
        }
        let wanted = self.wanted.take()?;
        let known = memory.known().heads.audit().filter(|known| known.size < wanted.size)?;
        let id = memory.next_id();
        self.asked = Some((id, known, wanted));
        Some((id, AuditConsistency { from: known.size, to: wanted.size }))
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
        let Some((_, known, wanted)) = self.asked.take() else { return Ok(()) };
        let forked = (known.size, AuditBreak::Forked);
        let path = match result {
            Ok(reply) => serde_json::from_str::<Path>(reply.get()).map_err(|_| forked)?,
            // It may be able to next time: what is remembered stays until it is.
            Err(error) if matches!(error.code, ErrorCode::SlowDown | ErrorCode::ServerFault) => {
                return Ok(());
            }
            // Who signs a log and cannot prove it has another one.
            Err(_) => return Err(forked),
        };
        audit::proves(known, wanted, &path.hashes)?;
        memory.known().heads.set_audit(wanted);
        Ok(())
    }

    /// The connection ended. The next sign-in brings a checkpoint.
    pub(crate) const fn disconnected(&mut self) {
        self.asked = None;
        self.wanted = None;
    }
}
