//! Collecting what the server gives out, room by room and page by page, and who everyone in it is.

use std::collections::BTreeMap;

use warproom_proto::calls::{DiscloseRoom, RegisterPage};
use warproom_proto::disclosure::{Purpose, Withheld};
use warproom_proto::register::{Act, Event};
use warproom_proto::{
    Body, Label, Line, MemberId, Name, Note, OrganisationId, Position, Principal, Record, RoomId,
    Seq,
};

use crate::client::Client;
use crate::error::CallError;

/// The most records of a page, as the calls take it.
#[expect(clippy::cast_possible_truncation, reason = "200 fits")]
const PAGE: u16 = warproom_proto::limits::PAGE as u16;

/// What is asked for.
#[derive(Clone)]
pub struct Selection {
    /// The rooms, with what they are called.
    pub rooms: Vec<(RoomId, Name)>,
    /// Only records of this time or later, in milliseconds since 1970 UTC.
    pub from_ms: Option<i64>,
    /// Only records from before this time, in milliseconds since 1970 UTC.
    pub until_ms: Option<i64>,
    /// Only records by or about one of these people, if any.
    pub people: Vec<MemberId>,
    /// Only records with one of these words, if any.
    pub words: Vec<Line>,
    /// The strictest label that is given out.
    pub up_to: Label,
    /// What for.
    pub purpose: Purpose,
    /// The request's number.
    pub reference: Option<Line>,
}

/// How far collecting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisclosedSoFar {
    /// The room that is read.
    pub room: RoomId,
    /// The record that was come to in it.
    pub done: Seq,
    /// Its last one.
    pub latest: Seq,
}

/// What the server gave out.
pub struct Collected {
    /// Room by room, in the order they were asked for.
    pub rooms: Vec<DisclosedRoom>,
    /// Everyone who is or was a member or a bot, as the register has them.
    pub people: BTreeMap<Principal, DisclosedPerson>,
    /// What the organisations are called.
    pub organisations: BTreeMap<OrganisationId, String>,
    /// How far the audit log had come afterwards, signed.
    pub checkpoint: Note,
}

/// What the server gave out of one room.
pub struct DisclosedRoom {
    /// Which.
    pub room: RoomId,
    /// What it is called.
    pub name: Name,
    /// The records, edits and relabellings of them with them.
    pub records: BTreeMap<Seq, Record>,
    /// What is there and was not given out.
    pub withheld: Vec<Withheld>,
    /// How far its log had come.
    pub latest: Option<Position>,
    /// Where the audit log says so, for each page.
    pub audited: Vec<Position>,
}

/// Somebody whom the register knows, or knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisclosedPerson {
    /// What they are called.
    pub name: String,
    /// A member's handle.
    pub handle: Option<String>,
    /// A member's organisation.
    pub organisation: Option<OrganisationId>,
}

impl Client {
    /// Collects records to be disclosed; for managers. Each page is in the audit log before it comes.
    pub async fn disclose(&self, selection: &Selection) -> Result<Collected, CallError> {
        self.disclose_telling(selection, |_| {}).await
    }

    /// The same, and tells after each page how far it is.
    pub async fn disclose_telling(
        &self,
        selection: &Selection,
        mut tell: impl FnMut(DisclosedSoFar) + Send,
    ) -> Result<Collected, CallError> {
        let mut rooms = Vec::with_capacity(selection.rooms.len());
        for (room, name) in &selection.rooms {
            let tell = |done, latest| tell(DisclosedSoFar { room: *room, done, latest });
            rooms.push(self.disclose_room((*room, name), selection, tell).await?);
        }
        let mut collected = Collected {
            rooms,
            people: BTreeMap::new(),
            organisations: BTreeMap::new(),
            checkpoint: self.audit_checkpoint().await?.note,
        };
        let mut after = 0;
        loop {
            let page = self.insist(&RegisterPage { after, limit: PAGE }).await?;
            let Some(last) = page.records.last() else { return Ok(collected) };
            after = last.seq;
            page.records.iter().for_each(|record| collected.learn(record));
            if after >= page.latest.seq {
                return Ok(collected);
            }
        }
    }

    async fn disclose_room(
        &self,
        (room, name): (RoomId, &Name),
        selection: &Selection,
        mut tell: impl FnMut(Seq, Seq) + Send,
    ) -> Result<DisclosedRoom, CallError> {
        let Selection { from_ms, until_ms, people, words, up_to, purpose, reference, .. } =
            selection;
        let mut call = DiscloseRoom {
            room,
            from_ms: *from_ms,
            until_ms: *until_ms,
            people: people.clone(),
            words: words.clone(),
            up_to: *up_to,
            purpose: *purpose,
            reference: reference.clone(),
            after: 0,
            limit: PAGE,
        };
        let mut disclosed = DisclosedRoom {
            room,
            name: name.clone(),
            records: BTreeMap::new(),
            withheld: Vec::new(),
            latest: None,
            audited: Vec::new(),
        };
        self.check_history(room)?;
        loop {
            let page = self.insist(&call).await?;
            let records = page.records.into_iter().chain(page.amendments);
            disclosed.records.extend(records.map(|record| (record.seq, record)));
            disclosed.withheld.extend(page.withheld);
            disclosed.audited.extend(page.audited);
            disclosed.latest = Some(page.latest);
            tell(page.next_after.unwrap_or(page.latest.seq), page.latest.seq);
            match page.next_after {
                Some(next) if next > call.after => call.after = next,
                _ => return Ok(disclosed),
            }
        }
    }
}

impl Collected {
    /// Learns who somebody is from an act of the register. Those who are invited or removed count too:
    /// they may be named all the same.
    fn learn(&mut self, record: &Record) {
        let Body::Shown { item, .. } = &record.body else { return };
        let Ok(act) = serde_json::from_str::<Act>(item.get()) else { return };
        match act.event {
            Event::InvitationAdded { member, .. } => {
                let person = DisclosedPerson {
                    name: member.name.to_string(),
                    handle: Some(member.handle.to_string()),
                    organisation: Some(member.organisation),
                };
                self.people.insert(Principal::Member(member.member), person);
            }
            Event::BotAdded { bot, .. } => {
                let name = bot.name.to_string();
                let person = DisclosedPerson { name, handle: None, organisation: None };
                self.people.insert(Principal::Bot(bot.bot), person);
            }
            Event::OrganisationSet(organisation) => {
                let name = organisation.name.to_string();
                self.organisations.insert(organisation.organisation, name);
            }
            _ => {}
        }
    }
}
