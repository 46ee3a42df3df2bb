//! `members` and `member …`

use anyhow::Result;
use warproom_client::proto::calls::{ChangeMember, RemoveMember, RoomMembers};
use warproom_client::proto::register::Standing;

use crate::args::MemberCommand;
use crate::names::Purpose;
use crate::session::Session;
use crate::show;

/// `members [ROOM]`
pub(crate) async fn list(session: &Session, room: Option<&str>) -> Result<()> {
    match room {
        Some(room) => of_room(session, room).await,
        None => of_warp(session).await,
    }
}

async fn of_room(session: &Session, room: &str) -> Result<()> {
    let room = session.room(room, Purpose::Reading).await?;
    let people = session.directory(&[]).await;
    for member in session.call(RoomMembers { room: room.room }).await?.members {
        session.out().give(&member, |member| show::room_member(member, &people))?;
    }
    Ok(())
}

async fn of_warp(session: &Session) -> Result<()> {
    let people = session.directory(&[]).await;
    for member in session.members().await? {
        session.out().give(&member, |member| show::member(member, &people))?;
    }
    Ok(())
}

/// `member …`
pub(crate) async fn run(session: &Session, command: &MemberCommand) -> Result<()> {
    match command {
        MemberCommand::List => of_warp(session).await,
        MemberCommand::Suspend(who) => {
            let change = Change::Standing(Standing::Suspended, "is suspended");
            change.make(session, &who.member).await
        }
        MemberCommand::Resume(who) => {
            Change::Standing(Standing::Active, "is active").make(session, &who.member).await
        }
        MemberCommand::Role(args) => {
            Change::Role(args.role.into()).make(session, &args.member).await
        }
        MemberCommand::Remove(who) => {
            let member = session.member(&who.member, Purpose::Writing).await?;
            let done = session.call(RemoveMember { member: member.member }).await?;
            session.out().give(&done, |_| {
                format!("{} is removed, with every device and from every room", member.name)
            })
        }
    }
}

enum Change {
    Standing(Standing, &'static str),
    Role(warproom_client::proto::register::Role),
}

impl Change {
    async fn make(self, session: &Session, member: &str) -> Result<()> {
        let member = session.member(member, Purpose::Writing).await?;
        let (role, standing) = match self {
            Self::Standing(standing, _) => (None, Some(standing)),
            Self::Role(role) => (Some(role), None),
        };
        let call = ChangeMember { member: member.member, role, standing };
        let done = session.call(call).await?;
        session.out().give(&done, |_| match self {
            Self::Standing(_, said) => format!("{} {said}", member.name),
            Self::Role(role) => format!("{} is {} now", member.name, show::role(role)),
        })
    }
}
