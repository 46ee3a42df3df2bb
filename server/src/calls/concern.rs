//! Calls on what concerns whom: register entries, common causes, and what may interrupt.

use warproom_proto::calls::{
    CauseList, Done, ListCauses, ListRegisterEntries, Preferences, RegisterEntryList,
    SetPreferences, SetRegisterEntry, ShowPreferences,
};
use warproom_proto::{Error, ErrorCode, limits};

use super::Session;
use super::register::act;
use crate::domain::State;

/// How many of the latest common causes are looked at: each is held against all that an organisation
/// depends on.
const CAUSES: usize = 1_000;

pub async fn list_entries(
    session: &Session,
    _: ListRegisterEntries,
) -> Result<RegisterEntryList, Error> {
    let state = session.context.state();
    let who = session.who();
    let seen = state.register.entries().filter(|entry| state.register.may_see_entry(who, entry));
    let mut entries: Vec<_> = seen.cloned().collect();
    entries.sort_by_cached_key(|entry| {
        state.register.organisation(entry.organisation).map(|one| one.name.folded())
    });
    Ok(RegisterEntryList { entries })
}

pub async fn set_entry(session: &Session, call: SetRegisterEntry) -> Result<Done, Error> {
    act(session, |state, by, _| state.decide_set_entry(by, call)).await
}

pub async fn list_causes(session: &Session, _: ListCauses) -> Result<CauseList, Error> {
    let state = session.context.state();
    let who = session.who();
    let mut latest: Vec<_> = state.register.causes().collect();
    latest.sort_by_key(|cause| std::cmp::Reverse(cause.at_ms));
    latest.truncate(CAUSES);
    let concerning = latest.into_iter().filter(|cause| state.register.is_concerned(who, cause));
    Ok(CauseList { causes: concerning.take(limits::PAGE).cloned().collect() })
}

pub async fn preferences(session: &Session, _: ShowPreferences) -> Result<Preferences, Error> {
    let member = session.who().member().ok_or(ErrorCode::NotAllowed)?;
    Ok(session.context.state().preferences.get(&member).copied().unwrap_or_default())
}

pub async fn prefer(session: &Session, call: SetPreferences) -> Result<Done, Error> {
    let member = session.who().member().ok_or(ErrorCode::NotAllowed)?;
    act(session, move |_, _, _| State::decide_prefer(member, call.preferences)).await
}
