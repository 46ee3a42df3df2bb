//! TLS 1.3 with a server whose certificate comes from one pinned authority.
//!
//! No public authority is trusted: the client knows the SHA-256 of the WARP's own. The server
//! presents that authority's certificate along with its own, and exactly that one is taken as the
//! root for checking the chain, the dates and the host name. Only this module names the TLS library.

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

    /// Completes the handshake and derives this connection's exporter (RFC 8446 §7.5).
    pub(crate) async fn connect(
        &self,
        tcp: TcpStream,
    ) -> Result<(Stream, Zeroizing<[u8; 32]>), ConnectError> {
        let stream = self.connector.connect(self.name.clone(), Noting::new(tcp)).await;
        let stream = stream.map_err(connect_error)?;
        let mut exporter = Zeroizing::new([0; 32]);
        let (_, connection) = stream.get_ref();
        connection
            .export_keying_material(exporter.as_mut_slice(), EXPORTER_LABEL.as_bytes(), None)
            .map_err(|_| ConnectError::Incompatible)?;
        Ok((stream, exporter))
    }
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

/// Trusts one authority, known by its fingerprint.
#[derive(Debug)]
struct PinnedVerifier {
    authority: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The fingerprint alone proves nothing, because anyone may present the authority's
        // certificate: it only picks the root that the chain must lead to.
        let authority = intermediates
            .iter()
            .find(|certificate| digest(&SHA256, certificate).as_ref() == self.authority.0)
            .ok_or(CertificateError::UnknownIssuer)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
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
