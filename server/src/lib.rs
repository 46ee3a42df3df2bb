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
//! whose one writer decides, commits to the `store` and applies; the `hub` then delivers. Only `tls`
//! names rustls, only `http` HTTP, only `transport` the WebSocket, only `store` the database.

mod admission;
mod calls;
pub mod config;
mod connection;
mod context;
mod domain;
mod hooks;
mod http;
mod hub;
mod identity;
mod journal;
mod listen;
mod rate;
mod reminders;
pub mod serve;
pub mod setup;
pub mod store;
pub mod tls;
mod transport;
mod view;
