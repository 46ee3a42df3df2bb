//! TLS: a WARP's own certificate authority, the server's certificate, and what is spoken.
//!
//! Only this module names rustls and rcgen. TLS 1.3 only, by aws-lc-rs, with the post-quantum hybrid
//! X25519MLKEM768 first. The certificate reloads without dropping a connection.

pub mod facts;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use warproom_proto::invitation::Fingerprint;

use crate::progress::{Noting, Progress, Progressing};

pub use rustls::Error as SetupError;
pub use tokio_rustls::TlsAcceptor as Acceptor;

/// The files of a WARP's keys folder.
/// The file of the authority's certificate, among the keys: whoever trusts it trusts this WARP.
pub const AUTHORITY_CERTIFICATE: &str = "authority.pem";
const AUTHORITY_KEY: &str = "authority.key";
const SERVER_CERTIFICATE: &str = "server.pem";
const SERVER_KEY: &str = "server.key";
const NEXT_SERVER_KEY: &str = "server.key.next";

/// A connection, encrypted.
pub type Stream = tokio_rustls::server::TlsStream<Noting<tokio::net::TcpStream>>;

impl Progressing for Stream {
    fn progress(&self) -> Progress {
        self.get_ref().0.progress()
    }
}

/// Why certificates could not be made or loaded.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A certificate could not be made.
    #[error("the certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
    /// The address is not a host name or IP address.
    #[error("{0:?} is neither a host name nor an IP address")]
    Host(String),
}

/// Makes an authority and writes its certificate and key; its fingerprint.
pub fn make_authority(keys: &Path, warp: &str) -> Result<Fingerprint, TlsError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, format!("{warp} (Warproom)"));
    params.not_after = rcgen::date_time_ymd(2050, 1, 1);
    let certificate = params.self_signed(&key)?;
    write_new(&keys.join(AUTHORITY_CERTIFICATE), &certificate.pem())?;
    write_new(&keys.join(AUTHORITY_KEY), &key.serialize_pem())?;
    Ok(fingerprint_of(certificate.der()))
}

/// Makes a server certificate from the authority, for these hosts, and puts it in place of the last.
pub fn make_server_certificate(keys: &Path, hosts: &[String]) -> Result<(), TlsError> {
    let authority = read(&keys.join(AUTHORITY_CERTIFICATE))?;
    let authority_key = KeyPair::from_pem(&read(&keys.join(AUTHORITY_KEY))?)?;
    let issuer = Issuer::from_ca_cert_pem(&authority, authority_key)?;
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.subject_alt_names = hosts.iter().map(|host| alt_name(host)).collect::<Result<_, _>>()?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_after = rcgen::date_time_ymd(2049, 1, 1);
    let certificate = params.signed_by(&key, &issuer)?;
    // The key is there before its certificate: cut short between the two, it is found by `certified`.
    let (next, path) = (keys.join(NEXT_SERVER_KEY), keys.join(SERVER_KEY));
    replace(&next, &key.serialize_pem())?;
    // The authority goes with it, so that a client that has only the fingerprint can check.
    replace(&keys.join(SERVER_CERTIFICATE), &format!("{}{authority}", certificate.pem()))?;
    fs::rename(&next, &path).map_err(|cause| TlsError::File { path, cause })
}

fn alt_name(host: &str) -> Result<SanType, TlsError> {
    if let Ok(address) = host.parse() {
        return Ok(SanType::IpAddress(address));
    }
    let name = host.try_into().map_err(|_| TlsError::Host(host.to_owned()))?;
    Ok(SanType::DnsName(name))
}

/// The fingerprint of the authority in a keys folder.
pub fn fingerprint(keys: &Path) -> Result<Fingerprint, TlsError> {
    let path = keys.join(AUTHORITY_CERTIFICATE);
    let certificate = CertificateDer::from_pem_slice(read(&path)?.as_bytes())
        .map_err(|error| TlsError::Content { path, problem: error.to_string() })?;
    Ok(fingerprint_of(&certificate))
}

fn fingerprint_of(certificate: &CertificateDer<'_>) -> Fingerprint {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Fingerprint(bytes)
}

/// The server's certificate, as it is now.
pub struct Certificate {
    keys: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Certificate").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Loads it.
    pub fn load(keys: &Path) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(certified(keys)?));
        Ok(Arc::new(Self { keys: keys.to_owned(), current }))
    }

    /// Until when the certificate in use is valid, in milliseconds since 1970 UTC.
    pub fn expires_at_ms(&self) -> i64 {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let parsed = current
            .end_entity_cert()
            .ok()
            .and_then(|certificate| x509_parser::parse_x509_certificate(certificate).ok());
        parsed.map_or(0, |(_, parsed)| parsed.validity().not_after.timestamp() * 1000)
    }

    /// Loads it again; if that fails, the last one stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let loaded = Arc::new(certified(&self.keys)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn certified(keys: &Path) -> Result<CertifiedKey, TlsError> {
    let certified = certified_by(keys, SERVER_KEY);
    if certified.is_ok() || !keys.join(NEXT_SERVER_KEY).exists() {
        return certified;
    }
    // Making a certificate was cut short when its key was not in its place yet.
    certified_by(keys, NEXT_SERVER_KEY).or(certified)
}

fn certified_by(keys: &Path, key_file: &str) -> Result<CertifiedKey, TlsError> {
    let (chain_path, key_path) = (keys.join(SERVER_CERTIFICATE), keys.join(key_file));
    let chain_text = read(&chain_path)?;
    let key_text = read(&key_path)?;
    let chain = CertificateDer::pem_slice_iter(chain_text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| content(&chain_path, &error))?;
    if chain.is_empty() {
        return Err(content(&chain_path, &"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_slice(key_text.as_bytes())
        .map_err(|error| content(&key_path, &error))?;
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)
        .map_err(|error| content(&key_path, &error))?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().map_err(|error| content(&chain_path, &error))?;
    Ok(certified)
}

fn content(path: &Path, problem: &dyn std::fmt::Display) -> TlsError {
    TlsError::Content { path: path.to_owned(), problem: problem.to_string() }
}

/// What accepts connections.
pub fn acceptor(certificate: Arc<Certificate>) -> Result<Acceptor, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    // One ticket less to keep and send: sessions are long, and a resumed one has the same exporter
    // guarantees, but nothing here needs resumption.
    config.send_tls13_tickets = 0;
    Ok(Acceptor::from(Arc::new(config)))
}

/// This connection's exporter (RFC 8446 §7.5), which a device signs.
pub fn exporter(stream: &Stream) -> Option<[u8; 32]> {
    let label = warproom_proto::calls::EXPORTER_LABEL.as_bytes();
    stream.get_ref().1.export_keying_material([0; 32], label, None).ok()
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|cause| TlsError::File { path: path.to_owned(), cause })
}

fn write_new(path: &Path, text: &str) -> Result<(), TlsError> {
    if path.exists() {
        let cause = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(TlsError::File { path: path.to_owned(), cause });
    }
    replace(path, text)
}

/// Writes a file that only its owner may read, whole or not at all.
fn replace(path: &Path, text: &str) -> Result<(), TlsError> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|cause| TlsError::File { path: path.to_owned(), cause })
}
