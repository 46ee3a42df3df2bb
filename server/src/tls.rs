//! TLS: a WARP's own certificate authority, the server's certificate, and what is spoken.
//!
//! Only this module names rustls and rcgen. TLS 1.3 only, by aws-lc-rs, with the post-quantum hybrid
//! X25519MLKEM768 first. The certificate reloads without dropping a connection, also when it comes from
//! another authority.

pub mod authority;
pub mod facts;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::SanType;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use warproom_proto::invitation::Fingerprint;

use crate::progress::{Noting, Progress, Progressing};

pub use authority::{AUTHORITY_CERTIFICATE, make_authority, make_server_certificate};
pub use rustls::Error as SetupError;
pub use tokio_rustls::TlsAcceptor as Acceptor;

// The files of the server's certificate in a WARP's keys folder.
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
    /// The server's certificate and the authority do not belong together.
    #[error(
        "{SERVER_CERTIFICATE} comes from another authority than the one in {AUTHORITY_CERTIFICATE}"
    )]
    Strange,
    /// The address is not a host name or IP address.
    #[error("{0:?} is neither a host name nor an IP address")]
    Host(String),
}

/// Puts a server certificate in place of the last, made by an authority in these files. What it is known
/// by goes with it: its own certificate, so that a client that has only the fingerprint can check, and
/// what earlier authorities said of it.
fn put_certified_by(keys: &Path, by: &authority::Files, hosts: &[String]) -> Result<(), TlsError> {
    let names = hosts.iter().map(|host| alt_name(host)).collect::<Result<_, _>>()?;
    let (certificate, key) = by.certify(names)?;
    // The key is there before its certificate: cut short between the two, it is found by `certified`.
    let (next, path) = (keys.join(NEXT_SERVER_KEY), keys.join(SERVER_KEY));
    if certified_by(keys, SERVER_KEY).is_err() && certified_by(keys, NEXT_SERVER_KEY).is_ok() {
        // That was so the last time, and this one may be cut short too.
        fs::rename(&next, &path).map_err(|cause| TlsError::File { path: path.clone(), cause })?;
    }
    replace(&next, &key.serialize_pem())?;
    let chain = format!("{certificate}{}{}", by.pem()?, by.read_former()?);
    replace(&keys.join(SERVER_CERTIFICATE), &chain)?;
    let put = step().and_then(|()| fs::rename(&next, &path));
    put.map_err(|cause| TlsError::File { path, cause })
}

fn alt_name(host: &str) -> Result<SanType, TlsError> {
    if let Ok(address) = host.parse() {
        return Ok(SanType::IpAddress(address));
    }
    let name = host.try_into().map_err(|_| TlsError::Host(host.to_owned()))?;
    Ok(SanType::DnsName(name))
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
    current: RwLock<Current>,
}

/// What new connections get, and whom they know it by.
#[derive(Clone)]
struct Current {
    certified: Arc<CertifiedKey>,
    authority: Fingerprint,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Certificate").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Loads it. Fails if it comes from another authority than the present one.
    pub fn load(keys: &Path) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Current::load(keys)?);
        Ok(Arc::new(Self { keys: keys.to_owned(), current }))
    }

    /// By which authority clients know the server.
    pub fn authority(&self) -> Fingerprint {
        self.current().authority
    }

    /// Loads it again; if that fails, the last one stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let loaded = Current::load(&self.keys)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(())
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Current {
    fn load(keys: &Path) -> Result<Self, TlsError> {
        let certified = certified(keys)?;
        let authority = authority::Files::present(keys).fingerprint()?;
        if certified.cert.get(1).map(fingerprint_of) != Some(authority) {
            return Err(TlsError::Strange);
        }
        Ok(Self { authority, certified: Arc::new(certified) })
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().certified)
    }
}

fn certified(keys: &Path) -> Result<CertifiedKey, TlsError> {
    // Making a certificate may have been cut short when its key was not in its place yet.
    let next = |error| certified_by(keys, NEXT_SERVER_KEY).map_err(|_| error);
    certified_by(keys, SERVER_KEY).or_else(next)
}

fn certified_by(keys: &Path, key_file: &str) -> Result<CertifiedKey, TlsError> {
    let (chain_path, key_path) = (keys.join(SERVER_CERTIFICATE), keys.join(key_file));
    let chain = read_chain(&chain_path)?;
    let key_text = read(&key_path)?;
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

/// The certificates in a file, in their order.
fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(read(path)?.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| content(path, &error))
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

/// Stands before each step that changes something on the disk, so that tests can cut it short there.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "in tests it fails")]
const fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
fn step() -> io::Result<()> {
    let left = STEPS_LEFT.get().checked_sub(1);
    left.map(|left| STEPS_LEFT.set(left)).ok_or_else(|| io::Error::other("cut short"))
}

#[cfg(test)]
thread_local! {
    /// How many steps go well still.
    static STEPS_LEFT: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) };
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
        step()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|cause| TlsError::File { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests;
