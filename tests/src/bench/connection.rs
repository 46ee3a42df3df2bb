//! A raw connection: TLS, WebSocket and sign-in with as little work as there can be, so that the
//! load costs less than the server it is put on.
//!
//! It finds frames and hands out their bytes; whoever wants to know what they say looks for it.
//! Frames it sends are masked with zeros, which every server unmasks all the same.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use warproom_client::Joined;
use warproom_proto::calls::{
    Call, EXPORTER_LABEL, FollowRoom, Proof, StartSession, sign_in_message,
};
use warproom_proto::rpc::{Incoming, request_text};
use warproom_proto::{RoomId, limits};

/// What is read at a time: rustls alone would read 4 KiB, and spend its time in system calls.
const READ_BYTES: usize = 32 * 1024;

/// The largest frame taken: a page is far below it.
const FRAME_BYTES: usize = 4 * 1024 * 1024;

/// How every reply begins.
pub const REPLY: &[u8] = br#"{"jsonrpc":"2.0","id":"#;

/// A connection.
pub struct Connection {
    stream: TlsStream<BufReader<TcpStream>>,
    buffer: Vec<u8>,
    unread: Range<usize>,
    out: Vec<u8>,
    last_id: u64,
}

/// What TLS connections trust: the authority of one WARP.
pub fn connector(keys: &Path) -> anyhow::Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(keys.join("authority.pem"))?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Connection {
    /// Opens a connection and upgrades it. It is not signed in.
    pub async fn open(to: SocketAddr, tls: &TlsConnector) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(to).await?;
        tcp.set_nodelay(true)?;
        let tcp = BufReader::with_capacity(READ_BYTES, tcp);
        let stream = tls.connect(ServerName::from(to.ip()), tcp).await?;
        let (buffer, out) = (vec![0; READ_BYTES], Vec::new());
        let mut connection = Self { stream, buffer, unread: 0..0, out, last_id: 0 };
        connection.upgrade(to).await?;
        Ok(connection)
    }

    async fn upgrade(&mut self, to: SocketAddr) -> anyhow::Result<()> {
        // The key of RFC 6455 §1.3: nobody here is protected by another.
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {to}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {}\r\n\r\n",
            limits::SUBPROTOCOL
        );
        self.out.extend_from_slice(request.as_bytes());
        self.flush().await?;
        loop {
            self.read().await?;
            let answer = &self.buffer[self.unread.clone()];
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                ensure!(answer.starts_with(b"HTTP/1.1 101"), "the upgrade was refused");
                self.unread.start += end + 4;
                return Ok(());
            }
        }
    }

    /// Signs in as a device.
    pub async fn sign_in(&mut self, device: &Joined) -> anyhow::Result<()> {
        let signature = device.key.sign(&sign_in_message(&self.exporter()?));
        let proof = Proof::Device { device: device.device, signature };
        self.ask(&StartSession { proof, audit_seen: None }).await?;
        Ok(())
    }

    /// What a device signs of this connection.
    pub fn exporter(&self) -> anyhow::Result<[u8; 32]> {
        let label = EXPORTER_LABEL.as_bytes();
        Ok(self.stream.get_ref().1.export_keying_material([0; 32], label, None)?)
    }

    /// Follows a room from now on.
    pub async fn follow(&mut self, room: RoomId) -> anyhow::Result<()> {
        let followed = self.ask(&FollowRoom { room, after: None }).await?;
        ensure!(followed.live, "the room moved on while it was quiet");
        Ok(())
    }

    /// Makes a call and reads its reply. What else arrives meanwhile is dropped.
    pub async fn ask<C: Call>(&mut self, call: &C) -> anyhow::Result<C::Reply> {
        let frame = self.ask_raw(call, |_| ()).await?;
        let text = std::str::from_utf8(&self.buffer[frame])?;
        match Incoming::read(text)? {
            Incoming::Reply { result: Ok(result), .. } => Ok(serde_json::from_str(result.get())?),
            Incoming::Reply { result: Err(refusal), .. } => {
                bail!("{} is refused: {refusal}", C::METHOD)
            }
            Incoming::Notice(_) | Incoming::UnknownNotice => bail!("not a reply"),
        }
    }

    /// Makes a call and finds its reply, showing what arrives before it.
    pub async fn ask_raw<C: Call>(
        &mut self,
        call: &C,
        mut meanwhile: impl FnMut(&[u8]),
    ) -> anyhow::Result<Range<usize>> {
        self.last_id += 1;
        let request = request_text(self.last_id, call)?;
        let reply = [REPLY, self.last_id.to_string().as_bytes(), b","].concat();
        self.queue(request.as_bytes());
        loop {
            self.flush().await?;
            while let Some(frame) = self.take()? {
                if self.buffer[frame.clone()].starts_with(&reply) {
                    return Ok(frame);
                }
                meanwhile(&self.buffer[frame]);
            }
            self.read().await?;
        }
    }

    /// The bytes of a frame, until the next read.
    pub fn bytes(&self, frame: Range<usize>) -> &[u8] {
        &self.buffer[frame]
    }

    /// Queues a text frame.
    pub fn queue(&mut self, text: &[u8]) {
        self.queue_frame(0x1, text);
    }

    fn queue_frame(&mut self, opcode: u8, payload: &[u8]) {
        // RFC 6455 §5.2: the last fragment; masked; lengths of two and of eight bytes.
        const FINAL: u8 = 0x80;
        const MASKED: u8 = 0x80;
        const TWO: u8 = 0x7e;
        const EIGHT: u8 = 0x7f;
        self.out.push(FINAL | opcode);
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(length), _) if length < TWO => self.out.push(MASKED | length),
            (_, Ok(length)) => {
                self.out.push(MASKED | TWO);
                self.out.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                self.out.push(MASKED | EIGHT);
                self.out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
            }
        }
        self.out.extend_from_slice(&[0; 4]);
        self.out.extend_from_slice(payload);
    }

    /// Sends what is queued.
    pub async fn flush(&mut self) -> anyhow::Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await?;
            self.out.clear();
        }
        Ok(())
    }

    /// Waits for more bytes. May be dropped while it waits.
    pub async fn read(&mut self) -> anyhow::Result<()> {
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.end == self.buffer.len() {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        if self.unread.end == self.buffer.len() {
            ensure!(self.buffer.len() < FRAME_BYTES, "a frame is too large");
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        let read = self.stream.read(&mut self.buffer[self.unread.end..]).await?;
        ensure!(read > 0, "the server closed the connection");
        self.unread.end += read;
        Ok(())
    }

    /// The next text frame of what was read; answers pings on the way.
    pub fn take(&mut self) -> anyhow::Result<Option<Range<usize>>> {
        while let Some((opcode, frame)) = self.message() {
            match opcode {
                0x1 => return Ok(Some(frame)),
                0x9 => {
                    let payload = self.buffer[frame].to_vec();
                    self.queue_frame(0xa, &payload);
                }
                0xa => {}
                0x8 => {
                    let code = self.buffer[frame].first_chunk().map(|two| u16::from_be_bytes(*two));
                    bail!("the server closed the connection with code {code:?}");
                }
                other => bail!("a frame of kind {other}"),
            }
        }
        Ok(None)
    }

    /// Takes the next whole message: where its payload lies, and its opcode. What came in pieces is put
    /// together in its place.
    fn message(&mut self) -> Option<(u8, Range<usize>)> {
        let (first, payload) = self.frame(self.unread.start)?;
        let (mut is_last, mut behind, mut whole) = (first & 0x80 != 0, payload.end, payload);
        let mut pieces = Vec::new();
        while !is_last {
            let (head, piece) = self.frame(behind)?;
            (is_last, behind) = (head & 0x80 != 0, piece.end);
            pieces.push(piece);
        }
        for piece in pieces {
            let length = piece.len();
            self.buffer.copy_within(piece, whole.end);
            whole.end += length;
        }
        self.unread.start = behind;
        Some((first & 0xf, whole))
    }

    /// Where the payload of the whole frame that begins here lies, and its first byte.
    fn frame(&self, from: usize) -> Option<(u8, Range<usize>)> {
        let unread = &self.buffer[from..self.unread.end];
        let (head, rest) = unread.split_first_chunk::<2>()?;
        let (header, length) = match head[1] {
            126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
            short => (2, usize::from(short)),
        };
        let start = from + header;
        let end = start.checked_add(length)?;
        (end <= self.unread.end).then_some((head[0], start..end))
    }
}

/// Opens a connection to a server that has no sign-in.
pub async fn open_bare(to: SocketAddr, tls: &TlsConnector) -> anyhow::Result<Connection> {
    Connection::open(to, tls).await.context("the bare server cannot be reached")
}
