//! Calls that bring files up and down. Each works on one part or none; the disk is touched on other
//! threads, a few at a time for all, and a few of one connection.

use std::sync::Arc;

use warproom_proto::calls::{
    AbandonFile, BeginFile, Done, Part, PartTaken, PutPart, ReadPart, ShowUpload, UploadStatus,
};
use warproom_proto::file::part_bytes;
use warproom_proto::{Error, ErrorCode, FileId, LogId, PartData, Principal, limits};

use super::Session;
use super::entries::target;
use super::history::{a_few_at_a_time, reading_allowed};
use crate::context::Context;
use crate::domain::{Plan, State, Upload};
use crate::files::{self, FileError, Files};
use crate::journal;
use crate::store::FileKey;
use crate::view;

/// How many parts of one connection are worked on at once: enough to fill a line, and one connection
/// never fills the queue of all.
pub const AT_ONCE: usize = 4;

pub async fn begin(session: &Session, call: BeginFile) -> Result<UploadStatus, Error> {
    let (context, who) = (&session.context, session.who());
    let known = {
        let state = context.state();
        state.room_of(who, call.room)?;
        state.same_upload(who, &call)
    };
    if let Some(file) = known {
        return progress(session, file).await;
    }
    let bytes = Arc::clone(&context.files);
    let space = move || Ok(bytes.check_space(call.size_bytes)?);
    a_few_at_a_time(&context.files.working, space).await?;
    let (file, bounds) = (FileId::random(), context.file_bounds);
    let decide = move |state: &State, now_ms| {
        let begun = state.decide_begin(who, &call, file, (&bounds, now_ms))?;
        Ok(Plan { files: begun.into_iter().collect(), ..Plan::default() })
    };
    context.journal.append(None, decide).await?;
    // The same may have been begun by another device meanwhile.
    let begun = context.state().same_upload(who, &call);
    progress(session, begun.ok_or(ErrorCode::NotFound)?).await
}

pub async fn status(session: &Session, call: ShowUpload) -> Result<UploadStatus, Error> {
    progress(session, call.file).await
}

pub async fn put(session: &Session, call: PutPart) -> Result<PartTaken, Error> {
    let PutPart { file, part, data: PartData(data) } = call;
    let upload = own(&session.context, session.who(), file)?;
    let expected = part_bytes(upload.size_bytes, part);
    if part >= upload.parts() || data.len() != expected {
        let sentence = format!("file.put: part {part} of this file has {expected} bytes");
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    let put =
        move |files: &Files, key: &FileKey, upload: &Upload| files.put(key, upload, part, &data);
    let all = working(session, upload.clone(), put).await?;
    if all && !upload.whole {
        finish(session, upload).await?;
    }
    Ok(PartTaken { whole: all })
}

pub async fn abandon(session: &Session, call: AbandonFile) -> Result<Done, Error> {
    let who = session.who();
    own(&session.context, who, call.file)?;
    let which = move |state: &State, _| {
        let upload = state.files.waiting(who, call.file).ok_or(ErrorCode::NotFound)?;
        Ok(vec![(upload.room, upload.file)])
    };
    files::destroy(&session.context, which).await?;
    Ok(Done {})
}

pub async fn read(session: &Session, call: ReadPart) -> Result<Part, Error> {
    let ReadPart { room, seq, file, part } = call;
    let (context, who) = (&session.context, session.who());
    reading_allowed(&context.state(), who, room)?;
    let target = target(context, room, seq).await?;
    let carried = |state: &State| {
        let in_room = state.room_of(who, room)?;
        let may = state.may_read(who, in_room, seq, &target.summary);
        let upload = state.files.carried(room, seq, file).filter(|_| may);
        upload.cloned().ok_or_else(|| Error::from(ErrorCode::NotFound))
    };
    let upload = carried(&context.state())?;
    if part >= upload.parts() {
        let sentence = format!("file.read: this file has {} parts", upload.parts());
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    let data = working(session, upload, move |files, key, upload| {
        let read = files.read(key, upload, part);
        read.inspect_err(|error| Files::complain(room, seq, file, part, error))
    });
    let data = data.await;
    // Asked again: it may have been taken back, or they out, while the disk was read.
    carried(&context.state())?;
    Ok(Part { data: PartData(data?) })
}

/// A file of somebody's that no entry carries, while they are in its room. For everyone else, and for
/// a file that does not exist, the answer is the same.
fn own(context: &Context, who: Principal, file: FileId) -> Result<Upload, Error> {
    let state = context.state();
    let upload = state.files.waiting(who, file).ok_or(ErrorCode::NotFound)?;
    state.room_of(who, upload.room)?;
    Ok(upload.clone())
}

/// How far a file has come up. One that lacks nothing is whole then, also where the server was
/// stopped before it could say so. What the store's row says may not be durable yet; what the state says is.
async fn progress(session: &Session, file: FileId) -> Result<UploadStatus, Error> {
    let upload = own(&session.context, session.who(), file)?;
    let parts = upload.parts();
    let missing = working(session, upload.clone(), Files::missing).await?;
    if missing.is_empty() && !upload.whole {
        finish(session, upload).await?;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a part fits into a frame")]
    let part_bytes = limits::PART_BYTES as u32;
    Ok(UploadStatus { file, part_bytes, parts, missing })
}

/// Checks a file and makes it durable, and then says so; drops one that is not what was announced.
async fn finish(session: &Session, upload: Upload) -> Result<(), Error> {
    let (context, who, file) = (&session.context, session.who(), upload.file);
    let checked = session.context.clone();
    let room = upload.room;
    let done =
        working(session, upload, move |files, key, upload| Ok(files.finish(key, upload).err()));
    if let Some(error) = done.await? {
        if matches!(error, FileError::OtherHash) {
            files::destroy(&checked, move |state, _| {
                state.files.waiting(who, file).ok_or(ErrorCode::NotFound)?;
                Ok(vec![(room, file)])
            })
            .await?;
        }
        return Err(error.into());
    }
    let decide = move |state: &State, _| {
        let whole = state.decide_whole(who, file)?;
        Ok(Plan { files: whole.into_iter().collect(), ..Plan::default() })
    };
    context.journal.append(None, decide).await?;
    context.files.settle(file);
    Ok(())
}

/// Works on a file's bytes where that may wait for the disk, by what is known of the file when it comes
/// to that: others may have brought it further meanwhile.
async fn working<T: Send + 'static>(
    session: &Session,
    upload: Upload,
    work: impl FnOnce(&Files, &FileKey, &Upload) -> Result<T, FileError> + Send + 'static,
) -> Result<T, Error> {
    let context = &session.context;
    let _place = session.moving.acquire().await.map_err(|_| ErrorCode::ServerFault)?;
    let (store, bytes) = (context.store.clone(), Arc::clone(&context.files));
    a_few_at_a_time(&context.files.working, move || {
        let row = store.file(LogId::room(upload.room), *upload.file.as_bytes());
        let row = row.map_err(|error| view::unreadable(&error))?;
        // Gone since it was asked about.
        let row = row.ok_or(ErrorCode::NotFound)?;
        let upload = journal::noted(&row).ok_or(ErrorCode::ServerFault)?;
        Ok(work(&bytes, &row.key, &upload)?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::sync::atomic::Ordering;
    use std::time::SystemTime;

    use aws_lc_rs::digest;
    use warproom_proto::{Label, OrganisationId, Sha256};

    use super::*;
    use crate::context::alone::Alone;
    use crate::domain::FileChange;
    use crate::domain::tests::{ROOM, person, with_room};

    const FILE: FileId = FileId::from_bytes([5; 16]);
    const PARTS: u32 = 8;

    fn content() -> Vec<u8> {
        vec![7; limits::PART_BYTES * PARTS as usize]
    }

    /// An upload of officer 10's that lacks its last part.
    async fn nearly_there(sha256: &[u8]) -> Alone {
        let alone = Alone::with(with_room(Label::Amber), &[]);
        let upload = Upload {
            file: FILE,
            room: ROOM,
            owner: person(10),
            organisation: OrganisationId::from_bytes([10; 16]),
            size_bytes: content().len() as u64,
            sha256: Sha256(sha256.try_into().unwrap()),
            begun_ms: 0,
            whole: false,
        };
        let files = vec![FileChange::Kept(Box::new(upload))];
        let begun =
            alone.context.journal.append(None, |_, _| Ok(Plan { files, ..Plan::default() }));
        begun.await.unwrap();
        let session = alone.session(person(10));
        for part in 0..PARTS - 1 {
            assert!(!put(&session, one(part)).await.unwrap().whole);
        }
        alone
    }

    fn one(part: u32) -> PutPart {
        PutPart { file: FILE, part, data: PartData(vec![7; limits::PART_BYTES]) }
    }

    /// Puts the last part again and again at the same time, from several connections.
    async fn put_at_once(alone: &Alone) -> Vec<Result<PartTaken, Error>> {
        let mut putting = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let session = Arc::new(alone.session(person(10)));
            for _ in 0..16 {
                let session = session.clone();
                putting.spawn(async move { put(&session, one(PARTS - 1)).await });
            }
        }
        putting.join_all().await
    }

    #[tokio::test]
    async fn a_file_is_checked_once_however_often_its_last_part_is_put() {
        let sha256 = digest::digest(&digest::SHA256, &content());
        let alone = nearly_there(sha256.as_ref()).await;
        for taken in put_at_once(&alone).await {
            assert!(taken.unwrap().whole);
        }
        assert_eq!(alone.context.files.checks.load(Ordering::Relaxed), 1);
        assert!(alone.context.state().files.waiting(person(10), FILE).unwrap().whole);
    }

    /// After a sync that failed, what is read may stand in the system's memory alone, and a sync finds nothing to do.
    #[tokio::test]
    async fn what_is_found_of_a_file_at_a_start_is_written_again_before_it_is_synced() {
        let sha256 = digest::digest(&digest::SHA256, &content());
        let alone = nearly_there(sha256.as_ref()).await;
        let (files, log) = (&alone.context.files, LogId::room(ROOM));
        let row = alone.context.store.file(log, *FILE.as_bytes()).unwrap().unwrap();
        let upload = journal::noted(&row).unwrap();
        let PutPart { part, data: PartData(data), .. } = one(PARTS - 1);
        files.put(&row.key, &upload, part, &data).unwrap();
        // As a restart does.
        files.settle(FILE);
        let path = alone.home.path().join("data/files").join(FILE.to_string());
        let (before, long_ago) = (fs::read(&path).unwrap(), SystemTime::UNIX_EPOCH);
        File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();

        let shown = status(&alone.session(person(10)), ShowUpload { file: FILE }).await.unwrap();
        assert!(shown.missing.is_empty());
        assert!(alone.context.state().files.waiting(person(10), FILE).unwrap().whole);
        assert_ne!(fs::metadata(&path).unwrap().modified().unwrap(), long_ago, "not written");
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[tokio::test]
    async fn a_file_that_is_not_what_was_announced_is_checked_once_too() {
        let alone = nearly_there(&[0; 32]).await;
        for taken in put_at_once(&alone).await {
            let code = taken.unwrap_err().code;
            assert!([ErrorCode::Conflict, ErrorCode::NotFound].contains(&code), "{code:?}");
        }
        assert_eq!(alone.context.files.checks.load(Ordering::Relaxed), 1);
        assert!(alone.context.files.here().unwrap().is_empty(), "what is no use stays");
    }
}
