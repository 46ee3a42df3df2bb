//! The calls that this client makes for a person, as one type: a request, and the reply that belongs
//! to it. News carries the request back with its reply, so that nothing has to remember what it asked.

use serde::{Deserialize, Serialize};
use warproom_client::proto::RoomId;
use warproom_client::proto::calls::{
    AddBot, AddInvitation, AddOrganisation, ApproveProposal, AuditPage, BoardHistory, Call,
    ChangeCredentials, ChangeMember, ChangeOrganisation, EndProposal, HoldRoom, ListBots,
    ListCauses, ListDevices, ListInvitations, ListMembers, ListOrganisations, ListOutstanding,
    ListProposals, ListRegisterEntries, ListRooms, MakeProposal, MarkRead, OpenRoom, PresentInRoom,
    ReachedBy, RegisterPage, RemoveMember, RevokeBot, RevokeDevice, RevokeInvitation, RoomMembers,
    RotateBot, SeenBy, SetPreferences, SetRegisterEntry, ShowBoard, ShowPreferences, ShowRetention,
    TypeInRoom,
};
use warproom_client::{CallError, Client};

macro_rules! requests {
    ($($call:ident),* $(,)?) => {
        /// A call, as the client crate takes it.
        #[derive(Clone, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is the call of the protocol it is named after")]
        pub enum Request { $($call($call)),* }

        /// What the server answered to the call of the same name.
        #[derive(Clone, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is the reply to the call it is named after")]
        pub enum Reply { $($call(<$call as Call>::Reply)),* }

        impl Request {
            /// The names of the calls on the wire.
            pub const METHODS: &[&str] = &[$(<$call as Call>::METHOD),*];

            /// Makes the call.
            pub async fn make(self, client: &Client) -> Result<Reply, CallError> {
                match self { $(Self::$call(call) => client.call(call).await.map(Reply::$call)),* }
            }
        }

        $(impl From<$call> for Request {
            fn from(call: $call) -> Self {
                Self::$call(call)
            }
        })*
    };
}

requests!(
    AddBot,
    AddInvitation,
    AddOrganisation,
    ApproveProposal,
    AuditPage,
    BoardHistory,
    ChangeCredentials,
    ChangeMember,
    ChangeOrganisation,
    EndProposal,
    HoldRoom,
    ListBots,
    ListCauses,
    ListDevices,
    ListInvitations,
    ListMembers,
    ListOrganisations,
    ListOutstanding,
    ListProposals,
    ListRegisterEntries,
    ListRooms,
    MakeProposal,
    MarkRead,
    OpenRoom,
    PresentInRoom,
    ReachedBy,
    RegisterPage,
    RemoveMember,
    RevokeBot,
    RevokeDevice,
    RevokeInvitation,
    RoomMembers,
    RotateBot,
    SeenBy,
    SetPreferences,
    SetRegisterEntry,
    ShowBoard,
    ShowPreferences,
    ShowRetention,
    TypeInRoom,
);

/// As many records as a page may have.
#[expect(clippy::cast_possible_truncation, reason = "200 fits")]
const WHOLE_PAGE: u16 = warproom_client::proto::limits::PAGE as u16;

impl Request {
    /// The room that its remembered reply tells of, if it is one.
    pub const fn tells_of(&self) -> Option<RoomId> {
        match self {
            Self::RoomMembers(call) => Some(call.room),
            Self::ShowBoard(call) => Some(call.room),
            _ => None,
        }
    }

    /// Whether its reply is kept in the profile, so that there is something to show without a
    /// connection.
    pub const fn is_remembered(&self) -> bool {
        matches!(
            self,
            Self::ListCauses(_)
                | Self::ListMembers(_)
                | Self::ListOrganisations(_)
                | Self::ListOutstanding(_)
                | Self::ListRegisterEntries(_)
                | Self::ListRooms(ListRooms { all: false })
                // Whole pages, which begin at the same places each time.
                | Self::RegisterPage(RegisterPage { limit: WHOLE_PAGE, .. })
                | Self::RoomMembers(_)
                | Self::ShowBoard(_)
                | Self::ShowPreferences(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use warproom_client::proto::calls::{self, Visitor};

    use super::*;

    /// Made by the client crate itself, for following, reading, searching, joining and appending: see
    /// [`Effect`](crate::Effect) and [`Outgoing`](crate::effect::Outgoing).
    const OTHERWISE: [&str; 29] = [
        "invitation.show",
        "invitation.redeem",
        "device.enrol",
        "session.start",
        "room.change",
        "room.add",
        "room.remove",
        "room.follow",
        // A room that is left is not followed on, and one that is not open is followed all the same.
        "room.unfollow",
        "entry.post",
        "entry.alert",
        "entry.answer",
        "entry.edit",
        "entry.retract",
        "entry.relabel",
        "entry.react",
        "history.page",
        "history.referring",
        "search.run",
        "file.begin",
        "file.put",
        "file.status",
        "file.read",
        // Given up with the entry of the outbox that was to carry it.
        "file.abandon",
        // Read to the end, and written to a file.
        "room.export",
        // Read to the end, made into files and shown before they are written.
        "disclosure.run",
        // Held against what is remembered, and a record proved under it.
        "audit.checkpoint",
        "audit.inclusion",
        // The audit log is checked whenever its checkpoint is told, whoever looks.
        "audit.consistency",
    ];

    struct Methods(BTreeSet<&'static str>);

    impl Visitor for Methods {
        fn call<C: Call>(&mut self) {
            self.0.insert(C::METHOD);
        }
    }

    #[test]
    fn every_call_of_the_protocol_is_made_from_here() {
        let mut methods = Methods(BTreeSet::new());
        calls::each(&mut methods);
        let made: BTreeSet<_> = Request::METHODS.iter().chain(&OTHERWISE).copied().collect();
        let missing: Vec<_> = methods.0.difference(&made).collect();
        assert!(
            missing.is_empty(),
            "the protocol has calls that this client never makes: {missing:?}"
        );
    }
}
