//! The desktop client: what an officer has open all day, and during the worst week of the year.
//!
//! What it is: a window over the client crate. What it is not: it decides nothing that the server
//! decides, and knows the protocol only through the client crate.
//!
//! How things flow, and which way imports point:
//!
//! ```text
//! main → app → views → { commands, look } → controller → model          world → { profile, controller } → model
//! ```
//!
//! - [`model`] is everything the window shows and how it changes: pure, with no window, no network,
//!   no disk and no clock. What a person does is an [`Action`], what the world tells is [`News`];
//!   both change the model and may ask the world for [`Effect`]s.
//! - [`controller`] ties a model to a [`World`](controller::World). The real one is [`world`]: the
//!   client crate, the sealed [`profile`], the system's key store and notifications. Tests use one
//!   that is a script.
//! - [`commands`] give everything that can be done its name and its keys, for the palette, the keyboard
//!   and the list of shortcuts. They know no view.
//! - [`views`] draw the model and answer with actions. They keep nothing but what the screen itself
//!   needs (focus, scrolling); [`look`] has every size and colour they use.

pub mod action;
pub mod app;
pub mod commands;
pub mod controller;
pub mod effect;
pub mod look;
pub mod model;
pub mod news;
pub mod profile;
pub mod request;
pub mod views;
pub mod world;

#[cfg(any(test, feature = "fixture"))]
pub mod fixture;

pub use action::Action;
pub use effect::Effect;
pub use model::Model;
pub use news::News;
