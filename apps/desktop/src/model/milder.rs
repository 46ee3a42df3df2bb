//! Sending under a milder label than is usual in its place: what is asked before, in one way for posts,
//! asks and alerts.
//!
//! The answer carries the label that was asked about ([`Meant`]). What is then sent is read again, and
//! if it would go elsewhere or under another label by now, it is asked about again: nobody says yes to
//! a label they have not seen.

use warproom_client::proto::{Label, RoomId};

use crate::model::label::{meaning, readers};

/// A label that somebody was asked about and meant, and the room it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The room.
    pub room: RoomId,
    /// The label.
    pub label: Label,
}

/// What a milder label does, for the question before.
pub(super) fn what_it_does(because: &str, label: Label) -> String {
    format!("{because}. {label} is milder: it {}. {}", meaning(label), readers(label))
}
