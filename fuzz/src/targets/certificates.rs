//! Keys and certificates in a keys folder.

use warproom_server::store::MasterKey;
use warproom_server::tls;

use super::keeping::folder;

/// A certificate, and a master key's file. Both are the operator's, so the least is that a broken one is
/// said to be broken.
pub(super) fn certificate(bytes: &[u8]) {
    let keys = folder();
    for name in [tls::AUTHORITY_CERTIFICATE, "authority.pem.next", "server.pem"] {
        assert!(std::fs::write(keys.join(name), bytes).is_ok(), "the disk works");
    }
    let _ = tls::facts::of_server(&keys);
    let _ = tls::facts::of_authority(&keys);
    let _ = tls::authority::settle(&keys);
    let key = keys.join("master.key");
    assert!(std::fs::write(&key, bytes).is_ok(), "the disk works");
    let again = keys.join("again.key");
    if let Ok(read) = MasterKey::load(&key) {
        let _ = std::fs::remove_file(&again);
        assert!(read.save_new(&again).is_ok(), "the disk works");
        let written = std::fs::read(&again).unwrap_or_default();
        assert!(written.starts_with(bytes), "a master key is written as it was read");
    }
}
