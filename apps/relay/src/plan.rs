//! What of a source is new, and whether it is posted one by one or as a digest. Pure: it takes what
//! was read and what is remembered, and gives what to post and what to remember from then on.
//!
//! It knows no labels and no room's bounds; those come when a post is composed.

mod filter;
mod line;
mod sort;

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use warproom_client::proto::Message;

use self::sort::Sorter;
use crate::config::{Kind, Source};
use crate::cursor::Cursor;
use crate::item::Item;
use crate::source::Gathered;

pub use line::Line;

/// What to do about what was read.
pub struct Plan {
    /// What to post, in order.
    pub posts: Vec<Post>,
    /// What to remember with it. What was on its way before is still in it.
    pub cursor: Cursor,
    /// The keys under which there is a newer word than what may still be on its way.
    pub overtaken: BTreeSet<String>,
    /// Whether there is more to follow up, the next time.
    pub more: bool,
    /// How many new items are not posted, because a filter holds them back or they are over.
    pub held_back: usize,
}

/// One post, before it is known to which rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Post {
    /// An item of its own.
    One(Box<One>),
    /// Many items as a list.
    Digest(Digest),
}

/// An item posted on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct One {
    /// The item.
    pub item: Item,
    /// Its key.
    pub key: String,
    /// What it goes on with: its own line, or those of the items it takes the place of. Never empty.
    pub lines: Vec<Line>,
    /// Whether it is also for a room that was told nothing of it.
    pub fresh: bool,
    /// How often it went back to what it had said before.
    pub turn: u32,
}

impl One {
    /// Whether it is never put into a digest: it withdraws, or follows up a post of its own.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.item.message == Message::Cancel || self.lines.iter().any(Line::is_alone)
    }
}

/// Items posted as a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The items, the worst first, of equal ones the newest.
    pub items: Vec<One>,
    /// Whether it is the first look at the source.
    pub first_look: bool,
    /// Whether they are exercises: all of them or none.
    pub exercise: bool,
    /// How many more there are that were not read.
    pub unread: usize,
}

impl Digest {
    /// The same of no items.
    #[must_use]
    pub const fn frame(&self) -> Self {
        let Self { items: _, first_look, exercise, unread } = *self;
        Self { items: Vec::new(), first_look, exercise, unread }
    }
}

/// A key for an item: its id where that is short and printable, else a hash of it.
#[must_use]
pub fn key(id: &str) -> String {
    /// Far longer than the ids of any format, far shorter than a line.
    const CHARS: usize = 200;
    let plain = id.chars().count() <= CHARS && id.trim() == id && !id.contains(char::is_control);
    if plain { id.to_owned() } else { format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(id))) }
}

/// The key for an id among items of a kind. An exercise and what is real never share one, whatever ids
/// they have: neither is taken for the other, follows it up or withdraws it.
fn key_among(exercise: bool, id: &str) -> String {
    if exercise { key(&format!("exercise:{id}")) } else { key(id) }
}

/// Plans what to do about what was read.
#[must_use]
pub fn plan(source: &Source, cursor: &Cursor, gathered: Gathered, now_ms: i64) -> Plan {
    let Gathered { items, marks, more, unread, .. } = gathered;
    let first_look = !cursor.looked && source.kind != Kind::Folder;
    let mut next = cursor.clone();

    let items = each_once(items, source.exercise);
    let present: BTreeSet<String> = items.iter().map(|(key, _)| key.clone()).collect();
    let mut sorter = Sorter::new(source, &next, &items, now_ms);
    let all = items.into_iter().all(|(key, item)| sorter.sort(&mut next, &key, item));
    if all {
        next.marks = marks;
        next.looked = cursor.looked || !more;
    }
    // Otherwise the same is read again: what was sorted is known then, and the rest is not passed over.
    next.forget(&present, now_ms);

    let Sorter { real, exercises, held_back, overtaken, .. } = sorter;
    let mut posts = Vec::new();
    for (group, exercise, unread) in [(real, false, unread), (exercises, true, 0)] {
        let frame = Digest { items: Vec::new(), first_look, exercise, unread };
        posts.extend(group.posts(&frame, source.digest_over));
    }
    Plan { posts, cursor: next, held_back, overtaken, more: !all }
}

/// The items by key, of those that share one the newest, of equally new ones the last; the oldest
/// first, so that what follows up another comes after it.
fn each_once(items: Vec<Item>, all_exercise: bool) -> Vec<(String, Item)> {
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    let mut once: Vec<Option<(String, Item)>> = Vec::new();
    for mut item in items {
        item.exercise |= all_exercise;
        let key = key_among(item.exercise, &item.id);
        if let Some(earlier) = place.get(&key).copied() {
            let issued_ms = once[earlier].as_ref().and_then(|(_, earlier)| earlier.issued_at_ms);
            if issued_ms > item.issued_at_ms {
                continue;
            }
            once[earlier] = None;
        }
        place.insert(key.clone(), once.len());
        once.push(Some((key, item)));
    }
    let mut once: Vec<_> = once.into_iter().flatten().collect();
    once.sort_by_key(|(_, item)| item.issued_at_ms);
    once
}

/// What is to be posted of one kind, real or exercise.
#[derive(Default)]
struct Group {
    /// What may become a digest.
    fresh: Vec<One>,
    /// What is always posted on its own.
    alone: Vec<One>,
}

impl Group {
    fn posts(self, frame: &Digest, over: usize) -> Vec<Post> {
        let Self { fresh, alone } = self;
        let mut posts: Vec<_> = alone.into_iter().map(|one| Post::One(Box::new(one))).collect();
        let most = if frame.first_look { 1 } else { over };
        if fresh.len() > most || frame.unread > 0 && !fresh.is_empty() {
            let mut items = fresh;
            items.sort_by_key(|one| std::cmp::Reverse((one.item.severity, one.item.issued_at_ms)));
            posts.push(Post::Digest(Digest { items, ..frame.frame() }));
        } else {
            posts.extend(fresh.into_iter().map(|one| Post::One(Box::new(one))));
        }
        posts
    }
}
