//! Fuzzing: everything that reads bytes or text from outside, one *target* each, with what must hold
//! whatever comes.
//!
//! ```text
//! seeds/<target>/*  ─┐
//! mutate ────────────┼─▶ Target::run ─▶ nothing, or a panic that says what does not hold
//! libFuzzer ─────────┘
//! ```
//!
//! A target takes any bytes. That it does not panic is the least; most also say that what was read is
//! written as it was read, that nothing comes out beyond its bounds, and that a label is never milder.
//! The tests of this crate run every seed and some mutations of them; `libfuzzer/`, a program of its own
//! outside the workspace, runs the same targets for hours, guided by coverage.
//!
//! What it is not: it starts no program and reaches nothing but this computer. The targets of the
//! connection as a whole have a server in this process, behind real TLS on a port of its own.

pub mod here;
pub mod mutate;
pub mod seeds;
mod targets;

/// Something that reads what comes from outside.
pub struct Target {
    /// Its name, and that of its folder of seeds.
    pub name: &'static str,
    /// The longest input that whoever calls it lets through, in bytes.
    pub most_bytes: usize,
    /// Reads an input, and panics if something does not hold.
    pub run: fn(&[u8]),
}

pub use targets::TARGETS;

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
