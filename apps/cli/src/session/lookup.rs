//! Finding what a person named, and the names of what the server answers.

use anyhow::Result;
use serde::Serialize;
use warproom_client::Relaxed;
use warproom_client::proto::calls::{
    From, HistoryPage, HistoryReferring, ListBots, ListMembers, ListOrganisations,
    ListRegisterEntries, ListRooms, RegisterPage, RoomMembers, RoomSummary,
};
use warproom_client::proto::register::{Member, Organisation, RegisterEntry, Role};
use warproom_client::proto::{Kind, MemberId, Principal, Record, RoomId, Seq};

use super::{PAGE, Session};
use crate::chain;
use crate::directory::Directory;
use crate::names::{self, Purpose};
use crate::problem::problem;
use crate::show::Item;

impl Session {
    /// Your rooms, or for a manager all of them.
    pub(crate) async fn rooms(&self, all: bool) -> Result<Vec<RoomSummary>> {
        Ok(self.call(ListRooms { all }).await?.rooms)
    }

    /// The room that a text names. A manager may name one they are not in.
    pub(crate) async fn room(&self, text: &str, purpose: Purpose) -> Result<RoomSummary> {
        let mine = self.rooms(false).await?;
        match names::find(&mine, text, purpose) {
            Ok(room) => Ok(room.clone()),
            Err(_) if self.me().role == Some(Role::Manager) => {
                Ok(names::find(&self.rooms(true).await?, text, purpose)?.clone())
            }
            Err(problem) => Err(problem.into()),
        }
    }

    /// The members of the WARP, as far as they may be known.
    pub(crate) async fn members(&self) -> Result<Vec<Member>> {
        Ok(self.call(ListMembers {}).await?.members)
    }

    /// The member that a text names.
    pub(crate) async fn member(&self, text: &str, purpose: Purpose) -> Result<Member> {
        Ok(names::find(&self.members().await?, text, purpose)?.clone())
    }

    /// Yourself among the members; none for a bot.
    pub(crate) async fn myself(&self) -> Result<Option<Member>> {
        let me = self.me().principal;
        let members = self.members().await?;
        Ok(members.into_iter().find(|member| Principal::Member(member.member) == me))
    }

    /// The register entry of your organisation; an empty one if it was never set.
    pub(crate) async fn own_entry(&self) -> Result<RegisterEntry> {
        let organisation = match self.myself().await? {
            Some(member) => member.organisation,
            None => {
                return Err(problem("a bot has no register entry", "sign in as a member").into());
            }
        };
        let entries = self.call(ListRegisterEntries {}).await?.entries;
        let own = entries.into_iter().find(|entry| entry.organisation == organisation);
        Ok(own.unwrap_or(RegisterEntry {
            organisation,
            depends_on: Vec::new(),
            shown: false,
            deputies: Vec::new(),
        }))
    }

    /// The organisations of the WARP.
    pub(crate) async fn organisations(&self) -> Result<Vec<Organisation>> {
        Ok(self.call(ListOrganisations {}).await?.organisations)
    }

    /// The organisation that a text names.
    pub(crate) async fn organisation(&self, text: &str, purpose: Purpose) -> Result<Organisation> {
        Ok(names::find(&self.organisations().await?, text, purpose)?.clone())
    }

    /// One entry of a room as it is now, or the stub that stands for it.
    pub(crate) async fn entry(&self, room: RoomId, seq: Seq) -> Result<Item> {
        let (record, relaxed) = self.record(room, seq).await?;
        Ok(Item::of(&record, &relaxed))
    }

    /// One record of a room, and whether its author relaxed it. The record before it is read too, so that
    /// what it says is held against its head.
    pub(crate) async fn record(&self, room: RoomId, seq: Seq) -> Result<(Record, Relaxed)> {
        let (mut after, mut end) = (seq.saturating_sub(2), None);
        loop {
            // A page may be full after the first of the two.
            let limit = if after + 1 < seq { 2 } else { 1 };
            let page =
                self.patiently(HistoryPage { room, from: From::After(after), limit }).await?;
            chain::check("this room", &mut end, &page.records)?;
            match page.records.last().map(|last| last.seq) {
                Some(last) if last < seq => after = last,
                _ => {
                    let found = page.records.into_iter().find(|record| record.seq == seq);
                    let found = found.ok_or_else(|| {
                        problem(
                            format!("there is no #{seq} in this room yet"),
                            "see what there is with `warproom history ROOM`",
                        )
                    })?;
                    return Ok((found, Relaxed::among(&page.amendments)));
                }
            }
        }
    }

    /// Whether an entry belongs to an exercise, so that what refers to it is told as one too: the server
    /// makes it one. What cannot be read is no reason not to write; its refusal comes from the server.
    pub(crate) async fn is_exercise(&self, room: RoomId, seq: Option<Seq>) -> bool {
        let Some(seq) = seq else { return false };
        let Ok(item) = self.entry(room, seq).await else { return false };
        item.entry.is_some_and(|entry| entry.handling.exercise)
    }

    /// The alerts that took the place of an alert, or cancelled it, oldest first.
    pub(crate) async fn superseding(&self, room: RoomId, of: Seq) -> Result<Vec<Record>> {
        let mut found = Vec::new();
        let mut after = of;
        loop {
            let call = HistoryReferring { room, to: of, after, limit: PAGE };
            let page = self.patiently(call).await?;
            let Some(last) = page.records.last() else { return Ok(found) };
            after = last.seq;
            found.extend(page.records.into_iter().filter(|record| {
                Item::from(record).supersedes().is_some_and(|(earlier, _)| earlier == of)
            }));
        }
    }

    /// The names of everyone and everything that may be known, best effort: what cannot be named is
    /// shown by its id, and that is no reason to show nothing. A guest learns the people of these
    /// rooms only.
    pub(crate) async fn directory(&self, rooms: &[RoomId]) -> Directory {
        let mut people = Directory::default();
        // A manager is told of asks in rooms of others too, and may know what they are called.
        let all = self.me().role == Some(Role::Manager);
        for room in self.rooms(all).await.unwrap_or_default() {
            people.learn_room(&room);
        }
        if self.sees_register() {
            let organisations = self.organisations().await.unwrap_or_default();
            for entry in &organisations {
                people.learn_organisation(entry);
            }
            let bots = self.call(ListBots {}).await.map(|list| list.bots).unwrap_or_default();
            for bot in &bots {
                people.learn_bot(bot);
            }
        }
        for member in self.members().await.unwrap_or_default() {
            people.learn_member(&member);
        }
        if !self.sees_register() {
            for room in rooms {
                let present = self.call(RoomMembers { room: *room }).await.map(|list| list.members);
                for member in present.unwrap_or_default() {
                    people.learn_room_member(&member);
                }
            }
        }
        people
    }

    /// Learns from the register whoever these records name and is not there any more.
    pub(crate) async fn learn_missing(&self, people: &mut Directory, records: &[Record]) {
        let strangers = |record: &Record| named(record).into_iter().any(|who| !people.knows(who));
        if !self.sees_register() || !records.iter().any(strangers) {
            return;
        }
        let mut after = 0;
        while let Ok(page) = self.call(RegisterPage { after, limit: PAGE }).await {
            for record in &page.records {
                people.learn_act(record);
            }
            match page.records.last() {
                Some(last) if last.seq < page.latest.seq => after = last.seq,
                _ => return,
            }
        }
    }

    /// A list of members as the reply of a call: whole for a program, a line each for a person.
    pub(crate) fn give_members<T: Serialize>(
        &self,
        reply: &T,
        members: &[MemberId],
        people: &Directory,
        nobody: &str,
    ) -> Result<()> {
        self.out().give(reply, |_| {
            let lines: Vec<_> =
                members.iter().map(|id| people.describe(Principal::Member(*id))).collect();
            if lines.is_empty() { nobody.to_owned() } else { lines.join("\n") }
        })
    }

    /// Whether the organisations, bots and the register are this member's to see.
    fn sees_register(&self) -> bool {
        matches!(self.me().role, Some(Role::Manager | Role::Officer))
    }
}

/// Everyone whom a record of a room names.
fn named(record: &Record) -> Vec<Principal> {
    let Some(entry) = Item::from(record).entry else { return Vec::new() };
    let mut named = vec![entry.handling.author];
    if let Kind::Joined { who, .. } | Kind::Left { who } = entry.handling.kind {
        named.push(who);
    }
    named.extend(entry.handling.mentions.into_iter().map(Principal::Member));
    named
}
