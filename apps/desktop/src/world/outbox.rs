//! Sending what a person wrote: on disk first, then to the server, in the order it was written.
//!
//! An entry is handed to the client crate as soon as there is one, which keeps the order and sends it
//! again under the same id until it is answered; so several are on their way at a time, and one room
//! does not wait for another. It leaves the disk only when the server has stored it or the person lets
//! it go.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use warproom_client::proto::calls::Posted;
use warproom_client::proto::{EntryId, FileId};
use warproom_client::{CallError, Client, State};

use crate::News;
use crate::effect::Outgoing;
use crate::news::Refusal;
use crate::world::files::{self, NotUp};
use crate::world::keeper::Link;
use crate::world::refusal;
use crate::world::shelf::Shelf;
use crate::world::teller::Teller;

/// Entries on their way at a time: more than the client crate has under way, far less than it holds.
const FLYING: usize = 64;

/// The wait before what the server could not store for now is sent again, where it names none.
const LATER: Duration = Duration::from_secs(5);

/// The longest pause that a server may ask for: it shall not silence anybody for good.
const LONGEST_ASKED: Duration = Duration::from_mins(5);

/// What is to be done with an entry.
pub(super) enum Order {
    /// Keep it and send it.
    Send(Box<Outgoing>),
    /// Let it go.
    Discard(EntryId),
}

/// What waits and what is on its way, by the place in which it was written.
pub(super) struct Outbox {
    shelf: Shelf,
    teller: Teller,
    link: Link,
    waiting: BTreeMap<u64, Outgoing>,
    flying: JoinSet<Landed>,
    handles: HashMap<EntryId, AbortHandle>,
    next: u64,
    paused_until: Option<Instant>,
    /// Files come up for one entry at a time: two on a slow line would both be late.
    one_at_a_time: Arc<Mutex<()>>,
    /// Files being given up at the server.
    giving_up: JoinSet<()>,
}

/// How it went with an entry.
struct Landed {
    place: u64,
    outgoing: Outgoing,
    result: Result<Posted, NotUp>,
}

impl Outbox {
    /// An outbox with what an earlier run left in it.
    pub(super) fn new(shelf: Shelf, teller: Teller, link: Link, left: Vec<Outgoing>) -> Self {
        let waiting: BTreeMap<_, _> = (0..).zip(left).collect();
        let next = waiting.len() as u64;
        let (flying, handles) = (JoinSet::new(), HashMap::new());
        let one_at_a_time = Arc::default();
        Self {
            shelf,
            teller,
            link,
            waiting,
            flying,
            handles,
            next,
            paused_until: None,
            one_at_a_time,
            giving_up: JoinSet::new(),
        }
    }

    /// Runs until there can be no more orders; each that was given is on disk then.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            self.launch().await;
            let paused_until = self.paused_until;
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Send(outgoing)) => self.keep(*outgoing).await,
                    Some(Order::Discard(id)) => self.discard(id).await,
                    None => break,
                },
                Some(landed) = self.flying.join_next() => {
                    // Those that were let go have nothing to say.
                    if let Ok(landed) = landed {
                        self.land(landed).await;
                    }
                }
                Ok(()) = self.link.changed() => {}
                () = sleep_until(paused_until.unwrap_or_else(Instant::now)),
                    if paused_until.is_some() => self.paused_until = None,
            }
        }
    }

    /// Puts an entry on disk, from where on it is safe.
    async fn keep(&mut self, outgoing: Outgoing) {
        let (id, on_disk) = (outgoing.id(), outgoing.clone());
        let kept = self.shelf.with(move |held| held.profile.keep_outgoing(&on_disk)).await;
        let is_kept = kept.is_ok();
        self.teller.tell(News::Kept(id, kept)).await;
        if is_kept && !self.has(id) {
            self.waiting.insert(self.next, outgoing);
            self.next += 1;
        }
    }

    fn has(&self, id: EntryId) -> bool {
        self.handles.contains_key(&id) || self.waiting.values().any(|one| one.id() == id)
    }

    async fn discard(&mut self, id: EntryId) {
        self.waiting.retain(|_, one| one.id() != id);
        if let Some(flying) = self.handles.remove(&id) {
            flying.abort();
        }
        let announced = self.announced(id).await;
        if let Err(refusal) = self.drop_from_disk(id).await {
            self.teller.trouble(refusal).await;
        }
        self.give_up(announced);
    }

    /// The files of an entry that the server was told of.
    async fn announced(&self, id: EntryId) -> Vec<FileId> {
        let kept = self.shelf.with(|held| held.profile.outbox()).await.unwrap_or_default();
        let outgoing = kept.into_iter().map(|(outgoing, _)| outgoing).find(|one| one.id() == id);
        let Some(Outgoing::PostWithFiles(with)) = outgoing else { return Vec::new() };
        with.files.iter().filter_map(|file| Some(file.announced?.file)).collect()
    }

    /// Gives files up at the server. One that an entry carries by now stays; without a connection the
    /// server drops them by itself within a day.
    fn give_up(&mut self, files: Vec<FileId>) {
        while self.giving_up.try_join_next().is_some() {}
        let Some(client) = self.client() else { return };
        for file in files {
            let client = client.clone();
            self.giving_up.spawn(async move {
                if let Err(error) = client.abandon_upload(file).await {
                    tracing::debug!(%error, %file, "a file was not given up");
                }
            });
        }
    }

    async fn drop_from_disk(&self, id: EntryId) -> Result<(), Refusal> {
        self.shelf.with(move |held| held.profile.drop_outgoing(id)).await
    }

    /// Sends what may be sent now, in order.
    async fn launch(&mut self) {
        let Some(client) = self.client() else { return };
        while self.paused_until.is_none() && self.handles.len() < FLYING {
            let Some((place, outgoing)) = self.waiting.pop_first() else { return };
            let (id, client) = (outgoing.id(), client.clone());
            let mut sending = match outgoing {
                Outgoing::PostWithFiles(_) => {
                    let with = (self.teller.clone(), self.shelf.clone());
                    let turn = self.one_at_a_time.clone();
                    Box::pin(send_with_files(client, (place, outgoing), with, turn)) as Flight
                }
                outgoing => Box::pin(send(client, place, outgoing)),
            };
            // Begun here, so that they stand in the client's queue in this order.
            let landed = match begin(&mut sending).await {
                Some(landed) => Box::pin(async { landed }) as Flight,
                None => sending,
            };
            self.handles.insert(id, self.flying.spawn(landed));
        }
    }

    /// The client, unless it sends nothing any more.
    fn client(&self) -> Option<Client> {
        let client = self.link.borrow().clone()?;
        let is_out = matches!(&*client.state().borrow(), State::SignedOut { .. });
        (!is_out).then_some(client)
    }

    async fn land(&mut self, Landed { place, outgoing, result }: Landed) {
        let id = outgoing.id();
        if self.handles.remove(&id).is_none() {
            // It was let go.
            return;
        }
        match result {
            Ok(posted) => {
                // What stays on disk is sent again under its id, which does no harm.
                if let Err(refusal) = self.drop_from_disk(id).await {
                    tracing::warn!(%refusal, %id, "a sent entry stays in the outbox");
                }
                self.teller.tell(News::Sent(id, Ok(posted))).await;
            }
            Err(NotUp::Call(CallError::SignedOut(_) | CallError::Disconnected)) => {
                self.waiting.insert(place, outgoing);
            }
            Err(NotUp::Call(error)) if error.is_worth_retrying() => {
                self.waiting.insert(place, outgoing);
                self.pause(&error).await;
            }
            Err(NotUp::Call(error)) => self.refuse(id, refusal::of_call(&error)).await,
            Err(NotUp::Refused(why)) => self.refuse(id, why).await,
        }
    }

    /// It stays in the outbox, for the person to decide.
    async fn refuse(&self, id: EntryId, why: Refusal) {
        let on_disk = why.clone();
        let kept = self.shelf.with(move |held| held.profile.keep_refusal(id, &on_disk)).await;
        if let Err(refusal) = kept {
            // It is sent once more at the next start, and refused again.
            tracing::warn!(%refusal, %id, "a refusal could not be kept");
        }
        self.teller.tell(News::Sent(id, Err(why))).await;
    }

    /// The server can store nothing for now.
    async fn pause(&mut self, error: &CallError) {
        let was_paused = self.paused_until.is_some();
        self.paused_until = Some(Instant::now() + pause(error.retry_after()));
        if !was_paused {
            self.teller.trouble(refusal::of_call(error)).await;
        }
    }
}

/// How long nothing is sent after the server could not store something.
fn pause(asked: Option<Duration>) -> Duration {
    asked.unwrap_or(LATER).min(LONGEST_ASKED)
}

type Flight = Pin<Box<dyn Future<Output = Landed> + Send>>;

async fn send(client: Client, place: u64, outgoing: Outgoing) -> Landed {
    let result = outgoing.clone().send(&client).await.map_err(NotUp::Call);
    Landed { place, outgoing, result }
}

/// Brings its files up, and sends it then. What was written after it does not wait for that.
async fn send_with_files(
    client: Client,
    (place, outgoing): (u64, Outgoing),
    (teller, shelf): (Teller, Shelf),
    one_at_a_time: Arc<Mutex<()>>,
) -> Landed {
    let Outgoing::PostWithFiles(mut with) = outgoing else {
        return send(client, place, outgoing).await;
    };
    let _turn = one_at_a_time.lock().await;
    let result = files::send(&client, &teller, &shelf, &mut with).await;
    // With what the server knows by now.
    Landed { place, outgoing: Outgoing::PostWithFiles(with), result }
}

/// Takes the first step of something; its end, if it was that.
async fn begin<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    poll_fn(|context| match Pin::new(&mut *future).poll(context) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_server_has_the_outbox_wait_for_long() {
        assert_eq!(pause(None), LATER);
        assert_eq!(pause(Some(Duration::from_secs(9))), Duration::from_secs(9));
        assert_eq!(pause(Some(Duration::MAX)), LONGEST_ASKED);
    }
}
