//! The Merkle tree over the audit log, kept as tiles of 128 hashes.
//!
//! The hashes of leaves, then those of full tiles, and so on, stand in rows; each row is cut into tiles.
//! In memory are the last, unfinished tile of each row (some 12 KB however long the log is) and a few
//! full ones. Full tiles are kept in the store as marks, written along with the next group, so that
//! neither a start nor a proof reads the records. They are a cache: one that is missing is made anew
//! from the records, and `verify` makes all of them anew.
//!
//! ```text
//! row 2                                  [ root of 16,384 leaves ┄
//! row 1   [ root of tile 0, root of tile 1, ┄ 128 ][ ┄
//! row 0   [ leaf 0 ┄ leaf 127 ][ leaf 128 ┄ 255 ][ ┄ unfinished
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use warproom_proto::merkle::{self, Nodes, leaf_hash, node_hash};
use warproom_proto::record::commitment;
use warproom_proto::{Head, LogId, Seq};

use crate::store::{Direction, Mark, ReadError, Store};

/// Levels in a tile: 128 hashes are 4 KiB, which a mark can hold.
const LEVELS: u32 = 7;

/// Hashes in a tile.
const WIDTH: u64 = 1 << LEVELS;

/// How many full tiles stay in memory, 4 KiB each. Beyond it all are dropped, which costs reading
/// again what is still used.
const CACHED: usize = 256;

/// The kind of these marks, as the first byte of their keys.
const TILES: u8 = b't';

type Hashes = Arc<[Head]>;

/// A tile's place: its row, and its number there.
type Place = (u32, u64);

/// The tree.
pub struct Tree {
    store: Store,
    growing: RwLock<Growing>,
    cache: Mutex<HashMap<Place, Hashes>>,
}

/// A tree as it grows.
#[derive(Clone, Default)]
pub(super) struct Growing {
    size: u64,
    /// The unfinished tile of each row.
    tails: Vec<Vec<Head>>,
    /// Full tiles that are not in the store yet, oldest first.
    unsaved: Vec<(Place, Hashes)>,
}

impl Tree {
    /// The tree over the log as it stands in the store.
    pub fn load(store: Store) -> Result<Self, ReadError> {
        let size = store.position(LogId::AUDIT).seq;
        let tree = Self { store, growing: RwLock::default(), cache: Mutex::default() };
        let mut growing = Growing { size, ..Growing::default() };
        let mut row = 0;
        while size >> (LEVELS * row) > 0 {
            let count = size >> (LEVELS * row);
            let from = count - count % WIDTH;
            growing.tails.push(tree.row(row, from, count, &mut growing.unsaved)?);
            row += 1;
        }
        growing.unsaved.sort_by_key(|(place, _)| *place);
        *tree.growing.write().unwrap_or_else(PoisonError::into_inner) = growing;
        Ok(tree)
    }

    /// Adds the commitments of records that are durable, in order.
    pub fn push(&self, commitments: impl Iterator<Item = Head>) {
        let mut growing = self.growing.write().unwrap_or_else(PoisonError::into_inner);
        for commitment in commitments {
            growing.push(leaf_hash(&commitment.0));
        }
    }

    /// Full tiles that are to be kept in the store, as marks.
    pub fn unsaved(&self) -> Vec<Mark> {
        /// A group commit carries this many at most: 64 KiB.
        const AT_ONCE: usize = 16;
        let growing = self.growing.read().unwrap_or_else(PoisonError::into_inner);
        let mark = |((row, index), hashes): &(Place, Hashes)| Mark {
            key: key(*row, *index),
            value: hashes.iter().flat_map(|hash| hash.0).collect(),
        };
        growing.unsaved.iter().take(AT_ONCE).map(mark).collect()
    }

    /// The first so many of them are kept.
    pub fn saved(&self, count: usize) {
        let mut growing = self.growing.write().unwrap_or_else(PoisonError::into_inner);
        let count = count.min(growing.unsaved.len());
        growing.unsaved.drain(..count);
    }

    /// How many records the tree covers, and its root.
    pub fn root(&self) -> Result<(Seq, Head), ReadError> {
        let mut snapshot = self.snapshot();
        let size = snapshot.growing.size;
        Ok((size, merkle::root(&mut snapshot, size)?))
    }

    /// How many records the tree covers.
    pub fn size(&self) -> Seq {
        self.growing.read().unwrap_or_else(PoisonError::into_inner).size
    }

    /// The proof that a record, by its number from 1, is among the first `size`; `None` if it is not.
    pub fn inclusion(&self, seq: Seq, size: Seq) -> Result<Option<Vec<Head>>, ReadError> {
        let mut snapshot = self.snapshot();
        if seq == 0 || seq > size || size > snapshot.growing.size {
            return Ok(None);
        }
        merkle::inclusion(&mut snapshot, seq - 1, size).map(Some)
    }

    /// The proof that the first `to` records begin with the first `from`; `None` if there are not so
    /// many.
    pub fn consistency(&self, from: Seq, to: Seq) -> Result<Option<Vec<Head>>, ReadError> {
        let mut snapshot = self.snapshot();
        if from > to || to > snapshot.growing.size {
            return Ok(None);
        }
        merkle::consistency(&mut snapshot, from, to).map(Some)
    }

    /// The tree as it is now: proofs are made without holding the writer up.
    fn snapshot(&self) -> Snapshot<'_> {
        let growing = self.growing.read().unwrap_or_else(PoisonError::into_inner).clone();
        Snapshot { tree: self, growing }
    }

    /// Hashes of a row, from the store: those of row 0 from records, those above from the tiles below.
    fn row(
        &self,
        row: u32,
        from: u64,
        to: u64,
        missing: &mut Vec<(Place, Hashes)>,
    ) -> Result<Vec<Head>, ReadError> {
        if row == 0 {
            return self.leaves(from, to);
        }
        let root = |index| Ok(root_of(&self.full_tile((row - 1, index), missing)?));
        (from..to).map(root).collect()
    }

    /// A full tile from the store, made anew if it is not there.
    fn full_tile(
        &self,
        place @ (row, index): Place,
        missing: &mut Vec<(Place, Hashes)>,
    ) -> Result<Hashes, ReadError> {
        if let Some(hashes) = self.kept_tile(place)? {
            return Ok(hashes);
        }
        let hashes: Hashes = self.row(row, index * WIDTH, (index + 1) * WIDTH, missing)?.into();
        missing.push((place, Arc::clone(&hashes)));
        Ok(hashes)
    }

    fn kept_tile(&self, place @ (row, index): Place) -> Result<Option<Hashes>, ReadError> {
        let cached = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if cached.is_some() {
            return Ok(cached);
        }
        let key = key(row, index);
        let mark = self.store.marks(&key).next().transpose()?;
        let hashes = mark.filter(|mark| mark.key == key).and_then(|mark| parse(&mark.value));
        if let Some(hashes) = &hashes {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.len() >= CACHED {
                cache.clear();
            }
            cache.insert(place, Arc::clone(hashes));
        }
        Ok(hashes)
    }

    /// The hashes of leaves, from the records.
    fn leaves(&self, from: u64, to: u64) -> Result<Vec<Head>, ReadError> {
        let count = usize::try_from(to - from).unwrap_or(usize::MAX);
        let records = self.store.page(LogId::AUDIT, from + 1, count, Direction::Forward);
        let leaf = |record: Result<crate::store::Stored, ReadError>| {
            let record = record?;
            Ok(leaf_hash(&commitment(&record.salt, record.at_ms, &record.item).0))
        };
        records.map(leaf).collect()
    }
}

impl Growing {
    /// Looks at the tiles that became full since the last time: the number, from 0, of the first leaf
    /// under the first of them that the store has otherwise.
    pub(super) fn first_wrong(&mut self, store: &Store) -> Result<Option<u64>, ReadError> {
        let mut wrong = None;
        for ((row, index), hashes) in self.unsaved.drain(..) {
            let key = key(row, index);
            let mark = store.marks(&key).next().transpose()?.filter(|mark| mark.key == key);
            if mark.is_some_and(|mark| parse(&mark.value).is_none_or(|kept| kept != hashes)) {
                wrong.get_or_insert((index * WIDTH) << (LEVELS * row));
            }
        }
        Ok(wrong)
    }

    pub(super) fn push(&mut self, leaf: Head) {
        self.size += 1;
        let mut hash = leaf;
        for row in 0.. {
            if self.tails.len() <= row {
                self.tails.push(Vec::new());
            }
            let tail = &mut self.tails[row];
            tail.push(hash);
            if tail.len() < 1 << LEVELS {
                return;
            }
            let full: Hashes = std::mem::take(tail).into();
            hash = root_of(&full);
            let row = u32::try_from(row).unwrap_or_default();
            self.unsaved.push(((row, (self.size >> (LEVELS * (row + 1))) - 1), full));
        }
    }
}

struct Snapshot<'a> {
    tree: &'a Tree,
    growing: Growing,
}

impl Nodes for Snapshot<'_> {
    type Error = ReadError;

    fn node(&mut self, level: u32, index: u64) -> Result<Head, ReadError> {
        let (row, above) = (level / LEVELS, level % LEVELS);
        let first = index << above;
        let place = (row, first / WIDTH);
        let count = self.growing.size >> (LEVELS * row);
        let tile = if place.1 == count / WIDTH {
            let tail = usize::try_from(row).ok().and_then(|row| self.growing.tails.get(row));
            tail.map(|tail| Hashes::from(&tail[..])).unwrap_or_default()
        } else if let Some((_, tile)) = self.growing.unsaved.iter().find(|(at, _)| *at == place) {
            Arc::clone(tile)
        } else {
            self.tree.full_tile(place, &mut Vec::new())?
        };
        let from = usize::try_from(first % WIDTH).unwrap_or_default();
        let part = tile.get(from..from + (1 << above));
        // A proof asks only for subtrees that are complete, so the part is there.
        Ok(root_of(part.unwrap_or_default()))
    }
}

/// The root over a number of hashes that is a power of two.
fn root_of(hashes: &[Head]) -> Head {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.first().copied().unwrap_or_else(merkle::empty_root)
}

fn key(row: u32, index: u64) -> Vec<u8> {
    [&[TILES][..], &row.to_be_bytes(), &index.to_be_bytes()].concat()
}

/// Reads a tile and writes it again, for the fuzz targets.
pub fn reread(value: &[u8]) -> Option<Vec<u8>> {
    Some(parse(value)?.iter().flat_map(|hash| hash.0).collect())
}

fn parse(value: &[u8]) -> Option<Hashes> {
    let hashes: Vec<Head> = value.as_chunks::<32>().0.iter().copied().map(Head).collect();
    (value.len() == hashes.len() * 32 && hashes.len() == 1 << LEVELS).then(|| hashes.into())
}

#[cfg(test)]
mod tests;
