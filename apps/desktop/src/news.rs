//! What the world tells the model: answers to effects, and what happens unasked.

use std::fmt;
use std::sync::Arc;

use warproom_client::proto::calls::{
    Found, From, Invited, Me, Posted, RoomSummary, SignedCheckpoint,
};
use warproom_client::proto::invitation::Fingerprint;
use warproom_client::proto::register::CommonCause;
use warproom_client::proto::{
    DeviceId, EntryId, Error, MemberId, Name, Outstanding, RoomId, Secret, Seq,
};
use warproom_client::{AuditProved, Delivered, DisclosedSoFar, Rewritten};

use crate::effect::Outgoing;
use crate::model::compose::Draft;
use crate::model::export::Written;
use crate::model::files::{Attached, Moved, Save};
use crate::model::manage::Made;
use crate::model::profile::{ProfileName, ProfileSummary};
use crate::model::settings::Settings;
use crate::request::{Reply, Request};

/// What happened.
#[derive(Clone)]
pub enum News {
    /// The program started on this computer.
    Started {
        /// The profiles it has, by name.
        profiles: Vec<ProfileSummary>,
        /// Whether the system has a key store that can be used.
        key_store: bool,
        /// What a device is called by default: the name of this computer.
        computer: String,
    },
    /// Whom the invitation is for.
    Invited(Result<Invitation, Refusal>),
    /// This computer is enrolled, and its profile is kept. It is not open yet.
    Joined(Result<ProfileSummary, Refusal>),
    /// A profile is open. Remembered replies follow as [`News::Answered`], then the connection.
    Opened(Result<Opened, Refusal>),
    /// How the connection is now.
    Connection(Connection),
    /// Signed in: at first, and again after each reconnect. Lists may have changed meanwhile.
    SignedIn(SignedIn),
    /// Where the server is, as `warproom://host:port/fingerprint`, by the authority it is known by now.
    Address(String),
    /// A followed room has one more record: each once, in order.
    Entry(Delivered),
    /// You are in a room you were not in, or its settings or your part in it changed.
    RoomJoined(RoomSummary),
    /// You are out of a room.
    RoomLeft(RoomId),
    /// Somebody is typing.
    Typing {
        /// Where.
        room: RoomId,
        /// Who.
        member: MemberId,
    },
    /// Somebody came or went.
    Presence {
        /// Where.
        room: RoomId,
        /// Who.
        member: MemberId,
        /// Whether they are connected now.
        here: bool,
    },
    /// An ask waits for you.
    Reminder(Outstanding),
    /// Several organisations name the same supplier or product, one that concerns you.
    CommonCause(CommonCause),
    /// The server's history does not continue what this computer remembers of it.
    Rewritten(Rewritten),
    /// The audit log, which was not proved to continue what this computer remembers, is now.
    AuditProved,
    /// A page of a room.
    Page {
        /// The room.
        room: RoomId,
        /// What was asked for.
        from: From,
        /// The page.
        page: Result<Page, Refusal>,
    },
    /// What refers to an entry, oldest first.
    Thread {
        /// The room.
        room: RoomId,
        /// The entry.
        to: Seq,
        /// Its thread.
        entries: Result<Vec<Delivered>, Refusal>,
    },
    /// A search found something.
    Found {
        /// The model's number for the search.
        search: u64,
        /// What.
        hit: Delivered,
    },
    /// A search ended.
    SearchEnded {
        /// The model's number for the search.
        search: u64,
        /// How.
        end: Result<Found, Refusal>,
    },
    /// The answer to a call.
    Answered(Request, Result<Reply, Refusal>),
    /// An entry is in the outbox, on disk.
    Kept(EntryId, Result<(), Refusal>),
    /// An entry was stored by the server, or refused. A refused one stays in the outbox.
    Sent(EntryId, Result<Posted, Refusal>),
    /// A file was written: where.
    Wrote(Result<String, Refusal>),
    /// A file that is to be attached was looked at.
    FileLookedAt {
        /// The room of the draft.
        room: RoomId,
        /// What it is.
        found: Result<Attached, Refusal>,
    },
    /// How far a file has come up, for the entry of the outbox that is to carry it.
    FileUp {
        /// The entry.
        id: EntryId,
        /// What it is called.
        name: String,
        /// How far it is.
        moved: Moved,
    },
    /// How far a file that is being saved has come.
    FileDown {
        /// Which.
        save: Save,
        /// How far it is.
        moved: Moved,
    },
    /// A file was fetched, checked and written: where.
    FileSaved {
        /// Which.
        save: Save,
        /// Where it lies.
        at: Result<String, Refusal>,
    },
    /// How far a room's records have come that are being taken out.
    Exporting {
        /// The room.
        room: RoomId,
        /// The record that was come to.
        done: Seq,
        /// The last one.
        latest: Seq,
    },
    /// A room's records were taken out.
    Exported {
        /// The room.
        room: RoomId,
        /// What was written, and where.
        written: Result<Written, Refusal>,
    },
    /// How far a request for information is read.
    Disclosing {
        /// The model's number for it.
        number: u64,
        /// How far.
        so_far: DisclosedSoFar,
    },
    /// What a request for information covers was read, and files made of it.
    DisclosureRead {
        /// The model's number for it.
        number: u64,
        /// What was made.
        made: Result<Arc<Made>, Refusal>,
    },
    /// A disclosure was written: the folder.
    DisclosureWritten(Result<String, Refusal>),
    /// The audit log's present checkpoint, which continues what is remembered.
    Checkpoint(Result<SignedCheckpoint, Refusal>),
    /// Whether a record is in the audit log.
    Proved {
        /// The record.
        seq: Seq,
        /// What proves it.
        proof: Result<AuditProved, Refusal>,
    },
    /// The secret of a new authenticator.
    TotpMade {
        /// For typing: base32.
        secret: Secret,
        /// The same as an `otpauth://` address, for a QR code.
        uri: Secret,
    },
    /// Something on this computer failed that nobody asked for just now.
    Trouble(Refusal),
    /// What time it is, in milliseconds since 1970 UTC: once a second while anything shown depends
    /// on it, and with each batch of news.
    Clock(i64),
}

/// An invitation, looked at.
#[derive(Clone)]
pub struct Invitation {
    /// Whom it is for.
    pub invited: Invited,
    /// The authority that this WARP's server is known by.
    pub fingerprint: Fingerprint,
    /// The secret for an authenticator app, base32, for typing.
    pub totp_secret: Secret,
    /// The same as an `otpauth://` address, for a QR code.
    pub totp_uri: Secret,
}

/// A profile that was opened.
#[derive(Clone)]
pub struct Opened {
    /// Which.
    pub profile: ProfileName,
    /// The WARP's name.
    pub warp: Name,
    /// Who it signs in.
    pub me: Me,
    /// This device.
    pub device: DeviceId,
    /// The server, as `warproom://host:port/fingerprint`.
    pub address: String,
    /// How this computer shows and tells things.
    pub settings: Settings,
    /// What was being written.
    pub drafts: Vec<(RoomId, Draft)>,
    /// What waits to be sent, in order, and what was refused.
    pub outbox: Vec<(Outgoing, Option<Refusal>)>,
}

/// A sign-in.
#[derive(Clone)]
pub struct SignedIn {
    /// The WARP's name now.
    pub warp: Name,
    /// Who you are now.
    pub me: Me,
}

/// A page of a room.
#[derive(Clone)]
pub struct Page {
    /// The records, oldest first, without a gap.
    pub entries: Vec<Delivered>,
    /// Edits, relabellings, retractions and reactions of them that stand elsewhere, oldest first.
    pub amendments: Vec<Delivered>,
    /// The last record of the room's log, as far as is known.
    pub latest: Seq,
}

/// How the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// No profile is open.
    None,
    /// The first connection of this run is being made.
    Connecting,
    /// Connected and signed in.
    Connected,
    /// The connection was lost and is being made again.
    Reconnecting {
        /// When the next attempt begins, in milliseconds since 1970 UTC; in the past: it is under way.
        at_ms: i64,
        /// Why the last connection, or attempt at one, ended: a sentence.
        why: String,
        /// Whether somebody may be sitting between this computer and the server.
        intercepted: bool,
    },
    /// Signed out for good.
    SignedOut {
        /// Why: a sentence.
        why: String,
    },
}

/// Why something was not done: a sentence, and what to do about it. Shown to people as it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// What is wrong.
    pub sentence: String,
    /// What to do; empty if the sentence says it.
    pub advice: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(sentence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), advice: advice.into() }
    }
}

impl std::convert::From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        Self::new(error.to_string(), "")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.advice.is_empty() {
            to.write_str(&self.sentence)
        } else {
            write!(to, "{}: {}", self.sentence, self.advice)
        }
    }
}
