//! What managing does, in words: the sentences that stand beside the controls.

use std::cmp::Ordering;

use warproom_client::proto::register::{Role, Standing};
use warproom_client::proto::{Label, RoomRole, Subject};

use crate::model::{Model, moment};

/// A role in a word.
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Manager => "manager",
        Role::Officer => "officer",
        Role::Guest => "guest",
    }
}

/// What a role may do.
pub const fn role_meaning(role: Role) -> &'static str {
    match role {
        Role::Manager => {
            "runs the WARP: invites and removes members, sees every room's name and people, adds bots"
        }
        Role::Officer => {
            "speaks for an organisation: opens rooms, answers asks, says what the organisation depends on"
        }
        Role::Guest => "is in the rooms they were brought into, and sees nobody else",
    }
}

/// A standing in a word.
pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Suspended => "suspended",
    }
}

/// A part in a room, in a word.
pub const fn part(part: RoomRole) -> &'static str {
    match part {
        RoomRole::Lead => "lead",
        RoomRole::Participant => "participant",
    }
}

/// Whether the one signed in may change a room and its people, playing this part in it.
pub fn may_lead(model: &Model, part: Option<RoomRole>) -> bool {
    part == Some(RoomRole::Lead) || model.is_manager()
}

/// Whether the one signed in speaks for an organisation: an officer or a manager.
pub fn is_officer(model: &Model) -> bool {
    matches!(model.role(), Some(Role::Manager | Role::Officer))
}

/// Who the managers are, by name.
pub fn managers(model: &Model) -> String {
    let members = model.directory.members.values();
    let managers = members.filter(|member| member.role == Role::Manager);
    let names: Vec<_> = managers.map(|member| member.name.as_str()).collect();
    if names.is_empty() { "the WARP's managers".to_owned() } else { names.join(", ") }
}

/// What the ceiling of a room does.
pub fn ceiling(ceiling: Label) -> String {
    match ceiling {
        Label::Red => {
            "The room holds every label. What is TLP:RED reaches only those who are in it at that moment."
                .to_owned()
        }
        Label::Clear => {
            "Nothing but TLP:CLEAR can be posted: whatever is said here may be shared with the world."
                .to_owned()
        }
        _ => format!(
            "Nothing stricter than {ceiling} can be posted: a post under a stricter label is refused, so such matters need another room."
        ),
    }
}

/// What another ceiling does to what is there; none if it stays.
pub fn changed_ceiling(before: Label, after: Label) -> Option<String> {
    match after.cmp(&before) {
        Ordering::Less => Some(format!(
            "From now on nothing stricter than {after} is posted. What is there already keeps its label and who may read it, but what is stricter than {after} can be neither edited nor answered any more."
        )),
        Ordering::Greater => Some(format!(
            "From now on this room may hold up to {after}. Who is in it stays the same, so look through its people first."
        )),
        Ordering::Equal => None,
    }
}

/// What somebody of an organisation sees of a room's past when they are brought in (FIRST TLP 2.0, as
/// the server keeps it).
pub fn history(name: &str, organisation: &str) -> String {
    format!(
        "Of what was said before, {name} will see what is TLP:GREEN and TLP:CLEAR. Nothing stricter, unless they or {organisation} were in the room when it was said; what is TLP:RED only if they were here themselves."
    )
}

/// When something ends: the moment, and how far off it is.
pub fn expiry(now_ms: i64, at_ms: i64) -> String {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    let moment = moment::short(at_ms);
    let hours = (at_ms - now_ms) / HOUR_MS;
    if at_ms <= now_ms {
        format!("ended {moment}")
    } else if hours < 1 {
        format!("until {moment}, in less than an hour")
    } else if hours < 48 {
        format!("until {moment}, in {hours} {}", if hours == 1 { "hour" } else { "hours" })
    } else {
        format!("until {moment}, in {} days", hours / 24)
    }
}

/// Something that is depended on: its kind and its name.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Vendor(name) => format!("supplier {name}"),
        Subject::Product(name) => format!("product {name}"),
        Subject::Cve(name) => name.to_string(),
        Subject::Cpe(name) => format!("CPE {name}"),
        Subject::Topic(name) => format!("topic {name}"),
    }
}
