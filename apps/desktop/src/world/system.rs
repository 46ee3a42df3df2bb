//! What this computer is called, and where its user's downloads go.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The name of this computer; "this computer" where it has none.
pub(super) fn computer() -> String {
    let named = std::env::var("COMPUTERNAME").ok();
    let named = named.or_else(|| fs::read_to_string("/proc/sys/kernel/hostname").ok());
    let named = named.or_else(|| fs::read_to_string("/etc/hostname").ok()).unwrap_or_default();
    let name = named.trim();
    if name.is_empty() { "this computer".to_owned() } else { name.to_owned() }
}

/// The user's folder of downloads, made if it is not there.
pub(super) fn downloads_folder() -> io::Result<PathBuf> {
    let home = etcetera::home_dir().map_err(io::Error::other)?;
    let folder = downloads(&home);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A path as a person types it: `~` is their own folder, and a path from a file manager may stand in
/// quotes.
pub(super) fn typed(path: &str) -> PathBuf {
    let path = path.trim();
    let bare = path.strip_prefix(['"', '\'']).and_then(|path| path.strip_suffix(['"', '\'']));
    let path = bare.unwrap_or(path);
    match (path.strip_prefix("~/"), etcetera::home_dir()) {
        (Some(rest), Ok(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Writes a file into the user's folder of downloads, for its user alone: under this name, or one with
/// a number if there is one of that name.
pub(super) fn write_download(name: &str, text: &str) -> io::Result<PathBuf> {
    write_new(&downloads_folder()?, name, text)
}

/// Writes a file whose name a person typed: a bare one goes into the folder of downloads, a whole path
/// where it says. Never over another: a name that is taken gets a number.
pub(super) fn write_typed(typed_name: &str, text: &str) -> io::Result<PathBuf> {
    let path = typed(typed_name);
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::other("this is no name of a file"))?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        None => write_download(name, text),
        Some(folder) if folder.is_absolute() => write_new(folder, name, text),
        Some(_) => Err(io::Error::other(
            "this is no whole path: type all of it, from the root or from ~ on, or a name alone",
        )),
    }
}

/// Makes a folder whose name a person typed, as [`write_typed`] takes it, and writes files into it, in
/// their order; for its user alone. Never into one that is there.
pub(super) fn write_folder(typed_name: &str, files: &[(&str, String)]) -> io::Result<PathBuf> {
    let path = typed(typed_name);
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::other("this is no name of a folder"))?;
    let folder = match path.parent().filter(|above| !above.as_os_str().is_empty()) {
        None => downloads_folder()?.join(plain(name)),
        Some(above) if above.is_absolute() => above.join(plain(name)),
        Some(_) => {
            return Err(io::Error::other(
                "this is no whole path: type all of it, from the root or from ~ on, or a name alone",
            ));
        }
    };
    private_folder().create(&folder)?;
    for (name, text) in files {
        let mut file = private().open(folder.join(name))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    Ok(folder)
}

fn private_folder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes to be set"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn downloads(home: &Path) -> PathBuf {
    let said = fs::read_to_string(home.join(".config/user-dirs.dirs")).ok();
    said.and_then(|dirs| said_in(&dirs, home)).unwrap_or_else(|| home.join("Downloads"))
}

/// The folder that xdg-user-dirs names: `XDG_DOWNLOAD_DIR="$HOME/Downloads"`, or a whole path.
fn said_in(dirs: &str, home: &Path) -> Option<PathBuf> {
    let line = dirs.lines().find_map(|line| line.trim().strip_prefix("XDG_DOWNLOAD_DIR="))?;
    let path = line.trim().trim_matches('"');
    match path.strip_prefix("$HOME") {
        Some(rest) => Some(home.join(rest.trim_start_matches('/'))),
        None => Some(PathBuf::from(path)).filter(|path| path.is_absolute()),
    }
}

fn write_new(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    /// Whoever has this many of one name is not helped by another.
    const MOST: u32 = 1000;
    let name = plain(name);
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name.as_str(), String::new()),
    };
    for number in 1..=MOST {
        let numbered = match number {
            1 => name.clone(),
            number => format!("{stem} ({number}){extension}"),
        };
        let path = folder.join(numbered);
        match private().open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Makes a new file, never one that is there.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A name of a file within the folder, on every system.
fn plain(name: &str) -> String {
    let is_odd = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let plain: String = name.chars().map(|c| if is_odd(c) { '-' } else { c }).collect();
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if plain.is_empty() { "warproom".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text| write_new(folder.path(), "board.csv", text).unwrap();
        let (first, second) = (write("one"), write("two"));
        assert_eq!(first, folder.path().join("board.csv"));
        assert_eq!(second, folder.path().join("board (2).csv"));
        assert_eq!(fs::read_to_string(first).unwrap(), "one");
        assert_eq!(fs::read_to_string(second).unwrap(), "two");
    }

    #[test]
    fn a_folder_is_made_for_its_user_alone_and_never_mixed_with_another() {
        let above = tempfile::tempdir().unwrap();
        let typed = above.path().join("foi").display().to_string();
        let files = [("document.md", "one".to_owned()), ("statement.json", "{}".to_owned())];
        let folder = write_folder(&typed, &files).unwrap();
        assert_eq!(fs::read_to_string(folder.join("document.md")).unwrap(), "one");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder), mode(&folder.join("document.md"))), (0o700, 0o600));
        }
        let again = write_folder(&typed, &[("more.md", String::new())]).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert!(!folder.join("more.md").exists());
        assert!(write_folder("papers/foi", &files).is_err(), "it is no whole path");
    }

    #[test]
    fn a_name_stays_within_its_folder() {
        assert_eq!(plain("../../.bashrc"), "-..-.bashrc");
        assert_eq!(plain("C:\\board.csv"), "C--board.csv");
        assert_eq!(plain(" .. "), "warproom");
    }

    #[test]
    fn downloads_go_where_the_user_said() {
        let home = Path::new("/home/ffion");
        let said = |text| said_in(text, home);
        assert_eq!(
            said("XDG_DOWNLOAD_DIR=\"$HOME/Lawrlwythiadau\""),
            Some(home.join("Lawrlwythiadau"))
        );
        assert_eq!(said("XDG_DOWNLOAD_DIR=\"/data/in\""), Some("/data/in".into()));
        assert_eq!(said("XDG_DOWNLOAD_DIR=\"elsewhere\""), None);
        assert_eq!(said("# nothing"), None);
    }
}
