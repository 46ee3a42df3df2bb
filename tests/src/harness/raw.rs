//! Connections with no manners: TLS without checking the server, and a WebSocket on which a test
//! sends whatever it likes and reads exactly what comes back.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use warproom_proto::calls::{Call, EXPORTER_LABEL, Proof, SignedIn, StartSession, sign_in_message};
use warproom_proto::rpc::request_text;
use warproom_proto::{Secret, limits};

use super::person::Person;
use super::wait::DEADLINE;

/// A TLS connection on which nothing was said yet.
pub type RawTls = TlsStream<TcpStream>;

/// Opens a TLS connection. Whoever answers is believed.
pub async fn raw_tls(to: SocketAddr) -> anyhow::Result<RawTls> {
    handshake(TcpStream::connect(to).await?).await
}

/// The same, from an address of this machine.
pub async fn raw_tls_from(from: IpAddr, to: SocketAddr) -> anyhow::Result<RawTls> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    handshake(socket.connect(to).await?).await
}

async fn handshake(tcp: TcpStream) -> anyhow::Result<RawTls> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Believer))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, tcp).await?)
}

/// What a raw connection hears.
#[derive(Debug)]
pub enum Heard {
    /// A text frame, exactly.
    Text(String),
    /// The server closed, with its code if it named one.
    Closed(Option<u16>),
}

/// A WebSocket connection on which a test says what it likes.
pub struct Raw {
    socket: WebSocketStream<RawTls>,
    exporter: [u8; 32],
    next_id: u64,
}

impl Raw {
    /// Connects and upgrades.
    pub async fn open(to: SocketAddr) -> anyhow::Result<Self> {
        Self::upgrade(raw_tls(to).await?, to).await
    }

    /// Connects with a receive buffer so small that the server soon notices who does not read.
    pub async fn open_narrow(to: SocketAddr) -> anyhow::Result<Self> {
        /// The least that the system takes is a little more.
        const BYTES: u32 = 4 * 1024;
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(BYTES)?;
        Self::upgrade(handshake(socket.connect(to).await?).await?, to).await
    }

    async fn upgrade(stream: RawTls, to: SocketAddr) -> anyhow::Result<Self> {
        let mut exporter = [0; 32];
        let (_, connection) = stream.get_ref();
        connection.export_keying_material(&mut exporter, EXPORTER_LABEL.as_bytes(), None)?;
        let uri = format!("wss://localhost:{}/", to.port()).parse()?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(limits::SUBPROTOCOL);
        let (socket, _) = client_async(request, stream).await?;
        Ok(Self { socket, exporter, next_id: 1 })
    }

    /// What a device signs on this connection.
    #[must_use]
    pub const fn exporter(&self) -> &[u8; 32] {
        &self.exporter
    }

    /// Sends a text frame.
    pub async fn send(&mut self, frame: impl Into<String>) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::text(frame.into())).await?)
    }

    /// Sends a message of any kind.
    pub async fn send_message(&mut self, message: Message) -> anyhow::Result<()> {
        Ok(self.socket.send(message).await?)
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.send_message(Message::Binary(Bytes::from(bytes))).await
    }

    /// What comes next, within [`DEADLINE`]. Pings are answered and passed over.
    pub async fn hear(&mut self) -> anyhow::Result<Heard> {
        timeout(DEADLINE, self.hear_at_leisure()).await.context("nothing was heard in time")?
    }

    /// What comes next, whenever that is.
    pub async fn hear_at_leisure(&mut self) -> anyhow::Result<Heard> {
        loop {
            return Ok(match self.socket.next().await {
                Some(Ok(Message::Text(text))) => Heard::Text(text.to_string()),
                Some(Ok(Message::Close(close))) => {
                    Heard::Closed(close.map(|close| u16::from(close.code)))
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => bail!("an odd message: {other:?}"),
                Some(Err(Error::Io(_) | Error::ConnectionClosed | Error::Protocol(_))) | None => {
                    Heard::Closed(None)
                }
                Some(Err(error)) => return Err(error.into()),
            });
        }
    }

    /// Hears on until the server closes; with which code, if it named one.
    pub async fn closed(&mut self) -> anyhow::Result<Option<u16>> {
        loop {
            if let Heard::Closed(code) = self.hear().await? {
                return Ok(code);
            }
        }
    }

    /// The next reply, as it stands in its frame; notifications are passed over.
    pub async fn reply(&mut self) -> anyhow::Result<String> {
        loop {
            match self.hear().await? {
                Heard::Text(text) if is_notice(&text)? => {}
                Heard::Text(text) => return Ok(text),
                Heard::Closed(code) => bail!("closed with {code:?} before the reply"),
            }
        }
    }

    /// Sends a frame and reads its reply.
    pub async fn exchange(&mut self, frame: impl Into<String>) -> anyhow::Result<String> {
        self.send(frame).await?;
        self.reply().await
    }

    /// Makes a call with these fields under this number; the reply's frame, exactly.
    pub async fn call(&mut self, id: u64, method: &str, params: &Value) -> anyhow::Result<String> {
        let frame =
            serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.exchange(frame.to_string()).await
    }

    /// Makes a typed call; its reply, or the refusal as an error.
    pub async fn ask<C: Call>(&mut self, call: &C) -> anyhow::Result<C::Reply> {
        self.next_id += 1;
        let text = self.exchange(request_text(self.next_id, call)?).await?;
        let mut reply: Value = serde_json::from_str(&text)?;
        ensure!(reply.get("error").is_none(), "refused: {text}");
        // From text, because a record keeps the exact text of its item.
        let result = reply.get_mut("result").map(Value::take).context("a reply has a result")?;
        Ok(serde_json::from_str(&result.to_string())?)
    }

    /// Signs in with a person's first device.
    pub async fn sign_in(&mut self, person: &Person) -> anyhow::Result<SignedIn> {
        let signature = person.key.sign(&sign_in_message(&self.exporter));
        let proof = Proof::Device { device: person.device, signature };
        self.ask(&StartSession { proof, audit_seen: None }).await
    }

    /// Signs in with a bot's token.
    pub async fn sign_in_bot(&mut self, token: &Secret) -> anyhow::Result<SignedIn> {
        self.ask(&StartSession { proof: Proof::Token(token.clone()), audit_seen: None }).await
    }
}

fn is_notice(frame: &str) -> anyhow::Result<bool> {
    let frame: Value = serde_json::from_str(frame)?;
    Ok(frame.get("method").is_some())
}

/// Believes every certificate: what a server proves is the client's tests' business.
#[derive(Debug)]
struct Believer;

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
