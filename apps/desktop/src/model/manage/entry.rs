//! What one's own organisation depends on, who its deputies are, and who may see it.
//!
//! It is replaced whole, so the form begins with what the server says now and never with what this
//! computer remembers.

use warproom_client::proto::calls::{ListRegisterEntries, SetRegisterEntry};
use warproom_client::proto::register::{Dependency, RegisterEntry};
use warproom_client::proto::{MemberId, Name, Subject, limits};

use super::{Asked, Shown, lists, organisations};
use crate::Effect;
use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};

/// The register entry of one's own organisation.
#[derive(Clone, Default)]
pub struct EntryForm {
    /// What it depends on.
    pub rows: Vec<Row>,
    /// Whether every officer of the WARP may see it.
    pub shown: bool,
    /// Who is reminded when nobody else answers, in this order.
    pub deputies: Vec<MemberId>,
    /// How the form stands.
    pub asked: Asked,
}

/// One thing that is depended on, as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: SubjectKind,
    /// Its name.
    pub name: String,
    /// What else it is called, with commas between.
    pub aliases: String,
}

/// What kind of thing is depended on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectKind {
    /// A supplier.
    #[default]
    Supplier,
    /// A product.
    Product,
    /// A vulnerability.
    Cve,
    /// A vendor and product as CPE 2.3 names them.
    Cpe,
    /// Anything else that is followed.
    Topic,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Supplier, Self::Product, Self::Cve, Self::Cpe, Self::Topic];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supplier => "Supplier",
            Self::Product => "Product",
            Self::Cve => "CVE",
            Self::Cpe => "CPE",
            Self::Topic => "Topic",
        }
    }

    /// How its name is written.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Supplier => "Civica",
            Self::Product => "Connect Secure",
            Self::Cve => "CVE-2024-21887",
            Self::Cpe => "ivanti:connect_secure",
            Self::Topic => "ransomware",
        }
    }

    fn subject(self, name: &str) -> Result<Subject, String> {
        let plain = || {
            name.parse::<Name>().map_err(|_| {
                format!("\u{201c}{name}\u{201d} is too long or not printable: a name has 1 to 80 characters.")
            })
        };
        match self {
            Self::Supplier => plain().map(Subject::Vendor),
            Self::Product => plain().map(Subject::Product),
            Self::Topic => plain().map(Subject::Topic),
            Self::Cve => cve(name)
                .map(Subject::Cve)
                .ok_or_else(|| format!("\u{201c}{name}\u{201d}: write the vulnerability as CVE-2024-21887.")),
            Self::Cpe => cpe(name).map(Subject::Cpe).ok_or_else(|| {
                format!("\u{201c}{name}\u{201d}: write vendor and product as ivanti:connect_secure, in the words of CPE 2.3.")
            }),
        }
    }
}

/// The id of a vulnerability (CVE Numbering Authority rules: four digits of a year, four or more of a
/// number), in capitals.
fn cve(text: &str) -> Option<Name> {
    let text = text.to_ascii_uppercase();
    let (year, number) = text.strip_prefix("CVE-")?.split_once('-')?;
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = year.len() == 4 && number.len() >= 4 && are_digits(year) && are_digits(number);
    fits.then(|| text.parse().ok())?
}

/// Vendor and product of a CPE 2.3 name, in small letters; a whole name gives its two.
fn cpe(text: &str) -> Option<Name> {
    let text = text.to_lowercase();
    let whole = text.strip_prefix("cpe:2.3:");
    let parts = match whole {
        Some(whole) => whole.split_once(':')?.1,
        None => &text,
    };
    let mut parts = parts.split(':');
    let (vendor, product) = (parts.next()?, parts.next()?);
    let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    let ends = whole.is_some() || parts.next().is_none();
    let fits = is_part(vendor) && is_part(product) && ends;
    fits.then(|| format!("{vendor}:{product}").parse().ok())?
}

impl Row {
    fn of(dependency: &Dependency) -> Self {
        let (kind, name) = match &dependency.subject {
            Subject::Vendor(name) => (SubjectKind::Supplier, name),
            Subject::Product(name) => (SubjectKind::Product, name),
            Subject::Cve(name) => (SubjectKind::Cve, name),
            Subject::Cpe(name) => (SubjectKind::Cpe, name),
            Subject::Topic(name) => (SubjectKind::Topic, name),
        };
        let aliases: Vec<_> = dependency.aliases.iter().map(Name::as_str).collect();
        Self { kind, name: name.to_string(), aliases: aliases.join(", ") }
    }

    /// What it says; none for a row that is blank.
    fn dependency(&self) -> Result<Option<Dependency>, String> {
        let (name, aliases) = (self.name.trim(), self.aliases.trim());
        if name.is_empty() && aliases.is_empty() {
            return Ok(None);
        }
        if name.is_empty() {
            return Err(format!(
                "\u{201c}{aliases}\u{201d} are other names of what? Write its name beside them."
            ));
        }
        let aliases = organisations::names(aliases.split(','))?;
        if aliases.len() > limits::DEPENDENCY_ALIASES {
            let most = limits::DEPENDENCY_ALIASES;
            return Err(format!("\u{201c}{name}\u{201d} has at most {most} other names."));
        }
        Ok(Some(Dependency { subject: self.kind.subject(name)?, aliases }))
    }
}

impl EntryForm {
    fn of(entry: &RegisterEntry) -> Self {
        Self {
            rows: entry.depends_on.iter().map(Row::of).collect(),
            shown: entry.shown,
            deputies: entry.deputies.clone(),
            asked: Asked::NotYet,
        }
    }

    fn call(&self) -> Result<SetRegisterEntry, String> {
        let mut depends_on = Vec::new();
        for row in &self.rows {
            depends_on.extend(row.dependency()?);
        }
        if depends_on.len() > limits::DEPENDENCIES {
            return Err(format!("At most {} things to depend on.", limits::DEPENDENCIES));
        }
        if self.deputies.len() > limits::DEPUTIES {
            return Err(format!("At most {} deputies.", limits::DEPUTIES));
        }
        Ok(SetRegisterEntry { depends_on, shown: self.shown, deputies: self.deputies.clone() })
    }
}

/// Opens the form, and asks for what it begins with.
pub(super) fn open(model: &mut Model, out: &mut Vec<Effect>) {
    model.manage.entry = None;
    if model.is_connected() {
        out.push(Effect::Call(ListRegisterEntries {}.into()));
    }
}

pub(super) fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(form) = &mut model.manage.entry else { return };
    form.asked = match form.call() {
        Ok(call) => {
            out.push(Effect::Call(call.into()));
            Asked::Waiting
        }
        Err(sentence) => Asked::Refused(sentence),
    };
}

pub(super) fn answered(
    model: &mut Model,
    request: &Request,
    result: &Result<Reply, Refusal>,
    out: &mut Vec<Effect>,
) {
    match (request, result) {
        (Request::ListRegisterEntries(_), Ok(Reply::ListRegisterEntries(list)))
            if model.manage.shown == Shown::Entry && model.manage.entry.is_none() =>
        {
            let ours = model.my_organisation();
            let entry = list.entries.iter().find(|entry| Some(entry.organisation) == ours);
            model.manage.entry = Some(entry.map(EntryForm::of).unwrap_or_default());
        }
        (Request::ListRegisterEntries(_), Err(refusal)) if model.manage.shown == Shown::Entry => {
            model.manage.trouble = Some(refusal.to_string());
        }
        (Request::SetRegisterEntry(_), Ok(_)) => {
            if let Some(form) = &mut model.manage.entry {
                form.asked = Asked::NotYet;
            }
            model.tell("What your organisation depends on is kept.");
            lists::refresh(model, out);
        }
        (Request::SetRegisterEntry(_), Err(refusal)) => {
            if let Some(form) = &mut model.manage.entry {
                form.asked = Asked::refused(refusal);
            }
        }
        _ => {}
    }
}
