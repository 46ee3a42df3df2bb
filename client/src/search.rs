//! A running search: its hits as they are found, then how it ended.

use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use warproom_proto::calls::Found;

use crate::client::Client;
use crate::error::CallError;
use crate::event::Delivered;

/// A running search. Dropping it lets the server search on for nothing, up to its limit.
pub struct Search {
    pub(crate) hits: mpsc::Receiver<Delivered>,
    pub(crate) end: oneshot::Receiver<Result<Box<RawValue>, CallError>>,
    pub(crate) client: Client,
}

impl Search {
    /// The next hit; `None` when there are no more, also when the search failed: [`Search::end`]
    /// tells. Hits stand alone, so the chain cannot be checked by them.
    pub async fn next(&mut self) -> Option<Delivered> {
        self.hits.recv().await
    }

    /// How the search ended, and where to search on.
    pub async fn end(self) -> Result<Found, CallError> {
        let reply = self.end.await.map_err(|_| self.client.ended())??;
        serde_json::from_str(reply.get()).map_err(CallError::Unreadable)
    }
}
