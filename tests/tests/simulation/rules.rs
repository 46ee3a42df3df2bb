//! Who may read what, told once more: from docs and the words of TLP 2.0 alone, by walking a room's
//! entries from the first, slowly. It shares nothing with the server's fold but the types of entries, so
//! that a mistake there is not made here too.

use std::collections::{BTreeMap, BTreeSet};

use warproom_proto::{Entry, Kind, Label, MemberId, OrganisationId, Principal, Seq};

/// What the entries of a room up to some moment say.
pub struct Room<'a> {
    entries: &'a [Entry],
    organisations: &'a BTreeMap<MemberId, OrganisationId>,
}

impl<'a> Room<'a> {
    /// After these entries, of people who act for these organisations.
    pub const fn after(
        entries: &'a [Entry],
        organisations: &'a BTreeMap<MemberId, OrganisationId>,
    ) -> Self {
        Self { entries, organisations }
    }

    fn entry(&self, seq: Seq) -> Option<&Entry> {
        self.entries.get(usize::try_from(seq).ok()?.checked_sub(1)?)
    }

    /// Who was in it when an entry came, those included who came with it.
    fn present_at(&self, seq: Seq) -> BTreeSet<MemberId> {
        let until = usize::try_from(seq).unwrap_or(usize::MAX).min(self.entries.len());
        let mut present = BTreeSet::new();
        for entry in &self.entries[..until] {
            match entry.handling.kind {
                Kind::Joined { who: Principal::Member(who), .. } => drop(present.insert(who)),
                Kind::Left { who: Principal::Member(who) } => drop(present.remove(&who)),
                _ => {}
            }
        }
        present
    }

    /// Whether somebody is in it now.
    pub fn is_in(&self, who: MemberId) -> bool {
        self.present_at(Seq::MAX).contains(&who)
    }

    /// The label last given to an entry, if any was.
    fn relabelled(&self, seq: Seq) -> Option<Label> {
        self.entries.iter().rev().find_map(|entry| match entry.handling.kind {
            Kind::Relabel { of, to } if of == seq => Some(to),
            _ => None,
        })
    }

    fn is_retracted(&self, seq: Seq) -> bool {
        let takes_back =
            |entry: &Entry| matches!(entry.handling.kind, Kind::Retract { of } if of == seq);
        self.entries.iter().any(takes_back)
    }

    /// Whether somebody may read an entry now. (In a simulation replies answer first entries alone.)
    pub fn may_read(&self, who: MemberId, seq: Seq) -> bool {
        let Some(entry) = self.entry(seq) else { return false };
        if !self.is_in(who) || self.is_retracted(seq) {
            return false;
        }
        let kind = &entry.handling.kind;
        if kind.is_notice() {
            return true;
        }
        let carried = self.carried(entry);
        let (label, is_about) = match kind {
            // What is about a post has the post's label.
            Kind::Edit { of } | Kind::React { of, .. } => {
                (self.relabelled(*of).unwrap_or(entry.handling.label), true)
            }
            _ => (self.relabelled(seq).unwrap_or(entry.handling.label), false),
        };
        // Never milder than what it carries has become.
        let relabelled = carried.iter().filter_map(|of| self.relabelled(*of));
        let label = relabelled.fold(label, Label::max);
        if is_about && carried.first().is_some_and(|of| self.is_retracted(*of)) {
            return false;
        }
        self.reads(who, label, seq) && carried.iter().all(|of| self.reads(who, label, *of))
    }

    /// What an entry carries: the one it refers to, and that one's, up to the first of the thread.
    fn carried(&self, entry: &Entry) -> Vec<Seq> {
        let next = |of: &Seq| self.entry(*of)?.handling.kind.refers_to();
        std::iter::successors(entry.handling.kind.refers_to(), next).collect()
    }

    /// Whether a label lets somebody read what was posted at a number.
    fn reads(&self, who: MemberId, label: Label, seq: Seq) -> bool {
        let own = self.organisations.get(&who);
        let colleague = |other: &MemberId| self.organisations.get(other) == own;
        match label {
            Label::Clear | Label::Green => true,
            // No organisation of a simulation has clients.
            Label::Amber | Label::AmberStrict => self.present_at(seq).iter().any(colleague),
            Label::Red => self.present_at(seq).contains(&who),
        }
    }
}
