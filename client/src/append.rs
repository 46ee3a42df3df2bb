//! The calls that append an entry under an id of the client's choosing, and so may be sent again.

use warproom_proto::RoomId;
use warproom_proto::calls::{
    AddToRoom, AnswerAsk, Call, ChangeRoom, EditEntry, PostAlert, PostEntry, Posted, ReactToEntry,
    RelabelEntry, RemoveFromRoom, RetractEntry,
};

/// A call that [`Client::append`](crate::Client::append) takes. Sealed, because sending again is
/// right only for calls that the server answers once per entry id.
pub trait Append: Call<Reply = Posted> + sealed::Sealed {
    /// The room it appends to.
    fn room(&self) -> RoomId;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! append {
    ($($call:ty),* $(,)?) => {$(
        impl sealed::Sealed for $call {}

        impl Append for $call {
            fn room(&self) -> RoomId {
                self.room
            }
        }
    )*};
}

append!(
    PostEntry,
    PostAlert,
    AnswerAsk,
    EditEntry,
    RetractEntry,
    RelabelEntry,
    ReactToEntry,
    ChangeRoom,
    AddToRoom,
    RemoveFromRoom,
);
