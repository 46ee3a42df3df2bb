//! The WARP as the relay needs it: which rooms there are for it, and posting to them. The client is
//! one; a test has another, that loses its answers.

use std::future::Future;
use std::time::Duration;

use warproom_client::proto::calls::{ListRooms, PostAlert, Posted};
use warproom_client::{CallError, Client};

use crate::compose::Room;

/// Where alerts are posted.
pub trait Warp: Send + Sync {
    /// The rooms this relay is granted.
    fn rooms(&self) -> impl Future<Output = Result<Vec<Room>, CallError>> + Send;

    /// Posts an alert. Posting again under the same entry id answers with the first one's result and
    /// stores nothing.
    fn post(&self, alert: PostAlert) -> impl Future<Output = Result<Posted, CallError>> + Send;
}

/// How long one post may wait for the server before the round ends without it. It is on the cursor
/// and is sent again in the next.
const PATIENCE: Duration = Duration::from_mins(2);

impl Warp for Client {
    async fn rooms(&self) -> Result<Vec<Room>, CallError> {
        let list = self.call(ListRooms::default()).await?;
        let room = |summary: warproom_client::proto::calls::RoomSummary| Room {
            id: summary.room,
            name: summary.settings.name.to_string(),
            ceiling: summary.settings.ceiling,
        };
        Ok(list.rooms.into_iter().map(room).collect())
    }

    async fn post(&self, alert: PostAlert) -> Result<Posted, CallError> {
        let answer = tokio::time::timeout(PATIENCE, self.append(alert)).await;
        answer.unwrap_or(Err(CallError::Disconnected))
    }
}
