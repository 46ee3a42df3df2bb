//! What one client knows of its rooms: a fold over everything it received, and how that differs from
//! what the server gives somebody who reads it all afresh.
//!
//! Of a record its head is kept, which stands for its exact text and all before it, whether it was shown,
//! and what it refers to. So a view of thousands of records is small, and two views of a room are equal
//! if they agree on the heads and on what is shown now.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use warproom_proto::{
    Body, Entry, Head, Kind, LogId, MemberId, OrganisationId, Position, Record, RoomId, Seq,
};

/// Everything that a client received.
#[derive(Default)]
pub struct View {
    /// Its rooms, also those it is no longer in.
    pub rooms: BTreeMap<RoomId, RoomView>,
    /// What should not have been received, at most some of it.
    pub wrong: Vec<Difference>,
}

/// What it knows of one room.
pub struct RoomView {
    /// Whether it believes to be in it.
    pub is_here: bool,
    at: Position,
    known: Vec<Known>,
    members: BTreeSet<MemberId>,
    left: BTreeMap<MemberId, Seq>,
}

/// What is known of a record.
#[derive(Clone, Copy)]
struct Known {
    head: Head,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A stub.
    Withheld,
    /// A stub of something that was erased.
    Erased,
    /// Shown, and complete in itself.
    Shown,
    /// Shown, and withheld once what it is about is.
    About(Seq),
    /// An answer, likewise.
    Answer(Seq, OrganisationId),
    /// It takes another entry back.
    Retracts(Seq),
}

/// One difference between what a client knows and what the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The room.
    pub room: RoomId,
    /// The first record concerned.
    pub seq: Seq,
    /// In what way.
    pub how: How,
}

/// In what way a client's view differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The server has it, the client does not.
    Missing,
    /// The client has it, the server does not.
    Surplus,
    /// It came a second time, or before one that was still to come.
    OutOfOrder,
    /// It does not follow the one before.
    Chain,
    /// The server has another one under this number.
    Other,
    /// The client still shows it, and the server withholds it.
    StillShown,
    /// The server shows it, and the client never saw it.
    NeverShown,
    /// It is erased, and nobody had it erased.
    Erased,
    /// The client read on after it was taken out.
    ReadOn,
    /// The client believes to be in the room and is not, or the other way round.
    Standing,
    /// Its notices say that other people are in the room than the server lists.
    Members,
    /// A board counts other answers than were given.
    Board,
    /// It was acknowledged, and is not there.
    Lost,
    /// It is there twice.
    Twice,
}

impl RoomView {
    /// A room of which nothing is known.
    #[must_use]
    pub fn new(room: RoomId) -> Self {
        let at = Position::start(LogId::room(room));
        let (members, left) = (BTreeSet::new(), BTreeMap::new());
        Self { is_here: true, at, known: Vec::new(), members, left }
    }

    /// The last record received.
    #[must_use]
    pub const fn last(&self) -> Seq {
        self.at.seq
    }

    /// Takes the next record, of which an entry is shown or not.
    ///
    /// # Errors
    /// If it is not the next, or does not follow.
    pub fn take(&mut self, record: &Record, entry: Option<&Entry>) -> Result<(), How> {
        if record.seq != self.at.seq + 1 {
            return Err(How::OutOfOrder);
        }
        if !record.follows(self.at) {
            return Err(How::Chain);
        }
        self.at = record.position();
        let what = match &record.body {
            Body::Withheld { erased: true, .. } => What::Erased,
            Body::Withheld { erased: false, .. } => What::Withheld,
            Body::Shown { .. } => entry.map_or(What::Shown, |entry| self.fold(record.seq, entry)),
        };
        self.known.push(Known { head: record.head, what });
        Ok(())
    }

    fn fold(&mut self, seq: Seq, entry: &Entry) -> What {
        match entry.handling.kind {
            Kind::Joined { who, .. } => {
                who.member().map(|member| self.members.insert(member));
                What::Shown
            }
            Kind::Left { who } => {
                if let Some(member) = who.member() {
                    self.members.remove(&member);
                    self.left.insert(member, seq);
                }
                What::Shown
            }
            Kind::Edit { of } | Kind::React { of, .. } => What::About(of),
            Kind::Answer { of, organisation, .. } => What::Answer(of, organisation),
            Kind::Retract { of } => What::Retracts(of),
            _ => What::Shown,
        }
    }

    /// The head of a record.
    #[must_use]
    pub fn head(&self, seq: Seq) -> Option<Head> {
        self.of(seq).map(|known| known.head)
    }

    fn of(&self, seq: Seq) -> Option<&Known> {
        self.known.get(usize::try_from(seq.checked_sub(1)?).ok()?)
    }

    /// When somebody who is out now went.
    #[must_use]
    pub fn left(&self, member: MemberId) -> Option<Seq> {
        self.left.get(&member).copied().filter(|_| !self.members.contains(&member))
    }

    /// The members, by the notices.
    #[must_use]
    pub const fn members(&self) -> &BTreeSet<MemberId> {
        &self.members
    }

    /// How many records are erased.
    #[must_use]
    pub fn erased(&self) -> usize {
        self.known.iter().filter(|known| known.what == What::Erased).count()
    }

    /// The answers to an ask that are shown now: how many of each organisation, and the latest.
    #[must_use]
    pub fn answers(&self, to: Seq) -> BTreeMap<OrganisationId, (u32, Seq)> {
        let mut answers = BTreeMap::new();
        for (seq, known) in (1..).zip(&self.known) {
            if let What::Answer(of, organisation) = known.what
                && of == to
            {
                let (count, latest) = answers.entry(organisation).or_insert((0, seq));
                (*count, *latest) = (*count + 1, seq);
            }
        }
        answers
    }

    /// The first record in which this view, of a client, differs from one that was read afresh.
    /// Entries that managers had erased, with what is about them, a client may still show.
    #[must_use]
    pub fn differs(&self, afresh: &Self, erased: &BTreeSet<Seq>) -> Option<(Seq, How)> {
        let retracts = |known: &Known| match known.what {
            What::Retracts(of) => Some(of),
            _ => None,
        };
        let retracted: BTreeSet<Seq> = self.known.iter().filter_map(retracts).collect();
        let pairs = (1..).zip(self.known.iter().zip(&afresh.known));
        for (seq, (mine, theirs)) in pairs {
            let about = match mine.what {
                What::About(of) | What::Answer(of, _) => of,
                _ => seq,
            };
            let is_within = |set: &BTreeSet<Seq>| set.contains(&seq) || set.contains(&about);
            let is_shown = mine.is_shown() && !is_within(&retracted);
            let how = match theirs.what {
                _ if mine.head != theirs.head => How::Other,
                What::Erased if !is_within(erased) && mine.what != What::Erased => How::Erased,
                What::Withheld if is_shown => How::StillShown,
                What::Erased | What::Withheld => continue,
                _ if !is_shown => How::NeverShown,
                _ => continue,
            };
            return Some((seq, how));
        }
        let (mine, theirs) = (self.last(), afresh.last());
        if mine != theirs {
            let how = if mine < theirs { How::Missing } else { How::Surplus };
            return Some((mine.min(theirs) + 1, how));
        }
        (self.members != afresh.members).then_some((mine, How::Members))
    }
}

impl Known {
    fn is_shown(&self) -> bool {
        !matches!(self.what, What::Withheld | What::Erased)
    }
}

impl View {
    /// How many differences are kept of one client: the first ones say what is wrong.
    const KEPT: usize = 8;

    /// A room, known or not.
    pub fn room(&mut self, room: RoomId) -> &mut RoomView {
        self.rooms.entry(room).or_insert_with(|| RoomView::new(room))
    }

    /// Takes a record that was delivered.
    pub fn take(&mut self, room: RoomId, record: &Record, entry: Option<&Entry>) {
        if let Err(how) = self.room(room).take(record, entry) {
            self.wrong(Difference { room, seq: record.seq, how });
        }
    }

    /// Takes down what should not be.
    pub fn wrong(&mut self, difference: Difference) {
        if self.wrong.len() < Self::KEPT {
            self.wrong.push(difference);
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { room, seq, how } = self;
        let how = match how {
            How::Missing => "is missing",
            How::Surplus => "is not on the server",
            How::OutOfOrder => "came twice or out of order",
            How::Chain => "does not follow the one before",
            How::Other => "is not the server's",
            How::StillShown => "is still shown, and the server withholds it",
            How::NeverShown => "is shown by the server, and was never received",
            How::Erased => "is erased, and nobody had it erased",
            How::ReadOn => "was received after its reader had been taken out",
            How::Standing => "is the last received; the server and the client differ on who is in",
            How::Members => "is the last received; its notices and the server's list differ",
            How::Board => "asks, and its board counts other answers than were given",
            How::Lost => "was acknowledged and is lost",
            How::Twice => "is there a second time",
        };
        write!(to, "room {room}: entry {seq} {how}")
    }
}

#[cfg(test)]
mod tests;
