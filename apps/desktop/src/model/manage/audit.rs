//! The audit log: who came in, was turned away, changed what, read or took out what, newest first. A
//! member sees what concerns them, a manager all of it; of the rest there are stubs, which hold the chain
//! together and tell nothing.
//!
//! It is read page by page from its end, and never remembered: what it tells is asked for each time.
//! What was read is held here and checked: each record must follow the one before it. Whether the whole
//! log is the one that the server signed, and continues what this computer remembers, is the client
//! crate's to check, and so is the proof of one record. Here it is only said.

mod worded;

use std::collections::BTreeMap;

use warproom_client::AuditProved;
use warproom_client::proto::calls::{AuditPage, From, ListRooms, Page, SignedCheckpoint};
use warproom_client::proto::checkpoint::verifier_key;
use warproom_client::proto::{LogId, Position, Record, Seq, limits};

use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};
use crate::{Effect, News};

pub use worded::{Kind, Line};

/// The most records held: more than anybody scrolls through. The command line reads what is older.
const MOST: usize = 20_000;

/// Pages in a row with nothing to be shown, after which no more are read unless somebody asks: what
/// concerns a member may lie far apart.
const BARREN: u32 = 3;

/// The audit log, as far as it was read.
#[derive(Clone, Default)]
pub struct Audit {
    /// What was read, by number.
    records: BTreeMap<Seq, Record>,
    /// The last record of the log, as far as is known.
    pub latest: Seq,
    /// The oldest record that was read; 0 before anything was.
    pub oldest: Seq,
    /// What was read, in words, newest first; narrowed by kind and words.
    pub lines: Vec<Line>,
    /// Only records of this kind.
    pub kind: Kind,
    /// Whether stubs are shown, too.
    pub has_stubs: bool,
    /// The page that was asked for and has not come.
    asked: Option<AuditPage>,
    /// How many pages came in a row with nothing to be shown.
    barren: u32,
    /// Why the last page did not come.
    pub trouble: Option<String>,
    /// How the log was found not to hold: a sentence.
    pub broken: Option<String>,
    /// The present checkpoint.
    pub checkpoint: Option<SignedCheckpoint>,
    /// Why there is none.
    pub checkpoint_trouble: Option<String>,
    /// What came of proving the record that is shown.
    pub proof: Option<(Seq, Proof)>,
}

/// What came of proving a record.
#[derive(Clone)]
pub enum Proof {
    /// It was asked for.
    Asked,
    /// It stands there, under this checkpoint.
    Proved(Box<AuditProved>),
    /// It was not proved: why.
    Failed(String),
}

impl Audit {
    /// Whether older records are there to be read.
    pub fn has_older(&self) -> bool {
        self.oldest > 1 && !self.is_full()
    }

    /// Whether as many are held as may be.
    pub fn is_full(&self) -> bool {
        self.records.len() >= MOST
    }

    /// Whether a page is on its way.
    pub const fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    /// A record that was read.
    pub fn record(&self, seq: Seq) -> Option<&Record> {
        self.records.get(&seq)
    }

    /// The key that signs, as tools for signed notes take it.
    pub fn key(&self) -> Option<String> {
        let signed = self.checkpoint.as_ref()?;
        Some(verifier_key(&signed.note.checkpoint().origin, &signed.key))
    }
}

/// Reads the newest page, what names rooms, and the checkpoint.
pub(super) fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    let audit = &mut model.manage.audit;
    (audit.trouble, audit.barren) = (None, 0);
    if super::is_officer(model) {
        out.push(Effect::Call(ListRooms { all: model.is_manager() }.into()));
    }
    ask(model, From::Latest, out);
    out.push(Effect::ReadCheckpoint);
}

/// Whether older records can be asked for now.
pub fn may_read_older(model: &Model) -> bool {
    let audit = &model.manage.audit;
    audit.has_older() && !audit.is_reading() && audit.trouble.is_none() && model.is_connected()
}

/// Whether older records are read without being asked for: not on and on where there is nothing to show.
pub fn reads_on(model: &Model) -> bool {
    may_read_older(model) && model.manage.audit.barren < BARREN
}

/// Reads older records. Somebody who asks for them goes on as far again.
pub(super) fn older(model: &mut Model, out: &mut Vec<Effect>) {
    if !may_read_older(model) {
        return;
    }
    if !reads_on(model) {
        model.manage.audit.barren = 0;
    }
    ask(model, From::Before(model.manage.audit.oldest), out);
}

fn ask(model: &mut Model, from: From, out: &mut Vec<Effect>) {
    let page = AuditPage { from, limit: u16::try_from(limits::PAGE).unwrap_or(u16::MAX) };
    model.manage.audit.asked = Some(page);
    out.push(Effect::Call(page.into()));
}

/// Shows records of this kind alone.
pub(super) fn narrow(model: &mut Model, kind: Kind) {
    model.manage.audit.kind = kind;
    changed(model);
}

/// Shows stubs, or hides them.
pub(super) fn show_stubs(model: &mut Model, has_stubs: bool) {
    model.manage.audit.has_stubs = has_stubs;
    changed(model);
}

/// What there is to say, or what narrows it, has changed: it is put into words again, if anybody looks.
pub(super) fn changed(model: &mut Model) {
    if model.manage.is_up && model.manage.page == super::ManagePage::Audit {
        worded::reword(model);
    }
}

/// Asks for the proof of a record.
pub(super) fn prove(model: &mut Model, seq: Seq, out: &mut Vec<Effect>) {
    if !model.is_connected() {
        let sentence = "There is no connection to the server now, so nothing can be proved.";
        model.manage.audit.proof = Some((seq, Proof::Failed(sentence.to_owned())));
        return;
    }
    model.manage.audit.proof = Some((seq, Proof::Asked));
    out.push(Effect::ProveAudit(seq));
}

/// Puts the signed checkpoint on the clipboard, as tools for signed notes take it.
pub(super) fn copy_checkpoint(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(signed) = &model.manage.audit.checkpoint else { return };
    out.push(Effect::Copy(signed.note.to_string()));
    model
        .tell("The signed checkpoint is copied. Keep it where nobody at the server can change it.");
}

/// Puts the key that signs on the clipboard.
pub(super) fn copy_key(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(key) = model.manage.audit.key() else { return };
    out.push(Effect::Copy(key));
    model.tell("The key of the audit log is copied.");
}

pub(super) fn hear(model: &mut Model, news: &News) {
    match news {
        News::Connection(_) => model.manage.audit.asked = None,
        News::Answered(Request::AuditPage(asked), result)
            if model.manage.audit.asked == Some(*asked) =>
        {
            came(model, *asked, result);
        }
        News::Answered(_, Ok(reply)) if super::acts::names_things(reply) => changed(model),
        News::Checkpoint(Ok(signed)) => {
            model.manage.audit.checkpoint = Some(signed.clone());
            model.manage.audit.checkpoint_trouble = None;
        }
        News::Checkpoint(Err(refusal)) => {
            model.manage.audit.checkpoint_trouble = Some(refusal.to_string());
        }
        News::Proved { seq, proof } => proved(model, *seq, proof),
        _ => {}
    }
}

fn came(model: &mut Model, asked: AuditPage, result: &Result<Reply, Refusal>) {
    let audit = &mut model.manage.audit;
    audit.asked = None;
    match result {
        Ok(Reply::AuditPage(page)) => {
            if asked.from == From::Latest {
                // It may have grown by more than a page: what was held may not reach up to it.
                audit.records.clear();
                audit.oldest = 0;
            }
            let before = audit.lines.len();
            audit.take(page);
            changed(model);
            let audit = &mut model.manage.audit;
            let is_barren = asked.from != From::Latest && audit.lines.len() <= before;
            audit.barren = if is_barren { audit.barren + 1 } else { 0 };
        }
        Ok(_) => {}
        Err(refusal) => audit.trouble = Some(refusal.to_string()),
    }
}

fn proved(model: &mut Model, seq: Seq, proof: &Result<AuditProved, Refusal>) {
    let Some((of, Proof::Asked)) = &model.manage.audit.proof else { return };
    if *of != seq {
        return;
    }
    let proof = match proof {
        Ok(proof) => {
            model.manage.audit.checkpoint = Some(proof.signed.clone());
            Proof::Proved(Box::new(proof.clone()))
        }
        Err(refusal) => Proof::Failed(refusal.to_string()),
    };
    model.manage.audit.proof = Some((seq, proof));
}

impl Audit {
    fn take(&mut self, page: &Page) {
        self.latest = self.latest.max(page.latest.seq);
        for record in &page.records {
            let before = self.records.insert(record.seq, record.clone());
            if before.is_some_and(|before| before.head != record.head) {
                self.breaks(record.seq);
            }
        }
        let (Some(first), Some(last)) = (page.records.first(), page.records.last()) else { return };
        for seq in first.seq..=last.seq.saturating_add(1) {
            self.check(seq);
        }
        let is_newest = self.oldest == 0 || first.seq < self.oldest;
        if is_newest {
            self.oldest = first.seq;
        }
    }

    /// Checks that a record follows the one before it, where both are held.
    fn check(&mut self, seq: Seq) {
        let Some(record) = self.records.get(&seq) else { return };
        let before = match seq {
            0 | 1 => Some(Position::start(LogId::AUDIT)),
            _ => self.records.get(&(seq - 1)).map(Record::position),
        };
        if before.is_some_and(|before| !record.follows(before)) {
            self.breaks(seq);
        }
    }

    fn breaks(&mut self, seq: Seq) {
        let how = format!("number {seq} does not follow what stands before it");
        self.broken.get_or_insert(how);
    }
}
