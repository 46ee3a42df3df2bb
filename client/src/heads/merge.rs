//! Two clients with one profile: what each of them was shown is kept.

use std::collections::BTreeSet;

use warproom_proto::{Position, RoomId};

use super::Heads;
use super::log::Log;
use crate::event::{AuditBreak, Discontinuity, Rewritten};

impl Heads {
    /// What to keep in a profile that other clients keep their heads in too. `kept` is what the profile
    /// holds now, `base` what this client remembered when it last read it or kept its heads there.
    ///
    /// Nothing goes back: a position that either was shown stays, unless it was walked over. Where
    /// another client's walk and this one's are not known to be the same, the shorter one counts as
    /// walked and the end of the longer one as claimed. Answers also the logs of which the two were
    /// shown different things at the same number; of those the profile keeps what it holds.
    #[must_use]
    pub fn merged(&self, kept: &Self, base: &Self) -> (Self, Vec<Rewritten>) {
        let mut merged = Self::default();
        let mut rewritten = Vec::new();
        let all = [self, kept].into_iter().flat_map(Self::logs).collect::<BTreeSet<_>>();
        for room in all {
            let is_forgotten = self.forgotten.contains(&room);
            let log = match (self.log(room), kept.log(room)) {
                // Only one of the two knows it, unless the other decided to forget it.
                (ours, None) if is_forgotten || base.log(room).is_none() => ours.cloned(),
                (_, None) => None,
                (ours, Some(_)) if is_forgotten => ours.cloned(),
                (None, Some(kept)) => Some(kept.clone()),
                (Some(ours), Some(kept)) if is_theirs(ours, kept, base.log(room)) => {
                    Some(kept.clone())
                }
                (Some(ours), Some(kept)) => {
                    let log = join(ours, kept, base.log(room));
                    Some(log.unwrap_or_else(|seq| {
                        rewritten.push(Rewritten { room, seq, how: Discontinuity::Changed });
                        kept.clone()
                    }))
                }
            };
            merged.set(room, log);
        }
        merged.audit = match (self.audit, kept.audit) {
            (ours, theirs) if self.is_audit_forgotten || theirs == base.audit => ours,
            (ours, theirs) if ours == base.audit => theirs,
            (Some(ours), Some(theirs))
                if base.audit.is_none_or(|base| base.size <= theirs.size) =>
            {
                if ours.size == theirs.size && ours.root != theirs.root {
                    let how = Discontinuity::Audit(AuditBreak::Forked);
                    rewritten.push(Rewritten { room: None, seq: theirs.size, how });
                }
                // Each was proved by whoever keeps it; the longer one holds more to be checked.
                Some(if ours.size > theirs.size { ours } else { theirs })
            }
            // The other decided to forget it: a profile gets shorter in no other way.
            (_, theirs) => theirs,
        };
        // Whoever came to know another since is further.
        let ours = self.authority.filter(|_| self.authority != base.authority);
        merged.authority = ours.or(kept.authority);
        (merged, rewritten)
    }

    fn logs(&self) -> impl Iterator<Item = Option<RoomId>> {
        self.register.iter().map(|_| None).chain(self.rooms.keys().copied().map(Some))
    }
}

/// Whether the profile's is to be taken as it is: nothing came to ours, or the profile's is shorter than it
/// was, which happens only where the other client decided to forget it.
fn is_theirs(ours: &Log, kept: &Log, base: Option<&Log>) -> bool {
    base.is_some_and(|base| ours == base || kept.furthest().seq < base.walked.seq)
}

/// One log; or the number at which the two were shown different heads.
fn join(ours: &Log, kept: &Log, base: Option<&Log>) -> Result<Log, u64> {
    // What we began with we have walked over since, or still claim.
    let is_ours =
        |position: &Position| base.is_some_and(|base| base.positions().any(|p| p == *position));
    let others: Vec<_> = kept.positions().filter(|position| !is_ours(position)).collect();
    let mut log = ours.clone();
    if others.iter().any(|other| other.seq <= ours.walked.seq) && kept.walked.seq < ours.walked.seq
    {
        // Both are walks from here, so it is as far as both agree.
        log.walked = kept.walked;
        log.claimed.insert(0, ours.walked);
    }
    let ends = others.iter().try_for_each(|other| log.claim(*other));
    ends.map(|()| log).map_err(|(seq, _)| seq)
}
