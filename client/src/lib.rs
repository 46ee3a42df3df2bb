//! A thin Warproom client: connect, sign in, call, follow; it keeps trying and catches up.
//!
//! What it is: one connection to one WARP's server, pinned to that WARP's own certificate authority,
//! kept signed in by a device's key or a bot's token. Calls are typed by the protocol crate
//! ([`proto`]); entries of followed rooms arrive as events, each once and in order, and their hash
//! chain is checked. What it is not: it keeps no files but those it is asked to fetch, draws nothing and holds no history. Profiles,
//! folds over rooms and screens belong to the applications.
//!
//! How things flow: [`connect`] signs in and starts a task that owns the connection. [`Client`] is
//! the handle to it, [`Events`] what comes back unasked; both ends are bounded. When the connection
//! is lost, calls fail with [`CallError::Disconnected`], appends wait and are sent again under the
//! same id, and followed rooms go on after the last record delivered.
//!
//! For a person, [`open_invitation`] and [`enrol_device`] come first: they make the [`DeviceKey`]
//! that signs in ever after.
//!
//! # A bot
//!
//! ```no_run
#![doc = include_str!("../examples/bot.rs")]
//! ```

mod acts;
mod append;
mod audit;
mod audited;
mod backoff;
mod board;
mod client;
mod connect;
mod disclosure;
mod error;
mod event;
mod export;
mod files;
mod follow;
mod heads;
mod interrupt;
mod join;
mod key;
mod label;
mod search;
mod sign_in;
#[cfg(feature = "simulated")]
pub mod simulated;
mod state;
mod totp;
mod transport;
mod walk;
mod worker;

pub use warproom_proto as proto;

pub use acts::{Called, act_in_words, kept, proposed};
pub use append::Append;
pub use audit::{AuditChecked, AuditHead, AuditProved};
pub use audited::audited_in_words;
pub use board::{Answered, BoardLine, BoardView, ExportError};
pub use client::Client;
pub use connect::{Connector, connect};
pub use disclosure::{
    Collected, DisclosedPerson, DisclosedRoom, DisclosedSoFar, Disclosure, DisclosureRules,
    Redactor, Rule, RuleError, ScheduleRow, Selection,
};
pub use error::{CallError, ConnectError, Distrust, JoinError, SignOut};
pub use event::{AuditBreak, Delivered, Discontinuity, Event, Events, Rewritten};
pub use export::Export;
pub use files::{Progress, TransferError, Upload, Uploaded};
pub use heads::Heads;
pub use interrupt::{Why, because, interrupts};
pub use join::{Joined, Joining, enrol_device, open_invitation};
pub use key::{Credentials, DeviceKey, DeviceKeyError};
pub use label::{Relaxed, label_now};
pub use search::Search;
pub use state::{State, Trouble};
pub use totp::TotpSecret;
