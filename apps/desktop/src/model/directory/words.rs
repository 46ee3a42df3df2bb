//! What is told of members and bots, in words.

use warproom_client::proto::register::{Bot, Grant, Member, Role, Standing};
use warproom_client::proto::{Principal, RoomId};

use crate::model::{Model, moment};

/// What a member may do: `manager`, `officer, suspended`.
pub fn standing(member: &Member) -> String {
    let role = match member.role {
        Role::Manager => "manager",
        Role::Officer => "officer",
        Role::Guest => "guest",
    };
    match member.standing {
        Standing::Active => role.to_owned(),
        Standing::Suspended => format!("{role}, suspended"),
    }
}

/// What a bot may do, where, and until when; and who answers for it.
pub fn grant(model: &Model, bot: &Bot) -> String {
    let Grant { rooms, read, post, answer, per_minute, expires_at_ms } = &bot.grant;
    let owner = Principal::Member(bot.owner);
    let read = read.map_or_else(
        || "reads nothing".to_owned(),
        |label| format!("reads nothing stricter than {label}"),
    );
    let post = post.map_or_else(
        || "posts nothing".to_owned(),
        |label| {
            format!("posts nothing stricter than {label}, {per_minute} entries a minute at most")
        },
    );
    let answer = match model.directory.organisation_of(owner).filter(|_| *answer) {
        Some(organisation) => format!(", and answers asks for {organisation}"),
        None => String::new(),
    };
    let rooms: Vec<_> = rooms.iter().map(|room| room_name(model, *room)).collect();
    let rooms = if rooms.is_empty() { "no room".to_owned() } else { rooms.join(", ") };
    let end = if *expires_at_ms <= model.now_ms { "Ended" } else { "Ends" };
    let day = moment::day(*expires_at_ms);
    let owner = model.directory.name(owner);
    format!("{owner} answers for it. It {read}, {post}{answer}. In {rooms}. {end} on {day}.")
}

fn room_name(model: &Model, room: RoomId) -> String {
    let known = model.rooms.rooms.get(&room).map(|room| room.settings.name.to_string());
    known.unwrap_or_else(|| "a room you are not in".to_owned())
}
