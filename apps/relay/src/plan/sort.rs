//! Sorting items into what is posted and what is only remembered.

use std::collections::{BTreeMap, BTreeSet};

use warproom_client::proto::Message;

use super::line::{Line, Lines, roots};
use super::{Group, One, filter, key_among};
use crate::config::Source;
use crate::cursor::{Cursor, Seen};
use crate::item::Item;

/// The most lines that are followed up in one round: what is more waits for the next, which comes
/// soon. A withdrawal is not lost in a digest, and the rooms are not flooded.
const FOLLOWED_UP: usize = 50;

/// The most lines that one item goes on with: as many as an item may name.
const LINES: usize = 32;

/// Sorts items into what is posted and what is only remembered.
pub(super) struct Sorter<'a> {
    source: &'a Source,
    now_ms: i64,
    lines: Lines,
    /// Keys of this reading that another item of it takes the place of.
    replaced_now: BTreeSet<String>,
    /// Who speaks under the keys of this reading.
    senders: BTreeMap<String, String>,
    pub(super) real: Group,
    pub(super) exercises: Group,
    pub(super) held_back: usize,
    /// The lines in which there is a newer word than what may still be on its way.
    pub(super) overtaken: BTreeSet<String>,
    followed_up: usize,
}

impl<'a> Sorter<'a> {
    pub(super) fn new(
        source: &'a Source,
        cursor: &Cursor,
        items: &[(String, Item)],
        now_ms: i64,
    ) -> Self {
        let senders = items.iter().map(|(key, item)| (key.clone(), item.sender.clone())).collect();
        let mut sorter = Self {
            source,
            now_ms,
            lines: Lines::of(cursor),
            replaced_now: BTreeSet::new(),
            senders,
            real: Group::default(),
            exercises: Group::default(),
            held_back: 0,
            overtaken: BTreeSet::new(),
            followed_up: 0,
        };
        for (own, item) in items {
            let replaced = sorter.replaces(cursor, own, item);
            sorter.replaced_now.extend(replaced);
        }
        sorter
    }

    /// Takes one item, and remembers it. Says whether the round has room for more: if not, this one
    /// and those after it stay as if they were not read.
    pub(super) fn sort(&mut self, cursor: &mut Cursor, own: &str, item: Item) -> bool {
        let replaces = self.replaces(cursor, own, &item);
        let was_replaced = cursor.is_replaced(own, &item.sender);
        for key in &replaces {
            cursor.replace(key, &item.sender, self.now_ms);
        }
        let known = cursor.items.get(own).cloned();
        if let Some(known) = &known
            && known.revision == item.revision
        {
            self.remember(cursor, own, Seen { at_ms: self.now_ms, ..known.clone() });
            return true;
        }
        let all = all_roots(cursor, own, known.as_ref(), &replaces);
        let current = all.iter().filter(|root| !self.lines.has_newer(root, item.issued_at_ms));
        let lines: Vec<_> = current.map(|root| self.lines.line(root.clone())).collect();
        if let Some(known) = known.as_ref().filter(|_| lines.is_empty()) {
            self.held_back += 1;
            self.remember(cursor, own, Seen { at_ms: self.now_ms, ..known.clone() });
            return true;
        }
        let mut seen = self.seen(own, known, &item, &all);
        let comes_late = lines.is_empty() || was_replaced;
        if !comes_late {
            self.overtaken.extend(lines.iter().map(|line| line.root.clone()));
        }
        let posted = if comes_late { None } else { self.to_post(own, item, lines) };
        match posted {
            None => self.held_back += 1,
            Some(one) if !self.has_room_for(&one) => return false,
            Some(mut one) => {
                one.turn = seen.turns.take(&one.item.revision);
                self.push(one);
            }
        }
        self.remember(cursor, own, seen);
        true
    }

    fn has_room_for(&self, one: &One) -> bool {
        // The first is never too much.
        !one.is_alone()
            || self.followed_up == 0
            || self.followed_up + one.lines.len() <= FOLLOWED_UP
    }

    fn push(&mut self, one: One) {
        let group = if one.item.exercise { &mut self.exercises } else { &mut self.real };
        if one.is_alone() {
            self.followed_up += one.lines.len();
            group.alone.push(one);
        } else {
            group.fresh.push(one);
        }
    }

    fn remember(&mut self, cursor: &mut Cursor, own: &str, seen: Seen) {
        self.lines.add(own, &seen);
        cursor.items.insert(own.to_owned(), seen);
    }

    fn seen(&self, own: &str, known: Option<Seen>, item: &Item, all: &[String]) -> Seen {
        let (told, turns) = known.map(|known| (known.told, known.turns)).unwrap_or_default();
        Seen {
            revision: item.revision.clone(),
            issued_at_ms: item.issued_at_ms,
            roots: if all == [own] { Vec::new() } else { all.to_vec() },
            sender: item.sender.clone(),
            told,
            turns,
            at_ms: self.now_ms,
        }
    }

    /// The keys that an item takes the place of: those of the same sender alone. Where nothing was
    /// seen under an id, it is the sender's if it begins with it, as CAP makes them (CAP 1.2, section
    /// 3.2.1).
    fn replaces(&self, cursor: &Cursor, own: &str, item: &Item) -> Vec<String> {
        let is_ours = |id: &&String| {
            let key = key_among(item.exercise, id);
            let sender = self.senders.get(&key).map(String::as_str);
            let sender = sender.or_else(|| Some(&*cursor.items.get(&key)?.sender));
            let unseen = || {
                let rest = id.strip_prefix(item.sender.as_str());
                item.sender.is_empty() || rest.is_some_and(|rest| rest.starts_with(','))
            };
            sender.map_or_else(unseen, |sender| sender == item.sender)
        };
        let ours = item.replaces.iter().filter(is_ours);
        let keys = ours.map(|id| key_among(item.exercise, id));
        keys.filter(|key| key != own).collect()
    }

    /// What is posted of an item, if anything is.
    fn to_post(&self, own: &str, item: Item, mut lines: Vec<Line>) -> Option<One> {
        let is_over = item.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= self.now_ms);
        let fresh = !is_over
            && item.message != Message::Cancel
            && !self.replaced_now.contains(own)
            && filter::passes(&self.source.filters, &item);
        // What the rooms know of is followed up, whatever the filters say now.
        if lines.iter().any(|line| !line.told.is_empty()) {
            lines.retain(|line| !line.told.is_empty());
        } else if !fresh {
            return None;
        } else {
            lines.truncate(1);
        }
        Some(One { key: own.to_owned(), item, lines, fresh, turn: 0 })
    }
}

/// The keys an item is posted under. The first of a line of replacements gives the key, also where
/// nothing was seen of it.
fn all_roots(cursor: &Cursor, own: &str, known: Option<&Seen>, replaces: &[String]) -> Vec<String> {
    let mut all = known.map(|known| roots(own, known)).unwrap_or_default();
    let seen = replaces.iter().filter_map(|key| Some((key, cursor.items.get(key)?)));
    for root in seen.flat_map(|(key, seen)| roots(key, seen)) {
        if !all.contains(&root) && all.len() < LINES {
            all.push(root);
        }
    }
    if all.is_empty() {
        all.push(replaces.first().map_or_else(|| own.to_owned(), Clone::clone));
    }
    all
}
