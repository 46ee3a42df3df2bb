//! The Warproom protocol, said once for both ends.
//!
//! What it is: ids, labels, entries, register events, the hash chain, the calls with their
//! replies, notifications, error codes and limits. What it is not: it does no I/O, and knows no
//! tokio, no TLS and no database.
//!
//! How things flow: a client sends a [`rpc::Request`] naming one of the [`calls`]; the server
//! answers with that call's reply or with one of the closed list of [`error`]s, and tells signed-in
//! clients what happens through [`notice`]s. Everything durable is a [`record::Record`] of a log.

pub mod alert;
pub mod ask;
pub mod audit;
pub mod calls;
pub mod checkpoint;
pub mod concern;
pub mod disclosure;
pub mod entry;
pub mod error;
pub mod file;
pub mod id;
pub mod invitation;
pub mod label;
pub mod limits;
pub mod merkle;
pub mod notice;
pub mod record;
pub mod register;
pub mod retention;
pub mod rpc;
pub mod schema;
pub mod secret;
pub mod text;

mod newtype;

pub use alert::{Alert, Certainty, Message, Severity, Source, Urgency};
pub use ask::{Ask, Outstanding, Reporting, Stage};
pub use checkpoint::{Checkpoint, Note};
pub use entry::{Content, Entry, Handling, Kind, RoomRole, RoomSettings, Subject};
pub use error::{Error, ErrorCode};
pub use file::{CarriedFile, File, FileName, MediaType, NamedFile, PartData, Sha256};
pub use id::{
    BotId, CauseId, DeviceId, EntryId, FileId, InvitationId, MemberId, OrganisationId, Principal,
    ProposalId, RoomId, WarpId,
};
pub use label::Label;
pub use record::{Body, Head, LogId, Position, Record, Salt, Seq};
pub use retention::{Proposal, Proposed, Retention};
pub use secret::Secret;
pub use text::{Handle, Line, Name, Text};
