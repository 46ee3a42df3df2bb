//! What takes two managers: proposals that wait, making one, and putting a room under a legal hold,
//! which one manager may do and only two may end.

#[cfg(test)]
pub(crate) mod tests;

use warproom_client::proto::calls::{HoldRoom, MakeProposal, ShowRetention};
use warproom_client::proto::{
    Label, Line, MemberId, Principal, Proposal, ProposalId, Proposed, Retention, RoomId, Seq,
};
use warproom_client::{kept, proposed};

use super::acts::Names;
use super::{Action, Asked, ManagePage, Shown, lists};
use crate::Effect;
use crate::model::desk::Confirm;
use crate::model::{Model, moment};
use crate::news::Refusal;
use crate::request::{Reply, Request};

/// The most entries of one proposal, and the most members.
const ENTRIES: usize = 100;
const MEMBERS: usize = 50;

/// What a proposal is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// How long entries are kept.
    #[default]
    Retention,
    /// Entries are erased before their time.
    Erase,
    /// Many members are removed at once.
    Remove,
    /// A legal hold ends.
    LiftHold,
    /// A legal hold begins: one manager does that.
    Hold,
}

/// A proposal to be made.
#[derive(Clone, Default)]
pub struct ProposalForm {
    /// What for.
    pub purpose: Purpose,
    /// What is typed to find a room or a member.
    pub finding: String,
    /// The room; none: every room without a rule of its own.
    pub room: Option<RoomId>,
    /// Whether the room is to have no rule of its own any more.
    pub is_without_rule: bool,
    /// For how many days entries are kept, in the order of the labels; empty: for ever.
    pub days: [String; 5],
    /// The numbers of the entries.
    pub entries: String,
    /// The members.
    pub members: Vec<MemberId>,
    /// Why.
    pub reason: String,
    /// How the form stands.
    pub asked: Asked,
}

impl ProposalForm {
    /// An entry is to be erased.
    pub fn erase(room: RoomId, seq: Seq) -> Self {
        Self {
            purpose: Purpose::Erase,
            room: Some(room),
            entries: seq.to_string(),
            ..Self::default()
        }
    }

    /// Something about a room.
    pub fn about(purpose: Purpose, room: RoomId) -> Self {
        Self { purpose, room: Some(room), ..Self::default() }
    }

    fn request(&self) -> Result<Request, String> {
        let what = match self.purpose {
            Purpose::Hold => {
                let (room, reason) = (self.chosen_room()?, self.reason()?);
                return Ok(HoldRoom { room, reason }.into());
            }
            Purpose::Retention => {
                let room = self.room;
                let own = !(self.is_without_rule && room.is_some());
                let retention = if own { Some(self.retention()?) } else { None };
                Proposed::SetRetention { room, retention }
            }
            Purpose::Erase => {
                Proposed::EraseEntries { room: self.chosen_room()?, entries: self.numbers()? }
            }
            Purpose::LiftHold => Proposed::LiftHold { room: self.chosen_room()? },
            Purpose::Remove if self.members.is_empty() => {
                return Err("Choose who is to be removed.".to_owned());
            }
            Purpose::Remove if self.members.len() > MEMBERS => {
                return Err(format!("One proposal removes at most {MEMBERS} members."));
            }
            Purpose::Remove => Proposed::RemoveMembers { members: self.members.clone() },
        };
        Ok(MakeProposal { what, reason: self.reason()? }.into())
    }

    fn chosen_room(&self) -> Result<RoomId, String> {
        self.room.ok_or_else(|| "Choose the room.".to_owned())
    }

    fn reason(&self) -> Result<Line, String> {
        self.reason.trim().parse().map_err(|_| {
            "Write why, in one line: it stands in the log of acts, and others decide by it."
                .to_owned()
        })
    }

    fn numbers(&self) -> Result<Vec<Seq>, String> {
        let parts = self.entries.split([',', ' ', '#']).filter(|part| !part.is_empty());
        let mut numbers = Vec::new();
        for part in parts {
            let number = part.parse::<Seq>().ok().filter(|number| *number > 0);
            let number = number.ok_or_else(|| {
                format!("{part} is no number of an entry: write them as 12, 15, 16.")
            })?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        match numbers.len() {
            1..=ENTRIES => Ok(numbers),
            _ => Err(format!("Write the numbers of 1 to {ENTRIES} entries, as 12, 15, 16.")),
        }
    }

    fn retention(&self) -> Result<Retention, String> {
        let mut days = [None; 5];
        for ((days, typed), label) in days.iter_mut().zip(&self.days).zip(Label::ALL) {
            let typed = typed.trim();
            if typed.is_empty() {
                continue;
            }
            let number = typed.parse().ok();
            let number = number.filter(|number| (1..=Retention::MOST_DAYS).contains(number));
            let number = number.ok_or_else(|| {
                let most = Retention::MOST_DAYS;
                format!("{label}: write a number of days from 1 to {most}, or nothing for ever.")
            })?;
            *days = Some(number);
        }
        let [clear, green, amber, amber_strict, red] = days;
        Ok(Retention { clear, green, amber, amber_strict, red })
    }
}

/// Opens the form, with this in it.
pub(super) fn begin(model: &mut Model, form: ProposalForm, out: &mut Vec<Effect>) {
    super::act(model, Action::New(ManagePage::Proposals), out);
    model.manage.proposal = form;
}

/// Spells out what is proposed, and asks.
pub(super) fn submit(model: &mut Model) {
    let request = match model.manage.proposal.request() {
        Ok(request) => request,
        Err(sentence) => {
            model.manage.proposal.asked = Asked::Refused(sentence);
            return;
        }
    };
    model.manage.proposal.asked = Asked::NotYet;
    let (title, what_it_does, verb) = match &request {
        Request::HoldRoom(call) => {
            let room = model.managed_room_name(call.room);
            let what = format!(
                "Nothing in {room} is erased from now on, whatever its retention says and whoever proposes it, until two managers lift the hold. It takes effect at once, and stands in the log of acts with your reason."
            );
            (format!("Put {room} under a legal hold?"), what, "Put under hold")
        }
        Request::MakeProposal(call) => {
            let what = format!(
                "You propose to {}. Nothing is done yet: another manager must approve it. {} Your proposal and its reason stand in the log of acts.",
                in_words(model, &call.what),
                consequence(&call.what)
            );
            ("Propose this to the other managers?".to_owned(), what, "Propose")
        }
        _ => return,
    };
    let then = Box::new(crate::Action::Manage(Action::Propose));
    model.desk.confirm = Some(Confirm { title, what_it_does, verb, is_dangerous: true, then });
}

/// Sends what was asked about.
pub(super) fn propose(model: &mut Model, out: &mut Vec<Effect>) {
    if !model.is_connected() {
        let sentence = "There is no connection to the server now, so nothing was done.";
        model.manage.proposal.asked = Asked::Refused(sentence.to_owned());
    } else if let Ok(request) = model.manage.proposal.request() {
        model.manage.proposal.asked = Asked::Waiting;
        out.push(Effect::Call(request));
    }
}

/// What is to be done, as it stands after "to".
pub fn in_words(model: &Model, what: &Proposed) -> String {
    proposed(what, &Names::new(model))
}

/// What comes of it once it is approved.
pub(super) const fn consequence(what: &Proposed) -> &'static str {
    match what {
        Proposed::SetRetention { .. } => {
            "Once it is in force, every entry older than its rule is erased for good, by and by: text, files and search. That it was there can still be seen."
        }
        Proposed::EraseEntries { .. } => {
            "Once approved, their text and files are erased for good, for everybody. Copies that people made already are not reached. That they were there can still be seen."
        }
        Proposed::LiftHold { .. } => {
            "Once approved, the room's retention takes hold again, and what is older than it is erased for good."
        }
        Proposed::RemoveMembers { .. } => {
            "Once approved, every device, room and open connection of theirs ends, with invitations they made and bots they own. What they wrote stays. It cannot be undone."
        }
    }
}

/// A proposal that waits.
pub(super) fn waiting(model: &Model, id: ProposalId) -> Option<&Proposal> {
    model.manage.proposals.iter().flatten().find(|one| one.proposal == id)
}

/// The question before a proposal is approved.
pub(super) fn approve(model: &Model, id: ProposalId) -> Option<(String, String, &'static str)> {
    let one = waiting(model, id)?;
    let by = model.directory.name(Principal::Member(one.by));
    let what = format!(
        "{by} proposed to {}, because: {}. With your approval it is done at once. {} Your approval stands in the log of acts.",
        in_words(model, &one.what),
        one.reason,
        consequence(&one.what)
    );
    Some((format!("Approve what {by} proposed?"), what, "Approve"))
}

/// The question before a proposal is taken back or turned down.
pub(super) fn end(model: &Model, id: ProposalId) -> Option<(String, String, &'static str)> {
    let one = waiting(model, id)?;
    let what = in_words(model, &one.what);
    let stays =
        "Nothing of it is done, and nobody can approve it any more. It can be proposed anew.";
    Some(if Some(one.by) == model.me() {
        ("Take your proposal back?".to_owned(), format!("It was to {what}. {stays}"), "Take back")
    } else {
        let title =
            format!("Turn down what {} proposed?", model.directory.name(Principal::Member(one.by)));
        (title, format!("It was to {what}. {stays}"), "Turn down")
    })
}

/// How long the entries of a room are kept, in sentences; none: it is not known yet.
pub fn retention_in_words(model: &Model, room: RoomId) -> Option<String> {
    let (of, shown) = model.manage.retention.as_ref()?;
    let (true, Some(rule)) = (*of == room, &shown.room) else { return None };
    let whose = if rule.own { "by a rule of its own" } else { "as in every room" };
    let held = if rule.held {
        " A legal hold is on it: nothing is erased until two managers lift it."
    } else {
        ""
    };
    Some(format!("Kept, {whose}: {}.{held}", kept(&rule.retention)))
}

/// Whether a legal hold is on a room, as far as is known.
pub fn is_held(model: &Model, room: RoomId) -> bool {
    let known = model.manage.retention.as_ref().filter(|(of, _)| *of == room);
    known.and_then(|(_, shown)| shown.room.as_ref()).is_some_and(|rule| rule.held)
}

/// Until when a proposal waits.
pub fn until(proposal: &Proposal) -> String {
    format!("until {}", moment::short(proposal.lapses_at_ms))
}

pub(super) fn answered(
    model: &mut Model,
    request: &Request,
    result: &Result<Reply, Refusal>,
    out: &mut Vec<Effect>,
) {
    match (request, result) {
        (Request::ListProposals(_), Ok(Reply::ListProposals(list))) => {
            model.manage.proposals = Some(list.proposals.clone());
        }
        (
            Request::ShowRetention(ShowRetention { room: Some(room) }),
            Ok(Reply::ShowRetention(shown)),
        ) => {
            model.manage.retention = Some((*room, shown.clone()));
        }
        (Request::MakeProposal(_) | Request::HoldRoom(_), Ok(_)) => {
            model.manage.proposal = ProposalForm::default();
            model.tell(match request {
                Request::HoldRoom(call) => {
                    format!("{} is under a legal hold.", model.managed_room_name(call.room))
                }
                _ => "It is proposed. Another manager approves it.".to_owned(),
            });
            if (model.manage.page, model.manage.shown) == (ManagePage::Proposals, Shown::New) {
                super::open(model, Shown::List, out);
            }
            lists::refresh(model, out);
        }
        (Request::MakeProposal(_) | Request::HoldRoom(_), Err(refusal)) => {
            model.manage.proposal.asked = Asked::refused(refusal);
        }
        _ => {}
    }
}
