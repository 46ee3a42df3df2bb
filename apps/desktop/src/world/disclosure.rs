//! Answering a request for information: collected by the client crate, made into files and written off
//! the threads that wait. What is written is what was shown.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use warproom_client::Client;

use crate::News;
use crate::model::manage::{DisclosureWish, Made};
use crate::news::Refusal;
use crate::world::files::telling;
use crate::world::teller::Teller;
use crate::world::{refusal, system};

/// Collects what is asked for, makes the files of it, and tells how far it is and what came of it.
pub(super) async fn read(client: Option<Client>, teller: Teller, wish: DisclosureWish) {
    let number = wish.number;
    let made = read_and_make(client, &teller, wish).await.map(Arc::new);
    teller.tell(News::DisclosureRead { number, made }).await;
}

async fn read_and_make(
    client: Option<Client>,
    teller: &Teller,
    wish: DisclosureWish,
) -> Result<Made, Refusal> {
    let collected = match (&wish.collected, client) {
        (Some(collected), _) => collected.clone(),
        (None, None) => return Err(refusal::not_connected()),
        (None, Some(client)) => {
            let number = wish.number;
            let (told, progress) = watch::channel(None);
            let tell = move |so_far| told.send_modify(|at| *at = Some(so_far));
            let work = client.disclose_telling(&wish.selection, tell);
            let news = |so_far| News::Disclosing { number, so_far };
            let read = telling(teller, progress, news, work).await;
            Arc::new(read.map_err(|error| refusal::of_call(&error))?)
        }
    };
    let now_ms = Timestamp::now().as_millisecond();
    let make = move || Made::of(&wish, collected, now_ms);
    spawn_blocking(make).await.unwrap_or_else(|_| Err(refusal::closed()))
}

/// Writes the files into a folder that is not there yet, and tells where it lies.
pub(super) async fn write(teller: Teller, folder: String, made: Arc<Made>) {
    let written = spawn_blocking(move || system::write_folder(&folder, &made.files)).await;
    let written = match written {
        Ok(Ok(path)) => Ok(path.display().to_string()),
        Ok(Err(error)) => Err(Refusal::new(
            format!("the folder could not be written: {error}"),
            "name one that is not there yet, and check that the disk has room; one without statement.json \
             is not whole",
        )),
        Err(_) => Err(refusal::closed()),
    };
    teller.tell(News::DisclosureWritten(written)).await;
}
