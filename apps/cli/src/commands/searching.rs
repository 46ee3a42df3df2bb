//! `search`

use anyhow::Result;
use warproom_client::proto::calls::RoomSummary;
use warproom_client::proto::{RoomId, Text, limits};

use super::concern::Concern;
use super::in_room;
use crate::args::Search;
use crate::directory::Directory;
use crate::names::Purpose;
use crate::out::Out;
use crate::prompt;
use crate::session::Session;
use crate::show::{self, Item, Superseded};

/// `search`: one room after the other, each newest first, printed as found.
pub(crate) async fn search(session: &Session, args: &Search) -> Result<()> {
    let text = prompt::parse(&args.text)?;
    let rooms = match &args.room {
        Some(room) => vec![session.room(room, Purpose::Reading).await?],
        None => session.rooms(false).await?,
    };
    let ids: Vec<_> = rooms.iter().map(|room| room.room).collect();
    let mut people = match session.out() {
        Out::Human => session.directory(&ids).await,
        Out::Json => Directory::default(),
    };
    let concern = match session.out() {
        Out::Human => Some(Concern::ask(session).await),
        Out::Json => None,
    };
    let mut left = usize::from(args.limit);
    for room in &rooms {
        left = left.saturating_sub(
            in_one(session, room, &text, left, (&mut people, concern.as_ref())).await?,
        );
        if left == 0 {
            break;
        }
    }
    if left == usize::from(args.limit) {
        session.out().say("Nothing was found.")?;
    }
    Ok(())
}

/// Searches one room to its beginning, or until there are enough. Says how many were found.
async fn in_one(
    session: &Session,
    room: &RoomSummary,
    text: &Text,
    limit: usize,
    (people, concern): (&mut Directory, Option<&Concern>),
) -> Result<usize> {
    let mut found = 0;
    let mut before = None;
    while found < limit {
        let wanted = u16::try_from((limit - found).min(limits::SEARCH_HITS))?;
        let mut search = session.client().search(room.room, text.clone(), before, wanted).await?;
        while let Some(hit) = search.next().await {
            if session.out() == Out::Human && found == 0 {
                session.out().say(&show::heading(room.settings.name.as_str()))?;
            }
            found += 1;
            let mut item = Item::from(&hit.record);
            if session.out() == Out::Human {
                session.learn_missing(people, std::slice::from_ref(&hit.record)).await;
                item.superseded = superseded(session, room.room, &item).await?;
                item.concerns = concern.map_or_else(Vec::new, |concern| concern.reasons(&item));
            }
            let human = |_: &_| show::entry(&item, &session.scene(people, room.room));
            session.out().give(&in_room(room.room, &hit.record), human)?;
        }
        before = search.end().await?.next_before;
        if before.is_none() {
            break;
        }
    }
    Ok(found)
}

/// The last alert that took the place of what was found, if that is an alert.
async fn superseded(session: &Session, room: RoomId, item: &Item) -> Result<Option<Superseded>> {
    if !item.is_alert() {
        return Ok(None);
    }
    let later = session.superseding(room, item.seq).await?;
    Ok(later.last().and_then(|record| Item::from(record).supersedes()).map(|(_, by)| by))
}
