//! What happened to a room, in one sentence each.

use warproom_client::proto::{Kind, Principal, RoomRole, RoomSettings};

use super::Row;
use crate::Model;
use crate::model::moment;

/// The sentence; none for what is shown as an entry.
pub(super) fn sentence(model: &Model, row: Row<'_>) -> Option<String> {
    let handling = &row.shown.entry.handling;
    let author = handling.author;
    let who = model.directory.name(author);
    let what = match &handling.kind {
        Kind::Opened { settings } => {
            format!("{who} opened the room “{}”: {}", settings.name, rules(settings))
        }
        Kind::Changed { settings } => {
            format!("{who} changed the room: “{}”, {}", settings.name, rules(settings))
        }
        Kind::Joined { who: other, role } => joined(model, author, *other, *role),
        Kind::Left { who: other } if *other == author => format!("{who} left"),
        Kind::Left { who: other } => {
            format!("{who} took {} out of the room", model.directory.name(*other))
        }
        Kind::Relabel { of, to } => format!("{who} made number {of} {to}"),
        Kind::Retract { of } => format!("{who} took number {of} back"),
        Kind::Edit { of } => format!("{who} edited number {of}"),
        Kind::React { of, .. } => format!("{who} reacted to number {of}"),
        Kind::Unknown => {
            return Some("From a newer server; update this program to read it".to_owned());
        }
        Kind::Post { .. } | Kind::Alert(_) | Kind::Answer { .. } => return None,
    };
    Some(format!("{} · {what}", moment::time(row.shown.at_ms)))
}

fn joined(model: &Model, by: Principal, who: Principal, role: RoomRole) -> String {
    let name = model.directory.name(who);
    if by == who {
        format!("{name} joined as {}", part(role))
    } else {
        format!("{} brought {name} in as {}", model.directory.name(by), part(role))
    }
}

const fn part(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Lead => "lead",
        RoomRole::Participant => "participant",
    }
}

fn rules(settings: &RoomSettings) -> String {
    let on = |is_on| if is_on { "shown" } else { "not shown" };
    format!(
        "nothing stricter than {}, {} by default, typing {}, presence {}",
        settings.ceiling,
        settings.default_label,
        on(settings.typing),
        on(settings.presence)
    )
}
