//! TLS 1.3 with a server whose certificate comes from one pinned authority.
//!
//! No public authority is trusted: the client knows the SHA-256 of the WARP's own. The server
//! presents that authority's certificate along with its own, and exactly that one is taken as the
//! root for checking the chain, the dates and the host name. Only this module names the TLS library.
//!
//! An authority that was changed for another endorses its successor, so that who knows the earlier one
//! comes to know the later one:
//!
//! ```text
//! server ◀─signs─ authority   endorsement ◀─signs─ the one before   endorsement ◀─signs─ …
//!                 of it ▲──────────┘   ▲ of it ───────────┘
//! ```
//!
//! In this order the server presents them. A chain leads from the pinned one, wherever it stands, back to
//! the present one, and that is the root. Who pins the present one believes no earlier one.

#[cfg(test)]
mod made;
#[cfg(test)]
pub(crate) mod scripted;

use std::io;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, PeerIncompatible, RootCertStore,
    SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use warproom_proto::calls::EXPORTER_LABEL;
use warproom_proto::invitation::{Address, Fingerprint};
use warproom_proto::limits;
use zeroize::Zeroizing;

use super::progress::{Noting, Progress, Progressing};
use crate::error::{ConnectError, Distrust};

/// An encrypted stream to the pinned server.
pub(crate) type Stream = TlsStream<Noting<TcpStream>>;

impl Progressing for Stream {
    fn progress(&self) -> Progress {
        self.get_ref().0.progress()
    }
}

/// Makes encrypted streams to the server of one address.
#[derive(Clone)]
pub(crate) struct Pinned {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Pinned {
    #[expect(clippy::expect_used, reason = "the provider is fixed here and has TLS 1.3")]
    pub(crate) fn new(address: &Address) -> Result<Self, ConnectError> {
        let name = ServerName::try_from(address.host().to_owned());
        let provider = Arc::new(provider::default_provider());
        let verifier = PinnedVerifier { authority: address.authority, provider: provider.clone() };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the aws-lc-rs provider has cipher suites of TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // A resumed session skips the certificate: every connection is to be checked anew.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name: name.map_err(|_| ConnectError::Address)?,
        })
    }

    /// Completes the handshake. Answers what it established too.
    pub(crate) async fn connect(
        &self,
        tcp: TcpStream,
    ) -> Result<(Stream, Established), ConnectError> {
        let stream = self.connector.connect(self.name.clone(), Noting::new(tcp)).await;
        let stream = stream.map_err(connect_error)?;
        let mut exporter = Zeroizing::new([0; 32]);
        let (_, connection) = stream.get_ref();
        connection
            .export_keying_material(exporter.as_mut_slice(), EXPORTER_LABEL.as_bytes(), None)
            .map_err(|_| ConnectError::Incompatible)?;
        // It was verified, so the authority that signed it stands behind it.
        let presented = connection.peer_certificates().and_then(|presented| presented.get(1));
        let authority = presented.map(fingerprint_of).ok_or(ConnectError::Incompatible)?;
        Ok((stream, Established { exporter, authority }))
    }
}

/// What a handshake established.
pub(crate) struct Established {
    /// The connection's exporter (RFC 8446 §7.5), which a sign-in signs.
    pub(crate) exporter: Zeroizing<[u8; 32]>,
    /// The authority that vouches for the server: the pinned one, or one that it leads to.
    pub(crate) authority: Fingerprint,
}

fn fingerprint_of(certificate: &CertificateDer<'_>) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
    Fingerprint(bytes)
}

fn connect_error(error: io::Error) -> ConnectError {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(reason)) => distrust(reason).into(),
        Some(_) => ConnectError::Incompatible,
        None => ConnectError::Unreachable(error),
    }
}

const fn distrust(reason: &CertificateError) -> Distrust {
    match reason {
        CertificateError::UnknownIssuer => Distrust::OtherAuthority,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Distrust::OtherName
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Distrust::Dates,
        _ => Distrust::Invalid,
    }
}

/// Trusts one authority, known by its fingerprint, and those that it leads to.
#[derive(Debug)]
struct PinnedVerifier {
    authority: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl PinnedVerifier {
    /// Whether a certificate for this name comes from this root.
    fn verify(
        &self,
        root: &CertificateDer<'_>,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone().into_owned())?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_server_cert(certificate, &[], name, &[], now)
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = || Error::from(CertificateError::UnknownIssuer);
        let (present, before) = intermediates.split_first().ok_or_else(unknown)?;
        // Each authority before the present one stands behind its endorsement of its successor.
        let before = before.as_chunks::<2>().0.iter().take(limits::FORMER_AUTHORITIES);
        let (mut root, mut led_to) = (present, Vec::new());
        let mut before = before.map(|[endorsement, authority]| (endorsement, authority));
        while fingerprint_of(root) != self.authority {
            let (endorsement, authority) = before.next().ok_or_else(unknown)?;
            led_to.push((authority, endorsement, fingerprint_of(root)));
            root = authority;
        }
        // The fingerprint alone proves nothing, because anyone may present the authority's
        // certificate: it only picks the root that everything must lead to.
        for (authority, endorsement, successor) in led_to.into_iter().rev() {
            let name = ServerName::try_from(successor.endorsement_name()).map_err(|_| unknown())?;
            // A clock that is wrong is told as one; whatever else is wrong, it was not this authority's.
            self.verify(authority, endorsement, &name, now).map_err(|error| match error {
                Error::InvalidCertificate(reason) if distrust(&reason) == Distrust::Dates => {
                    reason.into()
                }
                _ => unknown(),
            })?;
        }
        self.verify(present, end_entity, server_name, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
