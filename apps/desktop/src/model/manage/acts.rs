//! The log of acts: who did what to members, organisations, devices, rooms and bots, newest first.
//!
//! It is the register, read page by page from its end. What was read is held here and checked again:
//! each record must follow the one before it. Whether the log continues what this computer remembers
//! is checked where the remembering is, in the client crate, before a page gets here; a page that does
//! not is refused, and that is said ([`Acts::broken`]).
//!
//! Pages begin at multiples of their size, so that an older one is asked for in the same words each
//! time and its remembered reply takes the place of the one before. What is remembered on disk is shown
//! only until the server itself has answered.

mod worded;

use std::collections::BTreeMap;

use warproom_client::proto::calls::{ListRooms, Page, RegisterPage};
use warproom_client::proto::{LogId, Position, Record, Seq, limits};
use warproom_client::{Discontinuity, Rewritten};

use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};
use crate::{Effect, News};

pub use worded::{Kind, Line};
pub(super) use worded::{Names, names_things};

/// The most acts held: more than anybody scrolls through. The command line reads what is older.
const MOST: usize = 20_000;

/// The log of acts, as far as it was read.
#[derive(Clone, Default)]
pub struct Acts {
    /// What was read, by number.
    records: BTreeMap<Seq, Record>,
    /// The last record of the log, as far as is known.
    pub latest: Seq,
    /// What was read, in words, newest first and without a gap; narrowed by kind and words.
    pub lines: Vec<Line>,
    /// The oldest act of the unbroken row that ends with the newest; 0 before anything was read.
    pub oldest: Seq,
    /// Only acts of this kind.
    pub kind: Kind,
    /// The page that was asked for and has not come.
    asked: Option<RegisterPage>,
    /// Why the last page did not come.
    pub trouble: Option<String>,
    /// How the log was found not to hold: a sentence.
    pub broken: Option<String>,
    /// Whether that was found by the client crate, so that somebody may believe it all the same.
    is_rewritten: bool,
    /// Whether the server has told it since the profile was opened; before, it is what was remembered.
    pub is_fresh: bool,
}

impl Acts {
    /// Whether older acts are there to be read.
    pub fn has_older(&self) -> bool {
        self.latest > 0 && self.oldest != 1 && !self.is_full()
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
}

/// Reads the newest page again, and what names rooms.
pub(super) fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    if !super::is_officer(model) {
        return;
    }
    // One that was lost with its connection is not waited for.
    model.manage.acts.asked = None;
    model.manage.acts.trouble = None;
    out.push(Effect::Call(ListRooms { all: model.is_manager() }.into()));
    // The page of the record after the last one: it has the last ones, or says how far the log came.
    let after = page_of(model.manage.acts.latest + 1);
    ask(model, RegisterPage { after, limit: page_size() }, out);
}

/// Whether there are older acts, and they can be asked for now.
pub fn may_read_older(model: &Model) -> bool {
    let acts = &model.manage.acts;
    acts.has_older() && !acts.is_reading() && acts.trouble.is_none() && model.is_connected()
}

/// Reads the newest of what is missing.
pub(super) fn older(model: &mut Model, out: &mut Vec<Effect>) {
    if !may_read_older(model) {
        return;
    }
    let acts = &model.manage.acts;
    let missing = if acts.oldest == 0 { acts.latest } else { acts.oldest - 1 };
    let after = page_of(missing);
    // A page may be short of bytes: then its rest is asked for, in words that are not remembered.
    let held = acts.records.range(after + 1..missing).next_back().map(|(seq, _)| *seq);
    let page = match held {
        Some(held) => RegisterPage { after: held, limit: page_size() - 1 },
        None => RegisterPage { after, limit: page_size() },
    };
    ask(model, page, out);
}

fn ask(model: &mut Model, page: RegisterPage, out: &mut Vec<Effect>) {
    model.manage.acts.asked = Some(page);
    out.push(Effect::Call(page.into()));
}

/// As many acts as the server gives at once.
fn page_size() -> u16 {
    u16::try_from(limits::PAGE).unwrap_or(u16::MAX)
}

/// After which record the page begins that this one is on.
fn page_of(seq: Seq) -> Seq {
    let size = Seq::from(page_size());
    seq.saturating_sub(1) / size * size
}

/// Shows acts of this kind alone.
pub(super) fn narrow(model: &mut Model, kind: Kind) {
    model.manage.acts.kind = kind;
    changed(model);
}

/// What there is to say, or what narrows it, has changed: it is put into words again, if anybody looks.
pub(super) fn changed(model: &mut Model) {
    if model.manage.is_up && model.manage.page == super::ManagePage::Acts {
        worded::reword(model);
    }
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Rewritten(rewritten) if rewritten.room.is_none() => {
            let how = match rewritten.how {
                Discontinuity::RolledBack { remembered } => {
                    format!(
                        "it ends at number {} and had come to number {remembered}",
                        rewritten.seq
                    )
                }
                Discontinuity::Changed => format!("number {} is not what it was", rewritten.seq),
                // The register may hold; that the audit log does not is said in the banner.
                Discontinuity::Audit(_) => return,
            };
            model.manage.acts.is_rewritten = true;
            model.manage.acts.broken.get_or_insert(how);
        }
        News::Connection(_) => model.manage.acts.asked = None,
        News::Answered(Request::RegisterPage(asked), result) => {
            came(model, *asked, result);
            if model.manage.is_up && model.manage.acts.oldest == 0 {
                // It told how far the log came, and had nothing of its end.
                older(model, out);
            }
        }
        News::Answered(_, Ok(reply)) if names_things(reply) => changed(model),
        _ => {}
    }
}

/// After everything that was done: once somebody believes the register as it is now, it is read anew.
pub(super) fn look(model: &mut Model, out: &mut Vec<Effect>) {
    let is_open = |found: &Rewritten| found.log() == LogId::REGISTER;
    if !model.manage.acts.is_rewritten || model.desk.rewritten.iter().any(is_open) {
        return;
    }
    let kind = model.manage.acts.kind;
    model.manage.acts = Acts { kind, ..Acts::default() };
    if model.manage.is_up && model.manage.page == super::ManagePage::Acts && model.is_connected() {
        refresh(model, out);
    }
}

fn came(model: &mut Model, asked: RegisterPage, result: &Result<Reply, Refusal>) {
    let is_connected = model.is_connected();
    let acts = &mut model.manage.acts;
    if acts.asked == Some(asked) {
        acts.asked = None;
    }
    match result {
        Ok(Reply::RegisterPage(page)) => {
            // Without a connection it is what was remembered, and never takes the place of what the
            // server said.
            if is_connected && !acts.is_fresh {
                acts.records.clear();
                acts.is_fresh = true;
            } else if !is_connected && acts.is_fresh {
                return;
            }
            acts.take(page);
            changed(model);
        }
        Ok(_) => {}
        Err(refusal) => acts.trouble = Some(refusal.to_string()),
    }
}

impl Acts {
    fn take(&mut self, page: &Page) {
        self.latest = self.latest.max(page.latest.seq);
        for record in &page.records {
            let before = self.records.insert(record.seq, record.clone());
            if before.is_some_and(|before| before.head != record.head) {
                self.breaks(record.seq);
            }
        }
        if let (Some(first), Some(last)) = (page.records.first(), page.records.last()) {
            for seq in first.seq..=last.seq.saturating_add(1) {
                self.check(seq);
            }
        }
        let mut oldest = 0;
        for seq in self.records.keys().rev() {
            let is_next = if oldest == 0 { *seq == self.latest } else { *seq + 1 == oldest };
            if !is_next {
                break;
            }
            oldest = *seq;
        }
        self.oldest = oldest;
    }

    /// Checks that a record follows the one before it, where both are held.
    fn check(&mut self, seq: Seq) {
        let Some(record) = self.records.get(&seq) else { return };
        let before = match seq {
            0 | 1 => Some(Position::start(LogId::REGISTER)),
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
