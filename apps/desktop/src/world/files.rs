//! Files of this computer: looked at before they are attached, brought up before their entry goes, and
//! saved from an entry. The client crate moves and checks the bytes; nothing here opens them.

use std::path::Path;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use warproom_client::proto::calls::Posted;
use warproom_client::proto::{ErrorCode, FileId, FileName, NamedFile, RoomId};
use warproom_client::{Client, Progress, TransferError};

use crate::News;
use crate::effect::{Outgoing, PostWithFiles};
use crate::model::files::{Announced, Attached, Moved, Save};
use crate::news::Refusal;
use crate::world::shelf::Shelf;
use crate::world::teller::Teller;
use crate::world::{refusal, system};

/// Looks whether a file can be attached, and tells.
pub(super) async fn look_at(teller: Teller, room: RoomId, path: String) {
    let found = spawn_blocking(move || found(&path)).await;
    let found = found.unwrap_or_else(|_| Err(refusal::closed()));
    teller.tell(News::FileLookedAt { room, found }).await;
}

fn found(typed: &str) -> Result<Attached, Refusal> {
    let path = system::typed(typed);
    let refused = |error| {
        let why = refusal::of_transfer(&error);
        Refusal::new(format!("{typed} cannot be attached: {}", why.sentence), why.advice)
    };
    if !path.is_absolute() {
        let advice = "type all of it, from the root or from ~ on, or drop the file onto the room";
        return Err(Refusal::new(format!("{typed} is no whole path"), advice));
    }
    let about = path.metadata().map_err(|error| refused(error.into()))?;
    if !about.is_file() {
        return Err(refused(TransferError::NotAFile));
    }
    let name = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy());
    let name = FileName::nearest(&name).to_string();
    let path = path.to_str().ok_or_else(|| {
        Refusal::new("the name of this file or of its folder is no text", "give it another name")
    })?;
    Ok(Attached { path: path.to_owned(), name, size_bytes: about.len(), announced: None })
}

/// Brings the files of a post up, one after the other, and sends the post with them. One that was cut off
/// goes on where it stood, and one that is up stays as it is, also after a restart: what the server knows
/// of each is kept beside the post before it goes on.
pub(super) async fn send(
    client: &Client,
    teller: &Teller,
    shelf: &Shelf,
    with: &mut PostWithFiles,
) -> Result<Posted, NotUp> {
    let was_up = with.files.iter().any(|file| file.announced.is_some_and(|one| one.is_up));
    let posted = try_to_send(client, teller, shelf, with).await;
    match posted {
        // It waited for more than a day, and the server has dropped what nothing carried.
        Err(NotUp::Call(error)) if was_up && error.code() == Some(ErrorCode::NotFound) => {
            with.files.iter_mut().for_each(|file| file.announced = None);
            try_to_send(client, teller, shelf, with).await
        }
        posted => posted,
    }
}

async fn try_to_send(
    client: &Client,
    teller: &Teller,
    shelf: &Shelf,
    with: &mut PostWithFiles,
) -> Result<Posted, NotUp> {
    let mut post = with.post.clone();
    for place in 0..with.files.len() {
        let file = match with.files[place].announced {
            Some(Announced { file, is_up: true }) => file,
            _ => bring_up(client, teller, shelf, (with, place)).await?,
        };
        // What it is, is for its readers to find out: an ending says little, and can lie.
        let name = FileName::nearest(&with.files[place].name);
        post.files.push(NamedFile { file, name, media_type: None });
    }
    Outgoing::Post(post).send(client).await.map_err(NotUp::Call)
}

/// Brings one file up; its id.
async fn bring_up(
    client: &Client,
    teller: &Teller,
    shelf: &Shelf,
    (with, place): (&mut PostWithFiles, usize),
) -> Result<FileId, NotUp> {
    let file = with.files[place].clone();
    let (id, name) = (with.post.id, &file.name);
    same_size(&file).await?;
    let begun = client.begin_upload(with.post.room, Path::new(&file.path)).await;
    let upload = begun.map_err(|error| NotUp::of(error, name))?;
    note(shelf, with, place, Announced { file: upload.file(), is_up: false }).await;
    let (told, progress) = watch::channel(None);
    let tell = |progress| told.send_modify(|latest| *latest = Some(progress));
    let work = upload.finish(client, tell);
    let news = |Progress { done_bytes, size_bytes }| News::FileUp {
        id,
        name: name.clone(),
        moved: Moved { done_bytes, size_bytes },
    };
    let uploaded = telling(teller, progress, news, work).await;
    let uploaded = uploaded.map_err(|error| NotUp::of(error, name))?;
    if uploaded.size_bytes != file.size_bytes {
        return Err(NotUp::of(TransferError::Changed, name));
    }
    note(shelf, with, place, Announced { file: uploaded.file, is_up: true }).await;
    Ok(uploaded.file)
}

/// Keeps what the server knows of a file. Where that cannot be kept it goes up all the same, once more at
/// worst.
async fn note(shelf: &Shelf, with: &mut PostWithFiles, place: usize, announced: Announced) {
    if with.files[place].announced == Some(announced) {
        return;
    }
    with.files[place].announced = Some(announced);
    let on_disk = Outgoing::PostWithFiles(with.clone());
    let kept = shelf.with(move |held| held.profile.renew_outgoing(&on_disk)).await;
    if let Err(refusal) = kept {
        tracing::warn!(%refusal, "how far a file is could not be kept");
    }
}

/// Why the files of a post are not up.
pub(super) enum NotUp {
    /// A call did not get through, or was refused.
    Call(warproom_client::CallError),
    /// Something about the file.
    Refused(Refusal),
}

impl NotUp {
    fn of(error: TransferError, name: &str) -> Self {
        match error {
            TransferError::Call(error) => Self::Call(error),
            error => {
                let why = refusal::of_transfer(&error);
                Self::Refused(Refusal::new(format!("{name}: {}", why.sentence), why.advice))
            }
        }
    }
}

/// Looks, before anything is sent of it, whether it is the file that was attached.
async fn same_size(file: &Attached) -> Result<(), NotUp> {
    let path = file.path.clone();
    let looked = spawn_blocking(move || Path::new(&path).metadata()).await;
    let about = looked.map_err(|_| NotUp::Refused(refusal::closed()))?;
    let about = about.map_err(|error| NotUp::of(error.into(), &file.name))?;
    if about.len() == file.size_bytes {
        Ok(())
    } else {
        Err(NotUp::of(TransferError::Changed, &file.name))
    }
}

/// Fetches a file, checks and writes it, and tells how far it is and where it lies.
pub(super) async fn save(client: Option<Client>, teller: Teller, save: Save) {
    let at = match client {
        Some(client) => fetch(&client, &teller, &save).await,
        None => Err(refusal::not_connected()),
    };
    teller.tell(News::FileSaved { save, at }).await;
}

async fn fetch(client: &Client, teller: &Teller, save: &Save) -> Result<String, Refusal> {
    let typed = save.folder.clone();
    let folder = spawn_blocking(move || match typed.as_str() {
        "" => system::downloads_folder(),
        typed => Ok(system::typed(typed)),
    });
    let folder = folder.await.map_err(|_| refusal::closed())?;
    let folder = folder.map_err(|error| refusal::of_transfer(&error.into()))?;
    if !folder.is_absolute() {
        let advice = "type all of it, from the root or from ~ on, or leave it empty";
        return Err(Refusal::new(format!("{} is no whole path", folder.display()), advice));
    }
    let (told, progress) = watch::channel(None);
    let place = (save.room, save.seq);
    let tell = |progress| told.send_modify(|latest| *latest = Some(progress));
    let work = client.download(place, &save.file, &folder, tell);
    let news = |Progress { done_bytes, size_bytes }| News::FileDown {
        save: save.clone(),
        moved: Moved { done_bytes, size_bytes },
    };
    match telling(teller, progress, news, work).await {
        Ok(path) => Ok(path.display().to_string()),
        Err(error) => {
            let why = refusal::of_transfer(&error);
            let sentence = format!("{} was not saved: {}", save.file.name, why.sentence);
            Err(Refusal::new(sentence, why.advice))
        }
    }
}

/// Does some work, and tells how far it is: the latest that is known, so that nobody waits for a window.
pub(super) async fn telling<P: Copy, T>(
    teller: &Teller,
    mut progress: watch::Receiver<Option<P>>,
    news: impl Fn(P) -> News,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Ok(()) = progress.changed() => {
                let latest = *progress.borrow_and_update();
                if let Some(latest) = latest {
                    teller.tell(news(latest)).await;
                }
            }
        }
    }
}
