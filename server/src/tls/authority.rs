//! The WARP's own certificate authority, and changing it for another.
//!
//! Clients know it by its fingerprint. Before it goes, it *endorses* its successor: it makes a certificate
//! for the one name that says the successor's fingerprint ([`Fingerprint::endorsement_name`]). Then its key
//! is destroyed; its certificate and the endorsement stay, and the server presents them behind its own, so
//! that whoever knows an earlier authority is led to the present one, whenever they come.
//!
//! ```text
//! authority.{key,pem}.next ─▶ endorsed: authority.former.pem.next ─▶ server.pem comes from it
//!                                                                        │ this is the moment
//!                                       each .next takes its place ◀─────┘
//! ```
//!
//! Whoever finds a next authority asks which one the server's certificate comes from: a change that was cut
//! short is finished if that is the next, and otherwise is still to come.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, SanType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use warproom_proto::invitation::Fingerprint;
use warproom_proto::limits;

use super::{
    SERVER_CERTIFICATE, TlsError, alt_name, content, facts, fingerprint_of, put_certified_by, read,
    read_chain, replace, step, write_new,
};
use crate::keys;

/// The file of the authority's certificate, among the keys: whoever trusts it trusts this WARP.
pub const AUTHORITY_CERTIFICATE: &str = "authority.pem";

/// How a certificate ends in PEM.
const END: &str = "-----END CERTIFICATE-----";

/// The files of an authority.
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    key: PathBuf,
    /// What those before it said of their successors: pairs of an endorsement and the certificate of the
    /// authority that made it, the latest first. There is no file if it is the first authority.
    former: PathBuf,
}

impl Files {
    /// Those of the present authority.
    pub(super) fn present(keys: &Path) -> Self {
        Self::called(keys, "")
    }

    /// Those of the authority that is to come.
    fn next(keys: &Path) -> Self {
        Self::called(keys, ".next")
    }

    fn called(keys: &Path, suffix: &str) -> Self {
        let file = |name| keys.join(format!("{name}{suffix}"));
        Self {
            certificate: file(AUTHORITY_CERTIFICATE),
            key: file("authority.key"),
            former: file("authority.former.pem"),
        }
    }

    /// Makes the authority.
    fn make(&self, name: String) -> Result<Fingerprint, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_after = rcgen::date_time_ymd(2050, 1, 1);
        let certificate = params.self_signed(&key)?;
        // Where there is a certificate there is its key.
        write_new(&self.key, &key.serialize_pem())?;
        write_new(&self.certificate, &certificate.pem())?;
        Ok(fingerprint_of(certificate.der()))
    }

    /// By what clients know it.
    pub(super) fn fingerprint(&self) -> Result<Fingerprint, TlsError> {
        Ok(fingerprint_of(&self.read()?))
    }

    /// Its certificate, in PEM, and nothing else that may stand in the file.
    pub(super) fn pem(&self) -> Result<String, TlsError> {
        let text = read(&self.certificate)?;
        Ok(text.split_inclusive(END).next().unwrap_or_default().to_owned() + "\n")
    }

    fn read(&self) -> Result<CertificateDer<'static>, TlsError> {
        let read = CertificateDer::from_pem_slice(read(&self.certificate)?.as_bytes());
        read.map_err(|error| content(&self.certificate, &error))
    }

    /// What earlier authorities said, in PEM.
    pub(super) fn read_former(&self) -> Result<String, TlsError> {
        match fs::read_to_string(&self.former) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(TlsError::File { path: self.former.clone(), cause })
            }
            former => Ok(former.unwrap_or_default()),
        }
    }

    /// A certificate for a server of these names, in PEM, and its key.
    pub(super) fn certify(&self, names: Vec<SanType>) -> Result<(String, KeyPair), TlsError> {
        let authority_key = KeyPair::from_pem(&read(&self.key)?)?;
        // The library takes any two for a pair; what another key signs, nobody would believe.
        let public = facts::public_key(&self.read()?);
        if public.map_err(|why| content(&self.certificate, &why))?
            != authority_key.subject_public_key_info()
        {
            return Err(content(&self.key, &"it is not the key of this WARP's authority"));
        }
        let issuer = Issuer::from_ca_cert_pem(&self.pem()?, authority_key)?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        params.not_after = rcgen::date_time_ymd(2049, 1, 1);
        Ok((params.signed_by(&key, &issuer)?.pem(), key))
    }

    /// What is said of a successor, followed by what was said before, as far as it is presented.
    fn endorse(&self, successor: Fingerprint) -> Result<String, TlsError> {
        // The endorsement's own key is of no use to anybody, and goes at once.
        let (endorsement, _key) = self.certify(vec![alt_name(&successor.endorsement_name())?])?;
        let said = format!("{endorsement}{}{}", self.pem()?, self.read_former()?);
        let presented = said.split_inclusive(END).take(2 * limits::FORMER_AUTHORITIES);
        Ok(presented.collect::<String>() + "\n")
    }

    fn is_there(&self) -> bool {
        self.certificate.exists()
    }
}

/// Makes a WARP's first authority, and writes its certificate and key; its fingerprint.
pub fn make_authority(keys: &Path, warp: &str) -> Result<Fingerprint, TlsError> {
    Files::present(keys).make(format!("{warp}{SURNAME})"))
}

/// How the names of authorities go on after the WARP's.
const SURNAME: &str = " (Warproom";

/// The authority that is to come: its certificate's file and its fingerprint. It is made unless it is there.
pub fn make_next(keys: &Path) -> Result<(PathBuf, Fingerprint), TlsError> {
    let _alone = alone(keys)?;
    settle_alone(keys)?;
    make_next_alone(keys)
}

fn make_next_alone(keys: &Path) -> Result<(PathBuf, Fingerprint), TlsError> {
    let next = Files::next(keys);
    if next.is_there() {
        let fingerprint = next.fingerprint()?;
        return Ok((next.certificate, fingerprint));
    }
    // Making it was cut short; nothing was certified by it.
    if next.key.exists() {
        step().and_then(|()| fs::remove_file(&next.key)).map_err(failed(&next.key))?;
    }
    let present = Files::present(keys);
    let name = facts::name(&present.read()?).map_err(|why| content(&present.certificate, &why))?;
    let warp = name.rsplit_once(SURNAME).map_or(&*name, |(warp, _)| warp);
    // Not the same name: programs look for an authority by it.
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC");
    let fingerprint = next.make(format!("{warp}{SURNAME}, {now})"))?;
    Ok((next.certificate, fingerprint))
}

/// The file of the certificate of the authority that is to come, if there is one.
pub fn next(keys: &Path) -> Option<PathBuf> {
    let next = Files::next(keys);
    next.is_there().then_some(next.certificate)
}

/// Changes the authority for the next one, and the server's certificate for one of it for these hosts; or
/// finishes a change that was cut short, and no more. The present authority needs its key once more, which is
/// destroyed then. The new one's fingerprint.
pub fn change(keys: &Path, hosts: &[String], how: Next) -> Result<Fingerprint, TlsError> {
    let _alone = alone(keys)?;
    if let Settled { authority, is_changed: true } = settle_alone(keys)? {
        return Ok(authority);
    }
    let (present, next) = (Files::present(keys), Files::next(keys));
    keys::check_destroyable(&present.key).map_err(failed(&present.key))?;
    if how == Next::Anew && next.is_there() {
        step()
            .and_then(|()| fs::remove_file(&next.certificate))
            .map_err(failed(&next.certificate))?;
    }
    let (_, successor) = make_next_alone(keys)?;
    replace(&next.former, &present.endorse(successor)?)?;
    put_certified_by(keys, &next, hosts)?;
    put_in_place(keys)?;
    Ok(successor)
}

/// Which authority comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The one that was made before its turn, if there is one.
    Made,
    /// One that is made now: what was made before may have been stolen with the other keys.
    Anew,
}

/// Makes a server certificate from the authority, for these hosts, and puts it in place of the last.
/// Finishes a change of the authority that was cut short.
pub fn make_server_certificate(keys: &Path, hosts: &[String]) -> Result<(), TlsError> {
    let _alone = alone(keys)?;
    settle_alone(keys)?;
    put_certified_by(keys, &Files::present(keys), hosts)
}

/// What became of a change of the authority that may have been under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The present authority.
    pub authority: Fingerprint,
    /// Whether it took its place only now.
    pub is_changed: bool,
}

/// Finishes a change of the authority that was cut short.
pub fn settle(keys: &Path) -> Result<Settled, TlsError> {
    let _alone = alone(keys)?;
    settle_alone(keys)
}

fn settle_alone(keys: &Path) -> Result<Settled, TlsError> {
    let next = Files::next(keys);
    let mut is_changed = false;
    if next.is_there() {
        let served = read_chain(&keys.join(SERVER_CERTIFICATE));
        let by = served.ok().and_then(|chain| chain.get(1).map(fingerprint_of));
        is_changed = by == Some(next.fingerprint()?);
    }
    if is_changed {
        tracing::warn!("a change of the authority was cut short; it is finished now");
        put_in_place(keys)?;
    }
    Ok(Settled { authority: Files::present(keys).fingerprint()?, is_changed })
}

/// Waits until nobody else, be it another process, changes the keys of this folder; nobody does until what
/// comes back goes.
fn alone(keys: &Path) -> Result<File, TlsError> {
    let locked = File::open(keys).and_then(|folder| folder.lock().map(|()| folder));
    locked.map_err(failed(keys))
}

/// Puts the next authority in the present one's place, whose key is destroyed.
fn put_in_place(keys: &Path) -> Result<(), TlsError> {
    let (present, next) = (Files::present(keys), Files::next(keys));
    if next.former.exists() {
        let put = step().and_then(|()| fs::rename(&next.former, &present.former));
        put.map_err(failed(&present.former))?;
    }
    if next.key.exists() {
        let put = step().and_then(|()| keys::take_place(&next.key, &present.key));
        put.map_err(failed(&present.key))?;
    }
    // The last: without it there is no next one.
    let put = step().and_then(|()| fs::rename(&next.certificate, &present.certificate));
    put.and_then(|()| File::open(keys)?.sync_all()).map_err(failed(&present.certificate))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    let path = path.to_owned();
    move |cause| TlsError::File { path, cause }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::tls::{Certificate, STEPS_LEFT};

    fn hosts() -> Vec<String> {
        vec!["localhost".to_owned()]
    }

    /// Keys with an authority that follows on another, whose server certificate it made.
    fn keys() -> TempDir {
        let keys = tempfile::tempdir().unwrap();
        make_authority(keys.path(), "Kent (Medway) WARP").unwrap();
        make_server_certificate(keys.path(), &hosts()).unwrap();
        change(keys.path(), &hosts(), Next::Made).unwrap();
        keys
    }

    /// How many certificates stand in the file that the server presents.
    fn presented(keys: &Path) -> usize {
        read_chain(&keys.join(SERVER_CERTIFICATE)).unwrap().len()
    }

    #[test]
    fn what_earlier_authorities_said_is_not_left_out_because_it_cannot_be_read() {
        let keys = keys();
        let former = Files::present(keys.path()).former;
        fs::remove_file(&former).unwrap();
        fs::create_dir(&former).unwrap();
        let served = || fs::read(keys.path().join(SERVER_CERTIFICATE)).unwrap();
        let before = served();
        let refused = change(keys.path(), &hosts(), Next::Made).unwrap_err();
        assert!(matches!(&refused, TlsError::File { path, .. } if *path == former), "{refused}");
        assert!(served() == before, "another certificate is served");
    }

    #[test]
    fn a_change_that_is_cut_short_at_any_step_is_finished_or_still_to_come() {
        let before = keys();
        let old = settle(before.path()).unwrap().authority;
        let (mut undone, mut finished) = (0, 0);
        for steps in 0.. {
            let keys = tempfile::tempdir().unwrap();
            for file in fs::read_dir(before.path()).unwrap().map(Result::unwrap) {
                fs::copy(file.path(), keys.path().join(file.file_name())).unwrap();
            }
            STEPS_LEFT.set(steps);
            let cut = change(keys.path(), &hosts(), Next::Made);
            STEPS_LEFT.set(usize::MAX);
            if cut.is_ok() {
                break;
            }
            let to_come =
                next(keys.path()).map(|_| Files::next(keys.path()).fingerprint().unwrap());
            let settled = settle(keys.path()).unwrap();
            let is_changed = settled.authority != old;
            assert_eq!(settled.is_changed, is_changed, "cut after {steps} steps");
            assert!(!is_changed || to_come == Some(settled.authority), "after {steps} steps");
            let served = Certificate::load(keys.path()).unwrap();
            assert_eq!(served.authority(), settled.authority, "after {steps} steps");
            assert_eq!(presented(keys.path()), if is_changed { 6 } else { 4 }, "{steps} steps");
            // The authority has its key, and what is to come has not gone.
            make_server_certificate(keys.path(), &hosts()).unwrap();
            assert_eq!(presented(keys.path()), if is_changed { 6 } else { 4 }, "{steps} steps");
            let changed = change(keys.path(), &hosts(), Next::Made).unwrap();
            assert_eq!(Certificate::load(keys.path()).unwrap().authority(), changed);
            if is_changed {
                finished += 1;
            } else {
                undone += 1;
                assert!(
                    to_come.is_none_or(|next| next == changed),
                    "{steps} steps: another than was handed out"
                );
            }
            let left = fs::read_dir(keys.path()).unwrap().map(|file| file.unwrap().path());
            let left: Vec<_> =
                left.filter(|path| path.extension().is_some_and(|end| end == "next")).collect();
            assert!(left.is_empty(), "after {steps} steps: {left:?}");
        }
        assert!(undone >= 4 && finished >= 4, "{undone} and {finished} steps");
    }

    #[test]
    fn a_change_that_failed_half_way_is_finished_when_it_is_asked_for_again() {
        let keys = keys();
        let (_, next) = make_next(keys.path()).unwrap();
        // Up to the moment itself: the endorsement, the server's key, its certificate, and no further.
        STEPS_LEFT.set(3);
        change(keys.path(), &hosts(), Next::Made).unwrap_err();
        STEPS_LEFT.set(usize::MAX);
        assert_eq!(change(keys.path(), &hosts(), Next::Made).unwrap(), next);
        assert_eq!(settle(keys.path()).unwrap(), Settled { authority: next, is_changed: false });
    }

    #[test]
    fn a_key_that_is_not_the_authoritys_changes_nothing() {
        let keys = keys();
        let before = settle(keys.path()).unwrap().authority;
        let key = keys.path().join("authority.key");
        let kept = fs::read(&key).unwrap();
        fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let served = fs::read(keys.path().join(SERVER_CERTIFICATE)).unwrap();
        for refused in [
            change(keys.path(), &hosts(), Next::Made).err(),
            make_server_certificate(keys.path(), &hosts()).err(),
        ] {
            let refused = refused.unwrap().to_string();
            assert!(refused.contains("authority.key: it is not the key"), "{refused}");
        }
        assert_eq!(fs::read(keys.path().join(SERVER_CERTIFICATE)).unwrap(), served);
        assert_eq!(settle(keys.path()).unwrap().authority, before);
        fs::write(&key, kept).unwrap();
        // Nor does one of the next authority.
        make_next(keys.path()).unwrap();
        let next = keys.path().join("authority.key.next");
        fs::write(&next, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let refused = change(keys.path(), &hosts(), Next::Made).unwrap_err().to_string();
        assert!(refused.contains("authority.key.next: it is not the key"), "{refused}");
        assert_eq!(Certificate::load(keys.path()).unwrap().authority(), before);
    }

    #[test]
    fn a_key_that_was_brought_back_by_a_link_is_taken_away_all_the_same() {
        use std::os::unix::fs::PermissionsExt as _;
        let keys = keys();
        let before = settle(keys.path()).unwrap().authority;
        let key = keys.path().join("authority.key");
        let (elsewhere, target) = (tempfile::tempdir().unwrap(), "brought.key");
        fs::rename(&key, elsewhere.path().join(target)).unwrap();
        let read_only = fs::Permissions::from_mode(0o400);
        fs::set_permissions(elsewhere.path().join(target), read_only).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join(target), &key).unwrap();
        assert_ne!(change(keys.path(), &hosts(), Next::Made).unwrap(), before);
        assert!(!key.is_symlink());
        change(keys.path(), &hosts(), Next::Made).unwrap();
    }

    #[test]
    fn what_else_stands_in_the_authoritys_file_is_not_presented() {
        let keys = keys();
        let (file, _) = make_next(keys.path()).unwrap();
        let path = keys.path().join(AUTHORITY_CERTIFICATE);
        let both = read(&path).unwrap() + &read(&file).unwrap();
        fs::write(&path, both).unwrap();
        make_server_certificate(keys.path(), &hosts()).unwrap();
        assert_eq!(presented(keys.path()), 4);
        change(keys.path(), &hosts(), Next::Made).unwrap();
        assert_eq!(presented(keys.path()), 6);
    }

    #[test]
    fn the_next_authority_stays_the_same_until_its_turn_and_bears_another_name() {
        let keys = keys();
        let name = || facts::name(&Files::present(keys.path()).read().unwrap()).unwrap();
        let before = name();
        assert!(before.starts_with("Kent (Medway) WARP (Warproom, 20"), "{before}");
        let (file, next) = make_next(keys.path()).unwrap();
        assert_eq!(make_next(keys.path()).unwrap(), (file.clone(), next));
        assert_ne!(settle(keys.path()).unwrap().authority, next, "it came before its turn");
        assert_eq!(change(keys.path(), &hosts(), Next::Made).unwrap(), next);
        assert!(!file.exists());
        let after = name();
        assert!(after.starts_with("Kent (Medway) WARP (Warproom, 20"), "{after}");
    }

    #[test]
    fn one_that_was_made_before_is_left_out_where_it_may_have_been_stolen() {
        let keys = keys();
        let (_, stolen) = make_next(keys.path()).unwrap();
        let changed = change(keys.path(), &hosts(), Next::Anew).unwrap();
        assert_ne!(changed, stolen);
        assert_eq!(settle(keys.path()).unwrap().authority, changed);
        assert_eq!(next(keys.path()), None);
    }

    #[test]
    fn the_key_of_a_certificate_is_not_lost_where_making_the_next_one_is_cut_short_twice() {
        let keys = keys();
        // Between the certificate and its key: three steps make one.
        STEPS_LEFT.set(2);
        make_server_certificate(keys.path(), &hosts()).unwrap_err();
        STEPS_LEFT.set(1);
        make_server_certificate(keys.path(), &hosts()).unwrap_err();
        STEPS_LEFT.set(usize::MAX);
        Certificate::load(keys.path()).unwrap();
        make_server_certificate(keys.path(), &hosts()).unwrap();
        Certificate::load(keys.path()).unwrap();
    }

    #[test]
    fn so_many_former_authorities_are_presented_and_no_more() {
        let keys = keys();
        for _ in 0..=limits::FORMER_AUTHORITIES {
            change(keys.path(), &hosts(), Next::Made).unwrap();
        }
        assert_eq!(presented(keys.path()), 2 + 2 * limits::FORMER_AUTHORITIES);
        make_server_certificate(keys.path(), &hosts()).unwrap();
        assert_eq!(presented(keys.path()), 2 + 2 * limits::FORMER_AUTHORITIES);
    }

    #[test]
    fn without_the_key_of_the_present_authority_nothing_is_changed() {
        let keys = keys();
        let before = settle(keys.path()).unwrap().authority;
        fs::rename(keys.path().join("authority.key"), keys.path().join("elsewhere")).unwrap();
        let refused = change(keys.path(), &hosts(), Next::Made).unwrap_err().to_string();
        assert!(refused.contains("authority.key"), "{refused}");
        assert_eq!(settle(keys.path()).unwrap().authority, before);
        assert_eq!(Certificate::load(keys.path()).unwrap().authority(), before);
        fs::rename(keys.path().join("elsewhere"), keys.path().join("authority.key")).unwrap();
        assert_ne!(change(keys.path(), &hosts(), Next::Made).unwrap(), before);
    }
}
