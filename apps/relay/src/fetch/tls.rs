//! TLS for feeds: rustls with aws-lc-rs, trusting what this computer trusts, so that an authority the
//! council has added for its own proxy counts here too. The only file of the relay that names rustls.
//!
//! The WARP itself is not reached by this: the client crate trusts that WARP's own authority alone.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// How feeds are reached.
pub(super) fn config() -> TlsConfig {
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(roots())
        .build()
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())).clone()
}

/// The authorities of this computer; read once, since it takes tens of milliseconds.
fn roots() -> RootCerts {
    static ROOTS: OnceLock<Arc<Vec<Certificate<'static>>>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        for problem in &found.errors {
            tracing::warn!(%problem, "an authority of this computer cannot be read");
        }
        let own =
            |der: &rustls::pki_types::CertificateDer<'_>| Certificate::from_der(der).to_owned();
        Arc::new(found.certs.iter().map(own).collect())
    });
    RootCerts::Specific(roots.clone())
}
