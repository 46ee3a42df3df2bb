//! A watched folder.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use warproom_relay::cursor::Cursor;
use warproom_relay::fetch::Fetcher;
use warproom_relay::source::{Gathered, gather};

use crate::settings::folder as folder_source;

fn read(path: &Path, cursor: &mut Cursor) -> Gathered {
    let source = folder_source(path);
    let fetcher = Fetcher::new(&source).map_err(|error| error.to_string()).unwrap();
    let gathered = gather(&source, &fetcher, cursor, 0).unwrap_or_else(|error| panic!("{error}"));
    let Some(gathered) = gathered else { return Gathered::default() };
    cursor.marks = gathered.marks.clone();
    gathered
}

fn rss(id: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>T</title><item><guid>{id}</guid><title>Item {id}</title></item></channel></rss>"
    )
}

#[test]
fn each_file_is_read_once_whatever_it_is_called_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.xml"), rss("a")).unwrap();
    let mut cursor = Cursor::default();
    assert_eq!(read(folder.path(), &mut cursor).items.len(), 1);
    assert_eq!(read(folder.path(), &mut cursor).items.len(), 0);
    // The same content under another name is nothing new; another content under the same name is.
    fs::rename(at("a.xml"), at("b.xml")).unwrap();
    fs::write(at("c.xml"), rss("c")).unwrap();
    let gathered = read(folder.path(), &mut cursor);
    assert_eq!(gathered.items.iter().map(|item| &*item.id).collect::<Vec<_>>(), ["c"]);
    assert!(at("b.xml").exists() && at("c.xml").exists());
}

#[test]
fn what_is_still_written_waits_and_what_is_no_document_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("bad.bin"), "nothing known").unwrap();
    fs::write(at("half.xml.part"), rss("half")).unwrap();
    fs::write(at(".hidden.xml"), rss("hidden")).unwrap();
    fs::create_dir(at("folder.xml")).unwrap();
    fs::write(at("folder.xml/inner.xml"), rss("inner")).unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), rss("outside")).unwrap();
    symlink(outside.path(), at("link.xml")).unwrap();
    let large = fs::File::create(at("large.json")).unwrap();
    large.set_len(33 * 1024 * 1024).unwrap();
    let mut cursor = Cursor::default();
    let first = read(folder.path(), &mut cursor);
    assert!(first.items.is_empty());
    let mut reported: Vec<_> = first.problems.iter().map(|problem| &*problem.item).collect();
    reported.sort_unstable();
    assert_eq!(reported, ["bad.bin", "large.json", "link.xml"]);
    fs::rename(at("half.xml.part"), at("half.xml")).unwrap();
    let second = read(folder.path(), &mut cursor);
    assert_eq!(second.items.iter().map(|item| &*item.id).collect::<Vec<_>>(), ["half"]);
    assert_eq!(second.problems, []);
    let source = folder_source(folder.path());
    let fetcher = Fetcher::new(&source).map_err(|error| error.to_string()).unwrap();
    let third = gather(&source, &fetcher, &cursor, 0).unwrap_or_else(|error| panic!("{error}"));
    assert!(third.is_none(), "nothing has changed");
}

#[test]
fn a_file_that_grows_is_left_for_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xml");
    let whole = rss("a");
    fs::write(&path, &whole[..20]).unwrap();
    let writer = std::thread::spawn({
        let (path, whole) = (path.clone(), whole.clone());
        move || {
            // Within the two seconds between the looks.
            std::thread::sleep(std::time::Duration::from_millis(700));
            fs::write(&path, whole).unwrap();
        }
    });
    let mut cursor = Cursor::default();
    let first = read(folder.path(), &mut cursor);
    writer.join().unwrap();
    assert!(first.items.is_empty() && first.problems.is_empty(), "{:?}", first.problems);
    assert_eq!(read(folder.path(), &mut cursor).items.len(), 1);
}

#[test]
fn a_file_that_cannot_be_opened_is_reported_once_and_read_when_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xml");
    fs::write(&path, rss("a")).unwrap();
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o000);
    if fs::read(&path).is_ok() {
        // Who may read everything has no such file.
        return;
    }
    let mut cursor = Cursor::default();
    let first = read(folder.path(), &mut cursor);
    assert_eq!(first.problems.len(), 1);
    assert!(first.problems[0].reason.contains("cannot be read"), "{:?}", first.problems);
    assert_eq!(read(folder.path(), &mut cursor).problems, []);
    mode(0o600);
    assert_eq!(read(folder.path(), &mut cursor).items.len(), 1);
}

#[test]
fn a_files_name_cannot_steer_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("\u{1b}[2Jbad\u{202e}.bin"), "nothing known").unwrap();
    let problems = read(folder.path(), &mut Cursor::default()).problems;
    assert_eq!(problems.len(), 1);
    let name = &problems[0].item;
    assert!(name.contains("bad") && !name.contains(['\u{1b}', '\u{202e}']), "{name:?}");
}
