//! An open profile: its tasks, and its end.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::timeout;
use warproom_client::Client;
use warproom_client::proto::Secret;

use crate::effect::Outgoing;
use crate::news::{Connection, Opened, Refusal};
use crate::profile::{ProfileError, ProfileName, Profiles};
use crate::world::drafts::Drafts;
use crate::world::keeper::Keeper;
use crate::world::outbox::{Order, Outbox};
use crate::world::reader::{Reader, Rooms};
use crate::world::refusal;
use crate::world::shelf::{Closed, Contents, Held, Shelf};
use crate::world::teller::Teller;
use crate::world::{disclosure, export, files};
use crate::{Effect, News};

/// Orders that wait for the outbox.
const ORDERS: usize = 1024;

/// Pages, calls and the like under way: more than 200 rooms ask for at a sign-in.
const TASKS: usize = 2048;

/// How long each step of closing may take: writing the outbox, saying goodbye to the server, closing
/// the database.
const CLOSING: Duration = Duration::from_secs(2);

/// An open profile.
pub(super) struct Session {
    name: ProfileName,
    reader: Reader,
    teller: Teller,
    orders: mpsc::Sender<Order>,
    outbox: JoinHandle<()>,
    drafts: Drafts,
    tasks: JoinSet<()>,
    search: Option<AbortHandle>,
    closed: Closed,
}

impl Session {
    /// Opens a profile, tells what it holds, and begins to connect.
    pub(super) async fn open(
        profiles: Profiles,
        name: ProfileName,
        passphrase: Option<Secret>,
        teller: Teller,
    ) -> Result<Self, Refusal> {
        let (shelf, contents, closed) = Shelf::open(profiles, name.clone(), passphrase).await?;
        let Contents { identity, settings, drafts, outbox, remembered, heads } = contents;
        let left = outbox.iter().filter(|(_, refusal)| refusal.is_none());
        let left: Vec<Outgoing> = left.map(|(outgoing, _)| outgoing.clone()).collect();
        let (me, warp) = (identity.me.clone(), identity.warp.clone());
        let known = (me.clone(), warp.clone());
        let device = identity.device;
        let address = heads.address(identity.address.clone()).to_string();
        let profile = name.clone();
        let opened = Opened { profile, warp, me, device, address, settings, drafts, outbox };
        let rooms = Rooms::default();
        for (_, reply) in &remembered {
            rooms.note_reply(reply);
        }
        let replies = remembered.into_iter().map(|(asked, reply)| News::Answered(asked, Ok(reply)));
        teller.tell_all(std::iter::once(News::Opened(Ok(opened))).chain(replies).collect()).await;

        let (link_in, link) = watch::channel(None);
        let (orders, orders_in) = mpsc::channel(ORDERS);
        let outbox = Outbox::new(shelf.clone(), teller.clone(), link.clone(), left);
        let outbox = tokio::spawn(outbox.run(orders_in));
        let reader = Reader { shelf, teller: teller.clone(), link, rooms };
        let keeper = Keeper {
            shelf: reader.shelf.clone(),
            teller: teller.clone(),
            rooms: reader.rooms.clone(),
            link: link_in,
            known,
            told: Connection::None,
            reader: reader.clone(),
            reading: JoinSet::new(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(keeper.run(identity, heads));
        let pulse = teller.pulse();
        tasks.spawn(async move { pulse.run().await });
        let drafts = Drafts::default();
        Ok(Self { name, reader, teller, orders, outbox, drafts, tasks, search: None, closed })
    }

    /// The profile's name.
    pub(super) const fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Does what is to be done with the profile. Waits for nothing but room to hand it in.
    pub(super) async fn perform(&mut self, effect: Effect) {
        while self.tasks.try_join_next().is_some() {}
        if self.tasks.len() >= TASKS {
            return self.teller.tell(refusal::of(effect, refusal::too_much())).await;
        }
        let reader = self.reader.clone();
        match effect {
            Effect::Follow { room } => drop(self.tasks.spawn(reader.follow(room))),
            Effect::TrustHistory { room } => drop(self.tasks.spawn(reader.trust(room))),
            Effect::TrustLog { log } => reader.trust_log(log),
            Effect::Page { room, from } => drop(self.tasks.spawn(reader.page(room, from))),
            Effect::Thread { room, to } => drop(self.tasks.spawn(reader.thread(room, to))),
            Effect::Call(request) => drop(self.tasks.spawn(reader.call(request))),
            Effect::Search { search, room, text, before } => {
                // What an older one finds is of no use any more.
                self.search.take().iter().for_each(AbortHandle::abort);
                self.search = Some(self.tasks.spawn(reader.search(search, room, text, before)));
            }
            Effect::Send(outgoing) => {
                // At once, so that it is on disk before the draft goes, whose turn comes next. The
                // outbox keeps it again, which changes nothing, and tells how that went.
                let on_disk = outgoing.clone();
                let keep = move |held: &mut Held| held.profile.keep_outgoing(&on_disk);
                drop(self.reader.shelf.hand_in(keep).await);
                self.order(Order::Send(Box::new(outgoing))).await;
            }
            Effect::LookAtFile { room, path } => {
                drop(self.tasks.spawn(files::look_at(self.teller.clone(), room, path)));
            }
            Effect::SaveFile(save) => {
                let (client, teller) = (reader.link.borrow().clone(), self.teller.clone());
                drop(self.tasks.spawn(files::save(client, teller, save)));
            }
            Effect::Export(wish) => {
                let (client, teller) = (reader.link.borrow().clone(), self.teller.clone());
                drop(self.tasks.spawn(export::export(client, teller, *wish)));
            }
            Effect::ReadDisclosure(wish) => {
                let (client, teller) = (reader.link.borrow().clone(), self.teller.clone());
                drop(self.tasks.spawn(disclosure::read(client, teller, *wish)));
            }
            Effect::WriteDisclosure { folder, made } => {
                drop(self.tasks.spawn(disclosure::write(self.teller.clone(), folder, made)));
            }
            Effect::ProveAudit(seq) => drop(self.tasks.spawn(reader.prove(seq))),
            Effect::ReadCheckpoint => drop(self.tasks.spawn(reader.checkpoint())),
            Effect::Discard(id) => self.order(Order::Discard(id)).await,
            Effect::KeepDraft { room, draft } => {
                let drafts = self.drafts.clone();
                if drafts.put(room, draft) {
                    let newest = move |held: &mut Held| match drafts.take(room) {
                        Some(draft) => held.profile.keep_draft(room, &draft),
                        None => Ok(()),
                    };
                    self.keep(newest).await;
                }
            }
            Effect::KeepSettings(settings) => {
                self.keep(move |held| held.profile.keep_settings(&settings)).await;
            }
            other => self.teller.tell(refusal::of(other, refusal::closed())).await,
        }
    }

    async fn order(&self, order: Order) {
        if let Err(mpsc::error::TrySendError::Full(Order::Send(outgoing))) =
            self.orders.try_send(order)
        {
            let refused = refusal::of(Effect::Send(*outgoing), refusal::too_much());
            self.teller.tell(refused).await;
        }
    }

    /// Keeps something in the profile, after all that was to be kept before.
    async fn keep(
        &mut self,
        job: impl FnOnce(&mut Held) -> Result<(), ProfileError> + Send + 'static,
    ) {
        let kept = self.reader.shelf.hand_in(job).await;
        let teller = self.teller.clone();
        self.tasks.spawn(async move {
            if let Ok(Err(refusal)) = kept.await {
                teller.trouble(refusal).await;
            }
        });
    }

    /// Closes the profile: what was handed over is on disk then, and the connection is gone. Answers what
    /// tells when that is so, if the disk takes longer than a window can wait.
    pub(super) async fn close(mut self) -> Option<Closed> {
        drop(self.orders);
        let kept = timeout(CLOSING, &mut self.outbox).await;
        if kept.is_err() {
            tracing::warn!("the outbox took too long to close");
            self.outbox.abort();
        }
        let client = self.reader.link.borrow().clone();
        self.tasks.shutdown().await;
        if let Some(client) = client {
            say_goodbye(client, &self.reader.shelf).await;
        }
        drop(self.reader);
        let is_slow = timeout(CLOSING, &mut self.closed).await.is_err();
        if is_slow {
            tracing::warn!("the profile took too long to close");
        }
        self.teller.tell(News::Connection(Connection::None)).await;
        is_slow.then_some(self.closed)
    }
}

/// Keeps what is remembered of the server's logs, and ends the connection in order.
async fn say_goodbye(client: Client, shelf: &Shelf) {
    let heads = client.heads();
    let kept = shelf.with(move |held| held.profile.keep_heads(&heads));
    match timeout(CLOSING, kept).await {
        Ok(Ok(())) => {}
        Ok(Err(refusal)) => tracing::warn!(%refusal, "heads could not be kept"),
        Err(_) => tracing::warn!("heads took too long to keep"),
    }
    if timeout(CLOSING, client.close()).await.is_err() {
        tracing::debug!("the connection took too long to close");
    }
}
