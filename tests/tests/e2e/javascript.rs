//! The protocol page's program in JavaScript, with the stock WebSocket library for Node and nothing of
//! Warproom's: it posts an alert and tells who answered it.
//!
//! Where Node and npm are not there, it is skipped, but not in CI. npm installs the library, of the version that is checked in beside the
//! program, into a folder of the tests' own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use warproom_tests::are_here;

use crate::python::alerts_and_tells_who_answered;

/// The program, and what it needs.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/javascript");

/// Where the library is put: outside the sources, and kept from run to run.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/javascript");

/// The first version of Node that has all that the program uses.
const NODE: u32 = 18;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_in_javascript_alerts_and_tells_who_answered() -> anyhow::Result<()> {
    if !are_here(&["node", "npm"])? {
        return Ok(());
    }
    let program = tokio::task::spawn_blocking(install).await??;
    let mut example = Command::new("node");
    example.arg(program);
    alerts_and_tells_who_answered(example).await
}

/// Puts the program beside its library; where it is.
fn install() -> anyhow::Result<PathBuf> {
    check_node()?;
    let (source, folder) = (Path::new(SOURCE), Path::new(FOLDER));
    fs::create_dir_all(folder)?;
    for name in ["package.json", "package-lock.json", "alert.js"] {
        fs::copy(source.join(name), folder.join(name)).with_context(|| name.to_owned())?;
    }
    // Written last: it says which versions were installed whole.
    let (lock, installed) = (folder.join("package-lock.json"), folder.join("installed"));
    let lock = fs::read(lock)?;
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(folder.join("alert.js"));
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let output = Command::new("npm").args(arguments).current_dir(folder).output()?;
    let problem = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "npm cannot install what the example needs:\n{problem}");
    fs::write(installed, lock)?;
    Ok(folder.join("alert.js"))
}

fn check_node() -> anyhow::Result<()> {
    let output = Command::new("node").arg("--version").output()?;
    let version = String::from_utf8(output.stdout)?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    let major: u32 = major.unwrap_or_default().parse().context("node does not say its version")?;
    ensure!(major >= NODE, "install Node {NODE} or later to run this test: here is {version}");
    Ok(())
}
