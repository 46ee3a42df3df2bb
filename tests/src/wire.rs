//! A peer that writes the wire by hand: TLS, the upgrade, single frames (RFC 6455). It can also say
//! what no library would let it say. It is not how a client should be written.
//!
//! Every wait has a deadline; what breaks it is an error with words, for a test to show.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use warproom_client::Credentials;
use warproom_proto::calls::{Call, EXPORTER_LABEL, Proof, SignedIn, StartSession, sign_in_message};
use warproom_proto::rpc::Incoming;
use warproom_proto::{Error, limits};

use crate::harness::{Person, Warp};

/// Longer than anything here takes, also where the machine is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// RFC 6455 §1.3: its sample nonce, and what a server answers to it.
const NONCE: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Any masking key will do (RFC 6455 §5.3 asks for random ones against proxies; there is none).
const MASK: [u8; 4] = [0x5a, 0x01, 0xff, 0x80];

/// Frame types (RFC 6455 §11.8).
pub const CONTINUATION: u8 = 0;
/// Text.
pub const TEXT: u8 = 1;
/// Binary.
pub const BINARY: u8 = 2;
/// Close.
pub const CLOSE: u8 = 8;
/// Ping.
pub const PING: u8 = 9;
/// Pong.
pub const PONG: u8 = 10;

/// Encodes one frame as a client sends it: whole, masked, with its true length.
#[must_use]
pub fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(0x80 | kind, payload.len() as u64);
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The first bytes of a masked frame: its first byte as given, and a length it claims.
#[must_use]
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => bytes.push(0x80 | short),
        (_, Ok(middle)) => {
            bytes.push(0xfe); // Masked, and 126: the length follows in two bytes.
            bytes.extend(middle.to_be_bytes());
        }
        _ => {
            bytes.push(0xff); // Masked, and 127: the length follows in eight bytes.
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes
}

/// What the server did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It sent a text frame.
    Text(String),
    /// It asked whether this end lives.
    Ping,
    /// It answered a ping.
    Pong,
    /// It closed, with this code.
    Closed(u16),
    /// The connection ended without a word.
    Ended,
}

/// The file of a WARP's authority.
#[must_use]
pub fn authority(warp: &Warp) -> PathBuf {
    warp.folder().join("keys/authority.pem")
}

/// How TLS is spoken to a WARP: its own authority is the one root, or each one of the file, and nothing is
/// resumed.
pub fn tls_config(authority: &Path) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let unread = |error| anyhow!("{}: {error}", authority.display());
    for certificate in CertificateDer::pem_file_iter(authority).map_err(unread)? {
        roots.add(certificate.map_err(unread)?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// An encrypted connection, upgraded or not.
pub struct Wire {
    /// The connection itself.
    pub stream: TlsStream<TcpStream>,
    received: Vec<u8>,
    /// What came of a message of several pieces.
    piece: Vec<u8>,
    next_id: u64,
    /// Notifications that came while a reply was waited for.
    pub notices: VecDeque<Value>,
    /// Replies that came while another one was waited for.
    replies: Vec<(Value, String)>,
}

impl Wire {
    /// Completes a TLS handshake, and no more.
    pub async fn tls(host_port: &str, authority: &Path) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(host_port).await.context("connecting")?;
        Self::tls_over(tcp, tls_config(authority)?).await
    }

    /// Completes a TLS handshake over a connection and with a configuration of the caller's.
    pub async fn tls_over(tcp: TcpStream, config: ClientConfig) -> anyhow::Result<Self> {
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, tcp);
        let stream = timeout(PATIENCE, connecting).await?.context("TLS handshake")?;
        Ok(Self {
            stream,
            received: Vec::new(),
            piece: Vec::new(),
            next_id: 1,
            notices: VecDeque::new(),
            replies: Vec::new(),
        })
    }

    /// Opens a connection as the protocol says, not signed in.
    pub async fn open(host_port: &str, authority: &Path) -> anyhow::Result<Self> {
        let mut wire = Self::tls(host_port, authority).await?;
        wire.upgrade_now().await?;
        Ok(wire)
    }

    /// Opens a connection and signs it in.
    pub async fn signed_in(
        host_port: &str,
        authority: &Path,
        credentials: &Credentials,
    ) -> anyhow::Result<Self> {
        let mut wire = Self::open(host_port, authority).await?;
        wire.sign_in(credentials).await?;
        Ok(wire)
    }

    /// Opens a connection to a WARP's server as a person's first device.
    pub async fn person(warp: &Warp, person: &Person) -> anyhow::Result<Self> {
        let mut wire = Self::stranger(warp).await?;
        wire.sign_in(&person.credentials()).await?;
        Ok(wire)
    }

    /// Opens a connection to a WARP's server, not signed in.
    pub async fn stranger(warp: &Warp) -> anyhow::Result<Self> {
        Self::open(&warp.local().to_string(), &authority(warp)).await
    }

    /// Upgrades, as the protocol says.
    pub async fn upgrade_now(&mut self) -> anyhow::Result<()> {
        let protocol = format!("Sec-WebSocket-Protocol: {}\r\n", limits::SUBPROTOCOL);
        let answer = self.upgrade("/", &protocol).await?;
        ensure!(answer.starts_with("HTTP/1.1 101 "), "not upgraded: {answer}");
        ensure!(answer.contains(ACCEPT), "not an answer to this upgrade: {answer}");
        Ok(())
    }

    /// Asks for an upgrade with these further header lines; the head of the answer.
    pub async fn upgrade(&mut self, path: &str, more: &str) -> anyhow::Result<String> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {NONCE}\r\n{more}\r\n"
        );
        self.send_bytes(request.as_bytes()).await?;
        loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.received.split_off(end + 4);
                let head = std::mem::replace(&mut self.received, rest);
                return Ok(String::from_utf8_lossy(&head).into_owned());
            }
            ensure!(self.receive().await?, "the connection ended during the upgrade");
        }
    }

    /// Signs in.
    pub async fn sign_in(&mut self, credentials: &Credentials) -> anyhow::Result<SignedIn> {
        let proof = match credentials {
            Credentials::Device { device, key } => {
                let message = sign_in_message(&self.exporter()?);
                Proof::Device { device: *device, signature: key.sign(&message) }
            }
            Credentials::Token(token) => Proof::Token(token.clone()),
        };
        self.call(&StartSession { proof, audit_seen: None }).await?.context("sign-in")
    }

    /// What a device signs.
    pub fn exporter(&self) -> anyhow::Result<[u8; 32]> {
        let (_, tls) = self.stream.get_ref();
        Ok(tls.export_keying_material([0; 32], EXPORTER_LABEL.as_bytes(), None)?)
    }

    /// Makes a call; its reply or refusal.
    pub async fn call<C: Call>(&mut self, call: &C) -> anyhow::Result<Result<C::Reply, Error>> {
        let id = self.request(C::METHOD, &serde_json::to_value(call)?).await?;
        let text = self.reply_to(&json!(id)).await?;
        let Incoming::Reply { result, .. } = Incoming::read(&text)? else {
            bail!("not a reply: {text}");
        };
        // From the text as it came: a record's own text counts to the byte.
        result
            .map(|reply| serde_json::from_str(reply.get()))
            .map_or_else(|refusal| Ok(Err(refusal)), |reply| Ok(Ok(reply?)))
    }

    /// Makes a call that need not be one of the protocol's; its result or error as it stands.
    pub async fn ask(
        &mut self,
        method: &str,
        params: Value,
    ) -> anyhow::Result<Result<Value, Value>> {
        let id = self.request(method, &params).await?;
        let mut reply: Value = serde_json::from_str(&self.reply_to(&json!(id)).await?)?;
        match reply.get_mut("error") {
            Some(error) => Ok(Err(error.take())),
            None => Ok(Ok(reply["result"].take())),
        }
    }

    /// Sends a frame that may be anything; the number of the error it is answered with.
    pub async fn refusal_of(&mut self, text: &str) -> anyhow::Result<i64> {
        self.send_text(text).await?;
        loop {
            match self.next().await? {
                Seen::Text(text) => {
                    let frame: Value = serde_json::from_str(&text)?;
                    if frame.get("method").is_none() {
                        return frame["error"]["code"].as_i64().context(text);
                    }
                }
                Seen::Ping => self.send_bytes(&frame(PONG, b"")).await?,
                Seen::Pong => {}
                end @ (Seen::Closed(_) | Seen::Ended) => bail!("instead of a refusal: {end:?}"),
            }
        }
    }

    /// Sends a request and does not wait; its id.
    pub async fn request(&mut self, method: &str, params: &Value) -> anyhow::Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.send_text(&request.to_string()).await?;
        Ok(id)
    }

    /// The whole reply with this id, which is `null` where the server could not read one.
    pub async fn reply_to(&mut self, id: &Value) -> anyhow::Result<String> {
        if let Some(at) = self.replies.iter().position(|(other, _)| other == id) {
            return Ok(self.replies.swap_remove(at).1);
        }
        loop {
            match self.next().await? {
                Seen::Text(text) => {
                    let mut frame: Value = serde_json::from_str(&text)?;
                    if frame.get("method").is_some() {
                        self.notices.push_back(frame);
                    } else if frame["id"] == *id {
                        return Ok(text);
                    } else {
                        ensure!(frame["id"].is_u64(), "a reply to no request: {text}");
                        self.replies.push((frame["id"].take(), text));
                    }
                }
                Seen::Ping => self.send_bytes(&frame(PONG, b"")).await?,
                Seen::Pong => {}
                end @ (Seen::Closed(_) | Seen::Ended) => bail!("instead of a reply: {end:?}"),
            }
        }
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: &str) -> anyhow::Result<()> {
        self.send_bytes(&frame(TEXT, text.as_bytes())).await
    }

    /// Sends bytes as they are.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let sending = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout(PATIENCE, sending).await.context("sending takes too long")??;
        Ok(())
    }

    /// The next thing the server does.
    pub async fn next(&mut self) -> anyhow::Result<Seen> {
        loop {
            if let Some(seen) = self.parsed()? {
                return Ok(seen);
            }
            match self.receive().await {
                Ok(true) => {}
                Ok(false) => return Ok(Seen::Ended),
                Err(error) if error.is::<std::io::Error>() => return Ok(Seen::Ended),
                Err(error) => return Err(error),
            }
        }
    }

    /// How the server ends this connection; whatever else comes before is passed over.
    pub async fn end(&mut self) -> anyhow::Result<Seen> {
        let reading = async {
            loop {
                let seen = self.next().await?;
                if matches!(seen, Seen::Closed(_) | Seen::Ended) {
                    return Ok(seen);
                }
            }
        };
        timeout(PATIENCE, reading).await.context("the connection does not end")?
    }

    /// Reads once; `false` at the end of the stream.
    async fn receive(&mut self) -> anyhow::Result<bool> {
        let reading = self.stream.read_buf(&mut self.received);
        Ok(timeout(PATIENCE, reading).await.context("the server says nothing")?? > 0)
    }

    /// One message of what was received, if it is whole. A server never masks; what is long comes in pieces.
    fn parsed(&mut self) -> anyhow::Result<Option<Seen>> {
        let [first, second, rest @ ..] = &*self.received else { return Ok(None) };
        ensure!(second & 0x80 == 0, "the server masked a frame");
        ensure!(first & 0x70 == 0, "the server used an extension");
        let (more, length) = match (second, rest) {
            (126, rest) => match rest.first_chunk() {
                Some(length) => (2, u64::from(u16::from_be_bytes(*length))),
                None => return Ok(None),
            },
            (127, rest) => match rest.first_chunk() {
                Some(length) => (8, u64::from_be_bytes(*length)),
                None => return Ok(None),
            },
            (short, _) => (0, u64::from(*short)),
        };
        let (start, length) = (2 + more, usize::try_from(length)?);
        if self.received.len() < start + length {
            return Ok(None);
        }
        let (kind, is_last) = (first & 0x0f, first & 0x80 != 0);
        let rest = self.received.split_off(start + length);
        let whole = std::mem::replace(&mut self.received, rest);
        let payload = &whole[start..];
        if matches!(kind, TEXT | CONTINUATION) {
            let begun = !self.piece.is_empty();
            ensure!(begun == (kind == CONTINUATION), "type {kind} in its wrong place");
            self.piece.extend_from_slice(payload);
            if !is_last {
                return self.parsed();
            }
            let text = String::from_utf8(std::mem::take(&mut self.piece))?;
            return Ok(Some(Seen::Text(text)));
        }
        Ok(Some(match kind {
            PING => Seen::Ping,
            PONG => Seen::Pong,
            CLOSE => Seen::Closed(match payload {
                [a, b, ..] => u16::from_be_bytes([*a, *b]),
                _ => 1005, // RFC 6455 §7.4.1: none was given.
            }),
            other => bail!("the server sent a frame of type {other}"),
        }))
    }
}
