//! Files that go: with their entry, given up, or left lying. First what the store keeps of them, and
//! their keys, in one commit; then the bytes. What a crash leaves of the bytes, the sweep finds.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};
use warproom_proto::{Error, ErrorCode, FileId, RoomId};

use super::{FileError, Files};
use crate::context::Context;
use crate::domain::{FileChange, Plan, State};
use crate::journal::now_ms;

/// How often is swept: what is left lying costs disk space and nothing else.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// How long a file may wait for an entry that carries it: a night and a day's work on a bad line.
const WAITING_MS: i64 = 24 * 60 * 60 * 1000;

/// Destroys files that no entry carries: their keys and then their bytes. The keys of those that one
/// carries go by what ends its life, with it, and then [`erase`] is called.
pub async fn destroy(
    context: &Arc<Context>,
    which: impl FnOnce(&State, i64) -> Result<Vec<(RoomId, FileId)>, Error> + Send + 'static,
) -> Result<usize, Error> {
    let (tell, told) = oneshot::channel();
    let decide = move |state: &State, now_ms| {
        let which = which(state, now_ms)?;
        let files = which.iter().map(|(room, file)| FileChange::Gone(*room, *file)).collect();
        // Whoever asked may have gone; then the sweep removes the bytes.
        let _ = tell.send(which);
        Ok(Plan { files, ..Plan::default() })
    };
    context.journal.append(None, decide).await?;
    let gone: Vec<FileId> = told.await.unwrap_or_default().iter().map(|(_, file)| *file).collect();
    let count = gone.len();
    erase(context, gone).await;
    Ok(count)
}

/// Removes the bytes of files whose keys are destroyed.
pub async fn erase(context: &Arc<Context>, files: Vec<FileId>) {
    let gone: Vec<_> = {
        let state = context.state();
        files.into_iter().filter(|file| !state.files.knows(*file)).collect()
    };
    if gone.is_empty() {
        return;
    }
    let bytes = Arc::clone(&context.files);
    // A thread that cannot be had leaves it to the sweep.
    let _ = tokio::task::spawn_blocking(move || bytes.remove(&gone)).await;
}

/// Sweeps at once and then every hour, for as long as the server runs.
pub async fn keep(context: Arc<Context>) {
    let mut tick = interval(SWEEP_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let left = |state: &State, now_ms: i64| Ok(state.files.left_since(now_ms - WAITING_MS));
        // Nothing is written where nothing was left.
        if !context.state().files.left_since(now_ms() - WAITING_MS).is_empty() {
            match destroy(&context, left).await {
                Ok(files) => tracing::info!(files, "files that nothing carried are gone"),
                Err(error) => tracing::warn!(%error, "files that nothing carries stay for now"),
            }
        }
        sweep(&context).await;
    }
}

/// Removes bytes that belong to no file any more.
async fn sweep(context: &Arc<Context>) {
    let bytes = Arc::clone(&context.files);
    let here = tokio::task::spawn_blocking(move || bytes.here()).await;
    match here {
        Ok(Ok(here)) => erase(context, here).await,
        Ok(Err(error)) => tracing::error!(%error, "the folder of files could not be read"),
        Err(_) => {}
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full => ErrorCode::StorageFull.into(),
            FileError::OtherHash => Self::new(
                ErrorCode::Conflict,
                "the file is not what was announced, and is dropped; begin it again",
            ),
            error => {
                tracing::error!(%error, "a file's bytes could not be read or written");
                ErrorCode::ServerFault.into()
            }
        }
    }
}

impl Files {
    /// Says in the log which file is damaged.
    pub fn complain(room: RoomId, seq: u64, file: FileId, part: u32, error: &FileError) {
        if matches!(error, FileError::Damaged(_)) {
            tracing::error!(%room, seq, %file, part, "a part of a file is not what was stored");
        }
    }
}
