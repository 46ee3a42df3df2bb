//! Behaviours, end to end: the real server over real TLS, asked by the real client.

#[path = "e2e/joining.rs"]
mod joining;
#[path = "e2e/crash.rs"]
mod crash;
