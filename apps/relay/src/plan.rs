//! What of a source is new, and whether it is posted one by one or as a digest. Pure: it takes what
//! was read and what is remembered, and gives what to post and what to remember from then on.
//!
//! It knows no rooms and no labels; those come when a post is composed.

mod filter;

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use warproom_client::proto::Message;

use crate::config::{Kind, Source};
use crate::cursor::{Cursor, Seen, Told};
use crate::item::Item;
use crate::source::Gathered;

/// What to do about what was read.
pub struct Plan {
    /// What to post, in order.
    pub posts: Vec<Post>,
    /// What to remember with it. Nothing is on its way in it yet.
    pub cursor: Cursor,
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
    /// The key it is posted under: its own, or that of the item it takes the place of.
    pub root: String,
    /// Whether an earlier revision was posted on its own.
    pub follows: bool,
}

/// Items posted as a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The items, the worst first, of equal ones the newest.
    pub items: Vec<Item>,
    /// Whether it is the first look at the source.
    pub first_look: bool,
    /// Whether they are exercises: all of them or none.
    pub exercise: bool,
    /// How many more there are that were not read.
    pub unread: usize,
}

/// A key for an item: its id where that is short and printable, else a hash of it.
#[must_use]
pub fn key(id: &str) -> String {
    /// Far longer than the ids of any format, far shorter than a line.
    const CHARS: usize = 200;
    let plain = id.chars().count() <= CHARS && id.trim() == id && !id.contains(char::is_control);
    if plain { id.to_owned() } else { format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(id))) }
}

/// Plans what to do about what was read.
#[must_use]
pub fn plan(source: &Source, cursor: &Cursor, gathered: Gathered, now_ms: i64) -> Plan {
    let Gathered { items, marks, more, unread, .. } = gathered;
    let first_look = !cursor.looked && source.kind != Kind::Folder;
    let mut next = Cursor { marks, pending: Vec::new(), ..cursor.clone() };
    next.looked = cursor.looked || !more;

    let items = each_once(items, source.exercise);
    let present: BTreeSet<String> = items.iter().map(|(key, _)| key.clone()).collect();
    let mut sorter = Sorter::new(source, &items, now_ms);
    for (key, item) in items {
        let seen = sorter.sort(&next, &key, item);
        next.items.insert(key, seen);
    }
    next.forget(&present, now_ms);

    let Sorter { real, exercises, held_back, .. } = sorter;
    let mut posts = Vec::new();
    for (group, exercise, unread) in [(real, false, unread), (exercises, true, 0)] {
        let frame = Digest { items: Vec::new(), first_look, exercise, unread };
        posts.extend(group.posts(&frame, source.digest_over, &mut next));
    }
    Plan { posts, cursor: next, held_back }
}

/// The items by key, the last of those that share one; the oldest first, so that what follows up
/// another comes after it.
fn each_once(items: Vec<Item>, all_exercise: bool) -> Vec<(String, Item)> {
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    let mut once: Vec<Option<(String, Item)>> = Vec::new();
    for mut item in items {
        item.exercise |= all_exercise;
        let key = key(&item.id);
        if let Some(earlier) = place.insert(key.clone(), once.len()) {
            once[earlier] = None;
        }
        once.push(Some((key, item)));
    }
    let mut once: Vec<_> = once.into_iter().flatten().collect();
    once.sort_by_key(|(_, item)| item.issued_at_ms);
    once
}

/// What is to be posted of one kind, real or exercise.
#[derive(Default)]
struct Group {
    /// What was not posted on its own before.
    fresh: Vec<One>,
    /// What follows up an own post.
    follow_ups: Vec<One>,
}

impl Group {
    /// The posts. Fills in what the rooms were told by them.
    fn posts(self, frame: &Digest, over: usize, next: &mut Cursor) -> Vec<Post> {
        let Self { fresh, mut follow_ups } = self;
        let mut alone = Vec::new();
        let mut listed = Vec::new();
        let most = if frame.first_look { 1 } else { over };
        if follow_ups.len() > over {
            listed.append(&mut follow_ups);
        }
        alone.append(&mut follow_ups);
        if fresh.len() > most || !listed.is_empty() || frame.unread > 0 && !fresh.is_empty() {
            listed.extend(fresh);
        } else {
            alone.extend(fresh);
        }
        for (ones, told) in [(&alone, Told::Alone), (&listed, Told::Digest)] {
            for one in ones {
                if let Some(seen) = next.items.get_mut(&key(&one.item.id)) {
                    seen.told = seen.told.max(told);
                }
            }
        }
        let mut posts: Vec<_> = alone.into_iter().map(|one| Post::One(Box::new(one))).collect();
        if !listed.is_empty() {
            let mut items: Vec<_> = listed.into_iter().map(|one| one.item).collect();
            items.sort_by_key(|item| std::cmp::Reverse((item.severity, item.issued_at_ms)));
            posts.push(Post::Digest(Digest { items, ..frame.clone() }));
        }
        posts
    }
}

/// Sorts items into what is posted and what is only remembered.
struct Sorter<'a> {
    source: &'a Source,
    /// Keys that another item of the same reading takes the place of.
    replaced: BTreeSet<String>,
    now_ms: i64,
    real: Group,
    exercises: Group,
    held_back: usize,
}

impl<'a> Sorter<'a> {
    fn new(source: &'a Source, items: &[(String, Item)], now_ms: i64) -> Self {
        let replaced = items.iter().flat_map(|(own, item)| {
            item.replaces.iter().map(|id| key(id)).filter(move |key| key != own)
        });
        let replaced = replaced.collect();
        let (real, exercises) = Default::default();
        Self { source, replaced, now_ms, real, exercises, held_back: 0 }
    }

    /// Takes one item, and says what to remember of it. What the rooms are told of it now is filled
    /// in when it is known how.
    fn sort(&mut self, cursor: &Cursor, own: &str, item: Item) -> Seen {
        let known = cursor.items.get(own);
        let earlier = known.map(|seen| (own.to_owned(), seen)).or_else(|| {
            let keys = item.replaces.iter().map(|id| key(id));
            keys.filter_map(|key| Some((key.clone(), cursor.items.get(&key)?)))
                .max_by_key(|(_, seen)| seen.told)
        });
        let told = earlier.as_ref().map_or(Told::No, |(_, seen)| seen.told);
        // The first of a line of replacements gives the key, also where nothing was seen of it.
        let root = match &earlier {
            Some((key, _)) => cursor.root(key).to_owned(),
            None => item.replaces.first().map_or_else(|| own.to_owned(), |id| key(id)),
        };
        let seen = Seen {
            revision: item.revision.clone(),
            root: (root != own).then(|| root.clone()),
            told,
            at_ms: self.now_ms,
        };
        if known.is_some_and(|known| known.revision == item.revision) {
            return seen;
        }
        if self.is_posted(own, &item, told) {
            let group = if item.exercise { &mut self.exercises } else { &mut self.real };
            let follows = told == Told::Alone;
            let queue = if follows { &mut group.follow_ups } else { &mut group.fresh };
            queue.push(One { item, root, follows });
        } else {
            self.held_back += 1;
        }
        seen
    }

    fn is_posted(&self, own: &str, item: &Item, told: Told) -> bool {
        // What the rooms know of is followed up, whatever the filters say now.
        if told > Told::No {
            return true;
        }
        let is_over = item.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= self.now_ms);
        let withdraws = item.message == Message::Cancel;
        !is_over
            && !withdraws
            && !self.replaced.contains(own)
            && filter::passes(&self.source.filters, item)
    }
}
