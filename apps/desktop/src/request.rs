//! The calls that this client makes for a person, as one type: a request, and the reply that belongs
//! to it. News carries the request back with its reply, so that nothing has to remember what it asked.

use serde::{Deserialize, Serialize};
use warproom_client::proto::RoomId;
use warproom_client::proto::calls::{
    AddBot, AddInvitation, AddOrganisation, BoardHistory, Call, ChangeMember, ChangeOrganisation,
    ListBots, ListCauses, ListDevices, ListInvitations, ListMembers, ListOrganisations,
    ListOutstanding, ListRegisterEntries, ListRooms, MarkRead, OpenRoom, PresentInRoom,
    RemoveMember, RevokeBot, RevokeDevice, RevokeInvitation, RoomMembers, RotateBot, SeenBy,
    SetPreferences, SetRegisterEntry, ShowBoard, ShowPreferences, TypeInRoom,
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
    BoardHistory,
    ChangeMember,
    ChangeOrganisation,
    ListBots,
    ListCauses,
    ListDevices,
    ListInvitations,
    ListMembers,
    ListOrganisations,
    ListOutstanding,
    ListRegisterEntries,
    ListRooms,
    MarkRead,
    OpenRoom,
    PresentInRoom,
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
    TypeInRoom,
);

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
                | Self::RoomMembers(_)
                | Self::ShowBoard(_)
                | Self::ShowPreferences(_)
        )
    }
}
