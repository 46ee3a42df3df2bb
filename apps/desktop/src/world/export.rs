//! Taking a room's records out: read by the client crate, put into their form and written off the threads
//! that wait.

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use warproom_client::proto::Seq;
use warproom_client::{Client, Export};

use crate::News;
use crate::model::export::{Form, Wish, Written};
use crate::news::Refusal;
use crate::world::files::telling;
use crate::world::teller::Teller;
use crate::world::{refusal, system};

/// Takes a room's records out, and tells how far it is and where they lie.
pub(super) async fn export(client: Option<Client>, teller: Teller, wish: Wish) {
    let room = wish.room;
    let written = match client {
        Some(client) => read_and_write(&client, &teller, wish).await,
        None => Err(refusal::not_connected()),
    };
    teller.tell(News::Exported { room, written }).await;
}

async fn read_and_write(client: &Client, teller: &Teller, wish: Wish) -> Result<Written, Refusal> {
    let room = wish.room;
    let (told, progress) = watch::channel(None);
    let tell = |done: Seq, latest: Seq| told.send_modify(|at| *at = Some((done, latest)));
    let news = |(done, latest)| News::Exporting { room, done, latest };
    let read = telling(teller, progress, news, client.export(room, 0, tell)).await;
    let export = read.map_err(|error| refusal::of_call(&error))?;
    spawn_blocking(move || write(&export, &wish)).await.unwrap_or_else(|_| Err(refusal::closed()))
}

fn write(export: &Export, wish: &Wish) -> Result<Written, Refusal> {
    let text = match wish.form {
        Form::Text => export.text(&wish.names.room_name, &wish.names),
        Form::Json => export.json_lines().map_err(|error| {
            Refusal::new(format!("the records cannot be written as JSON: {error}"), "")
        })?,
    };
    let written = system::write_typed(&wish.file, &text);
    let path = written.map_err(|error| {
        Refusal::new(
            format!("the file could not be written: {error}"),
            "check the folder, and that the disk has room",
        )
    })?;
    Ok(Written {
        path: path.display().to_string(),
        label: export.label(),
        records: export.records.len(),
        withheld: export.withheld(),
    })
}
