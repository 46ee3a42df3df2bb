//! The relay against real files and real servers on this computer: what it takes as configuration,
//! how it fetches, what it posts, and that a crash at any moment neither repeats nor skips a thing.
//! The WARP is played here; the real one is tested with the rest of the workspace.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod config;
mod crash;
mod fetch;
mod folder;
mod follow;
mod grant;
mod lists;
mod plan;
mod program;
mod settings;
mod warp;
mod web;
