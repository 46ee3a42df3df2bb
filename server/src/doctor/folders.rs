//! Who may read the folders and keys, and whether the keys lie apart from what they open.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Finding;
use crate::config::Config;
use crate::setup::MASTER_KEY;
use crate::store::MasterKey;

/// What of a mode lets others than the owner in (chmod(2)).
const OTHERS: u32 = 0o077;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![folder("data", &config.data), folder("keys", &config.keys)];
    findings.extend(key_files(&config.keys));
    findings.push(master_key(&config.keys));
    findings.push(apart(&config.data, &config.keys));
    findings
}

fn folder(name: &str, path: &Path) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) => Finding::mend(
            format!("the {name} folder {shown} cannot be looked at: {error}"),
            format!(
                "Name the right folder as `{name}` in warproom.toml, or run this as the server's user"
            ),
        ),
        Ok(seen) if !seen.is_dir() => Finding::mend(
            format!("the {name} folder {shown} is no folder"),
            format!("Name the right folder as `{name}` in warproom.toml"),
        ),
        Ok(seen) => closed(&format!("the {name} folder {shown}"), path, &seen, "700"),
    }
}

/// Whether nobody but the owner gets in, and the owner is whoever runs this, or root.
fn closed(what: &str, path: &Path, seen: &Metadata, mode: &str) -> Finding {
    if seen.mode() & OTHERS != 0 {
        let open = format!("{what} is open to others than its owner ({:o})", seen.mode() & 0o777);
        return Finding::mend(open, format!("Run: chmod {mode} {}", path.display()));
    }
    let me = rustix::process::geteuid().as_raw();
    if me != 0 && seen.uid() != me {
        let how = "Run this as the user that the server runs as, or give it to that user: chown";
        return Finding::mend(format!("{what} belongs to another user"), how);
    }
    Finding::fine(format!("{what} is its owner's alone"))
}

fn key_files(keys: &Path) -> Vec<Finding> {
    let Ok(entries) = fs::read_dir(keys) else { return Vec::new() };
    let mut open = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        // Where a link leads, that is what others may read.
        let seen = fs::metadata(&path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Ok(seen) = seen.as_ref()
            && seen.is_file()
        {
            let found = closed(&format!("keys/{name}"), &path, seen, "600");
            open.extend(found.needs_mending().then_some(found));
        }
    }
    if open.is_empty() { vec![Finding::fine("each key is its owner's alone")] } else { open }
}

fn master_key(keys: &Path) -> Finding {
    match MasterKey::load(&keys.join(MASTER_KEY)) {
        Ok(_) => Finding::fine("the master key can be read"),
        Err(error) => Finding::mend(
            error.to_string(),
            "Put keys/master.key back from your copy of the keys: without it nothing stored can be read",
        ),
    }
}

/// Keys within the data folder go into every copy of it, and open it there.
fn apart(data: &Path, keys: &Path) -> Finding {
    let (Ok(data), Ok(keys)) = (fs::canonicalize(data), fs::canonicalize(keys)) else {
        return Finding::note("whether keys and data lie apart cannot be told");
    };
    if keys.starts_with(&data) {
        return Finding::mend(
            "the keys lie within the data folder, so every backup of it can be opened by its finder",
            "Stop the server, move the keys folder elsewhere, and name it as `keys` in warproom.toml",
        );
    }
    let device = |path: &Path| fs::metadata(path).map(|seen| seen.dev()).ok();
    if device(&keys) == device(&data) {
        return Finding::note(
            "keys and data are on one file system: leave the keys out of the backups of the data",
        );
    }
    Finding::fine("keys and data are on different file systems")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_or_key_that_others_may_read_is_to_be_closed() {
        let home = tempfile::tempdir().unwrap();
        let (keys, file) = (home.path().join("keys"), home.path().join("keys/server.key"));
        fs::create_dir(&keys).unwrap();
        fs::write(&file, "k").unwrap();
        set(&keys, 0o750);
        set(&file, 0o604);
        assert!(folder("keys", &keys).to_string().contains("chmod 700"));
        let found = key_files(&keys);
        assert!(found.len() == 1 && found[0].to_string().contains("chmod 600"), "{found:?}");
        set(&keys, 0o700);
        set(&file, 0o600);
        assert!(!folder("keys", &keys).needs_mending());
        assert_eq!(key_files(&keys), [Finding::fine("each key is its owner's alone")]);
    }

    #[test]
    fn what_is_missing_or_no_key_is_said() {
        let home = tempfile::tempdir().unwrap();
        assert!(folder("data", &home.path().join("nowhere")).to_string().contains("`data`"));
        fs::write(home.path().join("file"), "").unwrap();
        assert!(folder("data", &home.path().join("file")).to_string().contains("is no folder"));
        assert!(master_key(home.path()).to_string().contains("from your copy"));
        fs::write(home.path().join(MASTER_KEY), "not a key").unwrap();
        assert!(master_key(home.path()).needs_mending());
        fs::remove_file(home.path().join(MASTER_KEY)).unwrap();
        MasterKey::generate().unwrap().save_new(&home.path().join(MASTER_KEY)).unwrap();
        assert!(!master_key(home.path()).needs_mending());
    }

    #[test]
    fn keys_within_the_data_are_to_be_moved() {
        let home = tempfile::tempdir().unwrap();
        let (data, keys) = (home.path().join("data"), home.path().join("keys"));
        let inside = data.join("keys");
        fs::create_dir_all(&inside).unwrap();
        fs::create_dir(&keys).unwrap();
        assert!(apart(&data, &inside).to_string().contains("within the data folder"));
        assert!(apart(&data, &keys).to_string().starts_with("note: keys and data are on one"));
        std::os::unix::fs::symlink(&inside, home.path().join("link")).unwrap();
        assert!(apart(&data, &home.path().join("link")).needs_mending(), "by way of a link too");
    }
}
