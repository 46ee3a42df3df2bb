//! What an operator is handed: the Debian package, the units and the container file. The package is built as
//! its command builds it, of the binaries under test, unpacked, and tried.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use warproom_tests::are_here;
use warproom_tests::harness::{client_binary, relay_binary, server_binary};
use warproom_tests::soak::ALLOCATOR;

/// The worst score that a unit may have (systemd-analyze(1)): 0 is closed, 10 open.
const MOST_EXPOSED: f64 = 1.5;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_package_holds_what_it_should_and_its_programs_run() -> anyhow::Result<()> {
    if !are_here(&["dpkg-deb"])? {
        return Ok(());
    }
    let binaries = server_binary()?.parent().context("in a folder")?.to_owned();
    for other in [client_binary()?, relay_binary()?] {
        ensure!(other.parent() == Some(&binaries), "{} lies elsewhere", other.display());
    }
    let home = tempfile::tempdir()?;
    let mut build = Command::new(root().join("packaging/deb/build"));
    build.arg("--binaries").arg(&binaries).arg("--output").arg(home.path());
    let output = build.args(["--compression", "none"]).output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{complaint}");
    let package = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    let unpacked = home.path().join("unpacked");
    for (how, to) in [("-x", &unpacked), ("-e", &home.path().join("control"))] {
        ensure!(Command::new("dpkg-deb").arg(how).arg(&package).arg(to).status()?.success());
    }

    for file in [
        "usr/lib/systemd/system/warproom-server.service",
        "usr/lib/systemd/system/warproom-relay.service",
        "usr/lib/systemd/system/warproom-backup.service",
        "usr/lib/systemd/system/warproom-backup.timer",
        "usr/lib/sysusers.d/warproom.conf",
        "usr/lib/tmpfiles.d/warproom.conf",
        "usr/share/man/man1/warproom-server.1.gz",
        "usr/share/man/man1/warproom-server-doctor.1.gz",
        "usr/share/man/man1/warproom.1.gz",
        "usr/share/man/man1/warproom-relay.1.gz",
        "usr/share/doc/warproom/copyright",
        "usr/share/doc/warproom/operating.md.gz",
        "usr/share/doc/warproom/examples/warproom.toml",
        "usr/share/warproom/grafana/warproom.json",
        "usr/share/warproom/prometheus/alerts.yml",
    ] {
        let seen = fs::metadata(unpacked.join(file)).with_context(|| file.to_owned())?;
        ensure!(seen.permissions().mode() & 0o777 == 0o644 && seen.len() > 0, "{file}");
    }
    ensure!(!unpacked.join("etc").exists(), "a configuration is the WARP's own, made by `init`");
    let listing = Command::new("dpkg-deb").arg("-c").arg(&package).output()?;
    for line in String::from_utf8(listing.stdout)?.lines() {
        ensure!(line.contains(" root/root "), "not root's: {line}");
        ensure!(!line[..10].contains('s') && line.as_bytes()[8] != b'w', "{line}");
    }
    let version = env!("CARGO_PKG_VERSION");
    for program in ["warproom-server", "warproom", "warproom-relay"] {
        let mut command = Command::new(unpacked.join("usr/bin").join(program));
        let said = String::from_utf8(command.arg("--version").output()?.stdout)?;
        ensure!(said.trim() == format!("{program} {version}"), "{said}");
    }
    control(&home.path().join("control"), version)?;
    serves(&unpacked.join("usr/bin/warproom-server"), home.path())
}

/// What the package says of itself, and its scripts.
fn control(folder: &Path, version: &str) -> anyhow::Result<()> {
    let control = fs::read_to_string(folder.join("control"))?;
    ensure!(control.contains(&format!("\nVersion: {version}\n")), "{control}");
    ensure!(control.contains("libc6 (>= 2."), "{control}");
    for script in ["postinst", "prerm", "postrm"] {
        let path = folder.join(script);
        ensure!(Command::new("sh").arg("-n").arg(&path).status()?.success(), "{script}");
        let text = fs::read_to_string(path)?;
        ensure!(!text.contains("rm -"), "{script} removes something of a WARP's");
    }
    Ok(())
}

/// The program from the package makes a WARP as the package lays it out, and checks it.
fn serves(program: &Path, home: &Path) -> anyhow::Result<()> {
    let (folder, state) = (home.join("etc"), home.join("state"));
    let mut init = Command::new(program);
    init.arg("--folder").arg(&folder).args(["init", "--warp", "Kent WARP"]);
    init.args(["--organisation", "Kent", "--manager", "Mary", "--handle", "mary"]);
    let made = init.arg("--data").arg(&state).output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let verified = Command::new(program).arg("--folder").arg(&folder).arg("verify").output()?;
    ensure!(verified.status.success() && state.join("heads").exists(), "{verified:?}");
    Ok(())
}

#[test]
fn the_units_leave_little_exposed() -> anyhow::Result<()> {
    if !are_here(&["systemd-analyze"])? {
        return Ok(());
    }
    for unit in ["warproom-server", "warproom-backup", "warproom-relay"] {
        let file = root().join(format!("packaging/systemd/{unit}.service"));
        let mut analyze = Command::new("systemd-analyze");
        let output =
            analyze.args(["security", "--offline=true", "--no-pager"]).arg(&file).output()?;
        let said = String::from_utf8(output.stdout)?;
        let score = said.split("Overall exposure level for ").nth(1).context("no score")?;
        let score: f64 =
            score.split_whitespace().nth(1).context("no number")?.parse().context("a number")?;
        ensure!(score <= MOST_EXPOSED, "{unit}: {score}\n{said}");
    }
    Ok(())
}

#[test]
fn the_programs_that_the_units_start_take_what_they_are_given() -> anyhow::Result<()> {
    let (server, relay) = (server_binary()?, relay_binary()?);
    let units = [
        ("warproom-server", "warproom-server", &server),
        ("warproom-backup", "warproom-server", &server),
        ("warproom-relay", "warproom-relay", &relay),
    ];
    for (unit, name, program) in units {
        let text = fs::read_to_string(root().join(format!("packaging/systemd/{unit}.service")))?;
        let start = text.lines().find_map(|line| line.strip_prefix("ExecStart="));
        let mut words = start.context("nothing is started")?.split_whitespace();
        ensure!(words.next() == Some(&format!("/usr/bin/{name}")), "{unit}");
        // What it is given is read before help is shown.
        let output = Command::new(program).args(words).arg("--help").output()?;
        ensure!(output.status.success(), "{unit}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

#[test]
fn the_unit_and_the_container_set_the_allocator_as_the_soak_has_it() -> anyhow::Result<()> {
    let values = ALLOCATOR.map(|(name, value)| format!("{name}={value}")).join(" ");
    for (file, how) in
        [("systemd/warproom-server.service", "Environment="), ("container/Containerfile", "ENV ")]
    {
        let text = fs::read_to_string(root().join("packaging").join(file))?;
        ensure!(text.lines().any(|line| line == format!("{how}{values}")), "{file}: not {values}");
    }
    Ok(())
}

#[test]
fn the_container_has_no_shell_and_no_root_and_is_built_by_our_compiler() -> anyhow::Result<()> {
    let file = fs::read_to_string(root().join("packaging/container/Containerfile"))?;
    let toolchain = fs::read_to_string(root().join("rust-toolchain.toml"))?;
    let stages: Vec<_> = file.split("\nFROM ").skip(1).collect();
    let [build, run] = *stages else { anyhow::bail!("{} stages", stages.len()) };
    let compiler = build.split(['-', ':']).nth(1).context("a version")?;
    ensure!(toolchain.contains(&format!("channel = \"{compiler}.")), "built by {compiler}");
    ensure!(build.contains("--locked"), "other dependencies than those checked");
    ensure!(run.starts_with("gcr.io/distroless/") && run.contains("\nUSER 65532:65532\n"), "{run}");
    ensure!(!run.contains("\nRUN ") && run.contains("\nSTOPSIGNAL SIGTERM\n"), "{run}");
    for line in run.lines().filter(|line| line.starts_with("ENTRYPOINT") || line.starts_with("CMD"))
    {
        ensure!(line.contains(" [\""), "by a shell, which there is none of: {line}");
    }
    Ok(())
}
