//! `rooms` and `room …`

use anyhow::Result;
use warproom_client::proto::calls::{
    AddToRoom, ChangeRoom, Done, OpenRoom, PresentInRoom, RemoveFromRoom, RoomMembers,
};
use warproom_client::proto::{EntryId, Principal, RoomRole, RoomSettings};

use crate::args::{InRoom, RoomAdd, RoomChange, RoomCommand, RoomOpen, Rooms, Switch, WhoInRoom};
use crate::names::{self, Purpose};
use crate::session::Session;
use crate::show;

/// `rooms`
pub(crate) async fn list(session: &Session, args: &Rooms) -> Result<()> {
    let rooms = session.rooms(args.all).await?;
    for room in &rooms {
        session.out().give(room, show::room)?;
    }
    if rooms.is_empty() {
        session.out().say("You are in no room yet. A room's lead or a manager brings you in; officers may open one with `warproom room open`.")?;
    }
    Ok(())
}

/// `room …`
pub(crate) async fn run(session: &Session, command: &RoomCommand) -> Result<()> {
    match command {
        RoomCommand::Open(args) => open(session, args).await,
        RoomCommand::Add(args) => add(session, args).await,
        RoomCommand::Remove(args) => remove(session, args).await,
        RoomCommand::Leave(args) => leave(session, args).await,
        RoomCommand::Change(args) => change(session, args).await,
        RoomCommand::Members(args) => super::members::list(session, Some(&args.room)).await,
        RoomCommand::Present(args) => present(session, args).await,
        RoomCommand::Forget(args) => forget(session, args).await,
    }
}

async fn open(session: &Session, args: &RoomOpen) -> Result<()> {
    let on = |switch: Option<Switch>| switch == Some(Switch::On);
    let settings = RoomSettings {
        name: args.name.clone(),
        ceiling: args.ceiling,
        default_label: args.default,
        typing: on(args.signals.typing),
        presence: on(args.signals.presence),
    };
    let opened = session.call(OpenRoom { settings }).await?;
    session.out().give(&opened, |opened| format!("Opened \"{}\" ({})", args.name, opened.room))
}

async fn add(session: &Session, args: &RoomAdd) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?;
    let member = session.member(&args.member, Purpose::Writing).await?;
    let role = if args.lead { RoomRole::Lead } else { RoomRole::Participant };
    let call = AddToRoom { room: room.room, id: EntryId::random(), member: member.member, role };
    let posted = session.append(call).await?;
    session.out().give(&posted, |_| format!("{} is in {}", member.name, room.settings.name))
}

async fn remove(session: &Session, args: &WhoInRoom) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?;
    let present = session.call(RoomMembers { room: room.room }).await?.members;
    // Handles are the members' own; the room's list has names.
    let who = match session.member(&args.who, Purpose::Writing).await {
        Ok(member) => Principal::Member(member.member),
        Err(_) => names::find(&present, &args.who, Purpose::Writing)?.who,
    };
    take_out(session, &room.room, who, &format!("Taken out of {}", room.settings.name)).await
}

async fn leave(session: &Session, args: &InRoom) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?;
    let me = session.me().principal;
    take_out(session, &room.room, me, &format!("You have left {}", room.settings.name)).await
}

async fn take_out(
    session: &Session,
    room: &warproom_client::proto::RoomId,
    who: Principal,
    said: &str,
) -> Result<()> {
    let call = RemoveFromRoom { room: *room, id: EntryId::random(), who };
    let posted = session.append(call).await?;
    session.out().give(&posted, |_| said.to_owned())
}

async fn change(session: &Session, args: &RoomChange) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?;
    let mut settings = room.settings.clone();
    settings.name = args.name.clone().unwrap_or(settings.name);
    settings.ceiling = args.ceiling.unwrap_or(settings.ceiling);
    settings.default_label = args.default.unwrap_or(settings.default_label);
    let on = |switch: Option<Switch>, before| switch.map_or(before, |switch| switch == Switch::On);
    settings.typing = on(args.signals.typing, settings.typing);
    settings.presence = on(args.signals.presence, settings.presence);
    if settings == room.settings {
        return Err(crate::problem::problem(
            "nothing would change",
            "say what to change, for example --ceiling amber; `warproom rooms` shows what is set",
        )
        .into());
    }
    let name = settings.name.clone();
    let call = ChangeRoom { room: room.room, id: EntryId::random(), settings };
    let posted = session.append(call).await?;
    session.out().give(&posted, |_| format!("Changed {name}"))
}

async fn present(session: &Session, args: &InRoom) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?;
    let reply = session.call(PresentInRoom { room: room.room }).await?;
    let people = session.directory(&[room.room]).await;
    session.give_members(&reply, &reply.members, &people, "Nobody is connected")
}

async fn forget(session: &Session, args: &InRoom) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?;
    session.client().forget(room.room);
    session.out().give(&Done {}, |_| {
        format!("The history of {} is believed as the server shows it next", room.settings.name)
    })
}
