//! Who is who: members, bots, organisations, and what organisations depend on.

mod listing;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use warproom_client::Delivered;
use warproom_client::proto::calls::{
    ListBots, ListMembers, ListOrganisations, ListRegisterEntries, RoomMember,
};
use warproom_client::proto::register::{
    Bot, Dependency, Member, Organisation, RegisterEntry, Role,
};
use warproom_client::proto::{BotId, Kind, MemberId, OrganisationId, Principal};

use crate::model::Model;
use crate::request::{Reply, Request};
use crate::{Effect, News};

pub use listing::{Row, dependency, listed};
pub use words::{grant, standing};

/// The lists are asked for again no sooner than this after the last time: when a room fills, everyone
/// comes in at once.
const REFRESH_MS: i64 = 5_000;

/// Who is who, as far as the server has told.
#[derive(Clone, Default)]
pub struct Directory {
    /// The members.
    pub members: BTreeMap<MemberId, Member>,
    /// The bots.
    pub bots: BTreeMap<BotId, Bot>,
    /// The organisations.
    pub organisations: BTreeMap<OrganisationId, Organisation>,
    /// What organisations depend on and who their deputies are, as far as one may see it.
    pub entries: BTreeMap<OrganisationId, RegisterEntry>,
    /// Names of people who are no longer in the lists, or were never in them for a guest, from rooms.
    pub others: BTreeMap<Principal, String>,
    /// What the organisations of those people are called.
    others_organisations: BTreeMap<Principal, String>,
    /// When the lists were asked for last, in milliseconds since 1970 UTC.
    asked_at_ms: Option<i64>,
    /// Whether somebody was noticed who is not in the lists.
    is_stale: bool,
}

impl Directory {
    /// A member.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// What somebody is called.
    pub fn name(&self, who: Principal) -> String {
        let known = match who {
            Principal::Member(id) => self.members.get(&id).map(|member| member.name.to_string()),
            Principal::Bot(id) => self.bots.get(&id).map(|bot| format!("{} (bot)", bot.name)),
        };
        let known = known.or_else(|| self.others.get(&who).cloned());
        known.unwrap_or_else(|| "somebody who is no longer a member".to_owned())
    }

    /// What an organisation is called.
    pub fn organisation(&self, id: OrganisationId) -> String {
        let known = self.organisations.get(&id).map(|one| one.name.to_string());
        known.unwrap_or_else(|| "an organisation that is no longer listed".to_owned())
    }

    /// What the organisation somebody acts for is called; none for a bot.
    pub fn organisation_of(&self, who: Principal) -> Option<String> {
        let Some(member) = self.member(who.member()?) else {
            return self.others_organisations.get(&who).cloned();
        };
        Some(self.organisation(member.organisation))
    }

    /// Takes in somebody of a room: for a guest there is no other list.
    fn meet(&mut self, met: &RoomMember) {
        let name = match met.who {
            Principal::Member(_) => met.name.to_string(),
            Principal::Bot(_) => format!("{} (bot)", met.name),
        };
        self.others.insert(met.who, name);
        let Some((organisation, name)) = met.organisation.zip(met.organisation_name.clone()) else {
            return;
        };
        self.others_organisations.insert(met.who, name.to_string());
        let (aliases, clients) = (Vec::new(), Vec::new());
        let one = Organisation { organisation, name, aliases, clients };
        self.organisations.entry(organisation).or_insert(one);
    }

    /// What the organisation somebody acts for depends on.
    pub fn depends_on(&self, who: Option<MemberId>) -> &[Dependency] {
        let ours = who.and_then(|who| self.member(who)).map(|member| member.organisation);
        let entry = ours.and_then(|ours| self.entries.get(&ours));
        entry.map_or(&[][..], |entry| &entry.depends_on)
    }

    fn knows(&self, who: Principal) -> bool {
        match who {
            Principal::Member(id) => self.members.contains_key(&id),
            Principal::Bot(id) => self.bots.contains_key(&id),
        }
    }
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    let directory = &mut model.directory;
    match news {
        News::Opened(Ok(_)) => *directory = Directory::default(),
        News::SignedIn(signed_in) => ask(model, signed_in.me.role, out),
        // Of a room that was left meanwhile nobody is learnt any more.
        News::Answered(Request::RoomMembers(call), Ok(_))
            if !model.rooms.rooms.contains_key(&call.room) => {}
        News::Answered(_, Ok(reply)) => told(directory, reply),
        News::RoomJoined(_) => refresh(model, out),
        News::Entry(delivered) => {
            if let Some(who) = joined(delivered)
                && !directory.knows(who)
            {
                refresh(model, out);
            }
        }
        News::Clock(_) if directory.is_stale => refresh(model, out),
        _ => {}
    }
}

/// Asks for every list that one may see: a guest sees no bots and no organisations.
fn ask(model: &mut Model, role: Option<Role>, out: &mut Vec<Effect>) {
    let is_guest = role == Some(Role::Guest);
    out.push(Effect::Call(ListMembers {}.into()));
    if !is_guest {
        out.push(Effect::Call(ListBots {}.into()));
        out.push(Effect::Call(ListOrganisations {}.into()));
    }
    out.push(Effect::Call(ListRegisterEntries {}.into()));
    model.directory.asked_at_ms = Some(model.now_ms);
    model.directory.is_stale = false;
}

/// Asks for the people again, now or once it is time.
fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    let asked_at_ms = model.directory.asked_at_ms;
    let is_time = asked_at_ms.is_none_or(|asked| model.now_ms - asked >= REFRESH_MS);
    model.directory.is_stale = !(is_time && model.is_connected());
    if model.directory.is_stale {
        return;
    }
    model.directory.asked_at_ms = Some(model.now_ms);
    out.push(Effect::Call(ListMembers {}.into()));
    if model.role() != Some(Role::Guest) {
        out.push(Effect::Call(ListBots {}.into()));
        out.push(Effect::Call(ListOrganisations {}.into()));
    }
}

fn told(directory: &mut Directory, reply: &Reply) {
    match reply {
        Reply::ListMembers(list) => {
            let members = list.members.iter().cloned();
            directory.members = members.map(|member| (member.member, member)).collect();
        }
        Reply::ListOrganisations(list) => {
            let all = list.organisations.iter().cloned();
            directory.organisations = all.map(|one| (one.organisation, one)).collect();
        }
        Reply::ListBots(list) => {
            directory.bots = list.bots.iter().cloned().map(|bot| (bot.bot, bot)).collect();
        }
        Reply::ListRegisterEntries(list) => {
            let entries = list.entries.iter().cloned();
            directory.entries = entries.map(|entry| (entry.organisation, entry)).collect();
        }
        Reply::RoomMembers(list) => list.members.iter().for_each(|member| directory.meet(member)),
        _ => {}
    }
}

/// Who came into a room by this entry, if it says that somebody did.
fn joined(delivered: &Delivered) -> Option<Principal> {
    match delivered.entry.as_ref()?.handling.kind {
        Kind::Joined { who, .. } => Some(who),
        _ => None,
    }
}
