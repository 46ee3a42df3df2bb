//! `bot …`

use anyhow::Result;
use warproom_client::proto::Name;
use warproom_client::proto::calls::{
    AddBot, BotAdded, ListBots, RevokeBot, RoomSummary, RotateBot,
};
use warproom_client::proto::register::{Bot, Grant, Hook};

use crate::args::{BotAdd, BotCommand, BotRevoke, BotRotate};
use crate::names::{self, Purpose};
use crate::out::note;
use crate::session::Session;
use crate::show;

/// `bot …`
pub(crate) async fn run(session: &Session, command: &BotCommand) -> Result<()> {
    match command {
        BotCommand::Add(args) => add(session, args).await,
        BotCommand::List => list(session).await,
        BotCommand::Rotate(args) => rotate(session, args).await,
        BotCommand::Revoke(args) => revoke(session, args).await,
    }
}

async fn add(session: &Session, args: &BotAdd) -> Result<()> {
    let expires_at_ms = args.expires.to_come_ms(&session.now(), "its grant ends")?;
    let all = session.rooms(false).await?;
    let rooms = args.rooms.iter().map(|room| Ok(room_of(&all, room)?.room));
    let grant = Grant {
        rooms: rooms.collect::<Result<_>>()?,
        read: args.read,
        post: args.post,
        answer: args.answer,
        per_minute: args.per_minute,
        expires_at_ms,
    };
    let hook = match args.hook.as_deref().zip(args.hook_label) {
        Some((room, label)) => Some(Hook { room: room_of(&all, room)?.room, label }),
        None => None,
    };
    let added = session.call(AddBot { name: args.name.clone(), grant, hook }).await?;
    hand_over(session, &added, &args.name)?;
    note(&format!("It works until {}.", show::when(expires_at_ms, session.zone())));
    Ok(())
}

fn room_of<'a>(all: &'a [RoomSummary], text: &str) -> Result<&'a RoomSummary> {
    Ok(names::find(all, text, Purpose::Writing)?)
}

/// Prints the token, and in the next line the webhook's address. They alone go to standard output, so
/// that they can be piped to where they are kept.
fn hand_over(session: &Session, added: &BotAdded, name: &Name) -> Result<()> {
    session.out().give(added, |added| match &added.hook {
        Some(hook) => {
            format!("{}\n{}", show::safe(added.token.expose()), show::safe(hook.expose()))
        }
        None => show::safe(added.token.expose()),
    })?;
    let name = show::safe(name.as_str());
    note(&match &added.hook {
        Some(_) => format!(
            "These are the token of {name} and the address of its webhook: whoever has the address may post. Keep them where only the bot can read them: they are not shown again."
        ),
        None => format!(
            "This is the token of {name}. Keep it where only the bot can read it: it is not shown again."
        ),
    });
    Ok(())
}

async fn list(session: &Session) -> Result<()> {
    let people = session.directory(&[]).await;
    for bot in session.call(ListBots {}).await?.bots {
        session.out().give(&bot, |bot| show::bot(bot, &people, session.zone()))?;
    }
    Ok(())
}

async fn rotate(session: &Session, args: &BotRotate) -> Result<()> {
    let bot = named(session, &args.bot).await?;
    let rotated = session.call(RotateBot { bot: bot.bot }).await?;
    hand_over(session, &rotated, &bot.name)?;
    note("The old ones work no more.");
    Ok(())
}

async fn revoke(session: &Session, args: &BotRevoke) -> Result<()> {
    let bot = named(session, &args.bot).await?;
    let done = session.call(RevokeBot { bot: bot.bot }).await?;
    session.out().give(&done, |_| format!("{} can no longer connect", bot.name))
}

async fn named(session: &Session, bot: &str) -> Result<Bot> {
    let bots = session.call(ListBots {}).await?.bots;
    Ok(names::find(&bots, bot, Purpose::Writing)?.clone())
}
