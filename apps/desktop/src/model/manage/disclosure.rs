//! Answering a request for information: what it covers is read, shown with what is withheld and why, and
//! only then written to a folder.
//!
//! How things flow: the form becomes a [`DisclosureWish`]; the world collects and tells [`Made`]; what was
//! seen is what is written. Where only what is blacked out has changed since, it is made anew of what was
//! read, and nothing more lands in the audit log. What it is not: it blacks out nothing itself; the rules
//! are the client crate's.

mod form;
mod made;

use std::sync::Arc;

use warproom_client::DisclosedSoFar;

use crate::model::Model;
use crate::news::Refusal;
use crate::{Effect, News};

pub use form::{DisclosureForm, Hidden, PATTERNS, Wanted};
pub use made::{DisclosureWish, Made};

/// A request for information, as far as it is answered.
#[derive(Clone, Default)]
pub struct Disclosing {
    /// What is asked for and blacked out.
    pub form: DisclosureForm,
    /// What was made of it last.
    pub made: Option<Arc<Made>>,
    /// What is under way.
    pub under_way: UnderWay,
    /// Where it was written last.
    pub written: Option<String>,
    /// Why it was not done.
    pub trouble: Option<String>,
    /// The number of the last reading: what comes of an older one is dropped.
    number: u64,
}

/// What is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnderWay {
    /// Nothing.
    #[default]
    Nothing,
    /// It is read: how far, once that is known.
    Reading(Option<DisclosedSoFar>),
    /// It is written.
    Writing,
}

impl Disclosing {
    /// Whether what was made is what the form says.
    pub fn is_current(&self) -> bool {
        let is =
            |made: &Arc<Made>| made.wanted == self.form.wanted && made.hidden == self.form.hidden;
        self.made.as_ref().is_some_and(is)
    }

    /// Whether making it anew means reading it anew, which lands in the audit log.
    pub fn reads_anew(&self) -> bool {
        self.made.as_ref().is_none_or(|made| made.wanted != self.form.wanted)
    }
}

/// Whether it can be read now.
pub fn may_read(model: &Model) -> bool {
    let disclosing = &model.manage.disclosure;
    model.is_manager() && model.is_connected() && disclosing.under_way == UnderWay::Nothing
}

/// Whether what was made can be written now: it is what the form says. No server is needed for it.
pub fn may_write(model: &Model) -> bool {
    let disclosing = &model.manage.disclosure;
    model.is_manager() && disclosing.under_way == UnderWay::Nothing && disclosing.is_current()
}

/// Reads what the request covers, and makes the document and the list of what is withheld.
pub(super) fn read(model: &mut Model, out: &mut Vec<Effect>) {
    if !may_read(model) {
        return;
    }
    let wished = form::wish(model);
    let disclosing = &mut model.manage.disclosure;
    (disclosing.trouble, disclosing.written) = (None, None);
    match wished {
        Ok(mut wish) => {
            disclosing.number += 1;
            disclosing.under_way = UnderWay::Reading(None);
            wish.number = disclosing.number;
            out.push(Effect::ReadDisclosure(Box::new(wish)));
        }
        Err(sentence) => disclosing.trouble = Some(sentence),
    }
}

/// Writes what was made, as it was shown.
pub(super) fn write(model: &mut Model, out: &mut Vec<Effect>) {
    if !may_write(model) {
        return;
    }
    let disclosing = &mut model.manage.disclosure;
    let folder = disclosing.form.folder.trim().to_owned();
    if folder.is_empty() {
        disclosing.trouble = Some("Name the folder that it is to be written to.".to_owned());
        return;
    }
    let Some(made) = disclosing.made.clone() else { return };
    (disclosing.trouble, disclosing.written) = (None, None);
    disclosing.under_way = UnderWay::Writing;
    out.push(Effect::WriteDisclosure { folder, made });
}

/// Another request: the form begins anew, and what was read is forgotten.
pub(super) fn begin_anew(model: &mut Model) {
    let number = model.manage.disclosure.number;
    if model.manage.disclosure.under_way == UnderWay::Nothing {
        model.manage.disclosure = Disclosing { number, ..Disclosing::default() };
    }
}

pub(super) fn hear(model: &mut Model, news: &News) {
    let disclosing = &mut model.manage.disclosure;
    match news {
        News::Disclosing { number, so_far } if *number == disclosing.number => {
            if let UnderWay::Reading(at) = &mut disclosing.under_way {
                *at = Some(*so_far);
            }
        }
        News::DisclosureRead { number, made } if *number == disclosing.number => came(model, made),
        News::DisclosureWritten(written) if disclosing.under_way == UnderWay::Writing => {
            disclosing.under_way = UnderWay::Nothing;
            match written {
                Ok(folder) => {
                    disclosing.written = Some(folder.clone());
                    model.tell(format!("The disclosure is written to {folder}."));
                }
                Err(refusal) => troubled(model, refusal),
            }
        }
        _ => {}
    }
}

fn came(model: &mut Model, made: &Result<Arc<Made>, Refusal>) {
    let disclosing = &mut model.manage.disclosure;
    if !matches!(disclosing.under_way, UnderWay::Reading(_)) {
        return;
    }
    disclosing.under_way = UnderWay::Nothing;
    match made {
        Ok(made) => {
            disclosing.made = Some(made.clone());
            if disclosing.form.folder.is_empty() {
                model.manage.disclosure.form.folder = form::suggested_folder(model);
            }
            if !model.manage.is_up {
                model.tell("What the request for information covers is read. Look it through.");
            }
        }
        Err(refusal) => troubled(model, refusal),
    }
}

/// Said on the page, and in passing to whoever looks elsewhere.
fn troubled(model: &mut Model, refusal: &Refusal) {
    model.manage.disclosure.trouble = Some(refusal.to_string());
    if !model.manage.is_up {
        model.tell_trouble(refusal);
    }
}
