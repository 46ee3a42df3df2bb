//! What a certificate says of itself: for whom it is, and how long it is good. It is read, not believed:
//! whether a chain holds is checked where connections are made.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{AUTHORITY_CERTIFICATE, Certificate, SERVER_CERTIFICATE, TlsError, content, read};

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The hosts it is for: names and addresses.
    pub hosts: Vec<String>,
    /// From when it is good, in seconds since 1970 UTC.
    pub begins_s: i64,
    /// Until when.
    pub ends_s: i64,
}

impl Certificate {
    /// When the certificate in use ends, in seconds since 1970 UTC.
    pub fn expiry_s(&self) -> Option<i64> {
        Some(facts(self.current().certified.cert.first()?).ok()?.ends_s)
    }
}

/// What the server's certificate in a keys folder says.
pub fn of_server(keys: &Path) -> Result<Facts, TlsError> {
    of_file(&keys.join(SERVER_CERTIFICATE))
}

/// What the authority's certificate in a keys folder says.
pub fn of_authority(keys: &Path) -> Result<Facts, TlsError> {
    of_file(&keys.join(AUTHORITY_CERTIFICATE))
}

fn of_file(path: &Path) -> Result<Facts, TlsError> {
    let first = CertificateDer::from_pem_slice(read(path)?.as_bytes());
    let first = first.map_err(|error| content(path, &error))?;
    facts(&first).map_err(|problem| content(path, &problem))
}

/// The public key of whom a certificate is of, as it stands there.
pub(super) fn public_key(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, String> {
    let (_, read) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    Ok(read.public_key().raw.to_vec())
}

/// The name of whom a certificate is of.
pub(super) fn name(certificate: &CertificateDer<'_>) -> Result<String, String> {
    let (_, read) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let name = read.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    name.map(str::to_owned).ok_or_else(|| "it bears no name".to_owned())
}

fn facts(certificate: &CertificateDer<'_>) -> Result<Facts, String> {
    let (_, read) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let names = read.subject_alternative_name().map_err(|error| error.to_string())?;
    let hosts = names.into_iter().flat_map(|names| &names.value.general_names).filter_map(host);
    Ok(Facts {
        hosts: hosts.collect(),
        begins_s: read.validity().not_before.timestamp(),
        ends_s: read.validity().not_after.timestamp(),
    })
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
            let v6 = <[u8; 16]>::try_from(*bytes).map(|bytes| Ipv6Addr::from(bytes).to_string());
            v4.or(v6).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{make_authority, make_server_certificate};

    #[test]
    fn a_certificate_names_its_hosts_and_its_end() {
        let keys = tempfile::tempdir().unwrap();
        make_authority(keys.path(), "Kent WARP").unwrap();
        let hosts = ["warp.example", "127.0.0.1", "::1"].map(str::to_owned);
        make_server_certificate(keys.path(), &hosts).unwrap();
        let facts = of_server(keys.path()).unwrap();
        assert_eq!(facts.hosts, hosts);
        assert_eq!(facts.ends_s, 2_493_072_000, "2049-01-01");
        let certificate = Certificate::load(keys.path()).unwrap();
        assert_eq!(certificate.expiry_s(), Some(facts.ends_s));
        let authority = of_authority(keys.path()).unwrap();
        assert!(authority.hosts.is_empty() && authority.ends_s > facts.ends_s);
        std::fs::write(keys.path().join(SERVER_CERTIFICATE), "no PEM").unwrap();
        assert!(of_server(keys.path()).unwrap_err().to_string().contains("server.pem"));
    }
}
