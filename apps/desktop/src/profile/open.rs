//! An open profile: what is kept of it and read from it while somebody works.

use std::path::Path;
use std::sync::Arc;

use warproom_client::proto::calls::{From, Me};
use warproom_client::proto::{EntryId, Name, Position, RoomId, Seq};
use warproom_client::{Delivered, Heads};

use super::cache::{Cache, Missing};
use super::folder::Held;
use super::identity::{Identity, Written};
use super::key_store::Keys;
use super::seal::{ProfileKey, Seal};
use super::store::Store;
use super::{ProfileError, ProfileName, Result, vault};
use crate::effect::Outgoing;
use crate::model::compose::Draft;
use crate::model::settings::Settings;
use crate::news::{Page, Refusal};
use crate::request::{Reply, Request};

const IDENTITY: &str = "identity";
const SETTINGS: &str = "settings";
const HEADS: &str = "heads";

/// An open profile, used by one thread at a time. While it is there, no other program can open it.
///
/// A write is durable when its method returns, those of the cache excepted.
pub struct Profile {
    name: ProfileName,
    identity: Identity,
    store: Store,
    cache: Cache,
    keys: Arc<dyn Keys>,
    /// Its name in the key store, if its key is there.
    item: Option<String>,
    /// Goes last: by then the databases are closed.
    _held: Held,
}

/// Makes the files of a new profile beside its vault.
pub(super) fn create(folder: &Path, key: &ProfileKey, identity: &Identity) -> Result<()> {
    let seal = Arc::new(Seal::new(key)?);
    let store = Store::create(folder, Arc::clone(&seal))?;
    store.keep(IDENTITY, &Written::from(identity))?;
    Cache::open(folder, seal)?;
    Ok(())
}

impl Profile {
    /// Opens the files of a profile.
    pub(super) fn open(
        name: ProfileName,
        folder: &Path,
        key: &ProfileKey,
        held: Held,
        (keys, item): (Arc<dyn Keys>, Option<String>),
    ) -> Result<Self> {
        let seal = Arc::new(Seal::new(key)?);
        let store = Store::open(folder, Arc::clone(&seal))?;
        let identity = store.kept(IDENTITY)?.and_then(Written::read);
        let identity = identity.ok_or(ProfileError::Damaged("whom it is for"))?;
        let cache = Cache::open(folder, seal)?;
        Ok(Self { name, identity, store, cache, keys, item, _held: held })
    }

    /// Its name.
    pub const fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Who it signs in, and where.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Keeps what its owner and the WARP are called now.
    pub fn keep_identity(&mut self, me: &Me, warp: &Name) -> Result<()> {
        let mut identity = self.identity.clone();
        identity.me = me.clone();
        identity.warp = warp.clone();
        self.store.keep(IDENTITY, &Written::from(&identity))?;
        if let Some(item) = self.item.as_ref().filter(|_| *warp != self.identity.warp) {
            // It is only for telling profiles apart, and is told anew when the name changes again.
            if let Err(error) = vault::keep_warp(item, warp, &*self.keys) {
                tracing::warn!(%error, "the key store did not take the WARP's new name");
            }
        }
        self.identity = identity;
        Ok(())
    }

    /// How this computer shows and tells things.
    pub fn settings(&self) -> Result<Settings> {
        Ok(self.store.kept(SETTINGS)?.unwrap_or_default())
    }

    /// Keeps the settings.
    pub fn keep_settings(&self, settings: &Settings) -> Result<()> {
        self.store.keep(SETTINGS, settings)
    }

    /// What was being written.
    pub fn drafts(&self) -> Result<Vec<(RoomId, Draft)>> {
        self.store.drafts()
    }

    /// Keeps a draft. One with no text that answers and edits nothing is dropped.
    pub fn keep_draft(&self, room: RoomId, draft: &Draft) -> Result<()> {
        self.store.keep_draft(room, draft)
    }

    /// What waits to be sent and what was refused, in the order it was first kept.
    pub fn outbox(&self) -> Result<Vec<(Outgoing, Option<Refusal>)>> {
        self.store.outbox()
    }

    /// Keeps an entry until it is dropped. One that is there already keeps its place, and is not
    /// refused any more.
    pub fn keep_outgoing(&self, outgoing: &Outgoing) -> Result<()> {
        self.store.keep_outgoing(outgoing)
    }

    /// Keeps an entry as it is by now. One that was dropped meanwhile stays dropped.
    pub fn renew_outgoing(&self, outgoing: &Outgoing) -> Result<()> {
        self.store.renew_outgoing(outgoing)
    }

    /// Writes down why an entry was refused. One that was dropped meanwhile stays dropped.
    pub fn keep_refusal(&self, id: EntryId, refusal: &Refusal) -> Result<()> {
        self.store.keep_refusal(id, refusal)
    }

    /// Drops an entry that was sent, or is not to be.
    pub fn drop_outgoing(&self, id: EntryId) -> Result<()> {
        self.store.drop_outgoing(id)
    }

    /// The replies that were remembered, in the order their requests were first made.
    pub fn remembered(&self) -> Result<Vec<(Request, Reply)>> {
        self.cache.remembered()
    }

    /// Remembers the newest reply to a request, if it is of those that are
    /// [remembered](Request::is_remembered): others may carry secrets. A board that quotes what was
    /// taken back after the board was made is not.
    pub fn remember(&self, request: &Request, reply: &Reply) -> Result<()> {
        if request.is_remembered() && !self.quotes_what_was_taken_back(request, reply)? {
            self.cache.remember(request, reply)
        } else {
            Ok(())
        }
    }

    fn quotes_what_was_taken_back(&self, request: &Request, reply: &Reply) -> Result<bool> {
        let (Request::ShowBoard(call), Reply::ShowBoard(board)) = (request, reply) else {
            return Ok(false);
        };
        let answers = board.rows.iter().filter_map(|row| row.answer.as_ref());
        for seq in std::iter::once(call.of).chain(answers.map(|answer| answer.seq)) {
            if self.cache.is_retracted(call.room, seq)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The heads of the logs, so that the server cannot change them unseen.
    pub fn heads(&self) -> Result<Heads> {
        Ok(self.store.kept(HEADS)?.unwrap_or_default())
    }

    /// Keeps the heads in the place of those before.
    pub fn keep_heads(&self, heads: &Heads) -> Result<()> {
        self.store.keep(HEADS, heads)
    }

    /// Keeps records of a room: all of them, or none. Each takes the place of what was kept of it, but
    /// nothing takes the place of what was retracted: of that, and of its edits, answers and reactions,
    /// no more is left than that there is a record.
    ///
    /// Nor is a text kept that is milder than its label is known to be by now. Answers the numbers of what
    /// was erased for that: they are to be read again, by whoever may.
    pub fn keep_entries(&self, room: RoomId, entries: &[Delivered]) -> Result<Vec<Seq>> {
        self.cache.keep(room, entries)
    }

    /// The highest number kept of a room; 0 if there is none.
    pub fn last(&self, room: RoomId) -> Result<Seq> {
        self.cache.last(room)
    }

    /// The position of the highest record kept of a room.
    pub fn last_position(&self, room: RoomId) -> Result<Option<Position>> {
        self.cache.last_position(room)
    }

    /// The first of these records that is not the one that is kept under its number: the server shows
    /// another history than before.
    pub fn other(&self, room: RoomId, entries: &[Delivered]) -> Result<Option<Seq>> {
        self.cache.other(room, entries)
    }

    /// A page of a room as the server would give it: only if the cache has `limit` records, or all
    /// down to record 1, and everything that came after them, and none of them is withheld but for
    /// having been retracted.
    pub fn page(&self, room: RoomId, from: From, limit: u16) -> Result<Option<Page>> {
        self.cache.page(room, from, limit, Missing::Ask)
    }

    /// A page of a room as far as there is one: as many records without a gap as the cache has. None if
    /// there are none.
    pub fn page_offline(&self, room: RoomId, from: From, limit: u16) -> Result<Option<Page>> {
        self.cache.page(room, from, limit, Missing::Leave)
    }

    /// What refers to an entry, as far as it is kept, oldest first.
    pub fn thread(&self, room: RoomId, to: Seq) -> Result<Vec<Delivered>> {
        self.cache.thread(room, to)
    }

    /// Drops everything read of a room, and takes it out of the lists that name it.
    pub fn forget_room(&self, room: RoomId) -> Result<()> {
        self.cache.forget(room)
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> (&Store, &Cache) {
        (&self.store, &self.cache)
    }
}
