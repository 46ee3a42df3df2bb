//! The directory as it is read: organisations by name, each with its members, then the bots, narrowed
//! by words that are looked for in everything that is told of them.

use std::collections::BTreeMap;

use warproom_client::proto::register::{Bot, Member, Role};
use warproom_client::proto::{BotId, MemberId, OrganisationId, Principal, Subject};

use super::Directory;
use crate::model::Model;
use crate::model::find::Wanted;

/// A row of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Row {
    /// An organisation; its members follow.
    Organisation(OrganisationId),
    /// A member.
    Member(MemberId),
    /// The heading of the bots.
    Bots,
    /// A bot.
    Bot(BotId),
    /// The heading of whom a guest knows from rooms, and from no list.
    Others,
    /// One of them.
    Other(Principal),
}

/// What an organisation depends on, in words: `Civica (also Civica UK)`.
pub fn dependency(subject: &Subject, aliases: &[warproom_client::proto::Name]) -> String {
    let (Subject::Vendor(name)
    | Subject::Product(name)
    | Subject::Cve(name)
    | Subject::Cpe(name)
    | Subject::Topic(name)) = subject;
    if aliases.is_empty() {
        return name.to_string();
    }
    let aliases: Vec<_> = aliases.iter().map(ToString::to_string).collect();
    format!("{name} (also {})", aliases.join(", "))
}

/// The rows that fit the words. An organisation that fits by itself stands there with all its members,
/// and one that does not with those that fit.
pub fn listed(model: &Model) -> Vec<Row> {
    let directory = &model.directory;
    let wanted = Wanted::new(&model.find.directory);
    let mut rows = Vec::new();
    for ((name, id), members) in by_organisation(directory) {
        let is_fitting = wanted.fits(&name, &known_of(directory, id));
        let fits = |member: &&&Member| {
            is_fitting || wanted.fits(member.name.as_str(), &format!("@{} {name}", member.handle))
        };
        let members: Vec<_> =
            members.iter().filter(fits).map(|one| Row::Member(one.member)).collect();
        if is_fitting || !members.is_empty() {
            rows.push(Row::Organisation(id));
            rows.extend(members);
        }
    }
    let bots = directory.bots.values().filter(|bot| bot_fits(directory, bot, &wanted));
    headed(&mut rows, Row::Bots, by_name(bots.map(|bot| (bot.name.folded(), Row::Bot(bot.bot)))));
    // For everybody else they are people who were members once.
    let is_guest = model.role() == Some(Role::Guest);
    let others = directory.others.iter().filter(|(who, _)| is_guest && !directory.knows(**who));
    let others = others.filter(|(who, name)| {
        let organisation = directory.organisation_of(**who).unwrap_or_default();
        wanted.fits(name, &organisation)
    });
    let others = others.map(|(who, name)| (name.to_lowercase(), Row::Other(*who)));
    headed(&mut rows, Row::Others, by_name(others));
    rows
}

type Members<'d> = Vec<&'d Member>;

/// Every organisation by name with its members by name, also one that is not listed itself.
fn by_organisation(directory: &Directory) -> BTreeMap<(String, OrganisationId), Members<'_>> {
    let key = |id: OrganisationId| (directory.organisation(id), id);
    let mut all: BTreeMap<_, Members<'_>> =
        directory.organisations.keys().map(|id| (key(*id), Vec::new())).collect();
    for member in directory.members.values() {
        all.entry(key(member.organisation)).or_default().push(member);
    }
    for members in all.values_mut() {
        members.sort_by_cached_key(|member| member.name.folded());
    }
    all
}

/// What else is told of an organisation: its aliases and what it depends on.
fn known_of(directory: &Directory, id: OrganisationId) -> String {
    let aliases = directory.organisations.get(&id).map(|one| one.aliases.as_slice());
    let mut known: Vec<_> = aliases.unwrap_or_default().iter().map(ToString::to_string).collect();
    let entry = directory.entries.get(&id);
    let depends_on = entry.map(|entry| entry.depends_on.as_slice()).unwrap_or_default();
    known.extend(depends_on.iter().map(|one| dependency(&one.subject, &one.aliases)));
    known.join(" ")
}

fn bot_fits(directory: &Directory, bot: &Bot, wanted: &Wanted) -> bool {
    wanted.fits(bot.name.as_str(), &format!("bot {}", directory.name(Principal::Member(bot.owner))))
}

fn by_name(rows: impl Iterator<Item = (String, Row)>) -> Vec<Row> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn headed(rows: &mut Vec<Row>, heading: Row, under: Vec<Row>) {
    if !under.is_empty() {
        rows.push(heading);
        rows.extend(under);
    }
}
