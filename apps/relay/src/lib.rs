//! A bot for feeds: it reads public warnings in the formats that issuers use, decides what is new and
//! under which label it may be shown, and posts it to a WARP's rooms, over the client crate alone.

pub mod check;
pub mod compose;
pub mod config;
pub mod cursor;
pub mod fetch;
pub mod formats;
pub mod item;
pub mod label;
pub mod plain;
pub mod plan;
pub mod post;
pub mod run;
pub mod source;
