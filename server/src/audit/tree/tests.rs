//! The tree over a real store: the same as over all records at once, whenever it is loaded, with its
//! tiles or without.

use warproom_proto::audit::{Event, Means, Record};
use warproom_proto::merkle::{Frontier, continues, includes};

use super::*;
use crate::audit::draft;
use crate::store::{Committer, MasterKey, Options, create, open};

struct Log {
    _home: tempfile::TempDir,
    folder: std::path::PathBuf,
    key: MasterKey,
    opened: Option<(Store, Committer)>,
}

impl Log {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (folder, key) = (home.path().join("store"), MasterKey::generate().unwrap());
        create(&folder, &key).unwrap();
        let opened = Some(open(&folder, &key, Options::default()).unwrap());
        Self { _home: home, folder, key, opened }
    }

    /// The tree as a start loads it.
    fn reopen(&self) -> Tree {
        Tree::load(self.opened.as_ref().unwrap().0.clone()).unwrap()
    }

    /// Appends so many records as the writer does.
    fn append(&mut self, tree: &Tree, count: usize, keeps_tiles: bool) {
        let event = Event::SignedIn { means: Means::Device, device: None, count: 1 };
        let drafts = (0..count).map(|_| draft(&Record::of_server(event.clone())).unwrap());
        let marks = if keeps_tiles { tree.unsaved() } else { Vec::new() };
        let committer = &mut self.opened.as_mut().unwrap().1;
        let appended = committer.commit(drafts.collect(), &marks, 1).unwrap();
        tree.saved(if keeps_tiles { marks.len() } else { 0 });
        tree.push(appended.iter().map(|appended| appended.commitment));
    }

    /// The root over everything, from the records.
    fn root(&self) -> Head {
        let mut frontier = Frontier::default();
        for record in
            self.opened.as_ref().unwrap().0.page(LogId::AUDIT, 1, usize::MAX, Direction::Forward)
        {
            let record = record.unwrap();
            frontier.push(leaf_hash(&commitment(&record.salt, record.at_ms, &record.item).0));
        }
        frontier.root()
    }
}

#[test]
fn a_tree_grown_and_a_tree_loaded_are_the_tree_of_the_records() {
    for keeps_tiles in [true, false] {
        let mut log = Log::new();
        let mut tree = log.reopen();
        for count in [1, 126, 1, 1, 127, 300, 5, 2000, 14_000, 700] {
            log.append(&tree, count, keeps_tiles);
            let root = log.root();
            assert_eq!(tree.root().unwrap().1, root, "grown to {}", tree.size());
            tree = log.reopen();
            assert_eq!(tree.root().unwrap().1, root, "loaded at {}", tree.size());
        }
        assert!(tree.size() > WIDTH * WIDTH, "three rows");
    }
}

#[test]
fn its_proofs_hold_at_every_size_it_had() {
    let mut log = Log::new();
    let mut tree = log.reopen();
    let mut roots = Vec::new();
    for count in [1, 127, 3, 140, 1000, 16_000] {
        log.append(&tree, count, count % 2 == 0);
        roots.push(tree.root().unwrap());
        if count == 140 {
            tree = log.reopen();
        }
    }
    let (size, root) = *roots.last().unwrap();
    for (from, from_root) in &roots {
        let path = tree.consistency(*from, size).unwrap().unwrap();
        assert!(continues((*from, from_root), (size, &root), &path), "{from} to {size}");
    }
    let store = &log.opened.as_ref().unwrap().0;
    for seq in [1, 2, 128, 129, 271, 16_384, 16_385, size] {
        let record = store.read(LogId::AUDIT, seq).unwrap().unwrap();
        let leaf = leaf_hash(&commitment(&record.salt, record.at_ms, &record.item).0);
        let path = tree.inclusion(seq, size).unwrap().unwrap();
        assert!(includes(leaf, seq - 1, size, &path, &root), "{seq} of {size}");
    }
    assert_eq!(tree.inclusion(0, size).unwrap(), None);
    assert_eq!(tree.inclusion(size + 1, size).unwrap(), None);
    assert_eq!(tree.inclusion(1, size + 1).unwrap(), None);
    assert_eq!(tree.consistency(1, size + 1).unwrap(), None);
    assert_eq!(tree.consistency(3, 2).unwrap(), None);
}

/// How long a start takes over a long log. `cargo test --release -p warproom-server --lib a_million -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: it writes a million records"]
#[expect(clippy::print_stderr, reason = "a measurement tells its figures")]
fn a_million_records_load_fast() {
    let mut log = Log::new();
    let tree = log.reopen();
    for _ in 0..2000 {
        log.append(&tree, 500, true);
    }
    // The last full tiles go with the next group.
    log.append(&tree, 1, true);
    let expected = tree.root().unwrap();
    drop(tree);
    let begun = std::time::Instant::now();
    log.opened = None;
    log.opened = Some(open(&log.folder, &log.key, Options::default()).unwrap());
    let opened = begun.elapsed();
    let begun = std::time::Instant::now();
    let loaded = Tree::load(log.opened.as_ref().unwrap().0.clone()).unwrap();
    let (size, root) = loaded.root().unwrap();
    eprintln!("opened in {opened:?}, tree of {size} loaded in {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    for seq in (1..=size).step_by(1009) {
        assert!(loaded.inclusion(seq, size).unwrap().is_some());
    }
    eprintln!("{:?} for an inclusion proof", begun.elapsed() / u32::try_from(size / 1009).unwrap());
    assert_eq!((size, root), expected);
}
