//! One group of appends and marks on its way into the database: numbered, chained, sealed, and
//! gathered into one batch. Nothing is written here and nothing outside the group changes, so a
//! group that is refused leaves no trace.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::rand;
use warproom_proto::record::{Head, LogId, Salt, Seq, commitment};

use super::commit::CommitError;
use super::database::Batch;
use super::fault::{Fault, guarded};
use super::file::{self, FileChange};
use super::layout::{self, DraftId, MARKS};
use super::opened::{Opened, ReadError, Reader, Tip};
use super::read::Mark;
use super::record::{self, CHUNK_BYTES, Draft};
use super::seal::{DataKey, NoKey, month_of};

/// The longest key of a mark.
pub const MARK_KEY_BYTES: usize = 256;

/// The longest value of a mark: like a record's part it must stay under 7 KB when sealed.
pub const MARK_VALUE_BYTES: usize = CHUNK_BYTES;

/// What became of a draft. It carries the draft's own text back, to be shown without a copy.
pub struct Appended {
    /// The log.
    pub log: LogId,
    /// Its number there.
    pub seq: Seq,
    /// When the log took it, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What its commitment was salted with.
    pub salt: Salt,
    /// The head of the chain at this record.
    pub head: Head,
    /// Its commitment.
    pub commitment: Head,
    /// Whether the same id was appended before. Then nothing was appended now, all the above is of
    /// the first one, and `summary` and `item` are empty.
    pub repeated: bool,
    /// The draft's summary.
    pub summary: Vec<u8>,
    /// The draft's item.
    pub item: Vec<u8>,
}

/// A group in the making.
pub(super) struct Group<'a> {
    opened: &'a Opened,
    now_ms: i64,
    /// What each draft becomes, in their order.
    pub(super) appended: Vec<Appended>,
    pub(super) batch: Batch,
    /// The tips once the batch is durable.
    pub(super) tips: HashMap<LogId, Tip>,
    /// Data keys that the batch is the first to use.
    pub(super) new_keys: HashMap<(LogId, u16), Arc<DataKey>>,
    /// Where in `appended` an id of this group is.
    ids: HashMap<(LogId, DraftId), usize>,
    pub(super) is_empty: bool,
}

impl<'a> Group<'a> {
    pub(super) fn new(opened: &'a Opened, now_ms: i64) -> Self {
        Self {
            opened,
            now_ms,
            appended: Vec::new(),
            batch: Batch::default(),
            tips: HashMap::new(),
            new_keys: HashMap::new(),
            ids: HashMap::new(),
            is_empty: true,
        }
    }

    /// Adds a record, or finds it was there already.
    pub(super) fn append(&mut self, draft: Draft) -> Result<(), CommitError> {
        if let Some(id) = draft.id {
            if let Some(first) = self.repeated(draft.log, id)? {
                self.appended.push(first);
                return Ok(());
            }
            self.ids.insert((draft.log, id), self.appended.len());
        }
        let log = draft.log;
        let before = self.tips.get(&log).copied().unwrap_or_else(|| self.opened.tip(log));
        // The clock may step back; a log's time does not.
        let at_ms = self.now_ms.max(before.at_ms);
        let mut salt = Salt([0; 16]);
        rand::fill(&mut salt.0).map_err(|_| Fault::broken("the system gave no random numbers"))?;
        let commitment = commitment(&salt, at_ms, &draft.item);
        let position = before.position.next(&commitment);
        let (seq, head) = (position.seq, position.head);
        let plain = record::encode(&draft, at_ms, &salt, &head, before.last_state)
            .map_err(|_| CommitError::TooLong)?;
        self.insert_record(log, seq, month_of(at_ms), &plain)?;
        self.insert_indices(&draft, seq);
        let last_state = if draft.is_state { seq } else { before.last_state };
        self.tips.insert(log, Tip { position, at_ms, last_state });
        let Draft { summary, item, .. } = draft;
        let repeated = false;
        self.appended.push(Appended {
            log,
            seq,
            at_ms,
            salt,
            head,
            commitment,
            repeated,
            summary,
            item,
        });
        Ok(())
    }

    /// Sets a mark, or removes it if its value is empty.
    pub(super) fn mark(&mut self, mark: &Mark) -> Result<(), CommitError> {
        let Mark { key, value } = mark;
        if key.len() > MARK_KEY_BYTES || value.len() > MARK_VALUE_BYTES {
            return Err(CommitError::TooLong);
        }
        self.is_empty = false;
        let place = layout::mark(key);
        if value.is_empty() {
            self.batch.remove(place);
            return Ok(());
        }
        let sealed = self.data_key(MARKS, 0)?.seal(0, &place, value)?;
        self.batch.insert(place, sealed);
        Ok(())
    }

    /// Changes the row of a file.
    pub(super) fn file(&mut self, change: &FileChange) -> Result<(), CommitError> {
        self.is_empty = false;
        let (log, file, note) = match change {
            FileChange::Keep { log, file, note } => (*log, file, note),
            FileChange::Drop { log, file } => {
                self.batch.remove(&layout::file(*log, file)[..]);
                return Ok(());
            }
        };
        if note.len() > MARK_VALUE_BYTES / 2 {
            return Err(CommitError::TooLong);
        }
        let place = layout::file(log, file);
        let before = guarded(|| self.opened.db.get(place))?;
        let before = before.map(|sealed| file::plain_row(self.opened, &place, &sealed)).transpose();
        let before = before.map_err(|_| Fault::broken("what is kept of a file does not open"))?;
        let row = file::row(before.as_deref().map(Vec::as_slice), note)?;
        let tip = self.tips.get(&log).copied().unwrap_or_else(|| self.opened.tip(log));
        let month = month_of(self.now_ms.max(tip.at_ms));
        let period = self.opened.keys.current(&self.opened.db, log, month)?;
        let sealed = self.data_key(log, period)?.seal(period, &place, &row)?;
        self.batch.insert(&place[..], sealed);
        Ok(())
    }

    /// The first append under this id, from this group or from the database.
    fn repeated(&self, log: LogId, id: DraftId) -> Result<Option<Appended>, CommitError> {
        if let Some(at) = self.ids.get(&(log, id)) {
            let first = &self.appended[*at];
            let (summary, item) = (Vec::new(), Vec::new());
            return Ok(Some(Appended { repeated: true, summary, item, ..*first }));
        }
        let Some(seq) = guarded(|| self.opened.db.get(layout::id(log, &id)))? else {
            return Ok(None);
        };
        let seq = layout::number(&seq, 0).unwrap_or_default();
        let first = match Reader::default().record(self.opened, log, seq) {
            Ok(found) => found,
            Err(ReadError::Database(fault)) => return Err(fault.into()),
            Err(_) => None,
        };
        // The index is not sealed; the record is, and says itself which id it has.
        let (_, first) = first
            .filter(|(header, _)| header.id == Some(id))
            .ok_or(Fault::broken("an id leads to a record that is not its own"))?;
        Ok(Some(Appended {
            log,
            seq,
            at_ms: first.at_ms,
            salt: first.salt,
            head: first.head,
            commitment: first.commitment(),
            repeated: true,
            summary: Vec::new(),
            item: Vec::new(),
        }))
    }

    fn insert_record(
        &mut self,
        log: LogId,
        seq: Seq,
        month: u16,
        plain: &[u8],
    ) -> Result<(), CommitError> {
        let period = self.opened.keys.current(&self.opened.db, log, month)?;
        let key = self.data_key(log, period)?;
        for (part, chunk) in (0..).zip(plain.chunks(CHUNK_BYTES)) {
            if part == 0 {
                let place = layout::record(log, seq);
                self.batch.insert(&place[..], key.seal(period, &place, chunk)?);
            } else {
                let place = layout::part(log, seq, part);
                self.batch.insert(&place[..], key.seal(period, &place, chunk)?);
            }
        }
        self.is_empty = false;
        Ok(())
    }

    fn insert_indices(&mut self, draft: &Draft, seq: Seq) {
        if let Some((target, kind)) = draft.refers_to {
            for (_, key) in layout::references(draft.log, target, seq, kind) {
                self.batch.insert(&key[..], &[kind]);
            }
        }
        if let Some(id) = &draft.id {
            self.batch.insert(&layout::id(draft.log, id)[..], &seq.to_be_bytes());
        }
    }

    /// The data key of a log and period; a new one joins the batch.
    fn data_key(&mut self, log: LogId, period: u16) -> Result<Arc<DataKey>, Fault> {
        if let Some(key) = self.new_keys.get(&(log, period)) {
            return Ok(Arc::clone(key));
        }
        match self.opened.keys.find(&self.opened.db, log, period) {
            Ok(Some(key)) => return Ok(key),
            Ok(None) => {}
            Err(NoKey::Damaged) => return Err(Fault::broken("a data key does not open")),
            Err(NoKey::Fault(fault)) => return Err(fault),
        }
        let new = self.opened.keys.make(log, period)?;
        self.batch.insert(&layout::data_key(log, period)[..], new.wrapped);
        self.new_keys.insert((log, period), Arc::clone(&new.key));
        Ok(new.key)
    }
}
