//! Power cuts, simulated: the real server is traced while people write to it, and what the disk might hold
//! at a random moment is opened and compared with what had been acknowledged by then.
//!
//! ```text
//! writers ─▶ server ─▶ trace ─▶ steps ─▶ disk at a moment ─▶ image ─▶ verify, open, read, compare
//! ```
//!
//! One trace serves for many cuts. The next trace begins on one of the images, so the server also runs on
//! stores that a cut left. It cuts no real power and knows no real disk: what it lets a disk do is in
//! `disk`.

mod cuts;
mod disk;
mod trace;

pub use cuts::{CUTS_OF_A_RUN, Cut, Power, Tally};
