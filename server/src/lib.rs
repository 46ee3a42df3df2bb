//! The Warproom server: a confidential chat server for one WARP.
//!
//! How things flow, and which way imports point:
//!
//! ```text
//! main → serve, setup → listen → connection → http → hooks, calls → { domain, hub, journal, store }
//! ```
//!
//! A connection is accepted (`listen`, within the bounds of `admission`). It speaks HTTP (`http`) until it
//! becomes a WebSocket, proves who it is and then makes calls (`connection`, `calls`); or it posts to a
//! webhook (`hooks`), which makes the same calls as its bot.
//! A call that changes something hands a decision, a pure function of the `domain`, to the `journal`,
//! whose one writer decides, commits to the `store` and applies; the `hub` then delivers. The operator's
//! commands reach a running server by `control`, for a `backup` or a change of `keys`. Only `tls`
//! names rustls, only `http` HTTP, only `transport` the WebSocket, only `store` the database.

mod admission;
pub mod audit;
pub mod backup;
mod calls;
pub mod config;
mod connection;
mod context;
pub mod control;
pub mod decoders;
pub mod doctor;
mod domain;
pub mod files;
mod hooks;
mod http;
mod hub;
mod identity;
mod journal;
pub mod keys;
mod listen;
mod metrics;
mod planted;
mod progress;
mod rate;
mod readiness;
mod reminders;
mod retention;
pub mod serve;
pub mod setup;
#[cfg(all(feature = "simulated", not(test)))]
pub mod simulated;
pub mod store;
mod survey;
pub mod tls;
mod transport;
mod view;
