//! Whether the server does what it is there for: takes and stores, and delivers. Yes or no is all that a
//! stranger may ask; why not stands in the log and in the metrics.

use tokio::task::AbortHandle;

use crate::context::Context;
use crate::journal::Journal;
use crate::store::Store;

/// What tells whether a server is ready.
pub struct Readiness {
    /// The task that delivers.
    pub delivering: AbortHandle,
    /// Free space below which nothing is stored.
    pub reserve_bytes: u64,
}

/// Whether entries are stored and delivered now. Asks the system for the free space: some microseconds.
pub fn is_ready(context: &Context) -> bool {
    let Readiness { delivering, reserve_bytes } = &context.readiness;
    judge(&context.journal, &context.store, delivering, *reserve_bytes)
}

fn judge(journal: &Journal, store: &Store, delivering: &AbortHandle, reserve_bytes: u64) -> bool {
    journal.is_storing()
        && !delivering.is_finished()
        && store.free_bytes().is_ok_and(|free_bytes| free_bytes >= reserve_bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, RwLock};

    use tokio::sync::mpsc;
    use warproom_proto::WarpId;

    use super::*;
    use crate::audit::{Audit, Keys, Tree};
    use crate::domain::State;
    use crate::metrics::Metrics;
    use crate::store::{self, MasterKey, Options};

    #[tokio::test]
    async fn a_server_is_ready_while_it_stores_delivers_and_has_space() {
        let home = tempfile::tempdir().unwrap();
        let (folder, key) = (home.path().join("store"), MasterKey::generate().unwrap());
        store::create(&folder, &key).unwrap();
        let (store, committer) = store::open(&folder, &key, Options::default()).unwrap();
        let (to_deliver, mut committed) = mpsc::channel(1);
        let state: Arc<RwLock<State>> = Arc::default();
        let keys = Keys::load(home.path(), None).unwrap();
        let tree = Tree::load(store.clone()).unwrap();
        let audit = Arc::new(Audit::new(tree, keys, WarpId::from_bytes([1; 16])));
        let counted = (audit, Arc::new(Metrics::default()));
        let (journal, _writing) =
            Journal::start(store.clone(), committer, state, to_deliver, counted).unwrap();
        let delivering = tokio::spawn(async move { while committed.recv().await.is_some() {} });
        let handle = delivering.abort_handle();

        assert!(judge(&journal, &store, &handle, 0));
        assert!(!judge(&journal, &store, &handle, u64::MAX), "the disk is as good as full");
        delivering.abort();
        let _ = delivering.await;
        assert!(!judge(&journal, &store, &handle, 0), "nothing is delivered");
    }
}
