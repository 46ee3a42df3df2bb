//! What the end-to-end tests and the bench share: the real server as a process, a throw-away WARP,
//! and people in it.

use std::io::Write as _;

pub mod bench;
pub mod crash;
pub mod harness;
pub mod wire;

/// Says something to whoever runs the tests, also where they pass: a seed, a number, what was
/// skipped and why.
pub fn say(text: impl std::fmt::Display) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
