//! What waits for an answer: what puts it there, what takes it away, and what its card says.

use warproom_client::proto::calls::{From, Preferences};
use warproom_client::proto::concern::concerns;
use warproom_client::proto::register::Role;
use warproom_client::proto::{
    Ask, Entry, Kind, Label, Line, Message, Name, OrganisationId, Outstanding, RoomId, Seq,
    Severity, Stage,
};
use warproom_client::{Delivered, Why, because, interrupts};

use crate::Effect;
use crate::model::Model;
use crate::model::desk::{Focus, Overlay};
use crate::model::log::Shown;
use crate::model::rooms::Direction;

/// An ask lapses this long after its answer was due, and one without a time this long after it was
/// asked; the server tells of it no more then.
const LAPSE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const LAPSE_UNTIMED_MS: i64 = 31 * 24 * 60 * 60 * 1000;

/// The asks that wait at most, the most pressing of them: more than a hundred rooms ask in a bad week.
const MOST: usize = 1_000;

/// The most entries fetched at once: more cards than fit on a screen.
const FETCHED: usize = 8;

/// An ask that waits, as it is shown at the top.
#[derive(Clone)]
pub struct WaitingAsk {
    /// What waits.
    pub outstanding: Outstanding,
    /// What is asked in one line; none: it is not read yet.
    pub title: Option<String>,
    /// Its label.
    pub label: Option<Label>,
    /// How bad, if it is an alert.
    pub severity: Option<Severity>,
    /// The options.
    pub options: Vec<Name>,
    /// Why it concerns the organisation, in words.
    pub why: Option<String>,
    /// Whether it waits for one's own organisation; otherwise for others, and a manager is told.
    pub is_ours: bool,
    /// The answer that is on its way.
    pub on_its_way: Option<Name>,
}

impl WaitingAsk {
    /// Which ask it is.
    pub const fn key(&self) -> (RoomId, Seq) {
        (self.outstanding.room, self.outstanding.ask)
    }
}

impl Model {
    /// What waits for an answer, the most pressing first: overdue, then by time, then by severity.
    pub fn waiting(&self) -> Vec<WaitingAsk> {
        let mut waiting: Vec<_> =
            self.ask.outstanding.iter().map(|outstanding| self.card(outstanding)).collect();
        waiting.sort_by_key(|card| pressing(self, &card.outstanding));
        waiting
    }

    fn card(&self, outstanding: &Outstanding) -> WaitingAsk {
        let key = (outstanding.room, outstanding.ask);
        let shown = self.asking(key);
        let ask = shown.and_then(|shown| shown.entry.handling.ask.as_ref());
        let ours = self.my_organisation();
        WaitingAsk {
            outstanding: outstanding.clone(),
            title: shown.map(title),
            label: shown.map(|shown| shown.label),
            severity: shown.and_then(|shown| severity(&shown.entry)),
            options: ask.map(|ask| ask.options.clone()).unwrap_or_default(),
            why: shown.and_then(|shown| self.why(&shown.entry)),
            // Who cannot tell which organisation is theirs is asked for no other.
            is_ours: ours.is_none_or(|ours| outstanding.organisations.contains(&ours)),
            on_its_way: self.on_its_way(key).cloned(),
        }
    }

    /// The entry that asks, if it is held.
    pub fn asking(&self, (room, of): (RoomId, Seq)) -> Option<&Shown> {
        self.rooms.rooms.get(&room)?.log.shown(of)
    }

    /// What an entry asks, if it is held.
    pub fn asked(&self, key: (RoomId, Seq)) -> Option<&Ask> {
        self.asking(key)?.entry.handling.ask.as_ref()
    }

    /// Why an entry concerns one's organisation, in words: what it depends on first, because that is
    /// what an officer acts on; then whatever else would interrupt.
    fn why(&self, entry: &Entry) -> Option<String> {
        let session = self.session.as_ref()?;
        if let Some(touched) = self.concern(entry) {
            return Some(touched);
        }
        let depends_on = self.depends_on();
        // Whether it may interrupt at this hour is not the question here.
        let preferences =
            Preferences { quiet: None, ..self.settings.preferences.unwrap_or_default() };
        let me = session.me.principal;
        let why = interrupts(&preferences, entry, me, depends_on, 0, self.now_ms)?;
        (why != Why::All).then(|| why.to_string())
    }

    /// What of one's organisation an entry is about, in words: `your supplier: Civica`; none: nothing of it.
    pub fn concern(&self, entry: &Entry) -> Option<String> {
        if entry.handling.subjects.is_empty() {
            return None;
        }
        let touched = concerns(self.depends_on(), &entry.handling.subjects);
        let words: Vec<_> = touched.into_iter().map(because).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// The server's list: what waits, but for what came after it was made.
pub(super) fn take_list(model: &mut Model, list: &[Outstanding]) {
    let live = std::mem::take(&mut model.ask.live);
    let mut outstanding = list.to_vec();
    let is_listed = |one: &Outstanding| list.iter().any(|listed| is(listed, one.room, one.ask));
    let later = model.ask.outstanding.drain(..);
    outstanding.extend(later.filter(|one| live.contains(&(one.room, one.ask)) && !is_listed(one)));
    model.ask.outstanding = outstanding;
}

/// A reminder: the same ask, further on.
pub(super) fn remind(model: &mut Model, reminder: &Outstanding) {
    model.ask.outstanding.retain(|one| !is(one, reminder.room, reminder.ask));
    model.ask.outstanding.push(reminder.clone());
}

/// An entry as it arrives: it may ask, answer, or take an ask away.
pub(super) fn take_entry(model: &mut Model, delivered: &Delivered) {
    let Some(entry) = &delivered.entry else { return };
    let room = delivered.room;
    match &entry.handling.kind {
        Kind::Answer { of, organisation, .. } => answered(model, (room, *of), *organisation),
        Kind::Retract { of } => drop_ask(model, (room, *of)),
        Kind::Alert(alert) => {
            if let Some(of) = alert.supersedes {
                drop_ask(model, (room, of));
            }
        }
        _ => {}
    }
    if let Some(ask) = &entry.handling.ask
        && let Some(outstanding) = asked_just_now(model, delivered, entry, ask)
    {
        remind(model, &outstanding);
        model.ask.live.insert((room, delivered.seq));
    }
}

/// An organisation has answered: the ask waits for it no more.
pub(super) fn answered(model: &mut Model, (room, of): (RoomId, Seq), organisation: OrganisationId) {
    for one in model.ask.outstanding.iter_mut().filter(|one| is(one, room, of)) {
        one.organisations.retain(|waits| *waits != organisation);
    }
    model.ask.outstanding.retain(|one| !(is(one, room, of) && one.organisations.is_empty()));
}

/// What the server would list of an entry that arrives.
fn asked_just_now(
    model: &Model,
    delivered: &Delivered,
    entry: &Entry,
    ask: &Ask,
) -> Option<Outstanding> {
    let ours = model.my_organisation()?;
    let me = model.session.as_ref()?.me.principal;
    let is_asked = matches!(model.role(), Some(Role::Officer | Role::Manager));
    let is_listed = model.ask.listed.get(&delivered.room).is_some_and(|to| delivered.seq <= *to);
    let is_known = model.ask.outstanding.iter().any(|one| is(one, delivered.room, delivered.seq));
    if !is_asked || is_listed || is_known || entry.handling.author == me {
        return None;
    }
    if has_lapsed(entry, ask, delivered.at_ms?, model.now_ms) {
        return None;
    }
    Some(Outstanding {
        room: delivered.room,
        ask: delivered.seq,
        stage: Stage::Asked,
        due_at_ms: ask.due_at_ms,
        organisations: vec![ours],
        exercise: entry.handling.exercise,
    })
}

fn has_lapsed(entry: &Entry, ask: &Ask, at_ms: i64, now_ms: i64) -> bool {
    let lapses_ms = match ask.due_at_ms {
        Some(due_at_ms) => due_at_ms.saturating_add(LAPSE_MS),
        None => at_ms.saturating_add(LAPSE_UNTIMED_MS),
    };
    let holds_no_more = match &entry.handling.kind {
        Kind::Alert(alert) => alert.message == Message::Cancel || alert.is_expired(now_ms),
        _ => false,
    };
    lapses_ms <= now_ms || holds_no_more
}

fn drop_ask(model: &mut Model, (room, of): (RoomId, Seq)) {
    model.ask.outstanding.retain(|one| !is(one, room, of));
}

/// Puts the most pressing first.
pub(super) fn sort(model: &mut Model) {
    let mut outstanding = std::mem::take(&mut model.ask.outstanding);
    outstanding.sort_by_key(|one| pressing(model, one));
    outstanding.truncate(MOST);
    model.ask.outstanding = outstanding;
}

/// Smaller is more pressing.
fn pressing(model: &Model, one: &Outstanding) -> (bool, i64, std::cmp::Reverse<Option<Severity>>) {
    let shown = model.asking((one.room, one.ask));
    let severity = shown.and_then(|shown| severity(&shown.entry));
    let due_at_ms = one.due_at_ms.unwrap_or(i64::MAX);
    (due_at_ms > model.now_ms, due_at_ms, std::cmp::Reverse(severity))
}

/// Asks for the entries that cards need and the log does not hold, each once.
pub(super) fn fetch(model: &mut Model, out: &mut Vec<Effect>) {
    let is_missing = |one: &&Outstanding| {
        let room = model.rooms.rooms.get(&one.room);
        room.is_some_and(|room| room.log.shown(one.ask).is_none())
    };
    let missing = model.ask.outstanding.iter().filter(is_missing).take(FETCHED);
    let keys: Vec<_> = missing.map(|one| (one.room, one.ask)).collect();
    for (room, ask) in keys {
        if model.ask.fetched.insert((room, ask)) {
            out.push(Effect::Page { room, from: From::Before(ask + 1) });
        }
    }
}

/// The next ask that waits and is not being answered; from the last one on to the first.
pub(super) fn next(model: &mut Model) {
    let keys: Vec<_> = model
        .waiting()
        .into_iter()
        .filter(|card| card.on_its_way.is_none())
        .map(|card| card.key())
        .collect();
    let is_there = model.desk.focus.0 == Focus::Waiting;
    let at = model.ask.chosen.and_then(|chosen| keys.iter().position(|key| *key == chosen));
    let to = match at {
        Some(at) if is_there => keys.get(at + 1).or_else(|| keys.first()),
        Some(at) => keys.get(at),
        None => keys.first(),
    };
    match to {
        Some(key) => choose(model, *key),
        None => model.tell("Nothing waits for an answer."),
    }
}

/// The ask beside the one chosen.
pub(super) fn step(model: &mut Model, direction: Direction) {
    let keys: Vec<_> = model.waiting().iter().map(WaitingAsk::key).collect();
    let Some(last) = keys.len().checked_sub(1) else { return };
    let at = keys.iter().position(|key| Some(*key) == model.ask.chosen).unwrap_or(0);
    let to = match direction {
        Direction::Back => at.checked_sub(1).unwrap_or(last),
        Direction::On if at == last => 0,
        Direction::On => at + 1,
    };
    choose(model, keys[to]);
}

pub(super) fn choose(model: &mut Model, key: (RoomId, Seq)) {
    model.ask.chosen = Some(key);
    // What waits stands at the top of the page and of a search, and under whatever else is open. What
    // was typed there is kept.
    model.desk.overlays.retain(|overlay| *overlay == Overlay::Search);
    model.desk.give_focus(Focus::Waiting);
}

fn is(one: &Outstanding, room: RoomId, ask: Seq) -> bool {
    one.room == room && one.ask == ask
}

fn severity(entry: &Entry) -> Option<Severity> {
    match &entry.handling.kind {
        Kind::Alert(alert) => Some(alert.severity),
        _ => None,
    }
}

/// What is asked in one line: the headline, or the first line of the text as it is now.
pub fn title(shown: &Shown) -> String {
    let headline = shown.entry.content.headline.as_ref().map(Line::as_str);
    let line = headline.or_else(|| shown.text()?.lines().find(|line| !line.trim().is_empty()));
    line.unwrap_or_default().trim().to_owned()
}
