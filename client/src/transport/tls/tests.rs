//! The pinning verifier against certificates made on the spot.

use super::made::Authority;
use super::*;

/// What a server presents along with its certificate, once each of these authorities has followed on the
/// one before; the latest stands first.
fn presented(authorities: &[Authority]) -> Vec<CertificateDer<'static>> {
    let (first, later) = authorities.split_first().unwrap();
    let mut all = vec![first.der.clone()];
    for (before, after) in std::iter::once(first).chain(later).zip(later) {
        all.splice(0..0, [after.der.clone(), before.endorse(after)]);
    }
    all
}

/// So many authorities, one after the other.
fn authorities<const N: usize>() -> [Authority; N] {
    std::array::from_fn(|_| Authority::new())
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
        let (server, _) = ours.issue(host, 2030);
        assert_eq!(says(&ours, host, &server, std::slice::from_ref(&ours.der)), Ok(()), "{host}");
    }
}

#[test]
fn another_authority_is_not_trusted() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (server, _) = theirs.issue("warp.example", 2030);
    let refused = Err(Distrust::OtherAuthority);
    assert_eq!(says(&ours, "warp.example", &server, std::slice::from_ref(&theirs.der)), refused);
    assert_eq!(says(&ours, "warp.example", &server, &[]), refused);
}

#[test]
fn presenting_the_pinned_authority_is_not_enough() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (server, _) = theirs.issue("warp.example", 2030);
    let both = [theirs.der.clone(), ours.der.clone()];
    // Both authorities bear the same name, so the chain is tried and its signature is found wrong.
    assert!(says(&ours, "warp.example", &server, &both).is_err());
    assert!(says(&ours, "warp.example", &ours.der, std::slice::from_ref(&ours.der)).is_err());
}

#[test]
fn whoever_pins_an_earlier_authority_is_led_to_the_present_one() {
    let all = authorities::<3>();
    let along = presented(&all);
    let host = "warp.example";
    let (server, _) = all[2].issue(host, 2030);
    for pinned in &all {
        assert_eq!(says(pinned, host, &server, &along), Ok(()));
        // Names and dates count as ever.
        assert_eq!(says(pinned, "other.example", &server, &along), Err(Distrust::OtherName));
        let (lapsed, _) = all[2].issue(host, 2023);
        assert_eq!(says(pinned, host, &lapsed, &along), Err(Distrust::Dates));
    }
}

#[test]
fn an_earlier_authority_vouches_for_no_server_any_more() {
    let all = authorities::<2>();
    let (host, along) = ("warp.example", presented(&all));
    // Who has the key of the first makes certificates with it, for whom nobody takes them.
    let (theirs, _) = all[0].issue(host, 2030);
    assert!(says(&all[1], host, &theirs, &along).is_err());
    assert!(says(&all[0], host, &theirs, &along).is_err());
    let refused = Err(Distrust::OtherAuthority);
    assert_eq!(says(&all[1], host, &theirs, std::slice::from_ref(&all[0].der)), refused);
}

#[test]
fn no_endorsement_is_taken_but_the_one_of_that_authority_for_its_successor() {
    let all = authorities::<3>();
    let theirs = Authority::new();
    let (host, right) = ("warp.example", presented(&all));
    let (server, _) = all[2].issue(host, 2030);
    let refused = Err(Distrust::OtherAuthority);
    let with = |at: usize, other: CertificateDer<'static>| {
        let mut along = right.clone();
        along[at] = other;
        along
    };
    let wrong = [
        ("by somebody else", with(1, theirs.endorse(&all[2]))),
        ("of somebody else", with(1, all[1].endorse(&theirs))),
        ("of an earlier one", with(1, all[1].endorse(&all[0]))),
        ("by an earlier one", with(1, all[0].endorse(&all[2]))),
        ("a server's certificate", with(1, all[1].issue(host, 2030).0)),
        ("one before it, wrong", with(3, theirs.endorse(&all[1]))),
        ("another authority between", with(2, theirs.der.clone())),
        ("left out", vec![right[0].clone(), right[4].clone()]),
        ("one link left out", [&right[..1], &right[3..]].concat()),
        ("cut short", right[..4].to_vec()),
        ("the present one twice", [&right[..1], &right[..]].concat()),
    ];
    for (what, along) in wrong {
        assert_eq!(says(&all[0], host, &server, &along), refused, "{what}");
    }
    // A wrong clock is told as one.
    let name = all[2].fingerprint().endorsement_name();
    let lapsed = with(1, all[1].issue(&name, 2023).0);
    assert_eq!(says(&all[0], host, &server, &lapsed), Err(Distrust::Dates));
    let other_way_round: Vec<_> = right.iter().rev().cloned().collect();
    assert!(says(&all[0], host, &server, &other_way_round).is_err());
    assert_eq!(says(&all[0], host, &server, &right), Ok(()));
    // A thief of a stranger's authority endorses itself as the successor of ours.
    let along = [theirs.der.clone(), theirs.endorse(&theirs), all[0].der.clone()];
    assert_eq!(says(&all[0], host, &theirs.issue(host, 2030).0, &along), refused);
}

#[test]
fn so_many_changes_are_followed_and_no_more() {
    let all = authorities::<{ limits::FORMER_AUTHORITIES + 2 }>();
    let along = presented(&all);
    let (server, _) = all[all.len() - 1].issue("warp.example", 2030);
    assert_eq!(says(&all[1], "warp.example", &server, &along), Ok(()));
    let refused = Err(Distrust::OtherAuthority);
    assert_eq!(says(&all[0], "warp.example", &server, &along), refused);
}

#[test]
fn a_wrong_name_and_a_wrong_date_are_told_apart_from_interception() {
    let ours = Authority::new();
    let along = [ours.der.clone()];
    let (server, _) = ours.issue("warp.example", 2030);
    assert_eq!(says(&ours, "other.example", &server, &along), Err(Distrust::OtherName));
    let (lapsed, _) = ours.issue("warp.example", 2023);
    assert_eq!(says(&ours, "warp.example", &lapsed, &along), Err(Distrust::Dates));
}

#[test]
fn an_address_that_no_certificate_could_name_is_refused() {
    let address =
        Address { host_port: "a..b:7443".to_owned(), authority: Authority::new().fingerprint() };
    assert!(matches!(Pinned::new(&address), Err(ConnectError::Address)));
}
