//! The binaries under test, built once in a test process with the profile of the test itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, anyhow, ensure};

/// Where `cargo` was when the tests were built.
const CARGO: &str = env!("CARGO");

/// The workspace.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What is released together (packaging/deb/build).
const RELEASED: [&str; 3] = ["warproom-server", "warproom", "warproom-relay"];

static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// The server.
pub fn server_binary() -> anyhow::Result<PathBuf> {
    Ok(built()?.join("warproom-server"))
}

/// The command-line client.
pub fn client_binary() -> anyhow::Result<PathBuf> {
    Ok(built()?.join("warproom"))
}

/// An example of the client crate.
pub fn example_binary(name: &str) -> anyhow::Result<PathBuf> {
    let folder = target_folder()?;
    build(&folder, &["--package", "warproom-client"], &["--example", name])?;
    Ok(folder.join(profile()).join("examples").join(name))
}

/// An example of the desktop client, which shows a WARP that is made up.
pub fn desktop_example(name: &str) -> anyhow::Result<PathBuf> {
    let folder = target_folder()?;
    let what = ["--features", "warproom-desktop/fixture", "--example", name];
    build(&folder, &["--package", "warproom-desktop"], &what)?;
    Ok(folder.join(profile()).join("examples").join(name))
}

/// The relay.
pub fn relay_binary() -> anyhow::Result<PathBuf> {
    on_demand("warproom-relay")
}

/// The desktop client.
pub fn desktop_binary() -> anyhow::Result<PathBuf> {
    on_demand("warproom-desktop")
}

/// The demo.
pub fn demo_binary() -> anyhow::Result<PathBuf> {
    on_demand("warproom-demo")
}

/// A program that few tests need.
fn on_demand(package: &str) -> anyhow::Result<PathBuf> {
    let folder = target_folder()?;
    build(&folder, &packages(package), &["--bin", package])?;
    Ok(folder.join(profile()).join(package))
}

/// The server with faults planted in it, of which [`PLANTED`] wakes one. It comes to lie in a folder of its
/// own, so that the binary everyone else runs stays clean; what both stand on is compiled once.
pub fn planted_binary() -> anyhow::Result<PathBuf> {
    let target = target_folder()?.join("planted");
    let what = ["--features", "warproom-server/planted", "--bin", "warproom-server"];
    build(&target, &packages("warproom-server"), &what)?;
    Ok(target.join(profile()).join("warproom-server"))
}

/// The variable that wakes a planted fault, by its name.
pub const PLANTED: &str = "WARPROOM_PLANTED";

/// The folder of the clean binaries.
fn built() -> anyhow::Result<&'static Path> {
    let build_once = || {
        let folder = target_folder()?;
        let what = ["--bin", "warproom-server", "--bin", "warproom"];
        build(&folder, &packages("warproom-server"), &what)?;
        anyhow::Ok(folder.join(profile()))
    };
    // An error is kept as text: every test of the process tells it, not only the first.
    let built = BUILT.get_or_init(|| build_once().map_err(|error| format!("{error:#}")));
    built.as_deref().map_err(|problem| anyhow!("{problem}"))
}

/// What a program is built from, so that what it stands on has the features that it was compiled with before,
/// and is not compiled once more: a development build from the whole workspace, as the tests are; an
/// optimised one from what is released together.
fn packages(package: &str) -> Vec<&str> {
    if profile() == "debug" {
        return vec!["--workspace", "--features", "warproom-tests/tests-tokio"];
    }
    let packages = if RELEASED.contains(&package) { &RELEASED[..] } else { &[package] };
    packages.iter().flat_map(|package| ["--package", *package]).collect()
}

fn build(target: &Path, packages: &[&str], what: &[&str]) -> anyhow::Result<()> {
    let mut cargo = Command::new(CARGO);
    cargo.current_dir(WORKSPACE).arg("build").args(packages);
    if profile() == "release" {
        cargo.arg("--release");
    }
    cargo.args(what).arg("--target-dir").arg(target);
    cargo.env("CARGO_BUILD_BUILD_DIR", target_folder()?);
    let output = cargo.output().context("cargo does not run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the binaries do not build:\n{said}");
    Ok(())
}

/// The folder that the running test was built into: `target` of `target/debug/deps/e2e-…`.
pub(super) fn target_folder() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let mut folder = test.parent().context("a program is in a folder")?;
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder = folder.parent().context("deps is in a folder")?;
    }
    Ok(folder.parent().context("a profile's folder is in the target folder")?.to_owned())
}

const fn profile() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}
