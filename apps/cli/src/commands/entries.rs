//! `say`, `edit`, `retract`, `reached`, `relabel`, `react`: everything that writes to a room.

use anyhow::Result;
use warproom_client::proto::EntryId;
use warproom_client::proto::calls::{
    EditEntry, PostEntry, Posted, ReachedBy, ReactToEntry, RelabelEntry, RetractEntry,
};

use super::{asks, files};
use crate::args::{Edit, Reached, React, Relabel, Retract, Say};
use crate::names::{self, Purpose};
use crate::out::{Out, note};
use crate::prompt;
use crate::session::Session;
use crate::show;

/// `say`
pub(crate) async fn say(session: &Session, args: &Say) -> Result<()> {
    let ask = asks::asking(&args.asking, &session.now())?;
    let text = match &args.text {
        None if !args.file.is_empty() => files::names(&args.file)?,
        text => prompt::text(text.as_deref())?,
    };
    let room = session.room(&args.room, Purpose::Writing).await?;
    let members = if args.mention.is_empty() { Vec::new() } else { session.members().await? };
    let mentions =
        args.mention.iter().map(|text| Ok(names::find(&members, text, Purpose::Writing)?.member));
    let label = args.label.unwrap_or(room.settings.default_label);
    let mentions = mentions.collect::<Result<_>>()?;
    let files = files::bring_up(session, room.room, &args.file).await?;
    let call = PostEntry {
        room: room.room,
        id: EntryId::random(),
        label,
        text,
        reply_to: args.reply_to,
        mentions,
        subjects: args.subjects.list(),
        ask,
        exercise: args.exercise,
        files,
    };
    let asks = call.ask.is_some();
    let exercise = args.exercise || session.is_exercise(room.room, args.reply_to).await;
    let posted = session.append(call).await?;
    let name = show::safe(room.settings.name.as_str());
    done(session, posted, |seq| {
        let board =
            if asks { format!("\n{}", asks::board_command(&room, seq)) } else { String::new() };
        let said = format!("#{seq} in {name}  {}{board}", show::chip(label));
        show::marked(exercise, &said)
    })
}

/// `edit`
pub(crate) async fn edit(session: &Session, args: &Edit) -> Result<()> {
    let text = prompt::text(args.text.as_deref())?;
    let room = session.room(&args.room, Purpose::Writing).await?.room;
    let call = EditEntry { room, id: EntryId::random(), of: args.of, text };
    let posted = session.append(call).await?;
    done(session, posted, |_| format!("#{} is edited; the room still sees that it was", args.of))
}

/// `retract`
pub(crate) async fn retract(session: &Session, args: &Retract) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?.room;
    let call = RetractEntry { room, id: EntryId::random(), of: args.of };
    let posted = session.append(call).await?;
    done(session, posted, |_| {
        format!("#{} is taken back; whoever read it before has still read it", args.of)
    })?;
    if session.out() == Out::Json {
        return Ok(());
    }
    // It is taken back, whatever becomes of this.
    match session.patiently(ReachedBy { room, of: args.of }).await {
        Ok(reached) => session.out().say(&show::reached(args.of, &reached, session.zone())),
        Err(error) => {
            note(&format!("Whom it may have reached could not be asked: {error}."));
            Ok(())
        }
    }
}

/// `reached`
pub(crate) async fn reached(session: &Session, args: &Reached) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?.room;
    let reached = session.patiently(ReachedBy { room, of: args.of }).await?;
    session.out().give(&reached, |reached| show::reached(args.of, reached, session.zone()))
}

/// `relabel`
pub(crate) async fn relabel(session: &Session, args: &Relabel) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?.room;
    let call = RelabelEntry { room, id: EntryId::random(), of: args.of, to: args.label };
    let posted = session.append(call).await?;
    done(session, posted, |_| format!("#{} is now {}", args.of, show::chip(args.label)))
}

/// `react`
pub(crate) async fn react(session: &Session, args: &React) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?.room;
    let call = ReactToEntry {
        room,
        id: EntryId::random(),
        of: args.of,
        reaction: prompt::parse(&args.emoji)?,
        withdrawn: args.withdraw,
    };
    let posted = session.append(call).await?;
    let what = if args.withdraw { "Took the reaction back from" } else { "Reacted to" };
    done(session, posted, |_| format!("{what} #{}", args.of))
}

fn done(session: &Session, posted: Posted, human: impl FnOnce(u64) -> String) -> Result<()> {
    session.out().give(&posted, |posted| human(posted.seq))
}
