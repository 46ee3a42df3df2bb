//! What the end-to-end tests and the bench share: the real server as a process, a throw-away WARP,
//! and people in it.

use std::io::Write as _;
use std::process::{Command, Stdio};

pub mod bench;
pub mod crash;
pub mod damage;
pub mod harness;
pub mod power;
pub mod soak;
pub mod wire;

/// Says something to whoever runs the tests, also where they pass: a seed, a number, what was
/// skipped and why.
pub fn say(text: impl std::fmt::Display) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether these programs, each of which knows `--version`, are on this machine. Where one is not, the
/// test that needs it is skipped and says so.
pub fn are_here(programs: &[&str]) -> anyhow::Result<bool> {
    let runs = |program: &&&str| {
        let mut version = Command::new(program);
        let said = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        said.is_ok_and(|status| status.success())
    };
    match programs.iter().find(|program| !runs(program)) {
        None => Ok(true),
        Some(missing) => skipped(&format!("{missing} is not installed")).map(|()| false),
    }
}

/// Says that a test is skipped for want of something that this machine lacks. Where everything is to be
/// checked (`CI` is set) that is a failure.
pub fn skipped(why: &str) -> anyhow::Result<()> {
    anyhow::ensure!(std::env::var_os("CI").is_none(), "{why}, and CI leaves nothing out");
    say(format_args!("SKIPPED: {why}"));
    Ok(())
}
