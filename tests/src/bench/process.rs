//! A server as a process of its own, kept on one core.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

/// The longest that a server may take to start, with a million entries on a slow disk, or to stop.
const START: Duration = Duration::from_mins(3);
const STOP: Duration = Duration::from_mins(1);

/// What a server says when it can be reached.
const LISTENING: &str = "listening on ";

/// A running server. Dropped, it is killed.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub local: SocketAddr,
    /// From its start until it listened.
    pub started_in: Duration,
}

impl Process {
    /// Starts a server on a core and waits until it listens.
    pub fn start(
        core: usize,
        program: &Path,
        arguments: &[&OsStr],
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["exec-on", &core.to_string(), "--"])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("the server's output is not there")?;
        let (first, said) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            let _ = first.send(lines.next());
            // Whatever else it says is read, so that it never waits for us.
            lines.for_each(drop);
        });
        let mut started = Self { child, local: ([127, 0, 0, 1], 0).into(), started_in: START };
        let line = said.recv_timeout(START).context("the server does not start")?;
        started.started_in = begun.elapsed();
        let line = line.context("the server ended at its start")?;
        let address = line.strip_prefix(LISTENING).and_then(|rest| rest.split(';').next());
        started.local = address.context("the server does not say where it listens")?.parse()?;
        Ok(started)
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let until = Instant::now() + STOP;
        while Instant::now() < until {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("the server does not stop")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
