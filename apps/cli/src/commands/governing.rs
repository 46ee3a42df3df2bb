//! `propose …`, `proposals`, `approve`, `end-proposal`, `hold`, `retention`

use anyhow::Result;
use warproom_client::kept;
use warproom_client::proto::calls::{
    ApproveProposal, EndProposal, HoldRoom, ListProposals, MakeProposal, ShowRetention,
};
use warproom_client::proto::{Label, Proposal, Proposed, Retention};

use crate::args::{Hold, Kept, OfProposal, Propose, ProposeRetention, ShownRetention, Why};
use crate::names::Purpose;
use crate::problem::problem;
use crate::session::Session;
use crate::show;

/// `propose …`
pub(crate) async fn propose(session: &Session, command: &Propose) -> Result<()> {
    let (what, Why { reason }) = match command {
        Propose::Retention(args) => (retention(session, args).await?, &args.why),
        Propose::Erase(args) => {
            let room = session.room(&args.room, Purpose::Writing).await?.room;
            (Proposed::EraseEntries { room, entries: args.entries.clone() }, &args.why)
        }
        Propose::LiftHold(args) => {
            let room = session.room(&args.room, Purpose::Writing).await?.room;
            (Proposed::LiftHold { room }, &args.why)
        }
        Propose::Remove(args) => {
            let mut members = Vec::new();
            for member in &args.members {
                members.push(session.member(member, Purpose::Writing).await?.member);
            }
            (Proposed::RemoveMembers { members }, &args.why)
        }
    };
    let people = session.directory(&[]).await;
    let words = show::proposed(&what, &people, session.zone());
    let follows = consequence(&what);
    let made = session.call(MakeProposal { what, reason: reason.clone() }).await?;
    session.out().give(&made, |made| {
        format!(
            "Proposed to {words}\n  {follows}\n  Nothing is done until another manager, who is one already, \
             runs `warproom approve {}` by {}",
            made.proposal,
            show::when(made.lapses_at_ms, session.zone())
        )
    })
}

async fn retention(session: &Session, args: &ProposeRetention) -> Result<Proposed> {
    let room = match &args.room {
        Some(room) => Some(session.room(room, Purpose::Writing).await?.room),
        None => None,
    };
    let retention = if args.none { None } else { Some(rule(&args.keep)?) };
    Ok(Proposed::SetRetention { room, retention })
}

/// The rule that keeps these labels' entries so long, and the others' for ever.
fn rule(keep: &[Kept]) -> Result<Retention> {
    let mut rule = Retention::default();
    for Kept { label, days } in keep {
        let of = match label {
            Label::Clear => &mut rule.clear,
            Label::Green => &mut rule.green,
            Label::Amber => &mut rule.amber,
            Label::AmberStrict => &mut rule.amber_strict,
            Label::Red => &mut rule.red,
        };
        if of.replace(*days).is_some() {
            return Err(problem(
                format!("{label} is named twice"),
                "say one number of days for each label",
            )
            .into());
        }
    }
    Ok(rule)
}

/// What follows from a proposal once it is approved, for whoever has to answer for it.
const fn consequence(what: &Proposed) -> &'static str {
    match what {
        Proposed::SetRetention { .. } => {
            "Entries past their time, with their files, are erased at once and then at the turn of each \
             month; nobody can read them again, and older backups do not open any more"
        }
        Proposed::EraseEntries { .. } => {
            "They are erased at once, with their files, edits, reactions and answers; nobody can read them \
             again, and older backups do not open any more. That they were there stays to be seen"
        }
        Proposed::LiftHold { .. } => "What is past its time there is then erased",
        Proposed::RemoveMembers { .. } => {
            "They are removed at once, with every device and from every room"
        }
    }
}

/// `proposals`
pub(crate) async fn list(session: &Session) -> Result<()> {
    let proposals = session.call(ListProposals {}).await?.proposals;
    if proposals.is_empty() {
        return session.out().say("No proposal waits for a second manager.");
    }
    let people = session.directory(&[]).await;
    for proposal in &proposals {
        session
            .out()
            .give(proposal, |proposal| show::proposal(proposal, &people, session.zone()))?;
    }
    Ok(())
}

/// `approve`
pub(crate) async fn approve(session: &Session, args: &OfProposal) -> Result<()> {
    let (words, what) = found(session, args).await?;
    let done = session.call(ApproveProposal { proposal: args.proposal }).await?;
    let follows = match what {
        Proposed::SetRetention { .. }
        | Proposed::EraseEntries { .. }
        | Proposed::LiftHold { .. } => {
            "\n  Where something is erased, the server changes its master key with it: its operator renews the \
             copy of the keys, takes a backup into a new folder, and destroys the older ones"
        }
        Proposed::RemoveMembers { .. } => "",
    };
    session.out().give(&done, |_| format!("Approved, and carried out: {words}{follows}"))
}

/// `end-proposal`
pub(crate) async fn end(session: &Session, args: &OfProposal) -> Result<()> {
    let (words, _) = found(session, args).await?;
    let done = session.call(EndProposal { proposal: args.proposal }).await?;
    session.out().give(&done, |_| format!("Ended; this is not done: {words}"))
}

/// What a proposal that waits is about, in words too.
async fn found(session: &Session, args: &OfProposal) -> Result<(String, Proposed)> {
    let proposals = session.call(ListProposals {}).await?.proposals;
    let found = proposals.into_iter().find(|one| one.proposal == args.proposal);
    let Some(Proposal { what, .. }) = found else {
        return Err(problem(
            "no such proposal waits",
            "`warproom proposals` lists those that do; one that was approved, ended or has lapsed is gone",
        )
        .into());
    };
    let people = session.directory(&[]).await;
    Ok((show::proposed(&what, &people, session.zone()), what))
}

/// `hold`
pub(crate) async fn hold(session: &Session, args: &Hold) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?;
    let call = HoldRoom { room: room.room, reason: args.why.reason.clone() };
    let done = session.call(call).await?;
    session.out().give(&done, |_| {
        format!(
            "{} is under a legal hold: nothing in it is erased until two managers lift it (`warproom propose lift-hold`)",
            show::safe(room.settings.name.as_str())
        )
    })
}

/// `retention [ROOM]`
pub(crate) async fn show_retention(session: &Session, args: &ShownRetention) -> Result<()> {
    let room = match &args.room {
        Some(room) => Some(session.room(room, Purpose::Reading).await?),
        None => None,
    };
    let call = ShowRetention { room: room.as_ref().map(|room| room.room) };
    let shown = session.call(call).await?;
    session.out().give(&shown, |shown| {
        let (Some(room), Some(of)) = (&room, &shown.room) else {
            return format!("A room without a rule of its own keeps {}", kept(&shown.usual));
        };
        let whose = if of.own { "its own rule" } else { "the rule for every room" };
        let held = if of.held {
            "\n  It is under a legal hold: nothing in it is erased, whatever the rule says"
        } else {
            ""
        };
        let name = show::safe(room.settings.name.as_str());
        format!("{name} keeps {} ({whose}){held}", kept(&of.retention))
    })
}
