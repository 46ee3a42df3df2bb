//! Calls on how long entries are kept, and on what takes two managers.

use warproom_proto::calls::{
    ApproveProposal, Done, EndProposal, HoldRoom, ListProposals, MakeProposal, ProposalList,
    ProposalMade, RetentionShown, ShowRetention,
};
use warproom_proto::{Error, ErrorCode, FileId, LogId, ProposalId, Proposed};

use super::Session;
use super::entries::target;
use super::register::manage;
use crate::domain::State;
use crate::files;
use crate::journal::now_ms;

pub async fn propose(session: &Session, call: MakeProposal) -> Result<ProposalMade, Error> {
    if let Proposed::EraseEntries { room, entries } = &call.what {
        session.context.state().room_of(session.who(), *room)?;
        let latest = session.context.store.position(LogId::room(*room)).seq;
        if entries.iter().any(|seq| !(1..=latest).contains(seq)) {
            return Err(ErrorCode::NotFound.into());
        }
        for seq in entries {
            let of = target(&session.context, *room, *seq).await?;
            if of.summary.kind == crate::domain::KindTag::Notice {
                let sentence = "who was in the room, and which entries were relabelled or taken \
                                back, stays: the labels rest on it";
                return Err(Error::new(ErrorCode::Conflict, sentence));
            }
        }
    }
    let proposal = ProposalId::random();
    manage(session, move |state, by, now_ms| state.decide_propose(by, proposal, call, now_ms))
        .await?;
    let state = session.context.state();
    let made = state.governing.waiting(now_ms()).find(|one| one.proposal == proposal);
    let lapses_at_ms = made.map(|one| one.lapses_at_ms).ok_or(ErrorCode::NotFound)?;
    Ok(ProposalMade { proposal, lapses_at_ms })
}

pub async fn approve(
    session: &Session,
    ApproveProposal { proposal }: ApproveProposal,
) -> Result<Done, Error> {
    let files = {
        let state = session.context.state();
        let what = state.to_approve(session.who(), proposal, now_ms());
        what.map_or_else(|_| Vec::new(), |what| files_of(&state, what))
    };
    let done = manage(session, move |state, by, now_ms| state.decide_approve(by, proposal, now_ms));
    let done = done.await?;
    // Their keys went with the approval, as when an entry is taken back.
    files::erase(&session.context, files).await;
    session.context.retention.notify_one();
    Ok(done)
}

/// The files that go with what is proposed.
fn files_of(state: &State, what: &Proposed) -> Vec<FileId> {
    let Proposed::EraseEntries { room, entries } = what else { return Vec::new() };
    entries.iter().flat_map(|seq| state.files.of_entry(*room, *seq)).collect()
}

pub async fn end(session: &Session, EndProposal { proposal }: EndProposal) -> Result<Done, Error> {
    let decide = move |state: &State, by, now_ms| state.decide_end_proposal(by, proposal, now_ms);
    manage(session, decide).await
}

pub async fn list(session: &Session, _: ListProposals) -> Result<ProposalList, Error> {
    let state = session.context.state();
    Ok(ProposalList { proposals: state.governing.waiting(now_ms()).cloned().collect() })
}

pub async fn hold(session: &Session, call: HoldRoom) -> Result<Done, Error> {
    manage(session, move |state, by, _| state.decide_hold(by, call)).await
}

pub async fn show(
    session: &Session,
    ShowRetention { room }: ShowRetention,
) -> Result<RetentionShown, Error> {
    let state = session.context.state();
    if let Some(room) = room {
        state.room_seen_by(session.who(), room)?;
    }
    let room = room.map(|room| state.governing.of_room(room));
    Ok(RetentionShown { usual: *state.governing.usual(), room })
}
