//! Replies that are remembered, to be shown before there is a connection.

use rusqlite::params;
use warproom_client::proto::RoomId;

use crate::profile::database::Database;
use crate::profile::seal::{Opaque, Place};
use crate::profile::{ProfileError, Result};
use crate::request::{Reply, Request};

/// All of them, in the order their requests were first made.
pub(super) fn all(db: &Database) -> Result<Vec<(Request, Reply)>> {
    let sql = "SELECT request, value FROM remembered ORDER BY rowid";
    let rows =
        db.list(sql, [], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    rows.iter().map(|(name, value)| db.open_json(&of_reply(name), value)).collect()
}

/// Remembers the reply to a request in the place of the one before.
pub(super) fn put(db: &Database, request: &Request, reply: &Reply) -> Result<()> {
    let name = name_of(db, request)?;
    let value = db.seal_json(&of_reply(&name), &(request, reply))?;
    db.run(
        "INSERT INTO remembered (request, value) VALUES (?1, ?2)
         ON CONFLICT (request) DO UPDATE SET value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}

/// Forgets the replies that tell of a room.
pub(super) fn forget_about(db: &Database, room: RoomId) -> Result<()> {
    let all = all(db)?;
    all.iter().filter(|(request, _)| request.tells_of() == Some(room)).try_for_each(
        |(request, _)| {
            let name = name_of(db, request)?;
            db.run("DELETE FROM remembered WHERE request = ?1", [name]).map(drop)
        },
    )
}

/// Forgets the replies that tell of a room, and its place in the lists that name it.
pub(super) fn forget(db: &Database, room: RoomId) -> Result<()> {
    forget_about(db, room)?;
    for (request, mut reply) in all(db)? {
        let had = match &mut reply {
            Reply::ListRooms(list) => without(&mut list.rooms, |one| one.room == room),
            Reply::ListOutstanding(list) => without(&mut list.outstanding, |one| one.room == room),
            _ => false,
        };
        if had {
            put(db, &request, &reply)?;
        }
    }
    Ok(())
}

/// Takes something out of a list; whether it was in it.
fn without<T>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> bool {
    let before = list.len();
    list.retain(|one| !is_it(one));
    list.len() < before
}

/// What a remembered request is kept under: nothing can be read from it.
fn name_of(db: &Database, request: &Request) -> Result<Opaque> {
    let json =
        serde_json::to_vec(request).map_err(|_| ProfileError::Sealing("a request is not JSON"))?;
    Ok(db.seal().name("remembered", &json))
}

fn of_reply(name: &[u8]) -> Place {
    Place::new("remembered", &[name])
}
