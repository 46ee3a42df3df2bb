//! HTTP requests as bytes, and their answers.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use warproom_tests::harness::Warp;
use warproom_tests::wire::{Wire, authority};

/// Longer than the server takes over anything, its ten seconds for a body included.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Reply {
    /// A field of the head.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The head without the time of day.
    pub fn timeless(&self) -> String {
        let lines = self.head.lines().filter(|line| !line.to_lowercase().starts_with("date:"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A connection that makes requests.
pub struct Requests {
    wire: Wire,
    received: Vec<u8>,
}

impl Requests {
    pub async fn open(warp: &Warp) -> anyhow::Result<Self> {
        let wire = Wire::tls(&warp.local().to_string(), &authority(warp)).await?;
        Ok(Self { wire, received: Vec::new() })
    }

    /// Makes a whole request and reads its answer.
    pub async fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> anyhow::Result<Reply> {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        self.send(&[head.as_bytes(), body].concat()).await?;
        self.reply().await
    }

    pub async fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let sending = async {
            self.wire.stream.write_all(bytes).await?;
            self.wire.stream.flush().await
        };
        Ok(timeout(PATIENCE, sending).await.context("sending takes too long")??)
    }

    /// The next answer.
    pub async fn reply(&mut self) -> anyhow::Result<Reply> {
        let head = loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.received.split_off(end + 4);
                break String::from_utf8(std::mem::replace(&mut self.received, rest))?;
            }
            ensure!(self.receive().await?, "the connection ended before an answer");
        };
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        let mut reply = Reply { status, head, text: String::new() };
        let length = reply.field("content-length").map_or(Ok(0), str::parse)?;
        while self.received.len() < length {
            ensure!(self.receive().await?, "the connection ended within an answer");
        }
        let rest = self.received.split_off(length);
        reply.text = String::from_utf8(std::mem::replace(&mut self.received, rest))?;
        Ok(reply)
    }

    /// Waits for the end of the connection; what comes before it is an error.
    pub async fn end(&mut self) -> anyhow::Result<()> {
        while self.receive().await? {}
        let said = String::from_utf8_lossy(&self.received);
        ensure!(said.is_empty(), "before the end: {said}");
        Ok(())
    }

    /// Reads once; `false` at the end, which a connection that breaks is as well.
    async fn receive(&mut self) -> anyhow::Result<bool> {
        let reading = self.wire.stream.read_buf(&mut self.received);
        let read = timeout(PATIENCE, reading).await.context("the server says nothing")?;
        Ok(read.is_ok_and(|bytes| bytes > 0))
    }
}
