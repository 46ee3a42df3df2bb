//! Authorities and certificates for tests, made on the spot.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::*;

/// An authority. All of them bear the same name.
pub(super) struct Authority {
    pub(super) der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Kent WARP");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { der, issuer: Issuer::new(params, key) }
    }

    /// A server certificate for a host, valid from 2020 until the given year, with its key.
    pub(super) fn issue(&self, host: &str, until: i32) -> (CertificateDer<'static>, KeyPair) {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        fingerprint_of(&self.der)
    }

    /// What this authority says of its successor.
    pub(super) fn endorse(&self, successor: &Self) -> CertificateDer<'static> {
        self.issue(&successor.fingerprint().endorsement_name(), 2049).0
    }
}
