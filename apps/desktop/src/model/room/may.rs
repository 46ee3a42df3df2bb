//! What may be done with an entry: decided here and nowhere else, for the buttons over it, the keys of
//! the timeline, the palette, and once more when it is done.
//!
//! What it is not: it makes nothing safe. The server decides the same by the log; this only keeps
//! anybody from being offered what the server would refuse.

use warproom_client::proto::{Kind, Label, Message, Principal, RoomId, Seq};

use super::{Action, Beside, Room};
use crate::model::desk::{self, Overlay};
use crate::model::manage::{self, ProposalForm};
use crate::model::markdown;
use crate::model::{Model, ask, compose};
use crate::news::Refusal;

/// Something that can be done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Answer it, in its thread.
    Reply,
    /// Open its thread.
    Thread,
    /// Quote it in the draft.
    Quote,
    /// Copy it with its label.
    Copy,
    /// Copy the indicators in it, with its label.
    CopyIndicators,
    /// Choose an emoji to react with.
    React,
    /// Write it anew.
    Edit,
    /// Take it back.
    TakeBack,
    /// Send an alert that takes the place of this one.
    Update,
    /// Send word that this alert holds no more.
    Cancel,
    /// Save the files it carries.
    Files,
    /// Propose that it is erased before its time.
    Erase,
    /// Show its history and who has read it.
    Details,
    /// Give it this label.
    Label(Label),
}

/// Who one is to an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Author,
    /// A manager, and not its author.
    Manager,
    Other,
}

/// What may be done with one entry, as things are now.
#[derive(Clone, Copy)]
pub struct May {
    seq: Seq,
    /// The first entry of its thread: threads are one level deep.
    thread: Seq,
    /// Whether it is an alert, or else a post.
    is_alert: bool,
    by: By,
    /// Whether one is in the room still.
    is_in: bool,
    now: Label,
    /// The room, for a manager, who may propose to erase it there.
    erases_in: Option<RoomId>,
    has: Has,
    /// The strictest label of the room, and the mildest: a reply is as strict as its thread.
    ceiling: Label,
    floor: Label,
}

/// What an entry has that something can be done with.
#[derive(Clone, Copy)]
struct Has {
    /// Whether it carries files.
    files: bool,
    /// Whether there are indicators in it.
    indicators: bool,
}

/// What may be done with this entry; none: it is not held, not shown, or nobody said it to the room.
/// The server takes back, relabels, and takes replies and reactions to posts and alerts alone.
pub fn may(model: &Model, room: &Room, seq: Seq) -> Option<May> {
    let shown = room.log.shown(seq)?;
    let handling = &shown.entry.handling;
    let is_alert = match handling.kind {
        Kind::Post { .. } => false,
        Kind::Alert(_) => true,
        _ => return None,
    };
    let thread = shown.reply_to().unwrap_or(seq);
    let first = room.log.shown(thread).filter(|_| thread != seq);
    Some(May {
        seq,
        thread,
        is_alert,
        by: by(model, handling.author),
        is_in: model.may_write(room.id),
        erases_in: model.is_manager().then_some(room.id),
        has: Has {
            files: !shown.entry.content.files.is_empty(),
            indicators: shown.texts().any(markdown::has_indicators),
        },
        now: shown.label,
        ceiling: room.settings.ceiling,
        floor: first.map_or(Label::Clear, |first| first.label),
    })
}

fn by(model: &Model, author: Principal) -> By {
    if model.me().map(Principal::Member) == Some(author) {
        By::Author
    } else if model.is_manager() {
        By::Manager
    } else {
        By::Other
    }
}

impl May {
    /// The action that does it, if it may be done.
    pub fn action(self, act: Act) -> Option<crate::Action> {
        let seq = self.seq;
        let (is_possible, action) = match act {
            Act::Copy => (true, Action::CopyEntry(seq).into()),
            Act::CopyIndicators => (self.has.indicators, Action::CopyIndicators(seq).into()),
            Act::Details => (true, Action::Beside(Some(Beside::Details(seq))).into()),
            Act::Files => {
                (self.has.files, desk::Action::Toggle(Overlay::SaveFiles { of: seq }).into())
            }
            Act::Erase => {
                let form = Box::new(ProposalForm::erase(self.erases_in?, seq));
                (true, manage::Action::BeginProposal(form).into())
            }
            Act::Thread => (true, Action::OpenThread(self.thread).into()),
            Act::Reply => (self.is_in, compose::Action::Reply(Some(self.thread)).into()),
            Act::Quote => (self.is_in, compose::Action::Quote(seq).into()),
            Act::React => {
                let overlay = Overlay::Emoji { react_to: Some(seq) };
                (self.is_in, desk::Action::Toggle(overlay).into())
            }
            Act::Edit => {
                let may = self.is_in && !self.is_alert && self.is_mine();
                (may, compose::Action::Edit(seq).into())
            }
            Act::TakeBack => (self.is_in && self.owns(), Action::Retract(seq).into()),
            Act::Update => (self.revises(), ask::Action::Revise(seq, Message::Update).into()),
            Act::Cancel => (self.revises(), ask::Action::Revise(seq, Message::Cancel).into()),
            Act::Label(to) => (self.label(to).is_ok(), Action::Relabel(seq, to).into()),
        };
        is_possible.then_some(action)
    }

    /// Whether it may have this label, or why not: its author gives it any label of the room, a
    /// manager a stricter one.
    pub fn label(self, to: Label) -> Result<(), Refusal> {
        let Self { now, ceiling, floor, .. } = self;
        let refused = |sentence: String, advice: &str| Err(Refusal::new(sentence, advice));
        if !self.is_in {
            refused("You are not in this room any more.".to_owned(), "")
        } else if to == now {
            refused(format!("It is {now} already."), "")
        } else if to > ceiling {
            refused(format!("This room holds nothing stricter than {ceiling}."), "")
        } else if to < floor {
            refused(
                format!("What it answers is {floor}, and a reply is as strict"),
                "relabel that first",
            )
        } else if self.is_mine() || (self.by == By::Manager && to > now) {
            Ok(())
        } else if to > now {
            let sentence = "Only its author or a manager can give an entry a stricter label";
            refused(sentence.to_owned(), "Ask one of them to do it.")
        } else {
            let sentence = "Only its author can give an entry a more open label";
            refused(sentence.to_owned(), "Ask its author to do it.")
        }
    }

    /// The labels it may be given.
    pub fn labels(self) -> impl Iterator<Item = Label> {
        Label::ALL.into_iter().filter(move |label| self.label(*label).is_ok())
    }

    /// Whether one is its author.
    pub const fn is_mine(self) -> bool {
        matches!(self.by, By::Author)
    }

    const fn owns(self) -> bool {
        !matches!(self.by, By::Other)
    }

    const fn revises(self) -> bool {
        self.is_alert && self.is_in && self.owns()
    }
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::Severity;

    use super::*;
    use crate::fixture;

    /// The open room with: 1 a post of mine, 2 one of somebody else, 3 an alert of theirs, 4 a reply of
    /// mine to 2, 5 an answer, 6 what happened to the room.
    fn model(me: u8) -> Model {
        let mut model = fixture::signed_in(me);
        let post = |author| fixture::post(author, Label::Green, "said");
        let of = |entry, kind| fixture::kind(entry, kind);
        let answer = Kind::Answer {
            of: 3,
            organisation: fixture::organisation(2),
            choice: fixture::name("Affected"),
        };
        let (who, role) =
            (Principal::Member(fixture::member(3)), warproom_client::proto::RoomRole::Participant);
        let entries = vec![
            post(me),
            fixture::post(2, Label::Amber, "said"),
            fixture::alert(2, Label::Green, Severity::Minor, "Weather", "Rain."),
            of(fixture::post(me, Label::Amber, "aye"), Kind::Post { reply_to: Some(2) }),
            of(post(2), answer),
            of(post(2), Kind::Joined { who, role }),
        ];
        fixture::fill(&mut model, fixture::room(1), entries);
        model.rooms.open = Some(fixture::room(1));
        model
    }

    /// Which of these may be done with an entry.
    fn acts(model: &Model, seq: Seq) -> Vec<Act> {
        let all = [
            Act::Reply,
            Act::Quote,
            Act::React,
            Act::Thread,
            Act::Copy,
            Act::Details,
            Act::Edit,
            Act::TakeBack,
            Act::Update,
            Act::Cancel,
        ];
        let may = may(model, model.rooms.open().unwrap(), seq);
        all.into_iter().filter(|act| may.and_then(|may| may.action(*act)).is_some()).collect()
    }

    fn labels(model: &Model, seq: Seq) -> Vec<Label> {
        may(model, model.rooms.open().unwrap(), seq).unwrap().labels().collect()
    }

    fn said(more: &[Act]) -> Vec<Act> {
        let all = [Act::Reply, Act::Quote, Act::React, Act::Thread, Act::Copy, Act::Details];
        [&all[..], more].concat()
    }

    #[test]
    fn an_author_edits_and_takes_back_and_nobody_else_does() {
        let officer = model(1);
        assert_eq!(acts(&officer, 1), said(&[Act::Edit, Act::TakeBack]));
        assert_eq!(acts(&officer, 2), said(&[]));
        assert_eq!(acts(&officer, 3), said(&[]));
    }

    #[test]
    fn a_manager_takes_back_and_revises_alerts_but_edits_nobodys_words() {
        let manager = model(5);
        assert_eq!(acts(&manager, 2), said(&[Act::TakeBack]));
        assert_eq!(acts(&manager, 3), said(&[Act::TakeBack, Act::Update, Act::Cancel]));
    }

    #[test]
    fn what_nobody_said_is_not_acted_on() {
        assert_eq!(acts(&model(5), 5), []);
        assert_eq!(acts(&model(5), 6), []);
        assert_eq!(acts(&model(5), 60), []);
    }

    #[test]
    fn a_label_is_given_by_its_author_and_made_stricter_by_a_manager() {
        use Label::{Amber, AmberStrict, Clear, Red};
        assert_eq!(labels(&model(1), 1), [Clear, Amber, AmberStrict, Red]);
        assert_eq!(labels(&model(1), 2), []);
        assert_eq!(labels(&model(5), 2), [AmberStrict, Red]);
        // A reply is as strict as what it answers.
        assert_eq!(labels(&model(1), 4), [AmberStrict, Red]);
    }

    #[test]
    fn who_left_the_room_can_still_copy() {
        let mut model = model(1);
        model.rooms.open_mut().unwrap().role = None;
        assert_eq!(acts(&model, 1), [Act::Thread, Act::Copy, Act::Details]);
        assert_eq!(labels(&model, 1), []);
    }
}
