//! The Warproom server: a confidential chat server for one WARP.
//!
//! How things flow, and which way imports point:
//!
//! ```text
//! main → serve, setup → listen → connection → calls → { domain, hub, journal, store }
//! ```
//!
//! A connection is accepted (`listen`, within the bounds of `admission`), proves who it is and then makes calls (`connection`, `calls`).
//! A call that changes something hands a decision, a pure function of the `domain`, to the `journal`,
//! whose one writer decides, commits to the `store` and applies; the `hub` then delivers. Only `tls`
//! names rustls, only `transport` the WebSocket, only `store` the database.

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
