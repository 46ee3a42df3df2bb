//! `bot …`

use anyhow::Result;
use jiff::Timestamp;
use warproom_client::proto::calls::{AddBot, ListBots, RevokeBot};
use warproom_client::proto::register::Grant;

use crate::args::{BotAdd, BotCommand, BotRevoke};
use crate::names;
use crate::out::note;
use crate::session::Session;
use crate::show;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// `bot …`
pub(crate) async fn run(session: &Session, command: &BotCommand) -> Result<()> {
    match command {
        BotCommand::Add(args) => add(session, args).await,
        BotCommand::List => list(session).await,
        BotCommand::Revoke(args) => revoke(session, args).await,
    }
}

async fn add(session: &Session, args: &BotAdd) -> Result<()> {
    let all = session.rooms(false).await?;
    let rooms = args.rooms.iter().map(|room| Ok(names::find(&all, room)?.room));
    let expires_at_ms = Timestamp::now().as_millisecond() + i64::from(args.days) * DAY_MS;
    let grant = Grant {
        rooms: rooms.collect::<Result<_>>()?,
        read: args.read,
        post: args.post,
        expires_at_ms,
    };
    let added = session.call(AddBot { name: args.name.clone(), grant }).await?;
    // The token alone goes to standard output, so that it can be piped to where it is kept.
    session.out().give(&added, |added| added.token.expose().to_owned())?;
    note(&format!(
        "This is the token of {}. Keep it where only the bot can read it: it is not shown again.\nIt works until {}.",
        args.name,
        show::when(expires_at_ms, session.zone()),
    ));
    Ok(())
}

async fn list(session: &Session) -> Result<()> {
    let people = session.directory(&[]).await;
    for bot in session.call(ListBots {}).await?.bots {
        session.out().give(&bot, |bot| show::bot(bot, &people, session.zone()))?;
    }
    Ok(())
}

async fn revoke(session: &Session, args: &BotRevoke) -> Result<()> {
    let bots = session.call(ListBots {}).await?.bots;
    let bot = names::find(&bots, &args.bot)?;
    let done = session.call(RevokeBot { bot: bot.bot }).await?;
    session.out().give(&done, |_| format!("{} can no longer connect", bot.name))
}
