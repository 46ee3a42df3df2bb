//! What managers and leads do, and what is about one's own profile.

use warproom_client::proto::register::{Role, Standing};

use super::top;
use crate::model::desk::{self, Overlay, Pane};
use crate::model::manage::{
    self, Deed, ManagePage, Once, Part, ProposalForm, Purpose, RowAct, Shown,
};
use crate::model::{ask, credentials, export, welcome};
use crate::model::{files, find};
use crate::{Action, Model};

/// A page of managing, if who is signed in finds anything on it: officers speak for their
/// organisation, open rooms and own bots; a guest has devices.
pub(super) fn page(model: &Model, page: ManagePage) -> Option<Action> {
    let is_theirs = match (model.role()?, page) {
        (Role::Manager, _) | (_, ManagePage::Devices | ManagePage::Audit) => true,
        (
            Role::Officer,
            ManagePage::Members
            | ManagePage::Invitations
            | ManagePage::Proposals
            | ManagePage::Disclosure,
        ) => false,
        (Role::Guest, page) => page.is_for(model),
        (Role::Officer, _) => true,
    };
    is_theirs.then_some(Action::Find(find::Action::Manage(page)))
}

/// The form of something new on this page: officers open rooms, the rest is for managers.
pub(super) fn new(model: &Model, page: ManagePage) -> Option<Action> {
    let is_theirs = match page {
        ManagePage::Rooms => manage::is_officer(model),
        _ => model.is_manager(),
    };
    is_theirs.then_some(manage::Action::New(page).into())
}

/// The settings and people of the open room.
pub(super) fn room(model: &Model) -> Option<Action> {
    Some(manage::Action::Open(Shown::Room(model.rooms.open()?.id)).into())
}

/// What one's organisation depends on.
pub(super) fn entry(model: &Model) -> Option<Action> {
    let may = manage::is_officer(model) && model.is_connected();
    may.then_some(manage::Action::Open(Shown::Entry).into())
}

/// From one thing of a page back to its list.
pub(super) fn list(model: &Model) -> Option<Action> {
    let is_open = shown(model).is_some_and(|shown| shown != Shown::List);
    is_open.then_some(manage::Action::Open(Shown::List).into())
}

/// What of a page is on the screen.
fn shown(model: &Model) -> Option<Shown> {
    (model.desk.pane == Pane::Manage && top(model).is_none()).then_some(model.manage.shown)
}

/// What sends the form that is open.
pub(super) fn form(model: &Model) -> Option<Action> {
    Some(match top(model) {
        Some(Overlay::NewAsk) => ask::Action::SendAsk.into(),
        Some(Overlay::NewAlert) => ask::Action::SendAlert.into(),
        Some(Overlay::AttachFile) => {
            (!model.files.path.trim().is_empty()).then_some(files::Action::Attach)?.into()
        }
        Some(Overlay::Export) => {
            let may = model.export.under_way.is_none() && model.is_connected();
            may.then_some(export::Action::Export)?.into()
        }
        Some(Overlay::Credentials) => {
            model.is_connected().then_some(credentials::Action::Submit)?.into()
        }
        Some(Overlay::Answer { .. }) => ask::Action::SendAnswer.into(),
        Some(Overlay::JumpToDate) => {
            find::jump_to(model).ok()?;
            find::Action::JumpToDate.into()
        }
        Some(_) => return None,
        None => page_form(model)?.into(),
    })
}

fn page_form(model: &Model) -> Option<manage::Action> {
    use manage::Action::{AddBot, Invite, SubmitEntry, SubmitOrganisation, SubmitRoom};
    let manager = |action| model.is_manager().then_some(action);
    match (model.manage.page, shown(model)?) {
        (ManagePage::Rooms, Shown::New) => Some(SubmitRoom),
        (ManagePage::Rooms, Shown::Room(_)) if leads(model) => Some(SubmitRoom),
        (ManagePage::Invitations, Shown::New) => manager(Invite),
        (ManagePage::Organisations, Shown::New | Shown::Organisation(_)) => {
            manager(SubmitOrganisation)
        }
        (ManagePage::Organisations, Shown::Entry) => {
            model.manage.entry.as_ref().map(|_| SubmitEntry)
        }
        (ManagePage::Bots, Shown::New) => manager(AddBot),
        (ManagePage::Proposals, Shown::New) => manager(manage::Action::SubmitProposal),
        (ManagePage::Disclosure, _) => {
            manage::may_read_disclosure(model).then_some(manage::Action::ReadDisclosure)
        }
        _ => None,
    }
}

fn leads(model: &Model) -> bool {
    let Some(Shown::Room(id)) = shown(model) else { return false };
    model.managed_room(id).is_some_and(|room| manage::may_lead(model, room.part))
}

/// The form of a proposal about the room that is shown.
pub(super) fn propose(model: &Model, purpose: Purpose) -> Option<Action> {
    let Some(Shown::Room(room)) = shown(model).filter(|_| model.is_manager()) else { return None };
    let form = Box::new(ProposalForm::about(purpose, room));
    Some(manage::Action::BeginProposal(form).into())
}

/// Brings who is chosen into the room that is shown.
pub(super) fn bring(model: &Model) -> Option<Action> {
    model.manage.bringing.member.filter(|_| leads(model))?;
    Some(manage::Action::Bring.into())
}

/// A question about the member that is shown, who has this standing, or about whom it does not matter.
pub(super) fn about_member(
    model: &Model,
    standing: Option<Standing>,
    deed: fn(warproom_client::proto::MemberId) -> Deed,
) -> Option<Action> {
    let Some(Shown::Member(id)) = shown(model).filter(|_| model.is_manager()) else { return None };
    let member = model.directory.member(id)?;
    let is_so = standing.is_none_or(|standing| member.standing == standing);
    (is_so && model.is_connected()).then_some(manage::Action::Ask(deed(id)).into())
}

/// Another role for the member that is shown.
pub(super) fn role(model: &Model, role: Role) -> Option<Action> {
    let Some(Shown::Member(id)) = shown(model).filter(|_| model.is_manager()) else { return None };
    let is_other = model.directory.member(id)?.role != role && model.is_connected();
    is_other.then_some(manage::Action::Ask(Deed::GiveRole { member: id, role }).into())
}

/// Another token for the bot that is shown: for managers, and for whose bot it is.
pub(super) fn rotate(model: &Model) -> Option<Action> {
    let Some(Shown::Bot(id)) = shown(model) else { return None };
    let is_mine = model.me() == Some(model.directory.bots.get(&id)?.owner);
    let may = (is_mine || model.is_manager()) && model.is_connected();
    may.then_some(manage::Action::Ask(Deed::RotateBot(id)).into())
}

/// The end of the grant of the bot that is shown.
pub(super) fn revoke(model: &Model) -> Option<Action> {
    let Some(Shown::Bot(id)) = shown(model) else { return None };
    let may = model.is_manager() && model.is_connected();
    may.then_some(manage::Action::Ask(Deed::RevokeBot(id)).into())
}

/// A part of what is shown once, if it is shown.
pub(super) fn once(model: &Model, part: Part) -> Option<Action> {
    let is_there = match (model.manage.once.as_ref()?, part) {
        (Once::Invitation { .. }, Part::Invitation) | (Once::Bot { .. }, Part::Token) => true,
        (Once::Bot { hook, .. }, Part::Hook) => hook.is_some(),
        _ => false,
    };
    is_there.then_some(manage::Action::Copy(part).into())
}

/// The rows of the page that is shown on which this can be done, if there are any.
pub(super) fn row(model: &Model, act: RowAct) -> Option<Action> {
    let is_possible = top(model).is_none() && !manage::row_offers(model, act).is_empty();
    is_possible.then_some(desk::Action::Toggle(Overlay::Row(act)).into())
}

/// Something to do with the audit log, while its page is shown.
pub(super) fn audit(model: &Model, action: manage::Action) -> Option<Action> {
    let is_shown = shown(model).is_some() && model.manage.page == ManagePage::Audit;
    is_shown.then_some(action.into())
}

/// Older records of the audit log, where there are any.
pub(super) fn older_audit(model: &Model) -> Option<Action> {
    audit(model, manage::Action::OlderAudit).filter(|_| manage::may_read_older_audit(model))
}

/// Stubs in the audit log, shown or hidden: a manager has none.
pub(super) fn audit_stubs(model: &Model) -> Option<Action> {
    let has_stubs = !model.manage.audit.has_stubs;
    audit(model, manage::Action::AuditStubs(has_stubs)).filter(|_| !model.is_manager())
}

/// The proof of the record of the audit log that is shown.
pub(super) fn prove(model: &Model) -> Option<Action> {
    let Some(Shown::Audited(seq)) = shown(model).filter(|_| model.is_connected()) else {
        return None;
    };
    Some(manage::Action::ProveAudit(seq).into())
}

/// The checkpoint of the audit log, or its key, where it is known.
pub(super) fn checkpoint(model: &Model, action: manage::Action) -> Option<Action> {
    model.manage.audit.checkpoint.as_ref()?;
    audit(model, action)
}

/// The form of another password, or of another authenticator.
pub(super) fn credentials(model: &Model, what: credentials::What) -> Option<Action> {
    model.session.as_ref()?.me.handle.as_ref()?;
    let may = model.is_connected() && top(model).is_none();
    may.then_some(credentials::Action::Begin(what).into())
}

/// The secret of the new authenticator, while it is shown.
pub(super) fn new_secret(model: &Model) -> Option<Action> {
    model.credentials.totp.as_ref()?;
    (top(model) == Some(Overlay::Credentials)).then_some(credentials::Action::CopySecret.into())
}

/// The form in which a room is taken out: the one that is shown in managing, else the open one.
pub(super) fn export(model: &Model) -> Option<Action> {
    let room = match shown(model) {
        Some(Shown::Room(room)) => room,
        _ => model.rooms.open?,
    };
    let may = export::may_export(model, room) && top(model) != Some(Overlay::Export);
    may.then_some(export::Action::Begin(room).into())
}

/// Writes the disclosure that is shown.
pub(super) fn write_disclosure(model: &Model) -> Option<Action> {
    let is_shown = shown(model).is_some() && model.manage.page == ManagePage::Disclosure;
    let may = is_shown && manage::may_write_disclosure(model);
    may.then_some(manage::Action::WriteDisclosure.into())
}

/// Another request for information, once one was answered.
pub(super) fn another_disclosure(model: &Model) -> Option<Action> {
    let is_shown = shown(model).is_some() && model.manage.page == ManagePage::Disclosure;
    let may = is_shown && model.manage.disclosure.written.is_some();
    may.then_some(manage::Action::AnotherDisclosure.into())
}

/// Puts away what is shown once.
pub(super) fn put_away(model: &Model) -> Option<Action> {
    model.manage.once.as_ref().map(|_| manage::Action::PutAway.into())
}

/// The server's address: what another device of one's own is set up with.
pub(super) fn address(model: &Model) -> Option<Action> {
    Some(desk::Action::Copy(model.session.as_ref()?.address.clone()).into())
}

/// Asks before the profile that is open is destroyed.
pub(super) fn destroy(model: &Model) -> Option<Action> {
    welcome::ask_destroy_open(model)
}
