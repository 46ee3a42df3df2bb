//! What the end-to-end tests and the bench share: the real server as a process, a throw-away WARP,
//! and people in it.

pub mod bench;
pub mod crash;
pub mod harness;
pub mod wire;
