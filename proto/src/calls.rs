//! Every call, bound to its reply, its name and who may make it.
//!
//! To add one: its type in the module it belongs to, one line in the list below, one handler in the
//! server, one golden vector, one end-to-end test.

mod audit;
mod board;
mod concern;
mod credentials;
mod disclosure;
mod entries;
mod files;
mod history;
mod recall;
mod register;
mod retention;
mod rooms;
mod session;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use audit::{
    AuditCheckpoint, AuditConsistency, AuditInclusion, AuditPage, Path, RoomExport,
    SignedCheckpoint,
};
pub use board::{
    AnswerAsk, Board, BoardHistory, BoardRow, ListOutstanding, OutstandingList, ShowBoard,
};
pub use concern::{
    CauseList, ListCauses, ListRegisterEntries, Preferences, QuietHours, RegisterEntryList,
    SetPreferences, SetRegisterEntry, ShowPreferences,
};
pub use credentials::{ChangeCredentials, OtherDevices};
pub use disclosure::{DiscloseRoom, DisclosedPage};
pub use entries::{
    EditEntry, PostAlert, PostEntry, Posted, ReactToEntry, RelabelEntry, RetractEntry,
};
pub use files::{
    AbandonFile, BeginFile, Part, PartRange, PartTaken, PutPart, ReadPart, ShowUpload, UploadStatus,
};
pub use history::{Found, From, HistoryPage, HistoryReferring, Page, RegisterPage, RunSearch};
pub use recall::{Reached, ReachedBy, Recipient, Sign};
pub use register::{
    AddBot, AddInvitation, AddOrganisation, BotAdded, BotList, ChangeMember, ChangeOrganisation,
    DeviceList, InvitationAdded, InvitationList, ListBots, ListDevices, ListInvitations,
    ListMembers, ListOrganisations, MemberList, OrganisationAdded, OrganisationList,
    PendingInvitation, RemoveMember, RevokeBot, RevokeDevice, RevokeInvitation, RotateBot,
};
pub use retention::{
    ApproveProposal, EndProposal, HoldRoom, ListProposals, MakeProposal, ProposalList,
    ProposalMade, RetentionShown, ShowRetention,
};
pub use rooms::{
    AddToRoom, ChangeRoom, FollowRoom, Followed, ListRooms, MarkRead, OpenRoom, PresentInRoom,
    PresentList, RemoveFromRoom, RoomList, RoomMember, RoomMemberList, RoomMembers, RoomOpened,
    RoomSummary, SeenBy, SeenList, TypeInRoom, UnfollowRoom,
};
pub use session::{
    EXPORTER_LABEL, EnrolDevice, Invited, Me, NewDevice, Proof, RedeemInvitation, ShowInvitation,
    SignedIn, StartSession, TotpEnrolment, authority_message, sign_in_message,
};

/// A reply that says no more than that it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
pub struct Done {}

/// Who may make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone who reaches the server, before sign-in.
    Stranger,
    /// A member or a bot.
    Anyone,
    /// A member.
    Member,
    /// A member whose role is manager or officer.
    Officer,
    /// A member whose role is manager.
    Manager,
}

/// A request, bound to its reply.
pub trait Call: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The name on the wire.
    const METHOD: &'static str;
    /// Who may make it. Rooms and roles within them decide further.
    const ACCESS: Access;
    /// One sentence on what it does.
    const SUMMARY: &'static str;
    /// What the server answers.
    type Reply: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
}

/// Something to be done with each call, its type known.
pub trait Visitor {
    /// Called once for each call, in the order of the list.
    fn call<C: Call>(&mut self);
}

macro_rules! calls {
    ($($method:literal $call:ident => $reply:ty, $access:ident, $summary:literal;)*) => {
        $(impl Call for $call {
            const METHOD: &'static str = $method;
            const ACCESS: Access = Access::$access;
            const SUMMARY: &'static str = $summary;
            type Reply = $reply;
        })*

        /// Shows every call to a visitor.
        pub fn each(visitor: &mut impl Visitor) {
            $(visitor.call::<$call>();)*
        }
    };
}

calls! {
    "invitation.show" ShowInvitation => Invited, Stranger, "Says whom an invitation is for, so that its holder can check before redeeming it.";
    "invitation.redeem" RedeemInvitation => SignedIn, Stranger, "Makes the invited person a member: sets password and TOTP, enrols this device and signs it in.";
    "device.enrol" EnrolDevice => SignedIn, Stranger, "Enrols another device by handle, password and TOTP code, and signs it in.";
    "session.start" StartSession => SignedIn, Stranger, "Signs this connection in, by a device's key or a bot's token.";

    "organisation.list" ListOrganisations => OrganisationList, Officer, "Lists the organisations of the WARP.";
    "organisation.add" AddOrganisation => OrganisationAdded, Manager, "Adds an organisation to the register.";
    "organisation.change" ChangeOrganisation => Done, Manager, "Replaces an organisation's name, aliases and clients.";
    "organisation.entries" ListRegisterEntries => RegisterEntryList, Member, "Lists the register entries you may see: what organisations depend on, and their deputies.";
    "organisation.set_entry" SetRegisterEntry => Done, Officer, "Replaces your organisation's register entry.";
    "member.list" ListMembers => MemberList, Member, "Lists the members; to a guest, those who share a room with it.";
    "member.change" ChangeMember => Done, Manager, "Gives a member another role or standing.";
    "member.remove" RemoveMember => Done, Manager, "Removes a member with every device, room and open connection.";
    "member.preferences" ShowPreferences => Preferences, Member, "Says what may interrupt you.";
    "member.prefer" SetPreferences => Done, Member, "Sets what may interrupt you, on every device of yours.";
    "member.credentials" ChangeCredentials => Done, Member, "Sets another password or TOTP secret of yours, and ends the connections of your other devices.";
    "invitation.add" AddInvitation => InvitationAdded, Manager, "Invites a named person of an organisation.";
    "invitation.list" ListInvitations => InvitationList, Manager, "Lists the invitations that can still be redeemed.";
    "invitation.revoke" RevokeInvitation => Done, Manager, "Takes an invitation back.";
    "device.list" ListDevices => DeviceList, Member, "Lists your devices, or for a manager those of another member.";
    "device.revoke" RevokeDevice => Done, Member, "Revokes a device of yours, or for a manager of anyone, and ends its connections.";
    "bot.add" AddBot => BotAdded, Manager, "Gives a bot its grant and answers its token, once.";
    "bot.rotate" RotateBot => BotAdded, Officer, "Replaces a bot's token, and its webhook's secret; for its owner and for managers.";
    "bot.list" ListBots => BotList, Officer, "Lists the bots and what they may do.";
    "bot.revoke" RevokeBot => Done, Manager, "Ends a bot's grant and its connections.";
    "cause.list" ListCauses => CauseList, Member, "Lists the common causes that concern your organisation; for a manager all.";
    "proposal.make" MakeProposal => ProposalMade, Manager, "Proposes something that takes two managers.";
    "proposal.approve" ApproveProposal => Done, Manager, "Approves another manager's proposal, and so carries it out.";
    "proposal.end" EndProposal => Done, Manager, "Takes a proposal of yours back, or turns another's down.";
    "proposal.list" ListProposals => ProposalList, Manager, "Lists the proposals that wait.";
    "room.hold" HoldRoom => Done, Manager, "Puts a room under a legal hold: nothing in it is erased until two managers lift it.";
    "retention.show" ShowRetention => RetentionShown, Member, "Says how long entries are kept.";
    "register.page" RegisterPage => Page, Officer, "Reads the register, with stubs for what is not yours to see.";

    "room.list" ListRooms => RoomList, Anyone, "Lists your rooms; a manager may ask for all.";
    "room.open" OpenRoom => RoomOpened, Officer, "Opens a room with yourself as its lead.";
    "room.change" ChangeRoom => Posted, Member, "Replaces a room's settings; for its leads and for managers.";
    "room.add" AddToRoom => Posted, Member, "Brings somebody into a room, or gives them another part; for its leads and for managers.";
    "room.remove" RemoveFromRoom => Posted, Member, "Leaves a room, or takes somebody out; the latter for its leads and for managers.";
    "room.members" RoomMembers => RoomMemberList, Anyone, "Lists who is in a room.";
    "room.follow" FollowRoom => Followed, Anyone, "Asks for what came after a position, and then for live delivery.";
    "room.unfollow" UnfollowRoom => Done, Anyone, "Ends live delivery of a room.";
    "room.read" MarkRead => Done, Member, "Keeps how far you have read.";
    "room.seen" SeenBy => SeenList, Member, "Says who has read as far as an entry.";
    "room.typing" TypeInRoom => Done, Member, "Tells the room that you are typing, if it has that on.";
    "room.present" PresentInRoom => PresentList, Member, "Says who is connected, if the room has that on.";

    "entry.post" PostEntry => Posted, Anyone, "Posts to a room. Answered once it is on stable storage.";
    "entry.alert" PostAlert => Posted, Anyone, "Posts an alert to a room. A later revision of one with the same source id takes its place.";
    "entry.answer" AnswerAsk => Posted, Anyone, "Answers an ask for your organisation.";
    "entry.edit" EditEntry => Posted, Anyone, "Puts a new text in the place of your post; both stay in the log.";
    "entry.retract" RetractEntry => Posted, Anyone, "Takes your post back, or for a manager anyone's.";
    "entry.reached" ReachedBy => Reached, Member, "Says whom an entry may have reached; for its author and for managers.";
    "entry.relabel" RelabelEntry => Posted, Anyone, "Gives your post another label, or for a manager anyone's a stricter one.";
    "entry.react" ReactToEntry => Posted, Member, "Gives a reaction to a post, or takes it back.";

    "file.begin" BeginFile => UploadStatus, Anyone, "Announces a file for a room, or finds how far the same one has come up.";
    "file.put" PutPart => PartTaken, Anyone, "Puts one part of a file of yours.";
    "file.status" ShowUpload => UploadStatus, Anyone, "Says which parts of a file of yours are still to be put.";
    "file.abandon" AbandonFile => Done, Anyone, "Gives up a file of yours that no entry carries.";
    "file.read" ReadPart => Part, Anyone, "Reads one part of a file that an entry carries.";

    "board.show" ShowBoard => Board, Anyone, "Shows the answers to an ask, one line for each organisation, as far as you may read them.";
    "board.history" BoardHistory => Page, Anyone, "Reads the answers that one organisation gave to an ask.";
    "ask.outstanding" ListOutstanding => OutstandingList, Member, "Lists the asks that wait for you.";

    "history.page" HistoryPage => Page, Anyone, "Reads a page of a room's history.";
    "history.referring" HistoryReferring => Page, Anyone, "Reads the entries that refer to an entry: its thread, edits and reactions.";
    "search.run" RunSearch => Found, Member, "Searches a room, newest first, and streams what it finds.";

    "room.export" RoomExport => Page, Member, "Reads records of a room to be kept outside, without TLP:RED; each page lands in the audit log first.";
    "disclosure.run" DiscloseRoom => DisclosedPage, Manager, "Reads records of a room to be disclosed, selected by time, people and words; each page lands in the audit log first.";

    "audit.page" AuditPage => Page, Member, "Reads the audit log, with stubs for what does not concern you.";
    "audit.checkpoint" AuditCheckpoint => SignedCheckpoint, Anyone, "Answers the present checkpoint of the audit log, signed.";
    "audit.consistency" AuditConsistency => Path, Anyone, "Proves that the audit log continues what it was.";
    "audit.inclusion" AuditInclusion => Path, Anyone, "Proves that a record stands in the audit log.";
}
