//! The doctor on real folders: a new WARP for a trial, one set up for members, a running one, and some that
//! somebody spoilt.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use warproom_tests::harness::{Served, server_binary};

/// A WARP that was made, and never served.
struct Made {
    _home: TempDir,
    folder: PathBuf,
}

impl Made {
    fn new(listen: &str, address: &str) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        let folder = home.path().join("etc");
        let keys = home.path().join("keys");
        let mut init = Command::new(server_binary()?);
        init.arg("--folder").arg(&folder).args(["init", "--warp", "Kent WARP"]);
        init.args(["--organisation", "Kent", "--manager", "Mary", "--handle", "mary"]);
        init.args(["--listen", listen, "--address", address]);
        // As the package has it: store and keys away from the configuration.
        init.arg("--data").arg(home.path().join("store")).arg("--keys").arg(keys);
        let output = init.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Self { _home: home, folder })
    }

    /// What the doctor says, with room for files enough; whether there is nothing to mend.
    fn examined(&self, variables: &[(&str, String)]) -> anyhow::Result<(String, bool)> {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 4096; exec \"$0\" --folder \"$1\" doctor"]);
        command.arg(server_binary()?).arg(&self.folder).envs(variables.iter().cloned());
        let Output { status, stdout, stderr } = command.output()?;
        ensure!(stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
        let said = String::from_utf8(stdout)?;
        let mends = said.lines().filter(|line| line.starts_with("mend: ")).count();
        ensure!(status.success() == (mends == 0), "{status} with: {said}");
        ensure!(status.code() == Some(i32::from(mends > 0)), "{status}");
        Ok((said, mends == 0))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.parent().unwrap_or(Path::new("/")).join(name)
    }
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn expect(said: &str, lines: &[&str]) -> anyhow::Result<()> {
    for line in lines {
        ensure!(said.contains(line), "not said: {line}\n{said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_warp_set_up_for_members_has_nothing_to_mend_running_or_not() -> anyhow::Result<()> {
    // An address of documentation (RFC 5737): nothing is connected to it.
    let made = Made::new(&format!("0.0.0.0:{}", free_port()?), "192.0.2.1:7443")?;
    let (said, is_well) = made.examined(&[])?;
    if said.contains("kept in memory") {
        return warproom_tests::skipped("the folder for temporary files is in memory");
    }
    ensure!(is_well, "{said}");
    expect(
        &said,
        &[
            "ok:   each key is its owner's alone",
            "ok:   the certificate names 192.0.2.1",
            "note: no server runs on it",
            "note: the store is new, and has no backup yet. Take one",
            "is free for the server to listen on",
            "nothing to mend",
        ],
    )?;
    // A store that is older than a day, and has none.
    let version = fs::File::options().write(true).open(made.path("store/version"))?;
    let now = std::time::SystemTime::now();
    version.set_modified(now - std::time::Duration::from_hours(25))?;
    let (said, is_well) = made.examined(&[])?;
    ensure!(!is_well, "{said}");
    expect(
        &said,
        &["mend: no backup was taken of this store. Take one, and let a timer take the next"],
    )?;
    let mut backup = Command::new(server_binary()?);
    backup.arg("--folder").arg(&made.folder).arg("backup").arg("--to").arg(made.path("backup"));
    ensure!(backup.output()?.status.success());
    let (said, is_well) = made.examined(&[])?;
    ensure!(is_well, "{said}");
    expect(
        &said,
        &[&format!(
            "ok:   the latest backup, in {}, is 0 minutes old",
            made.path("backup").display()
        )],
    )?;
    let served = Served::start(&made.folder).await?;
    let listen = ("WARPROOM_SERVER_LISTEN", served.local().to_string());
    let (said, _) = made.examined(&[listen])?;
    expect(&said, &["note: a server runs on this store", "is answered"])?;
    // Something else was configured than what runs.
    let other = ("WARPROOM_SERVER_LISTEN", format!("127.0.0.1:{}", free_port()?));
    expect(&made.examined(&[other])?.0, &["mend: the server runs, but"])
}

#[test]
fn a_trial_says_that_nobody_else_can_reach_it() -> anyhow::Result<()> {
    let made = Made::new("127.0.0.1:0", "localhost:0")?;
    let (said, is_well) = made.examined(&[])?;
    ensure!(!is_well, "{said}");
    expect(&said, &["each one's own machine", "it listens on another port after each start"])
}

#[test]
fn what_somebody_spoilt_is_named_with_what_to_do() -> anyhow::Result<()> {
    let made = Made::new(&format!("127.0.0.1:{}", free_port()?), "warp.invalid:7443")?;
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    mode(&made.path("store"), 0o755)?;
    mode(&made.path("keys/master.key"), 0o644)?;
    fs::remove_file(made.path("keys/server.key"))?;
    let full = ("WARPROOM_SERVER_RESERVE_MIB", "1099511627776".to_owned());
    let address = ("WARPROOM_SERVER_ADDRESS", "other.invalid:7443".to_owned());
    let (said, is_well) = made.examined(&[full, address])?;
    ensure!(!is_well, "{said}");
    expect(
        &said,
        &[
            "is open to others than its owner (755). Run: chmod 700",
            "keys/master.key is open to others than its owner (644). Run: chmod 600",
            "server.key",
            "the certificate names warp.invalid, localhost, 127.0.0.1, ::1, and not other.invalid",
            "other.invalid has no address",
            "it listens on this machine alone",
            "nothing is stored. Make room on the disk",
        ],
    )?;
    fs::remove_dir_all(made.path("store"))?;
    expect(&made.examined(&[])?.0, &["there is no store in"])?;
    // A configuration that cannot be read is said as `serve` says it.
    fs::write(made.folder.join("warproom.toml"), "listen = 1")?;
    let mut doctor = Command::new(server_binary()?);
    let output = doctor.arg("--folder").arg(&made.folder).arg("doctor").output()?;
    let complaint = String::from_utf8(output.stderr).context("no text")?;
    ensure!(output.status.code() == Some(1) && complaint.contains("listen"), "{complaint}");
    Ok(())
}
