//! A real Prometheus Alertmanager posts to a webhook: what fires there arrives as an alert, what it
//! repeats does not arrive again, and what is resolved cancels it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use warproom_proto::{Alert, Kind, Message, Severity, Urgency};
use warproom_tests::harness::{DEADLINE, eventually};
use warproom_tests::skipped;
use warproom_tests::wire::authority;

use crate::hooks::Hooked;

/// What Debian calls its package and the program, and what others call the program.
const PACKAGE: &str = "prometheus-alertmanager";
const PROGRAMS: [&str; 2] = [PACKAGE, "alertmanager"];

/// How long Alertmanager may take over anything: it starts slowly and looks at its groups once a
/// second.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_of_a_real_alertmanager_arrives_and_is_cancelled_when_resolved()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().to_owned();
    let program = match tokio::task::spawn_blocking(move || program(&home)).await? {
        Ok(program) => program,
        Err(error) => return skipped(&format!("{error:#}")),
    };
    let mut hooked = Hooked::start().await?;
    let running = Running::start(&program, folder.path(), &hooked).await?;
    let labels = json!({
        "alertname": "DiskFull", "severity": "critical", "job": "backup",
        "instance": "nas1.kent.internal:9100",
    });
    let summary = "The disk of nas1 is full. TLP:AMBER";
    let alert = json!({
        "labels": labels, "annotations": {"summary": summary, "runbook_url": "https://wiki.kent.internal"},
        "startsAt": "2024-01-18T08:00:00Z", "generatorURL": "http://prom.kent.internal/graph",
    });
    running.tell(&json!([alert])).await?;

    let fired = hooked.next().await.context("nothing arrives")?;
    let entry = fired.entry.context("shown")?;
    let told = of(&entry.handling.kind)?;
    ensure!((told.severity, told.urgency) == (Severity::Severe, Urgency::Immediate));
    ensure!(told.message == Message::Alert && told.supersedes.is_none());
    ensure!(told.issued_at_ms == Some(1_705_564_800_000), "{:?}", told.issued_at_ms);
    ensure!(entry.handling.label == warproom_proto::Label::Amber, "{}", entry.handling.label);
    let headline = entry.content.headline.as_ref().context("a headline")?;
    let expected = "The disk of [internal name] is full. TLP:AMBER";
    ensure!(headline.as_str() == expected, "{headline}");
    let everything = serde_json::to_string(&entry)?;
    ensure!(everything.contains("backup") && !everything.contains("kent.internal"), "{everything}");

    // It says the same again and again.
    let times = || Ok::<_, anyhow::Error>(hooked.warp.log()?.matches("status=200").count());
    eventually(PATIENCE, async || times().is_ok_and(|times| times >= 3).then_some(()))
        .await
        .context("Alertmanager does not repeat itself")?;

    let mut over = alert;
    over["endsAt"] = json!("2024-01-18T09:30:00Z");
    running.tell(&json!([over])).await?;
    let resolved = hooked.next().await.context("no resolution arrives")?;
    ensure!(resolved.seq == fired.seq + 1, "something was posted in between");
    let entry = resolved.entry.context("shown")?;
    let told = of(&entry.handling.kind)?;
    ensure!(told.message == Message::Cancel && told.supersedes == Some(fired.seq), "{told:?}");
    ensure!(told.urgency == Urgency::Past);
    let text = entry.content.text.context("a text")?;
    ensure!(text.as_str().contains("resolved at 2024-01-18T09:30:00Z"), "{text}");
    Ok(())
}

fn of(kind: &Kind) -> anyhow::Result<&Alert> {
    match kind {
        Kind::Alert(alert) => Ok(alert),
        other => bail!("no alert: {other:?}"),
    }
}

/// A running Alertmanager that ends with the test.
struct Running {
    child: Child,
    port: u16,
}

impl Running {
    async fn start(program: &Program, folder: &Path, hooked: &Hooked) -> anyhow::Result<Self> {
        let config = folder.join("alertmanager.yml");
        let url =
            format!("https://localhost:{}/hooks/{}", hooked.warp.local().port(), hooked.secret);
        let authority = authority(&hooked.warp);
        let authority = authority.display();
        std::fs::write(
            &config,
            format!(
                "route: {{receiver: warp, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1s}}\n\
                 receivers: [{{name: warp, webhook_configs: [{{url: '{url}', send_resolved: true, \
                 http_config: {{tls_config: {{ca_file: '{authority}'}}}}}}]}}]\n"
            ),
        )?;
        // Free a moment ago; nobody else on this machine is likely to take it now.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = std::fs::File::create(folder.join("alertmanager.log"))?;
        let mut command = program.command();
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.path={}", folder.join("alertmanager").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        // Alone: no cluster, no other port.
        command.arg("--cluster.listen-address=");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let running = Self { child, port };
        let ready = async || running.request("GET /-/ready", "").await.ok();
        let answer = eventually(PATIENCE, ready).await.with_context(|| {
            std::fs::read_to_string(folder.join("alertmanager.log")).unwrap_or_default()
        })?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        Ok(running)
    }

    /// Tells it of alerts, as Prometheus does.
    async fn tell(&self, alerts: &Value) -> anyhow::Result<()> {
        let answer = self.request("POST /api/v2/alerts", &alerts.to_string()).await?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        Ok(())
    }

    async fn request(&self, what: &str, body: &str) -> anyhow::Result<String> {
        let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let mut answer = String::new();
        let exchange = async {
            tcp.write_all(request.as_bytes()).await?;
            tcp.read_to_string(&mut answer).await
        };
        tokio::time::timeout(DEADLINE, exchange).await.context("Alertmanager says nothing")??;
        Ok(answer)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where Alertmanager is.
enum Program {
    Installed(&'static str),
    /// Debian's package, unpacked in this folder.
    Unpacked(PathBuf),
}

impl Program {
    /// It ends with the program itself.
    fn command(&self) -> Command {
        let folder = match self {
            Self::Installed(program) => return Command::new(program),
            Self::Unpacked(folder) => folder,
        };
        // It looks for its templates there alone.
        if Path::new("/usr/share/prometheus/alertmanager/default.tmpl").exists() {
            return Command::new(folder.join("usr/bin").join(PACKAGE));
        }
        // For it, and nobody else, /usr/share is the package's.
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        let run = "mount --bind \"$1/usr/share\" /usr/share && shift && exec \"$@\"";
        command.arg(run).arg("sh").arg(folder).arg(folder.join("usr/bin").join(PACKAGE));
        command
    }
}

/// Alertmanager: as it is installed, or else Debian's package, unpacked in a folder.
fn program(folder: &Path) -> anyhow::Result<Program> {
    let installed = PROGRAMS.iter().find(|program| {
        let version = Command::new(program).arg("--version").stderr(Stdio::null()).output();
        version.is_ok_and(|said| said.status.success())
    });
    if let Some(program) = installed {
        return Ok(Program::Installed(program));
    }
    unpacked(folder).context(
        "this test needs Prometheus Alertmanager: `apt-get install prometheus-alertmanager`, or put \
         `alertmanager` on the PATH",
    )
}

fn unpacked(folder: &Path) -> anyhow::Result<Program> {
    let mut download = Command::new("apt-get");
    let downloaded = download.args(["download", PACKAGE]).current_dir(folder).output()?;
    let complaint = String::from_utf8_lossy(&downloaded.stderr);
    ensure!(downloaded.status.success(), "apt-get download: {complaint}");
    let files = std::fs::read_dir(folder)?.filter_map(|file| Some(file.ok()?.path()));
    let package = files
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded nothing")?;
    let unpacked = Command::new("dpkg-deb").arg("-x").arg(package).arg(folder).output()?;
    ensure!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    Ok(Program::Unpacked(folder.to_owned()))
}
