//! What the server tells signed-in clients without being asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ask::Outstanding;
use crate::calls::{RoomSummary, SignedCheckpoint};
use crate::id::{MemberId, RoomId};
use crate::record::{Record, Seq};
use crate::register::CommonCause;

macro_rules! notices {
    ($($(#[$doc:meta])* $variant:ident = $method:literal $fields:tt),* $(,)?) => {
        /// A notification: `method` names the variant, `params` are its fields.
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "method", content = "params")]
        #[non_exhaustive]
        pub enum Notice {
            $($(#[$doc])* #[serde(rename = $method)] $variant $fields),*
        }

        impl Notice {
            /// The names of all notifications.
            pub const METHODS: &'static [&'static str] = &[$($method),*];

            /// Reads one from its name and fields; `None` for a name this version does not know.
            ///
            /// By hand, because serde's own adjacent tagging would copy the exact text of a record.
            pub fn read(method: &str, params: &str) -> Result<Option<Self>, serde_json::Error> {
                Ok(Some(match method {
                    $($method => {
                        notices!(@read $variant $fields, params)
                    })*
                    _ => return Ok(None),
                }))
            }
        }
    };
    (@read $variant:ident { $($(#[$doc:meta])* $field:ident: $type:ty),* $(,)? }, $params:ident) => {{
        #[derive(Deserialize)]
        struct Fields { $($field: $type),* }
        let Fields { $($field),* } = serde_json::from_str($params)?;
        Self::$variant { $($field),* }
    }};
}

notices! {
    /// A room you follow has one more record. Every reader entitled to it gets the same bytes.
    Entry = "entry" {
        /// The room.
        room: RoomId,
        /// The record.
        record: Record,
    },
    /// You read too slowly: live delivery of this room has stopped. Follow it again from here.
    Behind = "behind" {
        /// The room.
        room: RoomId,
        /// The last record that was delivered, or is still on its way to you.
        after: Seq,
    },
    /// You are in a room that you were not in, or its settings or your part in it changed.
    RoomJoined = "room_joined" {
        /// The room as it is now.
        room: RoomSummary,
    },
    /// You are out of a room. Nothing more of it will come.
    RoomLeft = "room_left" {
        /// The room.
        room: RoomId,
    },
    /// Somebody is typing. Sent only in rooms that have it on, and never stored.
    Typing = "typing" {
        /// The room.
        room: RoomId,
        /// Who.
        member: MemberId,
    },
    /// Somebody came or went. Sent only in rooms that have presence on, and never stored.
    Presence = "presence" {
        /// The room.
        room: RoomId,
        /// Who.
        member: MemberId,
        /// Whether they are connected now.
        here: bool,
    },
    /// An ask waits for you: a reminder. `ask.outstanding` lists them all.
    Reminder = "reminder" {
        /// What waits.
        outstanding: Outstanding,
    },
    /// Several organisations name the same supplier or product, one that concerns you.
    CommonCause = "common_cause" {
        /// What they name.
        cause: CommonCause,
    },
    /// How far the audit log has come. Told once an hour.
    AuditCheckpoint = "audit_checkpoint" {
        /// The checkpoint, signed.
        checkpoint: SignedCheckpoint,
    },
    /// Your search found something; more may follow until its reply.
    Found = "found" {
        /// The number you gave the search.
        search: u64,
        /// The room.
        room: RoomId,
        /// The record.
        record: Record,
    },
}
