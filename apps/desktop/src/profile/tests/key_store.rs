//! The real key store of Linux, in a session of its own; and one that never answers.
//!
//! Both need another environment than the tests around them, so they run this same program again, for
//! one test that is passed over otherwise.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::*;

/// Whether these programs, each of which knows `--version`, are on this machine. Where one is not, the
/// test that needs it is skipped and says so; where everything is to be checked (`CI` is set), it fails.
fn are_here(programs: &[&str]) -> bool {
    let runs = |program: &&&str| {
        let mut version = Command::new(program);
        let said = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        said.is_ok_and(|status| status.success())
    };
    let Some(missing) = programs.iter().find(|program| !runs(program)) else { return true };
    assert!(
        std::env::var_os("CI").is_none(),
        "{missing} is not installed, and CI leaves nothing out"
    );
    // Whoever runs the tests is told; nobody may be listening.
    let _ = writeln!(io::stderr().lock(), "SKIPPED: {missing} is not installed");
    false
}

/// Runs one ignored test of this file, by this program after these arguments.
fn runs(mut command: Command, test: &str) -> std::process::Output {
    let test = format!("profile::tests::key_store::{test}");
    command.args([&test, "--exact", "--ignored", "--nocapture"]).output().unwrap()
}

#[test]
fn a_profile_is_kept_in_the_key_store_of_a_session() {
    if !are_here(&["dbus-run-session", "gnome-keyring-daemon"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut session = Command::new("dbus-run-session");
    // The key store reads its password from the first line, and stays when the shell goes on.
    let unlock = "echo word | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$0\" \"$@\"";
    session.args(["--", "sh", "-c", unlock]).arg(std::env::current_exe().unwrap());
    session.env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path());
    for inherited in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "GNOME_KEYRING_CONTROL"]
    {
        session.env_remove(inherited);
    }
    let output = runs(session, "inside_a_session");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
#[ignore = "needs a key store that may be written to: the test above runs it in one"]
fn inside_a_session() {
    assert!(key_store_is_usable());
    let dir = tempfile::tempdir().unwrap();
    let profiles = Profiles::at(Some(dir.path().to_owned())).unwrap();
    let identity = identity();
    let kept = profiles.create(&identity, &Lock::KeyStore).unwrap();
    assert_eq!(profiles.list().unwrap(), std::slice::from_ref(&kept));
    assert_eq!(kept.warp, Some(name("Canary WARP")));
    let mut profile = profiles.open(&kept.name, None).unwrap();
    assert_eq!(profile.identity().key.public_key(), identity.key.public_key());
    profile.keep_identity(&identity.me, &name("Another WARP")).unwrap();
    assert_eq!(profiles.list().unwrap()[0].warp, Some(name("Another WARP")));
    drop(profile);
    let vault = Vault::read(&dir.path().join(&kept.name.0)).unwrap();
    let item = vault.item().unwrap();
    assert!(SystemKeys.find(item).unwrap().is_some());
    profiles.destroy(&kept.name).unwrap();
    assert!(SystemKeys.find(item).unwrap().is_none());
    assert!(SystemKeys.glance(&format!("{item}-warp")).is_none());
    SystemKeys.remove(item).unwrap();
}

#[test]
fn a_system_that_never_answers_has_no_key_store_and_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("bus");
    let _silent = UnixListener::bind(&socket).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    let output = runs(command, "without_a_key_store");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_system_without_a_session_has_no_key_store() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all");
    let output = runs(command, "without_a_key_store");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs a system without a key store: the tests above run it in one"]
fn without_a_key_store() {
    let (done, answer) = mpsc::channel();
    std::thread::spawn(move || done.send(key_store_is_usable()));
    let answer = answer.recv_timeout(Duration::from_secs(20));
    assert!(!answer.expect("it is given up after 3 seconds"));
}
