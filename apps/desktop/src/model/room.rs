//! One room: its settings, what has been read of its log, and reading it.

mod acts;
mod going;
mod hearing;
mod may;
mod recall;
mod unread;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use warproom_client::Rewritten;
use warproom_client::proto::calls::{From, RoomMember, RoomSummary};
use warproom_client::proto::{Label, MemberId, RoomId, RoomRole, RoomSettings, Seq};

use crate::Effect;
use crate::model::Model;
use crate::model::log::Log;
use crate::model::rooms::{Direction, Group};

pub(super) use going::begin;
pub(super) use hearing::hear;
pub use may::{Act, May, may};
pub use recall::Recall;
pub use unread::Marking;
use unread::Reader;

/// The rows that a room keeps while it is not open: a screen or two and the way back to them.
pub const ROWS_ASLEEP: usize = 200;

/// The bytes that it keeps then: far more than as many rows usually have. 200 rooms of them are within what
/// the program may use.
const BYTES_ASLEEP: usize = 256 * 1024;

/// The bytes that the open room keeps: a kilobyte and a half for each row.
const BYTES_OPEN: usize = 16 * 1024 * 1024;

/// Rooms that tell who is here, who is typing and who calls tell of so many at most: more than a WARP has
/// officers.
const PEOPLE: usize = 4_096;

/// The rows that the open room keeps around what is visible.
pub const ROWS_OPEN: usize = 10_000;

/// A room.
#[derive(Clone)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// What it is and allows.
    pub settings: RoomSettings,
    /// Your part in it.
    pub role: Option<RoomRole>,
    /// What has been read of its log.
    pub log: Log,
    /// How far you have read, as the server and this computer know.
    pub read: Seq,
    /// The unread entries that call you by name.
    pub mentions: Vec<Seq>,
    /// The unread entries about something that one's organisation depends on.
    pub concerning: Vec<Seq>,
    /// Who is in it, by name, once that was asked.
    pub people: Option<Vec<RoomMember>>,
    /// Who is typing, until when, in milliseconds since 1970 UTC.
    pub typing: BTreeMap<MemberId, i64>,
    /// Who is connected, if the room tells.
    pub here: Vec<MemberId>,
    /// How it is being read.
    pub reading: Reading,
    /// How its history was found not to hold, until somebody says that it is believed.
    pub rewritten: Option<Rewritten>,
    /// The record as of which the settings are known.
    settings_at: Seq,
    /// Records after `read` that are nothing to be read: reactions and the like, and your own.
    quiet: BTreeSet<Seq>,
    /// What the server is still to be told of `read`.
    marking: Marking,
}

/// How a room is being read. The scroll position itself is the screen's.
#[derive(Clone, Default)]
pub struct Reading {
    /// The pages that were asked for and have not come.
    pub loading: Vec<From>,
    /// Why the last page did not come, if it did not.
    pub trouble: Option<String>,
    /// Where the screen should go, with a number that grows with each wish.
    pub jump: Option<(Jump, u64)>,
    /// Where the unread line stands: it stays where it was when the room was opened.
    pub unread_after: Option<Seq>,
    /// The entry that is chosen by arrow keys, for acting on it.
    pub chosen: Option<Seq>,
    /// The thread that is open beside the timeline: its first entry.
    pub thread: Option<Seq>,
    /// Why the thread did not come, if it did not.
    pub thread_trouble: Option<String>,
    /// Whether the board or the people stand beside the timeline.
    pub beside: Option<Beside>,
    /// Who has read as far as an entry, once that was asked.
    pub seen_by: Option<(Seq, Vec<MemberId>)>,
    /// What was taken back last, and whom it may have reached.
    pub recall: Option<Recall>,
    /// What was on the screen last.
    pub visible: Option<RangeInclusive<Seq>>,
    /// Where to go once its page is there.
    pub seeking: Option<Seek>,
}

/// What is looked for in a page that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// The newest entry.
    Latest,
    /// This entry.
    Entry(Seq),
    /// The first entry of a time, in milliseconds since 1970 UTC.
    Time(i64),
}

/// Where the timeline should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// To the newest entry, and stay there.
    Latest,
    /// To an entry, and show which it is.
    Entry(Seq),
    /// To the unread line.
    Unread,
}

/// What stands beside the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The board of an ask.
    Board(Seq),
    /// Who is in the room.
    People,
    /// Who has read as far as an entry, and its earlier texts and labels.
    Details(Seq),
}

/// What a person does while reading.
#[derive(Clone, Debug)]
pub enum Action {
    /// These entries are on the screen: what is missing around them is fetched, and they are read.
    Visible(RangeInclusive<Seq>),
    /// Choose the next entry, or the one before.
    Choose(Direction),
    /// Choose this entry, or none.
    ChooseEntry(Option<Seq>),
    /// Go to the newest entry.
    ToLatest,
    /// Go to the unread line.
    ToUnread,
    /// Go to an entry of this room.
    ToEntry(Seq),
    /// Go to the first entry of a time, in milliseconds since 1970 UTC.
    ToTime(i64),
    /// Ask again for the page that did not come.
    Retry,
    /// Open the thread of an entry.
    OpenThread(Seq),
    /// Close the thread.
    CloseThread,
    /// Show something beside the timeline, or nothing.
    Beside(Option<Beside>),
    /// React to an entry, or take the reaction back.
    React(Seq, String),
    /// Take an entry back. Asked before.
    Retract(Seq),
    /// Take an entry of this room back: it was asked.
    RetractNow(RoomId, Seq),
    /// Give an entry another label. Asked before if it is milder.
    Relabel(Seq, Label),
    /// Give an entry of this room another label: it was asked, where it had to be.
    RelabelNow(RoomId, Seq, Label),
    /// Copy an entry with its label, author and time.
    CopyEntry(Seq),
    /// Copy the indicators of an entry, one a line, with its label.
    CopyIndicators(Seq),
    /// Leave the room. Asked before.
    Leave,
    /// Leave this room: it was asked.
    LeaveNow(RoomId),
    /// Believe the room's history as it is now, after it was found rewritten. Asked before.
    TrustHistory,
    /// Believe this room's history: it was asked.
    TrustHistoryNow(RoomId),
}

impl Room {
    /// A room of which nothing has been read.
    pub fn new(summary: &RoomSummary) -> Self {
        Self {
            id: summary.room,
            settings: summary.settings.clone(),
            role: summary.role,
            log: Log::default(),
            read: summary.read,
            mentions: Vec::new(),
            concerning: Vec::new(),
            people: None,
            typing: BTreeMap::new(),
            here: Vec::new(),
            reading: Reading::default(),
            rewritten: None,
            settings_at: 0,
            quiet: BTreeSet::new(),
            marking: Marking::default(),
        }
    }

    /// Takes in what the room is now.
    pub(super) fn tell(&mut self, summary: &RoomSummary) {
        if summary.latest.seq >= self.settings_at {
            self.settings = summary.settings.clone();
            self.settings_at = summary.latest.seq;
        }
        self.role = summary.role;
        self.log.latest = self.log.latest.max(summary.latest.seq);
        if summary.read < self.read {
            // This computer knows better: it was read without a connection.
            self.marking.want(self.read);
        }
        self.read_until(summary.read);
    }

    /// Where it stands in the list, as far as the room itself tells.
    pub fn group(&self) -> Group {
        if self.for_you() > 0 {
            Group::ForYou
        } else if self.unread() > 0 {
            Group::Unread
        } else {
            Group::Others
        }
    }
}

impl Reading {
    /// Wishes the screen to go somewhere.
    pub fn go(&mut self, jump: Jump) {
        let number = self.jump.map_or(0, |(_, number)| number);
        self.jump = Some((jump, number + 1));
    }
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Visible(range) => going::visible(model, range, out),
        Action::Choose(direction) => going::choose(model, direction),
        Action::ChooseEntry(seq) => {
            if let Some(room) = model.rooms.open_mut() {
                room.reading.chosen = seq;
            }
        }
        Action::ToLatest => going::to(model, Seek::Latest, out),
        Action::ToUnread => going::to_unread(model, out),
        Action::ToEntry(seq) => going::to(model, Seek::Entry(seq), out),
        Action::ToTime(at_ms) => going::to(model, Seek::Time(at_ms), out),
        Action::Retry => going::retry(model, out),
        Action::OpenThread(seq) => going::open_thread(model, seq, out),
        Action::CloseThread => going::close_thread(model),
        Action::Beside(beside) => going::beside(model, beside, out),
        Action::React(seq, emoji) => acts::react(model, seq, &emoji, out),
        Action::Retract(seq) => acts::ask_retract(model, seq),
        Action::RetractNow(room, seq) => acts::retract(model, room, seq, out),
        Action::Relabel(seq, to) => acts::ask_relabel(model, seq, to, out),
        Action::RelabelNow(room, seq, to) => acts::relabel(model, room, seq, to, out),
        Action::CopyEntry(seq) => acts::copy(model, seq, out),
        Action::CopyIndicators(seq) => acts::copy_indicators(model, seq, out),
        Action::Leave => acts::ask_leave(model),
        Action::LeaveNow(room) => acts::leave(model, room, out),
        Action::TrustHistory => acts::ask_trust(model),
        Action::TrustHistoryNow(room) => acts::trust(model, room, out),
    }
}
