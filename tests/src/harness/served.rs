//! A server on a folder that is there already, as a child process: one of an earlier release, one that was
//! put back, or one set up by hand.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::binaries::server_binary;
use super::raw::raw_tls;
use super::wait::{DEADLINE, eventually};
use super::warp::{STOPPING, command, serve};

/// A running server on somebody else's folder. Dropped, it is killed; the folder stays.
pub struct Served {
    binary: PathBuf,
    folder: PathBuf,
    child: Option<Child>,
    local: SocketAddr,
}

impl Served {
    /// Serves a folder on a port of its own.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        Self::start_with(folder, &[]).await
    }

    /// The same with variables in its environment.
    pub async fn start_with(folder: &Path, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let binary = tokio::task::spawn_blocking(server_binary).await??;
        let mut command = command(&binary, folder);
        command.env("WARPROOM_SERVER_LISTEN", "127.0.0.1:0");
        command.env("WARPROOM_SERVER_CACHE_MIB", "32").envs(variables.iter().copied());
        let log = folder.with_extension("log");
        let (child, local) = serve(command, &log).await?;
        Ok(Self { binary, folder: folder.to_owned(), child: Some(child), local })
    }

    /// Where it listens.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.folder.with_extension("log"))?)
    }

    /// Posts to a webhook; the status of the answer.
    pub async fn post_hook(&self, secret: &str, body: &[u8]) -> anyhow::Result<u16> {
        let head = format!(
            "POST /hooks/{secret} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = https(self.local, &[head.as_bytes(), body].concat()).await?;
        let status = answer.split(' ').nth(1).context("no status")?;
        Ok(status.parse()?)
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the server does not run")?;
        kill_process(Pid::from_child(&child), Signal::TERM)?;
        let ended = eventually(STOPPING, async || child.try_wait().transpose()).await;
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        ensure!(ended??.success(), "it did not stop in order: {}", self.log()?);
        Ok(())
    }

    /// What `warproom-server verify` says of the store, once the server is stopped.
    pub fn verify(&self) -> anyhow::Result<Output> {
        let mut command = command(&self.binary, &self.folder);
        command.arg("verify").output().context("verify does not run")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends bytes to the TLS port of whoever answers there, and reads to the end of the connection.
pub async fn https(to: SocketAddr, request: &[u8]) -> anyhow::Result<String> {
    let exchange = async {
        let mut stream = raw_tls(to).await?;
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        // Whether the end is said properly does not matter here.
        let _ = stream.read_to_end(&mut answer).await;
        Ok(String::from_utf8(answer)?)
    };
    timeout(DEADLINE, exchange).await.context("no answer in time")?
}
