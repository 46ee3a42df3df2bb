//! How far a followed room has been delivered, and what may be delivered next.
//!
//! Pure: it asks for nothing and delivers nothing itself. Whoever holds it sends the request it
//! gives, and hands it pages and live records; it answers which of them continue what was delivered,
//! each once and in order, and names the first that breaks the chain. Whether they also continue what
//! earlier clients were shown is for [`crate::heads`].

use warproom_proto::calls::{FollowRoom, Followed};
use warproom_proto::{Head, LogId, Position, Record, RoomId, Seq};

use crate::event::Discontinuity;

/// A followed room.
pub(crate) struct Follow {
    room: RoomId,
    /// The last record delivered; none while "from now on" awaits its first answer.
    delivered: Option<Seq>,
    /// The head there, where it is known: not when an application names a bare number.
    head: Option<Head>,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The server should be asked for what comes next.
    Wanted,
    /// It was asked. Live records that come meanwhile are in the page, or come again after it.
    Asked,
    /// Every record arrives as it is stored.
    Live,
}

/// What a page gave.
pub(crate) struct Taken {
    /// The records to deliver.
    pub(crate) records: Vec<Record>,
    /// What is to be done next.
    pub(crate) then: Then,
}

/// What is to be done after a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing: live delivery has begun.
    Listen,
    /// Ask for the next page.
    Ask,
    /// Ask again, but not at once: the server gave nothing and says that there is more.
    AskLater,
    /// Deliver this room no further: its history does not hold at this record.
    Stop(Seq, Discontinuity),
}

/// What a live record is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Live {
    /// The next one.
    Deliver,
    /// One that was delivered, or that a page will hold.
    Skip,
    /// One after a gap: ask for what is missing.
    Ask,
    /// One that does not fit what came before.
    Stop(Seq, Discontinuity),
}

impl Follow {
    /// Follows a room from after a record, or from now on. `head` is the one at that record, where it
    /// is remembered.
    pub(crate) fn new(room: RoomId, after: Option<Seq>, head: Option<Head>) -> Self {
        let start = || Position::start(LogId::room(room)).head;
        let head = if after == Some(0) { Some(start()) } else { head };
        Self { room, delivered: after, head, phase: Phase::Wanted }
    }

    /// Whether the server should be asked.
    pub(crate) fn is_wanted(&self) -> bool {
        self.phase == Phase::Wanted
    }

    /// Whether records arrive by themselves.
    pub(crate) fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// What to ask the server; from now on its answer is awaited.
    pub(crate) const fn ask(&mut self) -> FollowRoom {
        self.phase = Phase::Asked;
        FollowRoom { room: self.room, after: self.delivered }
    }

    /// Live delivery has stopped, or what it brings cannot be taken now.
    pub(crate) const fn interrupt(&mut self) {
        self.phase = Phase::Wanted;
    }

    /// Takes the answer to [`Follow::ask`].
    pub(crate) fn take_page(&mut self, page: Followed) -> Taken {
        self.phase = Phase::Wanted;
        if let Err((seq, how)) = self.check_end(page.latest) {
            return Taken { records: Vec::new(), then: Then::Stop(seq, how) };
        }
        self.begin(&page);
        let mut records = Vec::with_capacity(page.records.len());
        for record in page.records {
            match self.step(&record) {
                Live::Deliver => records.push(record),
                Live::Skip => {}
                Live::Ask => {
                    let then = Then::Stop(record.seq, Discontinuity::Changed);
                    return Taken { records, then };
                }
                Live::Stop(seq, how) => return Taken { records, then: Then::Stop(seq, how) },
            }
        }
        let then = if page.live {
            self.phase = Phase::Live;
            Then::Listen
        } else if records.is_empty() {
            Then::AskLater
        } else {
            Then::Ask
        };
        Taken { records, then }
    }

    /// Takes a record that came by itself.
    pub(crate) fn take_live(&mut self, record: &Record) -> Live {
        if self.phase != Phase::Live {
            return Live::Skip;
        }
        let live = self.step(record);
        if live == Live::Ask {
            self.interrupt();
        }
        live
    }

    /// A log never gets shorter than what was delivered of it.
    fn check_end(&self, latest: Position) -> Result<(), (Seq, Discontinuity)> {
        let Some(seq) = self.delivered else { return Ok(()) };
        if latest.seq < seq {
            Err((latest.seq, Discontinuity::RolledBack { remembered: seq }))
        } else if latest.seq == seq && self.head.is_some_and(|head| head != latest.head) {
            Err((seq, Discontinuity::Changed))
        } else {
            Ok(())
        }
    }

    /// Fixes where "from now on" begins: before the page's first record, else at the log's end.
    fn begin(&mut self, page: &Followed) {
        if self.delivered.is_some() {
            return;
        }
        (self.delivered, self.head) =
            page.records.first().map_or((Some(page.latest.seq), Some(page.latest.head)), |first| {
                (Some(first.seq.saturating_sub(1)), None)
            });
    }

    fn step(&mut self, record: &Record) -> Live {
        let before = self.delivered.unwrap_or(0);
        if record.seq <= before {
            return Live::Skip;
        }
        if record.seq != before + 1 {
            return Live::Ask;
        }
        let follows = self.head.is_none_or(|head| record.follows(Position { seq: before, head }));
        if !follows {
            return Live::Stop(record.seq, Discontinuity::Changed);
        }
        self.delivered = Some(record.seq);
        self.head = Some(record.head);
        Live::Deliver
    }
}

#[cfg(test)]
mod tests;
