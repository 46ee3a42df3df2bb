//! `say`, `edit`, `retract`, `relabel`, `react`: everything that writes to a room.

use anyhow::Result;
use warproom_client::proto::EntryId;
use warproom_client::proto::calls::{
    EditEntry, PostEntry, Posted, ReactToEntry, RelabelEntry, RetractEntry,
};

use crate::args::{Edit, React, Relabel, Retract, Say};
use crate::ask;
use crate::names;
use crate::session::Session;
use crate::show;

/// `say`
pub(crate) async fn say(session: &Session, args: &Say) -> Result<()> {
    let text = ask::text(args.text.as_deref())?;
    let room = session.room(&args.room).await?;
    let members = if args.mention.is_empty() { Vec::new() } else { session.members().await? };
    let mentions = args.mention.iter().map(|text| Ok(names::find(&members, text)?.member));
    let label = args.label.unwrap_or(room.settings.default_label);
    let call = PostEntry {
        room: room.room,
        id: EntryId::random(),
        label,
        text,
        reply_to: args.reply_to,
        mentions: mentions.collect::<Result<_>>()?,
        subjects: Vec::new(),
        exercise: args.exercise,
    };
    let posted = session.append(call).await?;
    let name = &room.settings.name;
    done(session, posted, |seq| format!("#{seq} in {name}  {}", show::chip(label)))
}

/// `edit`
pub(crate) async fn edit(session: &Session, args: &Edit) -> Result<()> {
    let text = ask::text(args.text.as_deref())?;
    let room = session.room(&args.room).await?.room;
    let call = EditEntry { room, id: EntryId::random(), of: args.of, text };
    let posted = session.append(call).await?;
    done(session, posted, |_| format!("#{} is edited; the room still sees that it was", args.of))
}

/// `retract`
pub(crate) async fn retract(session: &Session, args: &Retract) -> Result<()> {
    let room = session.room(&args.room).await?.room;
    let call = RetractEntry { room, id: EntryId::random(), of: args.of };
    let posted = session.append(call).await?;
    done(session, posted, |_| {
        format!("#{} is taken back; whoever read it before has still read it", args.of)
    })
}

/// `relabel`
pub(crate) async fn relabel(session: &Session, args: &Relabel) -> Result<()> {
    let room = session.room(&args.room).await?.room;
    let call = RelabelEntry { room, id: EntryId::random(), of: args.of, to: args.label };
    let posted = session.append(call).await?;
    done(session, posted, |_| format!("#{} is now {}", args.of, show::chip(args.label)))
}

/// `react`
pub(crate) async fn react(session: &Session, args: &React) -> Result<()> {
    let room = session.room(&args.room).await?.room;
    let call = ReactToEntry {
        room,
        id: EntryId::random(),
        of: args.of,
        reaction: ask::parse(&args.emoji)?,
        withdrawn: args.withdraw,
    };
    let posted = session.append(call).await?;
    let what = if args.withdraw { "Took the reaction back from" } else { "Reacted to" };
    done(session, posted, |_| format!("{what} #{}", args.of))
}

fn done(session: &Session, posted: Posted, human: impl FnOnce(u64) -> String) -> Result<()> {
    session.out().give(&posted, |posted| human(posted.seq))
}
