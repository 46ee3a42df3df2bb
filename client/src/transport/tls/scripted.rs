//! A server for tests that says just what a test makes it say, over real TLS and WebSocket.

use futures_util::{SinkExt, StreamExt};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use warproom_proto::limits;

use super::made::Authority;
use super::*;

/// A listening server with an authority of its own.
pub(crate) struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    authority: Authority,
    /// What it presents along with its certificate.
    along: Vec<CertificateDer<'static>>,
    /// Where it is and how to know it.
    pub(crate) address: Address,
}

/// Accepts connections with a certificate of this authority.
fn acceptor(authority: &Authority, along: &[CertificateDer<'static>]) -> TlsAcceptor {
    let (certificate, key) = authority.issue("127.0.0.1", 2049);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert([&[certificate], along].concat(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Server {
    pub(crate) async fn start() -> Self {
        let authority = Authority::new();
        let along = vec![authority.der.clone()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host_port = listener.local_addr().unwrap().to_string();
        let address = Address { host_port, authority: authority.fingerprint() };
        Self { listener, acceptor: acceptor(&authority, &along), authority, along, address }
    }

    /// Changes its authority for another. The address stays what it was.
    pub(crate) fn change_authority(&mut self) {
        let successor = Authority::new();
        let endorsement = self.authority.endorse(&successor);
        self.along.splice(0..0, [successor.der.clone(), endorsement]);
        self.acceptor = acceptor(&successor, &self.along);
        self.authority = successor;
    }

    /// What it accepts connections with, to be given back later as whoever stole its keys has them.
    pub(crate) fn keys(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Goes by such keys from now on.
    pub(crate) fn go_by(&mut self, keys: TlsAcceptor) {
        self.acceptor = keys;
    }

    /// By which authority it is known now.
    pub(crate) fn authority(&self) -> Fingerprint {
        self.authority.fingerprint()
    }

    /// The next connection, answered with this sub-protocol. Fails as the client makes it fail.
    pub(crate) async fn accept(&self, subprotocol: &'static str) -> Option<Peer> {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let stream = self.acceptor.accept(tcp).await.ok()?;
        let mut exporter = [0; 32];
        let label = EXPORTER_LABEL.as_bytes();
        stream.get_ref().1.export_keying_material(&mut exporter, label, None).unwrap();
        #[expect(clippy::result_large_err, reason = "the library's own callback")]
        let name_it = |request: &Request, mut response: Response| -> Result<_, ErrorResponse> {
            assert_eq!(request.headers()["sec-websocket-protocol"], limits::SUBPROTOCOL);
            let name = subprotocol.parse().unwrap();
            response.headers_mut().insert("sec-websocket-protocol", name);
            Ok(response)
        };
        let socket = accept_hdr_async(stream, name_it).await.unwrap();
        Some(Peer { socket, exporter })
    }
}

/// The server's end of one connection.
pub(crate) struct Peer {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    pub(crate) exporter: [u8; 32],
}

impl Peer {
    /// The next text, or the code the client closed with (none where it just went).
    pub(crate) async fn read(&mut self) -> Result<String, Option<u16>> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(close))) => return Err(close.map(|close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(crate) async fn write(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Pings, and waits for the answer.
    pub(crate) async fn ping(&mut self) {
        self.socket.send(Message::Ping(vec![1].into())).await.unwrap();
        let answer = self.socket.next().await.unwrap().unwrap();
        assert!(matches!(answer, Message::Pong(same) if same[..] == [1]));
    }

    pub(crate) async fn close(mut self, code: u16) {
        let close = CloseFrame { code: code.into(), reason: "".into() };
        // The client may be gone first.
        let _ = self.socket.close(Some(close)).await;
    }
}
