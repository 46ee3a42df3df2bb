//! The store's folder from outside: its version, who has it open, space, and what it lies on. It opens
//! nothing; whether every record is whole is `verify`'s to say.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{FlockOperation, flock, statfs};

use super::Finding;
use crate::config::Config;
use crate::store::{VERSION, VERSION_FILE, VERSIONS, free_bytes, version_in};

/// Free space, in reserves, below which it is time to look for more.
const ROOMY: u64 = 4;

/// File systems over a network, by the number that the system gives them (statfs(2)), and their names. What
/// they promise of `fdatasync` and locks is another machine's to keep.
const NETWORK: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "FUSE"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
];

/// Kept in memory: nothing there outlasts the machine.
const TMPFS: u64 = 0x0102_1994;

pub(super) fn is_running(data: &Path) -> bool {
    let Ok(file) = File::open(data.join(VERSION_FILE)) else { return false };
    let shared = flock(&file, FlockOperation::NonBlockingLockShared);
    matches!(shared, Err(rustix::io::Errno::WOULDBLOCK))
}

pub(super) fn examine(config: &Config, is_running: bool) -> Vec<Finding> {
    let running = if is_running { "a server runs on this store" } else { "no server runs on it" };
    let mut findings = vec![version(&config.data), Finding::note(running)];
    if let Ok(free_bytes) = free_bytes(&config.data) {
        findings.push(space(free_bytes, config.reserve_mib << 20));
    }
    if let Ok(seen) = statfs(&config.data) {
        // The number has 32 bits; some systems keep it in a wider, signed one.
        findings.push(file_system(seen.f_type.cast_unsigned() & 0xffff_ffff));
    }
    findings
}

fn version(data: &Path) -> Finding {
    match fs::read_to_string(data.join(VERSION_FILE)) {
        Ok(text) => match version_in(&text) {
            Some(VERSION) => Finding::fine(format!("the store has form {VERSION}")),
            Some(version) if VERSIONS.contains(&version) => Finding::note(format!(
                "the store has form {version}; it gets form {VERSION} when the server starts"
            )),
            _ => Finding::mend(
                "the store has a form that this program does not know",
                "Use the warproom-server that made it, or a newer one",
            ),
        },
        Err(error) => Finding::mend(
            format!("there is no store in {}: {error}", data.display()),
            "Name the right folder as `data` in warproom.toml, or put the store back from a backup",
        ),
    }
}

fn space(free_bytes: u64, reserve_bytes: u64) -> Finding {
    let (free_mib, reserve_mib) = (free_bytes >> 20, reserve_bytes >> 20);
    let said = format!("{free_mib} MiB are free, {reserve_mib} MiB are kept in reserve");
    if free_bytes < reserve_bytes {
        return Finding::mend(format!("{said}: nothing is stored"), "Make room on the disk");
    }
    if free_bytes < reserve_bytes.saturating_mul(ROOMY) {
        return Finding::mend(format!("{said}: the disk is nearly full"), "Make room on the disk");
    }
    Finding::fine(said)
}

fn file_system(number: u64) -> Finding {
    if let Some((_, name)) = NETWORK.iter().find(|(known, _)| *known == number) {
        return Finding::mend(
            format!("the store is on {name}, where stored may not mean stored"),
            "Move the data folder to a disk of this machine's",
        );
    }
    if number == TMPFS {
        return Finding::mend(
            "the store is kept in memory, and gone with the next start of the machine",
            "Move the data folder to a disk",
        );
    }
    Finding::fine("the store is on a file system of this machine's")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{self, MasterKey, Options};

    #[test]
    fn a_store_is_known_by_its_version_and_a_running_one_by_its_lock() {
        let home = tempfile::tempdir().unwrap();
        let (folder, key) = (home.path().join("data"), MasterKey::generate().unwrap());
        assert!(version(&folder).to_string().contains("there is no store"));
        assert!(!is_running(&folder));
        store::create(&folder, &key).unwrap();
        assert!(!version(&folder).needs_mending(), "{}", version(&folder));
        let opened = store::open(&folder, &key, Options::default()).unwrap();
        assert!(is_running(&folder));
        drop(opened);
        assert!(!is_running(&folder));
        fs::write(folder.join(VERSION_FILE), "warproom-store 1\n").unwrap();
        assert!(version(&folder).to_string().contains("gets form 3"), "{}", version(&folder));
        fs::write(folder.join(VERSION_FILE), "warproom-store 4\n").unwrap();
        assert!(version(&folder).to_string().contains("a newer one"));
    }

    #[test]
    fn a_disk_that_is_full_or_nearly_is_said() {
        let said = |free_mib: u64| space(free_mib << 20, 64 << 20).to_string();
        assert!(said(63).contains("nothing is stored"));
        assert!(said(255).contains("nearly full"));
        assert_eq!(said(256), "ok:   256 MiB are free, 64 MiB are kept in reserve");
    }

    #[test]
    fn a_store_on_the_network_or_in_memory_is_to_be_moved() {
        assert!(file_system(0x6969).to_string().contains("NFS"));
        assert!(file_system(TMPFS).to_string().contains("memory"));
        assert!(!file_system(0xef53).needs_mending(), "ext4");
    }
}
