//! What ids stand for, as far as it is known: people, bots, organisations, rooms and devices. Names
//! are made safe to print as they come in.

use std::collections::HashMap;

use warproom_client::proto::calls::{RoomMember, RoomSummary};
use warproom_client::proto::register::{Act, Bot, Device, Event, Member, Organisation};
use warproom_client::proto::{Body, DeviceId, MemberId, OrganisationId, Principal, Record, RoomId};

use crate::show::safe;

/// What ids stand for.
#[derive(Default)]
pub(crate) struct Directory {
    people: HashMap<Principal, Person>,
    organisations: HashMap<OrganisationId, String>,
    rooms: HashMap<RoomId, String>,
    devices: HashMap<DeviceId, String>,
}

struct Person {
    name: String,
    handle: Option<String>,
    organisation: Option<String>,
}

impl Directory {
    /// Somebody's name and organisation.
    pub(crate) fn describe(&self, who: Principal) -> String {
        match (self.people.get(&who), who) {
            (Some(Person { name, organisation: Some(organisation), .. }), _) => {
                format!("{name}, {organisation}")
            }
            (Some(person), Principal::Member(_)) => person.name.clone(),
            (Some(person), Principal::Bot(_)) => format!("{} (bot)", person.name),
            (None, who) => format!("somebody unknown ({who})"),
        }
    }

    /// Somebody's name alone.
    pub(crate) fn name(&self, who: Principal) -> String {
        match self.people.get(&who) {
            Some(person) => person.name.clone(),
            None => self.describe(who),
        }
    }

    /// A room as an argument of a command that can be copied to a shell as it is: by name where no
    /// character of it means anything to a shell, else by id.
    pub(crate) fn room_argument(&self, id: RoomId) -> String {
        let plain = |c: char| c.is_alphanumeric() || " ._-,".contains(c);
        match self.rooms.get(&id) {
            Some(name) if name.chars().all(plain) && !name.starts_with('-') => {
                format!("\"{name}\"")
            }
            _ => id.to_string(),
        }
    }

    /// A member's handle, or what else there is to call them.
    pub(crate) fn handle(&self, member: MemberId) -> String {
        self.known_handle(member).map_or_else(|| member.to_string(), str::to_owned)
    }

    /// A member's handle.
    pub(crate) fn known_handle(&self, member: MemberId) -> Option<&str> {
        self.people.get(&Principal::Member(member))?.handle.as_deref()
    }

    /// An organisation's name.
    pub(crate) fn organisation(&self, id: OrganisationId) -> String {
        let known = self.organisations.get(&id).cloned();
        known.unwrap_or_else(|| format!("an unknown organisation ({id})"))
    }

    /// A room's name.
    pub(crate) fn room(&self, id: RoomId) -> String {
        self.rooms.get(&id).cloned().unwrap_or_else(|| format!("a room that is not yours ({id})"))
    }

    /// Learns an organisation's name, keeping what is known better already.
    pub(crate) fn learn_organisation_name(&mut self, id: OrganisationId, name: &str) {
        self.organisations.entry(id).or_insert_with(|| safe(name));
    }

    /// A device's name.
    pub(crate) fn device(&self, id: DeviceId) -> String {
        self.devices.get(&id).cloned().unwrap_or_else(|| format!("device {id}"))
    }

    /// Whether this one can be named.
    pub(crate) fn knows(&self, who: Principal) -> bool {
        self.people.contains_key(&who)
    }

    /// Learns a name.
    pub(crate) fn learn(&mut self, who: Principal, name: &str, organisation: Option<&str>) {
        let person =
            Person { name: safe(name), handle: None, organisation: organisation.map(safe) };
        self.people.insert(who, person);
    }

    /// Learns a member; the organisation is named if it was learnt before.
    pub(crate) fn learn_member(&mut self, member: &Member) {
        let person = Person {
            name: safe(member.name.as_str()),
            handle: Some(member.handle.to_string()),
            organisation: self.organisations.get(&member.organisation).cloned(),
        };
        self.people.insert(Principal::Member(member.member), person);
    }

    /// Learns somebody in a room, keeping what is known better already.
    pub(crate) fn learn_room_member(&mut self, member: &RoomMember) {
        let organisation = member.organisation_name.as_ref().map(|name| safe(name.as_str()));
        if let (Some(id), Some(name)) = (member.organisation, &member.organisation_name) {
            self.learn_organisation_name(id, name.as_str());
        }
        let handle = self.people.remove(&member.who).and_then(|known| known.handle);
        let person = Person { name: safe(member.name.as_str()), handle, organisation };
        self.people.insert(member.who, person);
    }

    /// Learns a bot.
    pub(crate) fn learn_bot(&mut self, bot: &Bot) {
        self.learn(Principal::Bot(bot.bot), bot.name.as_str(), None);
    }

    /// Learns an organisation.
    pub(crate) fn learn_organisation(&mut self, organisation: &Organisation) {
        self.organisations.insert(organisation.organisation, safe(organisation.name.as_str()));
    }

    /// Learns a room.
    pub(crate) fn learn_room(&mut self, room: &RoomSummary) {
        self.rooms.insert(room.room, safe(room.settings.name.as_str()));
    }

    /// Learns what a record of the register says, the only place that names those who are gone. What
    /// is known already is newer and stays.
    pub(crate) fn learn_act(&mut self, record: &Record) {
        let Body::Shown { item, .. } = &record.body else { return };
        let Ok(act) = serde_json::from_str::<Act>(item.get()) else { return };
        match act.event {
            Event::OrganisationSet(entry)
                if !self.organisations.contains_key(&entry.organisation) =>
            {
                self.learn_organisation(&entry);
            }
            Event::InvitationAdded { member, .. }
                if !self.knows(Principal::Member(member.member)) =>
            {
                self.learn_member(&member);
            }
            Event::BotAdded { bot, .. } if !self.knows(Principal::Bot(bot.bot)) => {
                self.learn_bot(&bot);
            }
            Event::DeviceEnrolled(device) => self.learn_device(&device),
            _ => {}
        }
    }

    fn learn_device(&mut self, device: &Device) {
        let owner = self.describe(Principal::Member(device.member));
        let text = format!("device \"{}\" of {owner}", safe(device.name.as_str()));
        self.devices.insert(device.device, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_with_their_organisation_and_bots_as_bots() {
        let (member, bot) = (
            Principal::Member(MemberId::from_bytes([1; 16])),
            Principal::Bot(warproom_client::proto::BotId::from_bytes([2; 16])),
        );
        let mut people = Directory::default();
        assert!(people.describe(member).starts_with("somebody unknown (member "));
        people.learn(member, "Jo Smith", Some("Dover"));
        assert_eq!(people.name(member), "Jo Smith");
        people.learn(bot, "KEV relay", None);
        assert_eq!(people.describe(member), "Jo Smith, Dover");
        assert_eq!(people.describe(bot), "KEV relay (bot)");
    }
    #[test]
    fn a_room_is_named_in_a_command_only_by_what_a_shell_leaves_alone() {
        let mut people = Directory::default();
        let named = |people: &mut Directory, name: &str| {
            let id = RoomId::from_bytes([3; 16]);
            people.rooms.insert(id, safe(name));
            people.room_argument(id)
        };
        assert_eq!(named(&mut people, "Early warning"), "\"Early warning\"");
        let id = RoomId::from_bytes([3; 16]).to_string();
        for name in ["x\"; rm -rf ~; \"", "$(id)", "`id`", "--json", "a!b"] {
            assert_eq!(named(&mut people, name), id, "{name}");
        }
    }
}
