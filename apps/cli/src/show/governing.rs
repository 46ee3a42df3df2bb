//! What waits for a second manager, for a person.

use jiff::tz::TimeZone;
use warproom_client::proto::{Principal, Proposal, Proposed};

use super::act::Names;
use super::{FAINT, STRONG, caption, safe, styled, when};
use crate::directory::Directory;

/// What is proposed, as it stands after "to".
pub(crate) fn proposed(what: &Proposed, people: &Directory, zone: &TimeZone) -> String {
    safe(&warproom_client::proposed(what, &Names { people, zone }))
}

/// A proposal: its id, what, by whom, why, and until when.
pub(crate) fn proposal(proposal: &Proposal, people: &Directory, zone: &TimeZone) -> String {
    let member = |id| people.describe(Principal::Member(id));
    let may: Vec<_> = proposal.may_approve.iter().map(|one| member(*one)).collect();
    format!(
        "{}  {}{}{}{}",
        styled(FAINT, &proposal.proposal.to_string()),
        styled(STRONG, &proposed(&proposal.what, people, zone)),
        caption("By", &member(proposal.by)),
        caption("Why", &safe(proposal.reason.as_str())),
        caption(
            "May approve",
            &format!("{}; until {}", may.join("; "), when(proposal.lapses_at_ms, zone))
        ),
    )
}
