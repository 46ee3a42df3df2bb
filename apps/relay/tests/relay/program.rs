//! The program itself, started as a person starts it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::web::{Reply, Web, proxy};

/// A server that is not there.
const ADDRESS: &str = "warproom://127.0.0.1:1/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn relay(arguments: &[&str], config: &str, environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    fs::write(&file, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_warproom-relay"));
    command.args(arguments).arg("--config").arg(&file).env_clear();
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    if arguments == ["check"] {
        assert!(!folder.path().join("state").exists(), "checking remembers nothing");
    }
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn rss() -> Web {
    Web::start(|_| {
        Reply::ok(
            "<rss version=\"2.0\"><channel><title>T</title>\
             <item><guid>1</guid><title>Patch it</title></item></channel></rss>",
        )
    })
}

fn config(url: &str) -> String {
    format!(
        "[[source]]\nname = \"A feed\"\nkind = \"feed\"\nurl = \"{url}\"\nevery = \"15m\"\nrooms = [\"One\"]\n"
    )
}

#[test]
fn check_shows_what_would_be_posted_and_needs_no_token() {
    let web = rss();
    let output = relay(&["check"], &config(&web.url("/feed")), &[]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(shown.contains("A feed → One"), "{shown}");
    assert!(shown.contains("would post: [TLP:GREEN] Patch it"), "{shown}");
}

#[test]
fn check_shows_nothing_that_steers_a_terminal() {
    let web = Web::start(|request| match &*request.target {
        "/feed.json" => Reply::ok(
            r#"{"feed":{"entry":[{"content":{"src":"https://x.example/\u001b[2J\u202ex.json"}}]}}"#,
        ),
        _ => Reply::ok("{\"\u{1b}[2J\u{202e}\": 1"),
    });
    let list = config(&web.url("/feed.json")).replace("\"feed\"", "\"csaf_feed\"");
    let broken = config(&web.url("/stix")).replace("\"feed\"", "\"stix\"");
    let broken = broken.replace("A feed", "B feed");
    let output = relay(&["check"], &format!("{list}{broken}"), &[]);
    let shown = text(&output.stdout);
    assert!(shown.contains("left out:") && shown.contains("fails:"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

#[test]
fn check_shows_what_fails_without_stopping_at_it() {
    let gone = Web::start(|_| Reply::new(410));
    let web = rss();
    let both = format!(
        "{}{}",
        config(&gone.url("/?key=secret")),
        config(&web.url("/")).replace("A feed", "B")
    );
    let output = relay(&["check"], &both, &[]);
    let shown = text(&output.stdout);
    assert!(!output.status.success());
    assert!(shown.contains("fails: the server answers 410"), "{shown}");
    assert!(shown.contains("Patch it") && !shown.contains("secret"), "{shown}");
}

#[test]
fn the_environments_proxy_is_used_but_for_its_exceptions() {
    let web = rss();
    let (address, asked) = proxy();
    let proxy = format!("http://{address}");
    let output = relay(&["check"], &config(&web.url("/")), &[("HTTPS_PROXY", &proxy)]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    assert_eq!(asked.lock().unwrap().len(), 1);
    let except = [("HTTPS_PROXY", &*proxy), ("NO_PROXY", "127.0.0.1")];
    let output = relay(&["check"], &config(&web.url("/")), &except);
    assert!(output.status.success());
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[test]
fn run_says_what_is_missing_and_never_the_token() {
    let web = rss();
    let output = relay(&["run", "--once"], &config(&web.url("/")), &[]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("no server is named"), "{}", text(&output.stderr));
    let environment =
        [("WARPROOM_RELAY_ADDRESS", ADDRESS), ("WARPROOM_RELAY_TOKEN", "wrb_secretsecret")];
    let output = relay(&["run", "--once"], &config(&web.url("/")), &environment);
    assert!(!output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("cannot be reached") && !said.contains("secret"), "{said}");
}

#[test]
fn told_to_stop_it_ends_at_once_and_well() {
    let web = rss();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    fs::write(&file, config(&web.url("/"))).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_warproom-relay"))
        .args(["run", "--config"])
        .arg(&file)
        .env_clear()
        .env("WARPROOM_RELAY_ADDRESS", ADDRESS)
        .env("WARPROOM_RELAY_TOKEN", "wrb_secretsecret")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A server that is not there is waited for, and that is said.
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("trying again")));
    let start = Instant::now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
