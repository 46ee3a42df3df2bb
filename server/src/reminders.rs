//! The clock of reminders: once a second it asks the domain whose moment has come, and tells their
//! connections. Who is not connected then lists what waits when they come back.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use warproom_proto::RoomId;
use warproom_proto::notice::Notice;

use crate::domain::{Reminder, State};
use crate::hub::Hub;
use crate::journal::{self, now_ms};

/// How often it looks. A reminder a second late is in time.
const PERIOD: Duration = Duration::from_secs(1);

/// Reminds until it is aborted.
pub async fn remind(state: Arc<RwLock<State>>, hub: Arc<Hub>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_ms = now_ms();
    loop {
        ticks.tick().await;
        let now_ms = now_ms();
        let rooms: Vec<RoomId> = journal::read(&state).rooms.keys().copied().collect();
        for room in rooms {
            // The state is looked at for one room at a time, so that the writer never waits for all.
            let reminders = journal::read(&state).reminders(room, last_ms, now_ms);
            for Reminder { who, of } in reminders {
                hub.tell_everywhere(who, of.room, &Notice::Reminder { outstanding: of });
            }
        }
        // A clock that was set back does not remind a second time.
        last_ms = last_ms.max(now_ms);
    }
}
