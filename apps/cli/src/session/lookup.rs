//! Finding what a person named, and the names of what the server answers.

use anyhow::Result;
use serde::Serialize;
use warproom_client::proto::calls::{
    ListBots, ListMembers, ListOrganisations, ListRooms, RegisterPage, RoomMembers, RoomSummary,
};
use warproom_client::proto::register::{Member, Organisation, Role};
use warproom_client::proto::{Kind, MemberId, Principal, Record, RoomId};

use super::{PAGE, Session};
use crate::directory::Directory;
use crate::names;
use crate::show::Item;

impl Session {
    /// Your rooms, or for a manager all of them.
    pub(crate) async fn rooms(&self, all: bool) -> Result<Vec<RoomSummary>> {
        Ok(self.call(ListRooms { all }).await?.rooms)
    }

    /// The room that a text names. A manager may name one they are not in.
    pub(crate) async fn room(&self, text: &str) -> Result<RoomSummary> {
        let mine = self.rooms(false).await?;
        match names::find(&mine, text) {
            Ok(room) => Ok(room.clone()),
            Err(_) if self.me().role == Some(Role::Manager) => {
                Ok(names::find(&self.rooms(true).await?, text)?.clone())
            }
            Err(problem) => Err(problem.into()),
        }
    }

    /// The members of the WARP, as far as they may be known.
    pub(crate) async fn members(&self) -> Result<Vec<Member>> {
        Ok(self.call(ListMembers {}).await?.members)
    }

    /// The member that a text names.
    pub(crate) async fn member(&self, text: &str) -> Result<Member> {
        Ok(names::find(&self.members().await?, text)?.clone())
    }

    /// The organisations of the WARP.
    pub(crate) async fn organisations(&self) -> Result<Vec<Organisation>> {
        Ok(self.call(ListOrganisations {}).await?.organisations)
    }

    /// The organisation that a text names.
    pub(crate) async fn organisation(&self, text: &str) -> Result<Organisation> {
        Ok(names::find(&self.organisations().await?, text)?.clone())
    }

    /// The names of everyone and everything that may be known, best effort: what cannot be named is
    /// shown by its id, and that is no reason to show nothing. A guest learns the people of these
    /// rooms only.
    pub(crate) async fn directory(&self, rooms: &[RoomId]) -> Directory {
        let mut people = Directory::default();
        for room in self.rooms(false).await.unwrap_or_default() {
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
