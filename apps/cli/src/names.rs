//! From what a person types to the one thing meant: by id, by name whatever its case, and where a
//! command only reads also by the beginning of a name if that fits only one.

use warproom_client::proto::Name;
use warproom_client::proto::calls::{BoardRow, PendingInvitation, RoomMember, RoomSummary};
use warproom_client::proto::register::{Bot, Device, Member, Organisation};

use crate::problem::{Problem, problem};
use crate::show::safe;

/// A thing that people name.
pub(crate) trait Named {
    /// What it is, in a word.
    const KIND: &'static str;
    /// The command that lists what there is.
    const LISTED_BY: &'static str;
    /// Its id as text.
    fn id(&self) -> String;
    /// What it is called; the first is what it is shown as.
    fn names(&self) -> Vec<&str>;
}

macro_rules! named {
    ($($type:ty, $kind:literal, $listed_by:literal, $it:ident => $id:expr, [$($name:expr),+] $($more:expr)?;)*) => {$(
        impl Named for $type {
            const KIND: &'static str = $kind;
            const LISTED_BY: &'static str = $listed_by;

            fn id(&self) -> String {
                let $it = self;
                $id.to_string()
            }

            fn names(&self) -> Vec<&str> {
                let $it = self;
                let names = vec![$($name.as_str()),+];
                $(let names = names.into_iter().chain($more).collect();)?
                names
            }
        }
    )*};
}

named! {
    RoomSummary, "room", "warproom rooms", it => it.room, [it.settings.name];
    Member, "member", "warproom members", it => it.member, [it.handle, it.name];
    Organisation, "organisation", "warproom organisation list",
        it => it.organisation, [it.name] it.aliases.iter().map(Name::as_str);
    BoardRow, "organisation on the board", "warproom board ROOM N", it => it.organisation, [it.name];
    Device, "device", "warproom device list", it => it.device, [it.name];
    Bot, "bot", "warproom bot list", it => it.bot, [it.name];
    PendingInvitation, "invitation", "warproom invitation list",
        it => it.invitation, [it.member.handle, it.member.name];
}

impl Named for RoomMember {
    const KIND: &'static str = "member of the room";
    const LISTED_BY: &'static str = "warproom room members ROOM";

    fn id(&self) -> String {
        match self.who {
            warproom_client::proto::Principal::Member(id) => id.to_string(),
            warproom_client::proto::Principal::Bot(id) => id.to_string(),
        }
    }

    fn names(&self) -> Vec<&str> {
        vec![self.name.as_str()]
    }
}

/// What a name is wanted for, which says how much of it must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To read: the beginning of a name is enough.
    Reading,
    /// To write or remove: the whole name, because one letter too few must not post to another room
    /// or remove another person.
    Writing,
}

/// The one thing that a text names.
pub(crate) fn find<'a, T: Named>(
    things: &'a [T],
    text: &str,
    purpose: Purpose,
) -> Result<&'a T, Problem> {
    let wanted = text.trim().trim_start_matches('@').to_lowercase();
    let whole = |thing: &&T| {
        thing.id() == wanted || thing.names().iter().any(|name| name.to_lowercase() == wanted)
    };
    let begins = |thing: &&T| {
        !wanted.is_empty()
            && thing.names().iter().any(|name| name.to_lowercase().starts_with(&wanted))
    };
    let exact: Vec<&T> = things.iter().filter(whole).collect();
    let fits =
        if exact.is_empty() { things.iter().filter(begins).collect() } else { exact.clone() };
    if purpose == Purpose::Writing && exact.is_empty() && !fits.is_empty() {
        return Err(problem(
            format!(
                "\"{}\" is not the whole name of any {}; it could mean {}",
                safe(text),
                T::KIND,
                candidates(&fits)
            ),
            "write the whole name or the id: only commands that read take the beginning of a name",
        ));
    }
    match fits[..] {
        [one] => Ok(one),
        [] => Err(problem(
            format!("there is no {} called \"{}\", or it is not yours", T::KIND, safe(text)),
            format!("see what there is with `{}`", T::LISTED_BY),
        )),
        _ => Err(problem(
            format!("\"{}\" fits more than one {}: {}", safe(text), T::KIND, candidates(&fits)),
            "write more of the name, or the id",
        )),
    }
}

/// The things as a person can tell them apart: with ids where the names alone do not.
fn candidates<T: Named>(fits: &[&T]) -> String {
    let first = |thing: &T| safe(thing.names().first().copied().unwrap_or_default());
    let shown = fits.iter().map(|thing| {
        let name = first(thing);
        let twice = fits.iter().filter(|other| first(other) == name).count() > 1;
        if twice { format!("{name} ({})", thing.id()) } else { name }
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::OrganisationId;

    use super::*;

    fn organisations() -> Vec<Organisation> {
        let make = |n: u8, name: &str, aliases: &[&str]| Organisation {
            organisation: OrganisationId::from_bytes([n; 16]),
            name: name.parse().unwrap(),
            aliases: aliases.iter().map(|alias| alias.parse().unwrap()).collect(),
            clients: Vec::new(),
        };
        vec![
            make(1, "Kent", &[]),
            make(2, "Kent Fire and Rescue", &["KFRS"]),
            make(3, "Dover District Council", &["Dover"]),
            make(4, "Dartford", &[]),
            make(5, "Twin", &[]),
            make(6, "Twin", &[]),
        ]
    }

    fn found(text: &str) -> Result<u8, String> {
        found_for(Purpose::Reading, text)
    }

    fn found_for(purpose: Purpose, text: &str) -> Result<u8, String> {
        let all = organisations();
        find(&all, text, purpose)
            .map(|organisation| organisation.organisation.as_bytes()[0])
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_whole_name_wins_over_the_beginning_of_another() {
        assert_eq!(found("kent"), Ok(1));
        assert_eq!(found("KFRS"), Ok(2));
    }

    #[test]
    fn a_beginning_is_enough_if_it_fits_one() {
        assert_eq!(found("dov"), Ok(3));
        assert_eq!(found("Kent F"), Ok(2));
    }

    #[test]
    fn writing_takes_no_beginning_and_lists_what_was_meant() {
        assert_eq!(
            found_for(Purpose::Writing, "d"),
            Err("\"d\" is not the whole name of any organisation; it could mean Dover District \
                 Council, Dartford"
                .into())
        );
        assert!(found_for(Purpose::Writing, "Kent F").is_err());
        for whole in ["dover", "DOVER DISTRICT COUNCIL", "03030303-0303-0303-0303-030303030303"] {
            assert_eq!(found_for(Purpose::Writing, whole), Ok(3), "{whole}");
        }
        assert!(found_for(Purpose::Writing, "Twin").unwrap_err().contains("fits more than one"));
    }

    #[test]
    fn ids_name_too() {
        assert_eq!(found("03030303-0303-0303-0303-030303030303"), Ok(3));
    }

    #[test]
    fn what_fits_several_lists_them() {
        assert_eq!(
            found("d"),
            Err("\"d\" fits more than one organisation: Dover District Council, Dartford".into())
        );
        assert!(found("Twin").unwrap_err().contains("Twin (05050505-0505-0505-0505-050505050505)"));
    }

    #[test]
    fn nothing_and_no_one_fit_nothing() {
        assert!(found("").is_err());
        assert_eq!(
            found("x\u{1b}[2J"),
            Err("there is no organisation called \"x\\u{1b}[2J\", or it is not yours".into())
        );
    }
}
