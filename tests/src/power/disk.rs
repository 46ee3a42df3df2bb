//! What a disk may hold after a power cut, for a folder whose changes are told one by one.
//!
//! Only what an `fsync` or `fdatasync` covered that had ended is sure: the bytes and the length of that
//! file, or, for a folder, the names in it. Of everything else any part may be there. A write is cut into
//! sectors, and each has any of the contents it had since it was last sure; a length is any that the file
//! had since; the names of a folder are as they were after any number of the changes made to them. A file
//! whose name is not sure is not there, whatever was synced of its bytes. That is harsher than most file
//! systems are. It does not know who changes the folder, nor what the files mean.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::crash::Random;

/// A change, or what makes changes sure. Paths are relative to the folder.
#[derive(Clone)]
pub enum Change {
    /// Bytes written to a file.
    Write { path: PathBuf, at: usize, bytes: Vec<u8> },
    /// A file cut or lengthened.
    Length { path: PathBuf, to: usize },
    /// A file made, if it is not there, and emptied, if that was asked for.
    Open { path: PathBuf, empties: bool },
    /// A folder made.
    Folder { path: PathBuf },
    /// A name moved over another.
    Rename { from: PathBuf, to: PathBuf },
    /// A name removed.
    Remove { path: PathBuf },
    /// A file or folder made sure.
    Sync { path: PathBuf },
}

/// What is kept of the changes that are not sure.
#[derive(Clone, Copy, Debug)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// The first so many of a thousand, the last of them torn.
    First(u64),
    /// Each sector by itself: its newest content in so many of a thousand cases, else any.
    Sectors(u64),
}

/// How a sector may be torn.
const SECTORS: [usize; 2] = [512, 4096];

/// A file, whatever its names.
#[derive(Default)]
struct Contents {
    sure: Vec<u8>,
    /// The length now.
    length: usize,
    pending: Vec<Pending>,
}

/// A change of a file that is not sure.
struct Pending {
    call: u64,
    ended: bool,
    at: usize,
    bytes: Vec<u8>,
    /// The length of the file from then on.
    length: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

type Names = BTreeMap<PathBuf, Node>;

/// A change of a folder's names that is not sure.
struct NameChange {
    folder: PathBuf,
    removed: Vec<PathBuf>,
    added: Option<(PathBuf, Node)>,
}

/// A folder on a disk.
pub struct Disk {
    sure: Names,
    now: Names,
    names: Vec<NameChange>,
    files: Vec<Contents>,
    /// What a sync that has begun covers: for a folder, how many changes of its names.
    syncing: HashMap<u64, Covered>,
}

enum Covered {
    File(usize, Vec<u64>),
    Folder(PathBuf, usize),
}

impl Disk {
    /// A folder all of which is sure.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(folder: &Path) -> anyhow::Result<Self> {
        let mut disk = Self {
            sure: Names::from([(PathBuf::new(), Node::Folder)]),
            now: Names::new(),
            names: Vec::new(),
            files: Vec::new(),
            syncing: HashMap::new(),
        };
        disk.take_in(folder, Path::new(""))?;
        disk.now = disk.sure.clone();
        Ok(disk)
    }

    fn take_in(&mut self, folder: &Path, under: &Path) -> anyhow::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = under.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                self.sure.insert(path.clone(), Node::Folder);
                self.take_in(&entry.path(), &path)?;
            } else {
                let sure = fs::read(entry.path())?;
                self.sure.insert(path, Node::File(self.files.len()));
                self.files.push(Contents { length: sure.len(), sure, pending: Vec::new() });
            }
        }
        Ok(())
    }

    /// A call begins. From now on what it writes may be on the disk; a sync covers what has ended.
    ///
    /// # Errors
    /// If it names a file that is not there.
    pub fn begin(&mut self, call: u64, change: &Change) -> anyhow::Result<()> {
        match change {
            Change::Write { path, at, bytes } => {
                let file = self.file(path)?;
                let length = file.length.max(at + bytes.len());
                file.change(call, *at, bytes.clone(), length);
            }
            Change::Length { path, to } => {
                let file = self.file(path)?;
                // What is cut off is zeros, should the file grow again.
                let cut = vec![0; file.length.saturating_sub(*to)];
                file.change(call, *to, cut, *to);
            }
            Change::Sync { path } => {
                let covered = match self.now.get(path) {
                    Some(Node::File(at)) => {
                        let ended = self.files[*at].pending.iter().filter(|change| change.ended);
                        Covered::File(*at, ended.map(|change| change.call).collect())
                    }
                    Some(Node::Folder) => {
                        let of_it = self.names.iter().filter(|change| change.folder == *path);
                        Covered::Folder(path.clone(), of_it.count())
                    }
                    None => bail!("{} is synced and not there", path.display()),
                };
                self.syncing.insert(call, covered);
            }
            _ => {}
        }
        Ok(())
    }

    /// A call has ended well.
    ///
    /// # Errors
    /// If it names what is not there.
    pub fn end(&mut self, call: u64, change: &Change) -> anyhow::Result<()> {
        match change {
            Change::Write { path, .. } | Change::Length { path, .. } => {
                let pending = self.file(path)?.pending.iter_mut();
                pending.filter(|change| change.call == call).for_each(|change| change.ended = true);
            }
            Change::Open { path, empties } => self.open(call, path, *empties)?,
            Change::Folder { path } => self.name(path, &[], Some(Node::Folder))?,
            Change::Rename { from, to } => {
                let node = *self.now.get(from).context("what is renamed is not there")?;
                self.name(to, &[from], Some(node))?;
            }
            Change::Remove { path } => self.name(path, &[path], None)?,
            Change::Sync { .. } => match self.syncing.remove(&call) {
                Some(Covered::File(at, calls)) => self.files[at].make_sure(&calls),
                Some(Covered::Folder(path, count)) => self.make_names_sure(&path, count),
                None => bail!("a sync ends that did not begin"),
            },
        }
        Ok(())
    }

    /// Makes what a power cut may leave, in a folder that does not exist yet.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn cut(&self, to: &Path, keep: Keep, random: &mut Random) -> anyhow::Result<()> {
        let sector = SECTORS[usize::from(random.bits().is_multiple_of(2))];
        let mut names = self.sure.clone();
        let mut left: BTreeMap<&Path, u64> = BTreeMap::new();
        for change in &self.names {
            let of_it = || self.names.iter().filter(|other| other.folder == change.folder).count();
            let left = left.entry(&change.folder).or_insert_with(|| match keep {
                Keep::Nothing => 0,
                Keep::First(share) => of_it() as u64 * share / 1000,
                Keep::Sectors(_) => random.below(of_it() as u64 + 1),
            });
            if *left > 0 {
                *left -= 1;
                change.apply(&mut names);
            }
        }
        for (path, node) in &names {
            match node {
                Node::Folder => fs::create_dir_all(to.join(path))?,
                Node::File(at) => {
                    fs::write(to.join(path), self.files[*at].cut(keep, sector, random))?;
                }
            }
        }
        Ok(())
    }

    /// How many changes are not sure.
    #[must_use]
    pub fn unsure(&self) -> usize {
        self.names.len() + self.files.iter().map(|file| file.pending.len()).sum::<usize>()
    }

    fn file(&mut self, path: &Path) -> anyhow::Result<&mut Contents> {
        match self.now.get(path) {
            Some(Node::File(at)) => Ok(&mut self.files[*at]),
            _ => bail!("{} is written and not there", path.display()),
        }
    }

    fn open(&mut self, call: u64, path: &Path, empties: bool) -> anyhow::Result<()> {
        if !self.now.contains_key(path) {
            self.files.push(Contents::default());
            return self.name(path, &[], Some(Node::File(self.files.len() - 1)));
        }
        if empties {
            let change = Change::Length { path: path.to_owned(), to: 0 };
            self.begin(call, &change)?;
            self.end(call, &change)?;
        }
        Ok(())
    }

    fn name(&mut self, path: &Path, removed: &[&Path], node: Option<Node>) -> anyhow::Result<()> {
        let folder = path.parent().context("it is in a folder")?.to_owned();
        let removed = removed.iter().map(|path| (*path).to_owned()).collect();
        let change = NameChange { folder, removed, added: node.map(|node| (path.into(), node)) };
        change.apply(&mut self.now);
        self.names.push(change);
        Ok(())
    }

    fn make_names_sure(&mut self, folder: &Path, count: usize) {
        let mut left = count;
        let sure = &mut self.sure;
        self.names.retain(|change| {
            let is_covered = change.folder == folder && left > 0;
            if is_covered {
                left -= 1;
                change.apply(sure);
            }
            !is_covered
        });
    }
}

impl NameChange {
    fn apply(&self, names: &mut Names) {
        for path in &self.removed {
            names.remove(path);
        }
        if let Some((path, node)) = &self.added {
            names.insert(path.clone(), *node);
        }
    }
}

impl Contents {
    fn change(&mut self, call: u64, at: usize, bytes: Vec<u8>, length: usize) {
        self.length = length;
        self.pending.push(Pending { call, ended: false, at, bytes, length });
    }

    fn make_sure(&mut self, calls: &[u64]) {
        let (covered, left) =
            self.pending.drain(..).partition(|change| calls.contains(&change.call));
        self.pending = left;
        let covered: Vec<Pending> = covered;
        for change in covered {
            write(&mut self.sure, change.at, &change.bytes);
            self.sure.resize(change.length, 0);
        }
    }

    fn cut(&self, keep: Keep, sector: usize, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.sure.clone();
        let count = self.pending.len();
        let length = match keep {
            _ if count == 0 => self.sure.len(),
            Keep::Nothing => self.sure.len(),
            Keep::First(share) => {
                let kept = usize::try_from((count as u64 * share).div_ceil(1000)).unwrap_or(count);
                for (number, change) in self.pending[..kept].iter().enumerate() {
                    let whole = if number + 1 < kept || share >= 1000 {
                        change.bytes.len()
                    } else {
                        sector * index(random, change.bytes.len() / sector + 1)
                    };
                    write(&mut bytes, change.at, &change.bytes[..whole.min(change.bytes.len())]);
                }
                kept.checked_sub(1).map_or(self.sure.len(), |last| self.pending[last].length)
            }
            Keep::Sectors(share) => {
                self.keep_sectors(&mut bytes, share, sector, random);
                let newest = random.below(1000) < share;
                let which = if newest { count } else { index(random, count + 1) };
                which.checked_sub(1).map_or(self.sure.len(), |last| self.pending[last].length)
            }
        };
        bytes.resize(length, 0);
        bytes
    }

    /// Gives each sector one of the contents it had.
    fn keep_sectors(&self, bytes: &mut Vec<u8>, share: u64, sector: usize, random: &mut Random) {
        let mut changes: BTreeMap<usize, Vec<&Pending>> = BTreeMap::new();
        for change in self.pending.iter().filter(|change| !change.bytes.is_empty()) {
            let last = (change.at + change.bytes.len() - 1) / sector;
            for number in change.at / sector..=last {
                changes.entry(number).or_default().push(change);
            }
        }
        for (number, changes) in changes {
            let newest = random.below(1000) < share;
            let kept = if newest { changes.len() } else { index(random, changes.len() + 1) };
            for change in &changes[..kept] {
                let from = (number * sector).max(change.at);
                let to = ((number + 1) * sector).min(change.at + change.bytes.len());
                write(bytes, from, &change.bytes[from - change.at..to - change.at]);
            }
        }
    }
}

fn index(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.below(end as u64)).unwrap_or(0)
}

fn write(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    let end = at + new.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(new);
}
