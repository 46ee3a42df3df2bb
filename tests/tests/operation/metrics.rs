//! Metrics: what was done is counted, nobody is named, and the dashboard and the alert rules ask for what
//! there is.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use warproom_proto::calls::AddBot;
use warproom_proto::register::{Hook, Role};
use warproom_proto::{Label, RoomId};
use warproom_tests::harness::{DEADLINE, Served, Warp, eventually, grant, https};
use warproom_tests::skipped;

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging")
}

/// Where a server shows its metrics, by its log.
fn shown_at(log: &str) -> anyhow::Result<SocketAddr> {
    let at = log.split("showing metrics local=").nth(1).context("no metrics are shown")?;
    Ok(at.split_whitespace().next().context("no address")?.parse()?)
}

async fn scrape(from: SocketAddr, host: &str) -> anyhow::Result<String> {
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut tcp = TcpStream::connect(from).await?;
        tcp.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    tokio::time::timeout(DEADLINE, exchange).await?
}

/// A busy WARP: one of everything that is counted.
async fn busy() -> anyhow::Result<(Warp, SocketAddr, Vec<String>)> {
    let warp = Warp::builder().env("WARPROOM_SERVER_METRICS", "127.0.0.1:0").start().await?;
    let metrics = shown_at(&warp.log()?)?;
    let dover = warp.organisation("Quetzalborough Council").await?;
    let officer = warp.join("xanthippe", dover, Role::Officer).await?;
    let room = warp.room(&[warp.manager(), &officer], Label::Amber, Label::Green).await?;
    let (_follower, _events) = officer.follow(room, 0).await?;
    for _ in 0..5 {
        warp.manager().post(room, Label::Green, "a zyzzyva").await?;
    }
    let hook = Some(Hook { room, label: Label::Green });
    let call =
        AddBot { name: "Ocelot".parse()?, grant: grant(room, None, Some(Label::Green)), hook };
    let bot = warp.manager().client.call(call).await?;
    let hook = bot.hook.context("it was added with a webhook")?;
    let secret = hook.expose().rsplit('/').next().context("no last part")?.to_owned();
    for secret in [secret.as_str(), "canaryhook"] {
        let request = format!(
            "POST /hooks/{secret} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 12\r\n\r\n{{\"text\":\"a\"}}"
        );
        https(warp.local(), request.as_bytes()).await?;
    }
    let mut raw = warp.raw().await?;
    raw.sign_in(&officer).await?;
    let missing = json!({"room": RoomId::random(), "from": {"after": 0}, "limit": 1});
    raw.call(7, "history.page", &missing).await?;
    raw.call(8, "canary.method", &json!({})).await?;
    let mut stranger = warp.raw().await?;
    stranger.call(1, "session.start", &json!({"proof": {"token": "canarytoken"}})).await?;
    stranger.call(2, "canary.stranger", &json!({})).await?;
    let named = [
        "Quetzalborough",
        "xanthippe",
        "Ocelot",
        "zyzzyva",
        "canary",
        "Kent",
        "mary",
        &room.to_string(),
        &dover.to_string(),
        &officer.member.to_string(),
        &officer.device.to_string(),
        &bot.bot.to_string(),
        &secret,
        "127.0.0",
    ]
    .map(str::to_owned);
    Ok((warp, metrics, named.into()))
}

/// The value of a series, exactly as it is named.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_counted_and_nobody_is_named() -> anyhow::Result<()> {
    let (warp, metrics, named) = Box::pin(busy()).await?;
    let text = scrape(metrics, "127.0.0.1").await?;
    ensure!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    ensure!(text.contains("content-type: application/openmetrics-text; version=1.0.0"), "{text}");
    ensure!(text.ends_with("# EOF\n"), "cut short");
    for name in &named {
        ensure!(!text.to_lowercase().contains(&name.to_lowercase()), "{name} is in the metrics");
    }
    for (series, expected) in [
        ("warproom_calls_total{method=\"entry.post\",outcome=\"ok\"}", 5.0),
        ("warproom_calls_total{method=\"history.page\",outcome=\"not_found\"}", 1.0),
        ("warproom_calls_total{method=\"unknown\",outcome=\"no_such_call\"}", 1.0),
        ("warproom_call_duration_seconds_count{method=\"entry.post\"}", 5.0),
        ("warproom_sign_ins_total{method=\"invitation.redeem\",outcome=\"ok\"}", 2.0),
        ("warproom_sign_ins_total{method=\"session.start\",outcome=\"sign_in_refused\"}", 1.0),
        ("warproom_sign_ins_total{method=\"unknown\",outcome=\"sign_in_required\"}", 1.0),
        ("warproom_webhooks_total{outcome=\"ok\"}", 1.0),
        ("warproom_webhooks_total{outcome=\"invalid_token\"}", 1.0),
        ("warproom_ready", 1.0),
        ("warproom_reserve_bytes", 67_108_864.0),
        ("warproom_certificate_expiry_timestamp_seconds", 2_493_072_000.0),
        ("warproom_latest_backup_timestamp_seconds", 0.0),
        ("warproom_fallen_behind_total", 0.0),
    ] {
        let found = value(&text, series);
        ensure!(found == Some(expected), "{series} is {found:?}:\n{text}");
    }
    for series in [
        "warproom_committed_records_total{log=\"register\"}",
        "warproom_committed_records_total{log=\"room\"}",
        "warproom_commit_duration_seconds_count",
        "warproom_deliveries_total",
        "warproom_member_connections",
        "warproom_disk_free_bytes",
        "warproom_store_bytes",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        ensure!(value(&text, series).is_some_and(|value| value > 0.0), "{series}:\n{text}");
    }
    drop(warp);
    Ok(())
}

#[tokio::test]
async fn only_who_asks_this_machine_by_its_address_reads_metrics() -> anyhow::Result<()> {
    let mut warp = Warp::builder().env("WARPROOM_SERVER_METRICS", "127.0.0.1:0").start().await?;
    let metrics = shown_at(&warp.log()?)?;
    ensure!(scrape(metrics, "localhost:9464").await?.starts_with("HTTP/1.1 200 "));
    let rebound = scrape(metrics, "rebound.example").await?;
    ensure!(rebound.starts_with("HTTP/1.1 404 ") && !rebound.contains("warproom_"), "{rebound}");
    // Off unless it is asked for, and refused beyond this machine.
    warp.stop().await?;
    let quiet = Served::start(&warp.folder()).await?;
    ensure!(shown_at(&quiet.log()?).is_err(), "shown without being asked for");
    drop(quiet);
    let beyond = [("WARPROOM_SERVER_METRICS", "0.0.0.0:0")];
    let refused = Served::start_with(&warp.folder(), &beyond).await.err().map(|e| e.to_string());
    let why = refused.context("it starts")?;
    ensure!(why.contains("anyone who reaches this address"), "{why}");
    let meant = [beyond[0], ("WARPROOM_SERVER_METRICS_BEYOND_THIS_MACHINE", "true")];
    let served = Served::start_with(&warp.folder(), &meant).await?;
    let port = shown_at(&served.log()?)?.port();
    let text = scrape(([127, 0, 0, 1], port).into(), "warproom:9464").await?;
    ensure!(text.starts_with("HTTP/1.1 200 "), "{text}");
    Ok(())
}

/// The names of metrics in an expression.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("warproom_") || word.starts_with("process_"))
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_and_alert_rules_ask_for_what_there_is() -> anyhow::Result<()> {
    let (_warp, metrics, _) = Box::pin(busy()).await?;
    let text = scrape(metrics, "127.0.0.1").await?;
    // Some are counted only when something is wrong: their descriptions are there all the same.
    let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut known: BTreeSet<String> = BTreeSet::new();
    for line in described {
        let (name, kind) = line.split_once(' ').context("a type")?;
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        known.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    let dashboard: Value =
        serde_json::from_str(&std::fs::read_to_string(packaging().join("grafana/warproom.json"))?)?;
    let panels = dashboard["panels"].as_array().context("no panels")?;
    let mut asked = BTreeSet::new();
    for panel in panels {
        let targets = panel["targets"].as_array().context("no targets")?;
        for target in targets {
            let expression = target["expr"].as_str().context("no expression")?;
            ensure!(names(expression).count() > 0, "{expression}");
            asked.extend(names(expression).map(str::to_owned));
        }
    }
    ensure!(panels.len() >= 20 && asked.len() >= 20, "{} panels, {asked:?}", panels.len());
    let rules = std::fs::read_to_string(packaging().join("prometheus/alerts.yml"))?;
    asked.extend(
        rules
            .lines()
            .filter(|line| line.contains("warproom_") || line.contains("process_"))
            .flat_map(names)
            .map(str::to_owned),
    );
    let missing: Vec<_> = asked.difference(&known).collect();
    ensure!(missing.is_empty(), "{missing:?} are asked for, and not among {known:?}");
    Ok(())
}

#[tokio::test]
async fn the_alert_rules_tell_when_they_must_and_only_then() -> anyhow::Result<()> {
    let Some(promtool) = promtool()? else {
        return skipped("promtool is neither installed nor to be had from apt");
    };
    for what in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
        let mut command = Command::new(&promtool);
        let output = command.args(what).current_dir(packaging().join("prometheus")).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{what:?}: {said}{complaint}");
    }
    let rules = std::fs::read_to_string(packaging().join("prometheus/alerts.yml"))?;
    let tests = std::fs::read_to_string(packaging().join("prometheus/alerts_test.yml"))?;
    for rule in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        ensure!(tests.contains(&format!("alertname: {rule},")), "{rule} has no test");
    }
    Ok(())
}

/// What a server shows, in the older form of Prometheus that its tool reads: there a counter is described under
/// the name of its sample, information is a gauge, and units are not told.
fn in_the_older_form(text: &str) -> anyhow::Result<String> {
    let (_, body) = text.split_once("\r\n\r\n").context("no body")?;
    let is_a = |kind: &str, name: &str| body.contains(&format!("# TYPE {name} {kind}\n"));
    let mut lines = Vec::new();
    for line in body.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        let described = line.strip_prefix("# ").and_then(|rest| rest.split_once(' '));
        let named = described.and_then(|(what, rest)| Some((what, rest.split_once(' ')?)));
        lines.push(match named {
            Some((what, (name, rest))) if is_a("counter", name) => {
                format!("# {what} {name}_total {rest}")
            }
            Some(("TYPE", (name, "info"))) => format!("# TYPE {name}_info gauge"),
            Some((what, (name, rest))) if is_a("info", name) => {
                format!("# {what} {name}_info {rest}")
            }
            _ => line.to_owned(),
        });
    }
    Ok(lines.join("\n") + "\n")
}

/// What Prometheus' tool finds wrong with metrics; nothing, if all is well.
fn checked(promtool: &Path, metrics: &str) -> anyhow::Result<String> {
    let mut command = Command::new(promtool);
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("the input was piped")?.write_all(metrics.as_bytes())?;
    let output = child.wait_with_output()?;
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    ensure!(output.status.success() == said.concat().is_empty(), "{said:?}");
    Ok(said.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_own_tool_finds_nothing_wrong_with_the_metrics() -> anyhow::Result<()> {
    let Some(promtool) = promtool()? else {
        return skipped("promtool is neither installed nor to be had from apt");
    };
    let (_warp, metrics, _) = Box::pin(busy()).await?;
    let text = in_the_older_form(&scrape(metrics, "127.0.0.1").await?)?;
    let said = checked(&promtool, &text)?;
    ensure!(said.is_empty(), "{said}");
    // It looks: a unit that is no base unit, and a counter without a description, are told.
    let bad = "# HELP warproom_wait_milliseconds Waits\n# TYPE warproom_wait_milliseconds gauge\n\
               warproom_wait_milliseconds 1\n";
    let said = checked(&promtool, &format!("{text}{bad}"))?;
    ensure!(said.contains("warproom_wait_milliseconds"), "{said}");
    Ok(())
}

/// Prometheus' own tool: as it is installed, or else from Debian's package, unpacked once.
fn promtool() -> anyhow::Result<Option<PathBuf>> {
    /// One test at a time unpacks it.
    static UNPACKING: Mutex<()> = Mutex::new(());
    let _unpacking = UNPACKING.lock().unwrap_or_else(PoisonError::into_inner);
    let installed = Command::new("promtool").arg("--version").stdout(Stdio::null()).status();
    if installed.is_ok_and(|status| status.success()) {
        return Ok(Some("promtool".into()));
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prometheus");
    let unpacked = folder.join("usr/bin/promtool");
    if unpacked.exists() {
        return Ok(Some(unpacked));
    }
    std::fs::create_dir_all(&folder)?;
    let mut download = Command::new("apt-get");
    let downloaded = download.args(["download", "prometheus"]).current_dir(&folder).output();
    if !downloaded.is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let files = std::fs::read_dir(&folder)?.filter_map(|file| Some(file.ok()?.path()));
    let package = files.into_iter().find(|file| file.extension().is_some_and(|e| e == "deb"));
    let package = package.context("apt-get downloaded nothing")?;
    let status = Command::new("dpkg-deb").arg("-x").arg(&package).arg(&folder).status()?;
    ensure!(status.success(), "{} is not unpacked", package.display());
    std::fs::remove_file(package)?;
    Ok(Some(unpacked))
}

/// A second scrape goes on counting: nothing is reset by being read.
#[tokio::test]
async fn counters_only_go_up() -> anyhow::Result<()> {
    let warp = Warp::builder().env("WARPROOM_SERVER_METRICS", "127.0.0.1:0").start().await?;
    let metrics = shown_at(&warp.log()?)?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let series = "warproom_calls_total{method=\"entry.post\",outcome=\"ok\"}";
    for expected in [1.0, 2.0] {
        warp.manager().post(room, Label::Green, "a post").await?;
        let text = scrape(metrics, "127.0.0.1").await?;
        ensure!(value(&text, series) == Some(expected), "{:?}", value(&text, series));
    }
    // Whoever goes is counted no more.
    let series = "warproom_member_connections";
    let before = value(&scrape(metrics, "127.0.0.1").await?, series).context("none")?;
    let (client, _events) = warp.manager().connect().await?;
    let one_more = value(&scrape(metrics, "127.0.0.1").await?, series).context("none")?;
    ensure!(one_more - before > 0.5, "{before} {one_more}");
    client.close().await;
    let back = async || {
        let text = scrape(metrics, "127.0.0.1").await.ok()?;
        value(&text, series).filter(|now| (now - before).abs() < 0.5)
    };
    eventually(Duration::from_secs(10), back).await?;
    Ok(())
}
