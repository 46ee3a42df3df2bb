//! Calls that wait for their reply on the present connection, and what running searches find.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use warproom_proto::Error;

use crate::client::Reply;
use crate::error::CallError;
use crate::event::Delivered;

/// Calls by their number.
#[derive(Default)]
pub(crate) struct Calls(BTreeMap<u64, Waiting>);

struct Waiting {
    reply: Reply,
    found: Option<mpsc::Sender<Delivered>>,
}

impl Calls {
    /// How many wait.
    pub(crate) fn in_flight(&self) -> usize {
        self.0.len()
    }

    /// Waits for a reply.
    pub(crate) fn add(&mut self, id: u64, reply: Reply, found: Option<mpsc::Sender<Delivered>>) {
        self.0.insert(id, Waiting { reply, found });
    }

    /// Hands over a reply. Nobody may be waiting for it any more.
    pub(crate) fn answer(&mut self, id: u64, result: Result<Box<RawValue>, Error>) {
        if let Some(waiting) = self.0.remove(&id) {
            // Who stopped waiting does not want it.
            let _ = waiting.reply.send(result.map_err(CallError::Refused));
        }
    }

    /// Hands over a hit to its search, whose number is that of its call.
    pub(crate) fn found(&self, search: u64, hit: Delivered) {
        if let Some(found) = self.0.get(&search).and_then(|waiting| waiting.found.as_ref()) {
            // Refused only if the search was dropped, or the server sent more than was asked for.
            let _ = found.try_send(hit);
        }
    }

    /// The connection ended: whoever waits learns it by the dropped reply.
    pub(crate) fn disconnected(&mut self) {
        self.0.clear();
    }
}
