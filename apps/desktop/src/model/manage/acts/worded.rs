//! Acts in words, and which of them are shown.
//!
//! Words are made when something was read or a name became known, not in each frame. A name that no
//! list has any more (of somebody who was removed, of a device that was revoked) is taken from the acts
//! themselves, as far as they were read.

use std::collections::BTreeMap;

use warproom_client::proto::register::{Act, Event};
use warproom_client::proto::{
    Body, BotId, DeviceId, MemberId, OrganisationId, Principal, Record, RoomId, Seq, Subject,
};
use warproom_client::{Called, act_in_words};

use crate::model::manage::words;
use crate::model::{Model, moment};
use crate::request::Reply;

/// What is said of one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the log.
    pub seq: Seq,
    /// When it was done, in milliseconds since 1970 UTC; none: it is withheld.
    pub at_ms: Option<i64>,
    /// Who did what.
    pub words: String,
    /// What it is about.
    pub kind: Kind,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
}

/// What acts are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    #[default]
    All,
    /// Members and invitations.
    Members,
    /// Organisations, and what they depend on.
    Organisations,
    /// Devices.
    Devices,
    /// Rooms.
    Rooms,
    /// Bots.
    Bots,
    /// Common causes.
    Causes,
    /// The WARP itself, and what is withheld or of a newer server.
    Other,
}

impl Kind {
    /// Every kind that one chooses from, in its order.
    pub const ALL: [Self; 8] = [
        Self::All,
        Self::Members,
        Self::Organisations,
        Self::Devices,
        Self::Rooms,
        Self::Bots,
        Self::Causes,
        Self::Other,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "All acts",
            Self::Members => "About members",
            Self::Organisations => "About organisations",
            Self::Devices => "About devices",
            Self::Rooms => "About rooms",
            Self::Bots => "About bots",
            Self::Causes => "Common causes",
            Self::Other => "Other",
        }
    }

    const fn of(event: &Event) -> Self {
        match event {
            Event::OrganisationSet(_) | Event::RegisterEntrySet(_) => Self::Organisations,
            Event::InvitationAdded { .. }
            | Event::InvitationRevoked { .. }
            | Event::MemberJoined { .. }
            | Event::CredentialsSet { .. }
            | Event::MemberChanged { .. }
            | Event::MemberRemoved { .. } => Self::Members,
            Event::DeviceEnrolled(_) | Event::DeviceRevoked { .. } => Self::Devices,
            Event::RoomOpened { .. } | Event::RetentionSet { .. } | Event::HoldSet { .. } => {
                Self::Rooms
            }
            Event::BotAdded { .. } | Event::BotRotated { .. } | Event::BotRevoked { .. } => {
                Self::Bots
            }
            Event::CommonCauseFound(_) => Self::Causes,
            Event::WarpFounded { .. }
            | Event::AuditKeySet { .. }
            | Event::ProposalMade { .. }
            | Event::ProposalApproved { .. }
            | Event::ProposalEnded { .. }
            | Event::Unknown => Self::Other,
        }
    }
}

/// Whether a reply may name what an act tells of.
pub(in crate::model::manage) const fn names_things(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::ListMembers(_)
            | Reply::ListOrganisations(_)
            | Reply::ListBots(_)
            | Reply::ListRooms(_)
    )
}

/// Puts what was read into words again.
pub(super) fn reword(model: &mut Model) {
    let acts = &model.manage.acts;
    if acts.oldest == 0 {
        model.manage.acts.lines.clear();
        return;
    }
    let read: Vec<_> = acts.records.range(acts.oldest..).map(|(_, record)| act(record)).collect();
    let mut names = Names::new(model);
    for (_, act) in &read {
        names.learn(act.as_ref());
    }
    let wanted = model.manage.filter.trim().to_lowercase();
    let is_shown = |line: &Line| {
        (acts.kind == Kind::All || acts.kind == line.kind)
            && (wanted.is_empty() || line.words.to_lowercase().contains(&wanted))
    };
    let lines = read.iter().rev().map(|(record, act)| line(record, act.as_ref(), &names));
    let lines = lines.filter(is_shown).collect();
    model.manage.acts.lines = lines;
}

fn act(record: &Record) -> (&Record, Option<Act>) {
    let act = match &record.body {
        Body::Shown { item, .. } => serde_json::from_str(item.get()).ok(),
        Body::Withheld { .. } => None,
    };
    (record, act)
}

fn line(record: &Record, act: Option<&Act>, names: &Names<'_>) -> Line {
    let seq = record.seq;
    let at_ms = match &record.body {
        Body::Shown { at_ms, .. } => Some(*at_ms),
        Body::Withheld { .. } => None,
    };
    let Some(act) = act else {
        let words = match at_ms {
            Some(_) => "Something that this version cannot show",
            None => "Withheld from you",
        };
        return Line { seq, at_ms, words: words.to_owned(), kind: Kind::Other, exercise: false };
    };
    let exercise = matches!(&act.event, Event::CommonCauseFound(found) if found.exercise);
    Line { seq, at_ms, words: act_in_words(act, names), kind: Kind::of(&act.event), exercise }
}

/// What things are called: by the lists, else by what the acts themselves say.
pub(in crate::model::manage) struct Names<'a> {
    model: &'a Model,
    members: BTreeMap<MemberId, (String, OrganisationId)>,
    organisations: BTreeMap<OrganisationId, String>,
    bots: BTreeMap<BotId, String>,
    devices: BTreeMap<DeviceId, (String, MemberId)>,
    rooms: BTreeMap<RoomId, String>,
}

impl<'a> Names<'a> {
    pub(in crate::model::manage) fn new(model: &'a Model) -> Self {
        let all = model.manage.rooms.iter().map(|room| (room.room, room.settings.name.to_string()));
        let ours = model.rooms.rooms.values();
        let ours = ours.map(|room| (room.id, room.settings.name.to_string()));
        Self {
            model,
            members: BTreeMap::new(),
            organisations: BTreeMap::new(),
            bots: BTreeMap::new(),
            devices: model
                .manage
                .devices
                .values()
                .flatten()
                .map(|device| (device.device, (device.name.to_string(), device.member)))
                .collect(),
            rooms: all.chain(ours).collect(),
        }
    }

    /// The same, with whatever the acts that were read tell of those who are gone.
    pub(in crate::model::manage) fn with_acts(model: &'a Model) -> Self {
        let mut names = Self::new(model);
        for record in model.manage.acts.records.values() {
            names.learn(act(record).1.as_ref());
        }
        names
    }

    fn learn(&mut self, act: Option<&Act>) {
        match act.map(|act| &act.event) {
            Some(Event::InvitationAdded { member, .. }) => {
                let known = (member.name.to_string(), member.organisation);
                self.members.insert(member.member, known);
            }
            Some(Event::OrganisationSet(one)) => {
                self.organisations.insert(one.organisation, one.name.to_string());
            }
            Some(Event::BotAdded { bot, .. }) => {
                self.bots.insert(bot.bot, format!("{} (bot)", bot.name));
            }
            Some(Event::DeviceEnrolled(device)) => {
                self.devices.insert(device.device, (device.name.to_string(), device.member));
            }
            _ => {}
        }
    }
}

impl Called for Names<'_> {
    fn person(&self, who: Principal) -> String {
        let directory = &self.model.directory;
        match who {
            Principal::Member(id) if !directory.members.contains_key(&id) => {
                let known = self.members.get(&id);
                known.map_or_else(
                    || directory.name(who),
                    |(name, of)| format!("{name}, {}", self.organisation(*of)),
                )
            }
            Principal::Bot(id) if !directory.bots.contains_key(&id) => {
                self.bots.get(&id).cloned().unwrap_or_else(|| directory.name(who))
            }
            _ => match directory.organisation_of(who) {
                Some(organisation) => format!("{}, {organisation}", directory.name(who)),
                None => directory.name(who),
            },
        }
    }

    fn organisation(&self, id: OrganisationId) -> String {
        if self.model.directory.organisations.contains_key(&id) {
            return self.model.directory.organisation(id);
        }
        let known = self.organisations.get(&id).cloned();
        known.unwrap_or_else(|| self.model.directory.organisation(id))
    }

    fn room(&self, id: RoomId) -> String {
        let known = self.rooms.get(&id);
        known.map_or_else(|| "a room that is not yours".to_owned(), |name| format!("room {name}"))
    }

    fn device(&self, id: DeviceId) -> String {
        match self.devices.get(&id) {
            Some((name, member)) => {
                format!("device \"{name}\" of {}", self.person(Principal::Member(*member)))
            }
            None => format!("device {id}"),
        }
    }

    fn subject(&self, subject: &Subject) -> String {
        words::subject(subject)
    }

    fn moment(&self, at_ms: i64) -> String {
        moment::full(at_ms)
    }
}
