//! What is spoken, and with which certificate, to a client of the same library.

use rustls::crypto::SupportedKxGroup;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, NamedGroup, ProtocolVersion, RootCertStore};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;
use warproom_proto::calls::EXPORTER_LABEL;

use super::*;

fn keys() -> TempDir {
    let keys = tempfile::tempdir().unwrap();
    make_authority(keys.path(), "Kent WARP").unwrap();
    make_server_certificate(keys.path(), &["localhost".to_owned()]).unwrap();
    keys
}

/// Both ends of a connection, of which the client trusts the authority of these keys alone.
async fn connect(acceptor: &Acceptor, keys: &Path) -> (Stream, client::TlsStream<TcpStream>) {
    let mut roots = RootCertStore::empty();
    roots.add(read_chain(&keys.join(AUTHORITY_CERTIFICATE)).unwrap().remove(0)).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (ours, _) = listener.accept().await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let connected = connector.connect(name, theirs);
    let (ours, theirs) = tokio::join!(acceptor.accept(Noting::new(ours)), connected);
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    let spoken = theirs.get_ref().1;
    assert_eq!(spoken.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let group = spoken.negotiated_key_exchange_group().map(SupportedKxGroup::name);
    assert_eq!(group, Some(NamedGroup::X25519MLKEM768));
    (ours, theirs)
}

#[tokio::test]
async fn both_ends_of_a_connection_export_the_same_and_no_other_connection_does() {
    let keys = keys();
    let acceptor = acceptor(Certificate::load(keys.path()).unwrap()).unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (ours, theirs) = connect(&acceptor, keys.path()).await;
        let label = EXPORTER_LABEL.as_bytes();
        let theirs = theirs.get_ref().1.export_keying_material([0; 32], label, None).unwrap();
        assert_eq!(exporter(&ours), Some(theirs));
        seen.push(theirs);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_certificate_that_is_loaded_again_is_for_new_connections() {
    let keys = keys();
    let certificate = Certificate::load(keys.path()).unwrap();
    let acceptor = acceptor(certificate.clone()).unwrap();
    let mut served = Vec::new();
    let made = || make_server_certificate(keys.path(), &["localhost".to_owned()]).unwrap();
    for prepare in [&|| (), &made, &|| certificate.reload().unwrap()] as [&dyn Fn(); 3] {
        prepare();
        let (_ours, theirs) = connect(&acceptor, keys.path()).await;
        served.push(theirs.get_ref().1.peer_certificates().unwrap()[0].clone());
    }
    assert_eq!(served[0], served[1], "not loaded yet");
    assert_ne!(served[1], served[2]);
}
