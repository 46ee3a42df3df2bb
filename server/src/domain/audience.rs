//! What a label does: who may read an entry.
//!
//! This is the one place that decides it. The wording of FIRST's TLP 2.0
//! (<https://www.first.org/tlp/>) stands beside each line of [`may_read`], so that a
//! reader can hold one against the other. Both fail closed: what is not said is refused.

use warproom_proto::{Label, OrganisationId, Principal};

use super::register::Register;

/// What bounds a reader besides the label itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Nothing: a member.
    Unbounded,
    /// A bot's grant: the strictest label it lets it read, if any.
    Grant(Option<Label>),
}

/// Somebody who wants to read, with what the register says of them now.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Who.
    pub who: Principal,
    /// The organisation they act for; none for a bot.
    pub organisation: Option<OrganisationId>,
    /// The organisations that serve theirs: theirs is a registered client of each.
    pub served_by: Vec<OrganisationId>,
    /// The bound of the grant, for a bot.
    pub bound: Bound,
}

impl Reader {
    /// What the register says of somebody; `None` if they may do nothing now.
    #[must_use]
    pub fn of(register: &Register, who: Principal) -> Option<Self> {
        register.is_active(who).then(|| Self::even_gone(register, who)).flatten()
    }

    /// The same, also of somebody who may do nothing any more: for what they could read before.
    #[must_use]
    pub fn even_gone(register: &Register, who: Principal) -> Option<Self> {
        match who {
            Principal::Member(id) => {
                let organisation = register.member(id)?.member.organisation;
                Some(Self {
                    who,
                    organisation: Some(organisation),
                    served_by: register.served_by(organisation),
                    bound: Bound::Unbounded,
                })
            }
            Principal::Bot(id) => Some(Self {
                who,
                organisation: None,
                served_by: Vec::new(),
                bound: Bound::Grant(register.bot(id)?.grant.read),
            }),
        }
    }
}

/// How a reader who is in the room now relates to the moment an entry was posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// The reader was in the room.
    pub person: bool,
    /// Somebody of the reader's organisation was.
    pub organisation: bool,
    /// Somebody of an organisation was, of which the reader's is a registered client.
    pub client: bool,
}

/// Whether a label lets a reader who is in the room now read an entry.
#[must_use]
pub fn may_read(label: Label, relation: Relation) -> bool {
    match label {
        // "For the eyes and ears of individual recipients only, no further disclosure."
        Label::Red => relation.person,
        // "Recipients can only spread this … within their organization."
        Label::AmberStrict => relation.person || relation.organisation,
        // "… within their organization and its clients."
        Label::Amber => relation.person || relation.organisation || relation.client,
        // "Recipients can spread this within their community": the room is part of it. And for
        // CLEAR: "Recipients can spread this to the world, there is no limit on disclosure."
        Label::Green | Label::Clear => true,
    }
}

/// Whether a label is within a reader's bound. RED is for individuals, which a
/// program is not, whatever its grant says.
#[must_use]
pub fn is_within(label: Label, bound: Bound) -> bool {
    match bound {
        Bound::Unbounded => true,
        Bound::Grant(ceiling) => {
            label != Label::Red && ceiling.is_some_and(|ceiling| label <= ceiling)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every label × every relation, against the table of the design, written out.
    #[test]
    fn who_may_read_is_the_table() {
        //  person, organisation, client → the strictest label that may be read
        let rows = [
            ((false, false, false), Label::Green),
            ((false, false, true), Label::Amber),
            ((false, true, false), Label::AmberStrict),
            ((false, true, true), Label::AmberStrict),
            ((true, false, false), Label::Red),
            ((true, false, true), Label::Red),
            ((true, true, false), Label::Red),
            ((true, true, true), Label::Red),
        ];
        for ((person, organisation, client), strictest) in rows {
            for label in Label::ALL {
                let relation = Relation { person, organisation, client };
                assert_eq!(may_read(label, relation), label <= strictest, "{label} {relation:?}");
            }
        }
    }

    #[test]
    fn a_bot_reads_up_to_its_ceiling_and_never_red() {
        for label in Label::ALL {
            assert!(!is_within(label, Bound::Grant(None)), "{label}");
            assert!(is_within(label, Bound::Unbounded), "{label}");
            for ceiling in Label::ALL {
                let expected = label <= ceiling && label != Label::Red;
                assert_eq!(
                    is_within(label, Bound::Grant(Some(ceiling))),
                    expected,
                    "{label} {ceiling}"
                );
            }
        }
    }
}
