//! What managers and leads look at and do, each with what it does spelled out before it is done.
//!
//! A page is a list, and from it one opens a thing of it or a form. Forms keep what was typed until the
//! server has taken it. Whatever takes something from somebody is a [`Deed`]: it is asked about first,
//! in words. What is shown only once ([`Once`]) is forgotten as soon as its page is left.
//!
//! What it is not: it decides nothing. Who may do what is asked here only so that nobody is offered
//! what the server would refuse.

mod acts;
mod audit;
mod bots;
mod deed;
mod disclosure;
mod entry;
mod handle;
mod invite;
mod lists;
mod once;
mod organisations;
mod proposals;
mod rooms;
mod row;
mod words;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use warproom_client::proto::Proposal;
use warproom_client::proto::calls::{PendingInvitation, RetentionShown, RoomMember, RoomSummary};
use warproom_client::proto::register::Device;
use warproom_client::proto::{BotId, MemberId, OrganisationId, RoomId, RoomRole, Seq};

use crate::model::Model;
use crate::model::desk::{self, Focus, Pane};
use crate::news::Refusal;
use crate::{Effect, News};

pub use acts::{Acts, Kind as ActKind, Line as ActLine, may_read_older as may_read_older_acts};
pub use audit::{
    Audit, Kind as AuditKind, Line as AuditLine, Proof, may_read_older as may_read_older_audit,
    reads_on as reads_on_audit,
};
pub use bots::BotForm;
pub use deed::Deed;
pub use disclosure::{
    Disclosing, DisclosureForm, DisclosureWish, Hidden, Made, PATTERNS as DISCLOSURE_PATTERNS,
    UnderWay as DisclosureUnderWay, Wanted, may_read as may_read_disclosure,
    may_write as may_write_disclosure,
};
pub use entry::{EntryForm, Row, SubjectKind};
pub use invite::InviteForm;
pub use once::{Once, Part};
pub use organisations::OrganisationForm;
#[cfg(test)]
pub(crate) use proposals::tests as proposals_tests;
pub use proposals::{
    ProposalForm, Purpose, in_words as proposed_in_words, is_held, retention_in_words,
    until as proposed_until,
};
pub use rooms::{Bringing, Managed, RoomForm};
pub use row::{RowAct, RowOffer, row_offers};
pub use words::{
    ceiling, changed_ceiling, expiry, history, is_officer, managers, may_lead, part, role,
    role_meaning, standing, subject,
};

/// What is managed.
#[derive(Clone, Default)]
pub struct Manage {
    /// Which page.
    pub page: ManagePage,
    /// What of the page is open.
    pub shown: Shown,
    /// What the list of the page is narrowed to.
    pub filter: String,
    /// Whether it was on the screen when last looked at: its lists are asked for when it comes, and
    /// what is shown once is forgotten when it goes.
    is_up: bool,
    /// Why the last thing done without a form was not done, or a list did not come.
    pub trouble: Option<String>,
    /// Every room of the WARP, for a manager.
    pub rooms: Vec<RoomSummary>,
    /// Who is in the room that is open.
    pub people: Option<Vec<RoomMember>>,
    /// What was appended from here and waits for the server.
    appended: Vec<rooms::Appended>,
    /// The devices of members, as far as they were asked for.
    pub devices: BTreeMap<MemberId, Vec<Device>>,
    /// The invitations that can still be redeemed.
    pub invitations: Option<Vec<PendingInvitation>>,
    /// A room to be opened, or the settings of the one that is open.
    pub room: RoomForm,
    /// Somebody to be brought into the room that is open.
    pub bringing: Bringing,
    /// Somebody to be invited.
    pub invite: InviteForm,
    /// An organisation to be added, or the one that is open.
    pub organisation: OrganisationForm,
    /// What one's own organisation depends on, once the server has told.
    pub entry: Option<EntryForm>,
    /// A bot to be added.
    pub bot: BotForm,
    /// The proposals that wait for a second manager.
    pub proposals: Option<Vec<Proposal>>,
    /// A proposal to be made.
    pub proposal: ProposalForm,
    /// How long the entries of the room that is open are kept.
    pub retention: Option<(RoomId, RetentionShown)>,
    /// The log of acts.
    pub acts: Acts,
    /// The audit log.
    pub audit: Audit,
    /// A request for information that is answered.
    pub disclosure: Disclosing,
    /// What the server said once and shows nobody again.
    pub once: Option<Once>,
}

/// A page of managing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManagePage {
    /// Rooms, their settings and people.
    #[default]
    Rooms,
    /// Members, their roles and standing.
    Members,
    /// Invitations that are open.
    Invitations,
    /// Organisations, aliases, clients; one's own register entry.
    Organisations,
    /// Devices.
    Devices,
    /// Bots.
    Bots,
    /// What takes two managers.
    Proposals,
    /// The log of acts.
    Acts,
    /// The audit log.
    Audit,
    /// Answering a request for information.
    Disclosure,
}

impl ManagePage {
    /// Every page, in the order of their tabs.
    pub const ALL: [Self; 10] = [
        Self::Rooms,
        Self::Members,
        Self::Invitations,
        Self::Organisations,
        Self::Devices,
        Self::Bots,
        Self::Proposals,
        Self::Acts,
        Self::Audit,
        Self::Disclosure,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rooms => "Rooms",
            Self::Members => "Members",
            Self::Invitations => "Invitations",
            Self::Organisations => "Organisations",
            Self::Devices => "Devices",
            Self::Bots => "Bots",
            Self::Proposals => "Two managers",
            Self::Acts => "Log of acts",
            Self::Audit => "Audit log",
            Self::Disclosure => "Requests for information",
        }
    }

    /// Whether who is signed in finds anything on it: a guest has devices, the rooms they lead, and what
    /// concerns them in the audit log.
    pub fn is_for(self, model: &Model) -> bool {
        match self {
            Self::Devices | Self::Audit => true,
            Self::Disclosure => model.is_manager(),
            Self::Rooms => {
                let mut rooms = model.rooms.rooms.values();
                is_officer(model) || rooms.any(|room| room.role == Some(RoomRole::Lead))
            }
            _ => is_officer(model),
        }
    }

    /// The pages for who is signed in, in the order of their tabs.
    pub fn all_for(model: &Model) -> Vec<Self> {
        Self::ALL.into_iter().filter(|page| page.is_for(model)).collect()
    }
}

/// What of a page is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// The list.
    #[default]
    List,
    /// The form of a new one.
    New,
    /// A room.
    Room(RoomId),
    /// A member.
    Member(MemberId),
    /// An organisation.
    Organisation(OrganisationId),
    /// What one's own organisation depends on.
    Entry,
    /// A bot.
    Bot(BotId),
    /// An act of the log.
    Act(Seq),
    /// A record of the audit log.
    Audited(Seq),
}

impl Shown {
    /// The page it is of, where that is only one: from anywhere it is opened on its page.
    const fn page(self) -> Option<ManagePage> {
        match self {
            Self::List | Self::New => None,
            Self::Room(_) => Some(ManagePage::Rooms),
            Self::Member(_) => Some(ManagePage::Members),
            Self::Organisation(_) | Self::Entry => Some(ManagePage::Organisations),
            Self::Bot(_) => Some(ManagePage::Bots),
            Self::Act(_) => Some(ManagePage::Acts),
            Self::Audited(_) => Some(ManagePage::Audit),
        }
    }
}

/// How a form stands with the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// It is being filled in.
    #[default]
    NotYet,
    /// It is on its way.
    Waiting,
    /// It cannot be sent like this, or was refused: why.
    Refused(String),
}

impl Asked {
    /// Refused, as the server says it.
    fn refused(refusal: &Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

/// What a manager, a lead or an officer does. A form is replaced whole by what it is after a key.
#[derive(Clone)]
pub enum Action {
    /// Show a page.
    Show(ManagePage),
    /// Show a page with its form for something new.
    New(ManagePage),
    /// Open something of the page.
    Open(Shown),
    /// Narrow the list.
    Filter(String),
    /// The form of a room is now this.
    FillRoom(RoomForm),
    /// Open the room of the form, or change the one that is open.
    SubmitRoom,
    /// Whom to bring in is now this.
    FillBringing(Bringing),
    /// Bring them in.
    Bring,
    /// The form of an invitation is now this.
    FillInvite(InviteForm),
    /// Invite.
    Invite,
    /// The form of an organisation is now this.
    FillOrganisation(OrganisationForm),
    /// Add the organisation of the form, or change the one that is open.
    SubmitOrganisation,
    /// What one's own organisation depends on is now this.
    FillEntry(EntryForm),
    /// Keep it.
    SubmitEntry,
    /// The form of a bot is now this.
    FillBot(BotForm),
    /// Add the bot.
    AddBot,
    /// Open the form of a proposal, with this in it.
    BeginProposal(Box<ProposalForm>),
    /// The form of a proposal is now this.
    FillProposal(Box<ProposalForm>),
    /// Spell out what is proposed, and ask.
    SubmitProposal,
    /// Propose it: it was asked about.
    Propose,
    /// Read the newest acts of the log again.
    RefreshActs,
    /// Read older acts of the log.
    OlderActs,
    /// Show only acts of this kind.
    ActsOf(ActKind),
    /// Read the newest records of the audit log again, and its checkpoint.
    RefreshAudit,
    /// Read older records of the audit log.
    OlderAudit,
    /// Show only records of this kind.
    AuditOf(AuditKind),
    /// Show also stubs of what does not concern who is signed in, or hide them.
    AuditStubs(bool),
    /// Prove that a record is in the audit log.
    ProveAudit(Seq),
    /// Put the audit log's checkpoint on the clipboard.
    CopyCheckpoint,
    /// Put the key that signs it on the clipboard.
    CopyAuditKey,
    /// The form of a disclosure is now this.
    FillDisclosure(Box<DisclosureForm>),
    /// Read what the request for information covers: it lands in the audit log.
    ReadDisclosure,
    /// Write what was read and shown.
    WriteDisclosure,
    /// Another request for information.
    AnotherDisclosure,
    /// Spell out what something does, and ask.
    Ask(Deed),
    /// Do it: it was asked about.
    Do(Deed),
    /// Put a part of what is shown once on the clipboard.
    Copy(Part),
    /// Put away what is shown once.
    PutAway,
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Show(page) => show(model, page, out),
        Action::Open(shown) => {
            // What was pressed is gone from the screen: the keyboard goes to what came.
            model.desk.give_focus(Focus::Field);
            if let Some(page) = shown.page().filter(|page| *page != model.manage.page) {
                show(model, page, out);
            }
            model.desk.pane = Pane::Manage;
            open(model, shown, out);
        }
        Action::New(page) => {
            show(model, page, out);
            open(model, Shown::New, out);
            model.desk.give_focus(Focus::Field);
        }
        Action::Filter(filter) => {
            model.manage.filter = filter;
            acts::changed(model);
            audit::changed(model);
        }
        Action::FillRoom(form) => model.manage.room = form,
        Action::SubmitRoom => rooms::submit(model, out),
        Action::FillBringing(bringing) => model.manage.bringing = bringing,
        Action::Bring => rooms::bring(model, out),
        Action::FillInvite(form) => invite::fill(model, form),
        Action::Invite => invite::submit(model, out),
        Action::FillOrganisation(form) => model.manage.organisation = form,
        Action::SubmitOrganisation => organisations::submit(model, out),
        Action::FillEntry(form) => model.manage.entry = Some(form),
        Action::SubmitEntry => entry::submit(model, out),
        Action::FillBot(form) => model.manage.bot = form,
        Action::AddBot => bots::submit(model, out),
        Action::BeginProposal(form) => proposals::begin(model, *form, out),
        Action::FillProposal(form) => model.manage.proposal = *form,
        Action::SubmitProposal => proposals::submit(model),
        Action::Propose => proposals::propose(model, out),
        Action::RefreshActs => acts::refresh(model, out),
        Action::OlderActs => acts::older(model, out),
        Action::ActsOf(kind) => acts::narrow(model, kind),
        Action::RefreshAudit => lists::refresh(model, out),
        Action::OlderAudit => audit::older(model, out),
        Action::AuditOf(kind) => audit::narrow(model, kind),
        Action::AuditStubs(has_stubs) => audit::show_stubs(model, has_stubs),
        Action::ProveAudit(seq) => audit::prove(model, seq, out),
        Action::CopyCheckpoint => audit::copy_checkpoint(model, out),
        Action::CopyAuditKey => audit::copy_key(model, out),
        Action::FillDisclosure(form) => model.manage.disclosure.form = *form,
        Action::ReadDisclosure => disclosure::read(model, out),
        Action::WriteDisclosure => disclosure::write(model, out),
        Action::AnotherDisclosure => disclosure::begin_anew(model),
        Action::Ask(deed) => {
            model.manage.trouble = None;
            if let Some(confirm) = deed::confirm(model, deed) {
                desk::act(model, desk::Action::Ask(confirm), out);
            }
        }
        Action::Do(deed) => deed::perform(model, deed, out),
        Action::Copy(part) => once::copy(model, part, out),
        Action::PutAway => model.manage.once = None,
    }
}

/// Shows a page, and managing with it: its list, asked for anew.
fn show(model: &mut Model, page: ManagePage, out: &mut Vec<Effect>) {
    model.desk.pane = Pane::Manage;
    model.manage.page = page;
    model.manage.is_up = true;
    model.manage.filter.clear();
    acts::changed(model);
    audit::changed(model);
    open(model, Shown::List, out);
    lists::refresh(model, out);
}

/// Opens something of the page. Its form begins as the thing is now.
fn open(model: &mut Model, shown: Shown, out: &mut Vec<Effect>) {
    let manage = &mut model.manage;
    manage.shown = shown;
    manage.once = None;
    manage.trouble = None;
    match shown {
        Shown::New if manage.page == ManagePage::Rooms => rooms::begin(model),
        Shown::New if manage.page == ManagePage::Organisations => organisations::begin(model),
        Shown::Room(room) => rooms::open(model, room, out),
        Shown::Member(member) if model.is_connected() => {
            lists::devices(model, Some(member), out);
        }
        Shown::Organisation(id) => organisations::open(model, id),
        Shown::Entry => entry::open(model, out),
        Shown::Audited(_) => model.manage.audit.proof = None,
        Shown::List | Shown::New | Shown::Member(_) | Shown::Bot(_) | Shown::Act(_) => {}
    }
}

/// After everything that was done: asks for the lists of the page when it comes to the screen, and
/// forgets what is shown once when it goes.
pub(super) fn look(model: &mut Model, out: &mut Vec<Effect>) {
    acts::look(model, out);
    let is_up = model.desk.pane == Pane::Manage && model.session.is_some();
    if is_up == model.manage.is_up {
        return;
    }
    model.manage.is_up = is_up;
    if is_up {
        if !model.manage.page.is_for(model) {
            (model.manage.page, model.manage.shown) = (ManagePage::Devices, Shown::List);
        }
        acts::changed(model);
        audit::changed(model);
        lists::refresh(model, out);
    } else {
        model.manage.once = None;
    }
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(_)) => model.manage = Manage::default(),
        News::SignedIn(_) if model.manage.is_up => lists::ask(model, out),
        News::Sent(id, result) => rooms::sent(model, *id, result, out),
        News::Kept(id, Err(refusal)) => rooms::refused(model, *id, refusal, out),
        News::Answered(request, result) => {
            lists::answered(model, request, result);
            deed::answered(model, request, result, out);
            rooms::answered(model, request, result, out);
            invite::answered(model, request, result, out);
            organisations::answered(model, request, result, out);
            entry::answered(model, request, result, out);
            bots::answered(model, request, result, out);
            proposals::answered(model, request, result, out);
        }
        _ => {}
    }
    acts::hear(model, news, out);
    audit::hear(model, news);
    disclosure::hear(model, news);
    look(model, out);
}
