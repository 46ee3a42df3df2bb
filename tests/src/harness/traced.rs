//! A server under `strace`: to see what it asks of the system, or to have the system refuse it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use super::wait::eventually;

/// A traced server that may be reached.
pub struct Traced {
    strace: Child,
    /// Where it listens, as `127.0.0.1:7443`.
    pub host_port: String,
}

/// A traced server that did not come so far as to listen, and what it said.
#[derive(Debug, thiserror::Error)]
#[error("the server does not start: {said}")]
pub struct NotStarted {
    /// What it wrote to its standard error.
    pub said: String,
}

impl Traced {
    /// Starts a server on a folder, with arguments for `strace` and variables for the server.
    ///
    /// # Errors
    /// [`NotStarted`] if the server ends before it listens.
    pub fn start(
        binary: &Path,
        folder: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new("strace");
        command.args(arguments).arg(binary).arg("--folder").arg(folder).arg("serve");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WARPROOM_") {
                command.env_remove(name);
            }
        }
        command
            .env("WARPROOM_SERVER_LISTEN", "127.0.0.1:0")
            .env("WARPROOM_SERVER_CACHE_MIB", "32")
            .env("WARPROOM_SERVER_LIMITS__REQUESTS_PER_SECOND", "100000")
            .env("WARPROOM_SERVER_LIMITS__REQUEST_BURST", "100000")
            .env("WARPROOM_SERVER_LIMITS__STRANGERS_PER_SOURCE", "512")
            .envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut strace = command.spawn().context("strace")?;
        let stdout = strace.stdout.take().context("the output was piped")?;
        let mut stderr = strace.stderr.take().context("the errors were piped")?;
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            // Whatever came before an error is what it said.
            let _ = stderr.read_to_string(&mut said);
            said
        });
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let host_port = line.strip_prefix("listening on ").and_then(|rest| rest.split_once(';'));
        if let Some((host_port, _)) = host_port {
            return Ok(Self { strace, host_port: host_port.to_owned() });
        }
        strace.wait()?;
        let said = said.join().unwrap_or_default();
        Err(NotStarted { said }.into())
    }

    /// Kills the traced server, and waits until the trace is whole.
    ///
    /// # Errors
    /// If it does not end.
    pub async fn end(&mut self) -> anyhow::Result<()> {
        self.kill_server()?;
        let ended =
            eventually(Duration::from_secs(20), async || self.strace.try_wait().transpose());
        ended.await??;
        Ok(())
    }

    fn kill_server(&self) -> anyhow::Result<()> {
        let strace = self.strace.id();
        let children = fs::read_to_string(format!("/proc/{strace}/task/{strace}/children"))?;
        for child in children.split_whitespace() {
            kill_process(Pid::from_raw(child.parse()?).context("an id is not 0")?, Signal::KILL)?;
        }
        Ok(())
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // Both may be gone already.
        let _ = self.kill_server();
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}
