//! From a request to its reply: who may ask, then the call's handler.
//!
//! A handler authorises, decides (by a pure function of the domain), appends and replies. To add a
//! call: its type in `proto`, a handler in the module it belongs to, one line in the table below.

mod audit;
mod board;
mod concern;
mod credentials;
mod disclosure;
mod entries;
mod export;
mod files;
mod history;
mod recall;
mod register;
mod retention;
mod rooms;
mod search;
mod session;
mod telling;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use warproom_proto::calls::{self as proto, Access, Call};
use warproom_proto::register::Role;
use warproom_proto::{Error, ErrorCode, Principal, rpc};

use tokio::sync::Semaphore;

use crate::context::Context;
use crate::domain::State;
use crate::hub::{Peer, Queued, Registration, Waiting};
use crate::identity::Source;
use crate::rate::Rate;
use crate::transport::Frame;

pub use entries::{alert_as, post_as};
pub use files::AT_ONCE as PARTS_AT_ONCE;
pub use register::INVITATION_MS;
pub use telling::to_send;

/// The calls that move a part of a file.
pub const PUT_PART: &str = proto::PutPart::METHOD;
pub const READ_PART: &str = proto::ReadPart::METHOD;

/// A connection that is not signed in.
pub struct Stranger {
    /// The server's parts.
    pub context: Arc<Context>,
    /// Where it comes from.
    pub source: Source,
    /// What a device signs to sign in.
    pub exporter: [u8; 32],
}

/// A connection that is signed in.
pub struct Session {
    /// The server's parts.
    pub context: Arc<Context>,
    /// Whose connection.
    pub peer: Peer,
    /// Where it comes from.
    pub source: Source,
    /// Taken while this connection's search runs.
    pub searching: Semaphore,
    /// Taken while parts of files are worked on for this connection.
    pub moving: Semaphore,
}

impl Session {
    /// Who is signed in.
    pub const fn who(&self) -> Principal {
        self.peer.who
    }
}

macro_rules! table {
    ($function:ident($session:ident, $request:ident): $($call:ident => $handler:path,)*) => {
        /// The reply to a request, and whether it was refused.
        async fn $function($session: &Session, $request: &rpc::Request<'_>) -> (Frame, bool) {
            match &*$request.method {
                $(<proto::$call as Call>::METHOD => {
                    let began = Instant::now();
                    let reply = match admitted::<proto::$call>($session, $request) {
                        Ok(call) => $handler($session, call).await,
                        Err(refusal) => Err(refusal),
                    };
                    let refused = reply.as_ref().err().map(|refusal| refusal.code);
                    let calls = &$session.context.metrics.calls;
                    calls.answered(<proto::$call as Call>::METHOD, refused, began.elapsed());
                    if let Some(code) = refused {
                        audit::count($session, <proto::$call as Call>::METHOD, code);
                    }
                    (rpc::reply_text(Some($request.id), &reply).into(), refused.is_some())
                })*
                other => {
                    $session.context.metrics.calls.unknown();
                    (rpc::reply_text::<()>(Some($request.id), &Err(unknown(other))).into(), true)
                }
            }
        }

        /// The calls that the table answers.
        #[cfg(test)]
        const ANSWERED: &[&str] = &[$(<proto::$call as Call>::METHOD),*];
    };
}

table! {
    dispatch(session, request):
    ListOrganisations => register::list_organisations,
    AddOrganisation => register::add_organisation,
    ChangeOrganisation => register::change_organisation,
    ListRegisterEntries => concern::list_entries,
    SetRegisterEntry => concern::set_entry,
    ShowPreferences => concern::preferences,
    SetPreferences => concern::prefer,
    ListCauses => concern::list_causes,
    ListMembers => register::list_members,
    ChangeCredentials => credentials::change,
    ChangeMember => register::change_member,
    RemoveMember => register::remove_member,
    AddInvitation => register::add_invitation,
    ListInvitations => register::list_invitations,
    RevokeInvitation => register::revoke_invitation,
    ListDevices => register::list_devices,
    RevokeDevice => register::revoke_device,
    AddBot => register::add_bot,
    ListBots => register::list_bots,
    RotateBot => register::rotate_bot,
    RevokeBot => register::revoke_bot,
    MakeProposal => retention::propose,
    ApproveProposal => retention::approve,
    EndProposal => retention::end,
    ListProposals => retention::list,
    HoldRoom => retention::hold,
    ShowRetention => retention::show,
    RegisterPage => history::register_page,
    ListRooms => rooms::list,
    OpenRoom => rooms::open,
    ChangeRoom => rooms::change,
    AddToRoom => rooms::add,
    RemoveFromRoom => rooms::remove,
    RoomMembers => rooms::members,
    FollowRoom => rooms::follow,
    UnfollowRoom => rooms::unfollow,
    MarkRead => rooms::mark_read,
    SeenBy => rooms::seen_by,
    TypeInRoom => rooms::typing,
    PresentInRoom => rooms::present,
    PostEntry => entries::post,
    PostAlert => entries::alert,
    AnswerAsk => board::answer,
    EditEntry => entries::edit,
    RetractEntry => entries::retract,
    ReachedBy => recall::reached,
    RelabelEntry => entries::relabel,
    ReactToEntry => entries::react,
    BeginFile => files::begin,
    PutPart => files::put,
    ShowUpload => files::status,
    AbandonFile => files::abandon,
    ReadPart => files::read,
    ShowBoard => board::show,
    BoardHistory => board::history,
    ListOutstanding => board::outstanding,
    HistoryPage => history::page,
    HistoryReferring => history::referring,
    RunSearch => search::run,
    RoomExport => export::run,
    DiscloseRoom => disclosure::run,
    AuditPage => audit::page,
    AuditCheckpoint => audit::checkpoint,
    AuditConsistency => audit::consistency,
    AuditInclusion => audit::inclusion,
}

/// An answer, and its place among what is on its way to the connection.
pub enum Answer {
    /// Before everything that waits: what a call makes possible comes after its reply.
    First(Queued),
    /// Behind everything that waits: a search's reply comes after what it found.
    Last(Queued),
}

/// Answers a signed-in connection.
pub async fn answer(session: Arc<Session>, frame: Frame) -> Answer {
    match rpc::Request::read(&frame) {
        Ok(request) => {
            let times_left = || session.context.state().times_left(session.who());
            let tells = telling::tells(&request, times_left);
            let (frame, is_refused) = dispatch(&session, &request).await;
            // A refusal tells nothing.
            let tells = tells.filter(|_| !is_refused);
            let what =
                tells.map_or(Waiting::Plain, |tells| Waiting::Reply { request: request.id, tells });
            let reply = Queued { what, frame };
            if &*request.method == proto::RunSearch::METHOD {
                Answer::Last(reply)
            } else {
                Answer::First(reply)
            }
        }
        Err(refusal) => {
            Answer::First(Queued::plain(rpc::reply_text::<()>(None, &Err(refusal)).into()))
        }
    }
}

/// Answers a connection that is not signed in, and signs it in where the request does that.
pub async fn answer_stranger(stranger: &Stranger, frame: &Frame) -> (Frame, Option<Registration>) {
    let request = match rpc::Request::read(frame) {
        Ok(request) => request,
        Err(refusal) => return (rpc::reply_text::<()>(None, &Err(refusal)).into(), None),
    };
    if &*request.method == proto::ShowInvitation::METHOD {
        let reply = match request.params() {
            Ok(call) => session::show_invitation(stranger, &call),
            Err(refusal) => Err(refusal),
        };
        return (rpc::reply_text(Some(request.id), &reply).into(), None);
    }
    let signed_in = session::sign_in(stranger, &request).await;
    let refused = signed_in.as_ref().err().map(|refusal| refusal.code);
    let method = session::METHODS.iter().find(|method| **method == &*request.method);
    stranger.context.metrics.calls.sign_in(method.copied(), refused);
    match signed_in {
        Ok((signed_in, registration)) => {
            (rpc::reply_text(Some(request.id), &Ok(signed_in)).into(), Some(registration))
        }
        Err(refusal) => (rpc::reply_text::<()>(Some(request.id), &Err(refusal)).into(), None),
    }
}

/// The call, if its caller may make it and its fields are right.
fn admitted<C: Call>(session: &Session, request: &rpc::Request<'_>) -> Result<C, Error> {
    check_access(&session.context.state(), session.who(), C::ACCESS)?;
    let call = request.params()?;
    if let (true, Principal::Member(_)) = (ACTS.contains(&C::METHOD), session.who()) {
        let rate = Rate::of_acts(session.context.limits.acts_per_hour);
        session.context.rates.take(session.who(), rate)?;
    }
    Ok(call)
}

/// What is kept for good and may be done again and again: a member does no more of it than an hour's acts.
/// What a quota bounds is not here, nor what undoes one of these, nor are a bot's entries, which have their
/// grant's rate.
const ACTS: &[&str] = &[
    proto::ChangeOrganisation::METHOD,
    proto::SetRegisterEntry::METHOD,
    proto::ChangeMember::METHOD,
    proto::AddInvitation::METHOD,
    proto::AddBot::METHOD,
    proto::RotateBot::METHOD,
    proto::MakeProposal::METHOD,
    proto::HoldRoom::METHOD,
    proto::ChangeRoom::METHOD,
    proto::AddToRoom::METHOD,
    proto::PostAlert::METHOD,
    proto::RetractEntry::METHOD,
    proto::RelabelEntry::METHOD,
];

/// Whether somebody may make calls of this access now.
fn check_access(state: &State, who: Principal, access: Access) -> Result<(), Error> {
    if !state.register.is_active(who) {
        return Err(ErrorCode::SignInRequired.into());
    }
    let role = state.register.role(who);
    let allowed = match access {
        Access::Stranger => false,
        Access::Anyone => true,
        Access::Member => role.is_some(),
        Access::Officer => matches!(role, Some(Role::Officer | Role::Manager)),
        Access::Manager => role == Some(Role::Manager),
    };
    if allowed { Ok(()) } else { Err(ErrorCode::NotAllowed.into()) }
}

/// The refusal for a name that the table does not have.
fn unknown(method: &str) -> Error {
    if session::METHODS.contains(&method) {
        return Error::new(ErrorCode::NotAllowed, "this connection is signed in already");
    }
    ErrorCode::NoSuchCall.into()
}
