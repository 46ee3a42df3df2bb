//! The commands that keep a WARP: backup, restore, verifying a backup, and changing keys. If a server
//! runs on the folder, it is asked to do it; otherwise it is done on the stopped store.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use warproom_server::backup;
use warproom_server::config::Config;
use warproom_server::control::ask::ask;
use warproom_server::control::{Order, Told};
use warproom_server::setup::{self, MASTER_KEY};
use warproom_server::store::backup::{BackupReport, Taken, verify as verify_backup};
use warproom_server::store::{MasterKey, Options};
use warproom_server::tls::authority::{self, Next};
use warproom_server::{keys, store, tls};

use super::{complain, say};

/// Takes a backup.
pub fn back_up(folder: &Path, to: &Path) -> anyhow::Result<()> {
    let config = Config::load(folder)?;
    let to = std::path::absolute(to).context("the folder of the backup has no absolute path")?;
    let taken = match ask(folder, &Order::Backup { to: to.clone() })? {
        Some(Told::BackedUp(taken)) => taken,
        Some(other) => bail!("the server answered something else: {other:?}"),
        None => backup::take_stopped(&config, &to)?,
    };
    let Taken { number, records, new_records, files, written_bytes } = taken;
    say(&format!(
        "Backup {number} in {} is taken and verified: {records} records, {new_records} of them new, \
         {files} files; {written_bytes} bytes written.\n\
         It opens only with a copy of {}, kept elsewhere.",
        to.display(),
        config.keys.join(MASTER_KEY).display(),
    ))
}

/// Checks a backup.
pub fn verify(folder: &Path, from: &Path, keys: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let keys = match keys {
        Some(keys) => keys,
        None => Config::load(folder)?.keys,
    };
    let report = verify_backup(from, &MasterKey::load(&keys.join(MASTER_KEY))?)?;
    for damage in &report.damage {
        complain(&format!("damaged: {damage}"));
    }
    if !report.damage.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    tell(&report)?;
    say(&format!("{} records, every chain whole", report.records))?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a WARP's folder from a backup.
pub fn restore(folder: &Path, from: &Path, keys: &Path) -> anyhow::Result<()> {
    let report = backup::restore(folder, from, keys)?;
    tell(&report)?;
    say(&format!(
        "{} records are restored to {folder} and verified.\n\n\
         Start it: warproom-server --folder {folder} serve\n\n\
         Whoever read further than this backup goes is told that the history was put back.",
        report.records,
        folder = folder.display(),
    ))
}

fn tell(report: &BackupReport) -> anyhow::Result<()> {
    for (log, position) in &report.logs {
        say(&format!("{log}: {} records, head {}", position.seq, position.head))?;
    }
    let at_ms = u64::try_from(report.about.at_ms).unwrap_or_default();
    say(&format!("backup {}, taken at {}", report.number, utc(at_ms)))
}

/// A time as people read it.
fn utc(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// Changes the master key.
pub fn rotate_master_key(folder: &Path) -> anyhow::Result<()> {
    let config = Config::load(folder)?;
    match ask(folder, &Order::RotateMasterKey {})? {
        Some(Told::MasterKeyRotated { .. }) => {}
        Some(other) => bail!("the server answered something else: {other:?}"),
        None => {
            let key = keys::load(&config)?;
            let options = Options { reserve_bytes: config.reserve_mib << 20, ..Options::default() };
            let (_store, mut committer) = store::open(&config.data, &key, options)?;
            keys::change(&config.keys, &keys::Turn::default(), |new| committer.rekey(&new, &[]))?;
        }
    }
    say(&format!(
        "The store has a new master key; the old one is destroyed. Backups taken until now open only \
         with copies of the old one. So now:\n\
         1. take a backup\n\
         2. renew every copy of {}\n\
         3. destroy the copies of the old master key",
        config.keys.display(),
    ))
}

/// Changes the server's certificate.
pub fn rotate_certificate(folder: &Path) -> anyhow::Result<()> {
    let config = Config::load(folder)?;
    match ask(folder, &Order::RotateCertificate {})? {
        Some(Told::CertificateRotated { hosts, expires_at_ms }) => {
            let until = utc(u64::try_from(expires_at_ms).unwrap_or_default());
            let hosts = hosts.join(", ");
            say(&format!("New connections get a new certificate for {hosts}, valid until {until}."))
        }
        Some(other) => bail!("the server answered something else: {other:?}"),
        None => {
            let hosts = setup::hosts(&config);
            tls::make_server_certificate(&config.keys, &hosts)?;
            say(&format!("A new certificate for {} is in place.", hosts.join(", ")))
        }
    }
}

/// Changes the authority.
pub fn rotate_authority(folder: &Path, anew: bool) -> anyhow::Result<()> {
    let config = Config::load(folder)?;
    let fingerprint = match ask(folder, &Order::RotateAuthority { anew })? {
        Some(Told::AuthorityRotated { authority }) => authority,
        Some(other) => bail!("the server answered something else: {other:?}"),
        None => {
            let next = if anew { Next::Anew } else { Next::Made };
            authority::change(&config.keys, &setup::hosts(&config), next)?
        }
    };
    say(&format!(
        "The authority is {fingerprint} from now on; the old one's key is destroyed. Members' programs \
         follow by themselves. So now:\n\
         1. renew every copy of {}\n\
         2. destroy the copies of the old authority's key\n\
         3. give {} to whoever trusts the old one by its file\n\
         If the old key was stolen: revoke the open invitations and make them anew.",
        config.keys.display(),
        config.keys.join(tls::AUTHORITY_CERTIFICATE).display(),
    ))
}
