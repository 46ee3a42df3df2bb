//! What a frame of the desktop client costs, and what the client holds in memory: 200 rooms, 100,000
//! entries in one of them, 50 arriving each second. Measured by a program of the client's own
//! (`apps/desktop/examples/frames.rs`), which says what a frame is; and in the real window.

pub mod real;

use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::report::Report;
use crate::harness::desktop_example;

/// The most a frame may cost, in milliseconds of one core: half of what 60 frames a second leave.
const FRAME_MS: f64 = 8.0;

/// The most memory the client may hold, in MiB.
const RESIDENT_MIB: f64 = 300.0;

#[derive(Deserialize)]
struct Figures {
    newest_ms: Costs,
    scrolling_ms: Costs,
    writing_ms: Costs,
    process_ms: f64,
    resident_mib: f64,
}

#[derive(Deserialize)]
struct Costs {
    p50: f64,
    p99: f64,
    worst: f64,
}

/// Runs it.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let output = Command::new(desktop_example("frames")?).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the frames were not drawn:\n{said}");
    let figures: Figures = serde_json::from_slice(&output.stdout).context("no figures came")?;
    let mut slowest = 0.0_f64;
    for (what, costs) in [
        ("at the newest entry", &figures.newest_ms),
        ("scrolling back", &figures.scrolling_ms),
        ("writing", &figures.writing_ms),
    ] {
        let what = format!("desktop frame, {what}");
        for (figure, value) in [("p50", costs.p50), ("p99", costs.p99), ("worst", costs.worst)] {
            report.add(&what, figure, value, "ms of processor time");
        }
        slowest = slowest.max(costs.p99);
    }
    report.add("desktop client", "mean frame, all threads", figures.process_ms, "ms");
    report.add("desktop client", "resident memory", figures.resident_mib, "MiB");
    report.aim("a frame of the desktop client, p99 in ms", slowest, FRAME_MS);
    report.aim("memory of the desktop client in MiB", figures.resident_mib, RESIDENT_MIB);
    Ok(())
}
