//! The pinning verifier against certificates made on the spot.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::*;

struct Authority {
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Kent WARP");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { der, issuer: Issuer::new(params, key) }
    }

    /// A server certificate for a host, valid from 2020 until the given year.
    fn issue(&self, host: &str, until: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &self.issuer).unwrap().der().clone()
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint(digest(&SHA256, &self.der).as_ref().try_into().unwrap())
    }
}

/// What a client that pins `pinned` says in the spring of 2024 to a server that presents these certificates.
fn says(
    pinned: &Authority,
    host: &str,
    presented: &CertificateDer<'_>,
    along: &[CertificateDer<'_>],
) -> Result<(), Distrust> {
    let verifier = PinnedVerifier {
        authority: pinned.fingerprint(),
        provider: Arc::new(provider::default_provider()),
    };
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_hours(54 * 365 * 24 + 4_000));
    let name = ServerName::try_from(host).unwrap();
    match verifier.verify_server_cert(presented, along, &name, &[], now) {
        Ok(_) => Ok(()),
        Err(Error::InvalidCertificate(reason)) => Err(distrust(&reason)),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_pinned_authority_is_trusted_for_names_and_addresses() {
    let ours = Authority::new();
    for host in ["warp.example", "192.0.2.7", "::1"] {
        let server = ours.issue(host, 2030);
        assert_eq!(says(&ours, host, &server, std::slice::from_ref(&ours.der)), Ok(()), "{host}");
    }
}

#[test]
fn another_authority_is_not_trusted() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = theirs.issue("warp.example", 2030);
    let refused = Err(Distrust::OtherAuthority);
    assert_eq!(says(&ours, "warp.example", &server, std::slice::from_ref(&theirs.der)), refused);
    assert_eq!(says(&ours, "warp.example", &server, &[]), refused);
}

#[test]
fn presenting_the_pinned_authority_is_not_enough() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = theirs.issue("warp.example", 2030);
    let both = [theirs.der.clone(), ours.der.clone()];
    // Both authorities bear the same name, so the chain is tried and its signature is found wrong.
    assert!(says(&ours, "warp.example", &server, &both).is_err());
    assert!(says(&ours, "warp.example", &ours.der, std::slice::from_ref(&ours.der)).is_err());
}

#[test]
fn a_wrong_name_and_a_wrong_date_are_told_apart_from_interception() {
    let ours = Authority::new();
    let along = [ours.der.clone()];
    let server = ours.issue("warp.example", 2030);
    assert_eq!(says(&ours, "other.example", &server, &along), Err(Distrust::OtherName));
    let lapsed = ours.issue("warp.example", 2023);
    assert_eq!(says(&ours, "warp.example", &lapsed, &along), Err(Distrust::Dates));
}

#[test]
fn an_address_that_no_certificate_could_name_is_refused() {
    let address =
        Address { host_port: "a..b:7443".to_owned(), authority: Authority::new().fingerprint() };
    assert!(matches!(Pinned::new(&address), Err(ConnectError::Address)));
}
