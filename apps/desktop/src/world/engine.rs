//! Takes effects in their order and hands each to whoever does it. It waits for nothing that takes long,
//! but for a profile to be opened or closed.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use warproom_client::TotpSecret;

use crate::news::Refusal;
use crate::profile::{ProfileError, ProfileName, Profiles, key_store_is_usable};
use crate::world::joining::Joining;
use crate::world::notify::Notifier;
use crate::world::session::Session;
use crate::world::shelf::Closed;
use crate::world::teller::Teller;
use crate::world::{refusal, system};
use crate::{Effect, News};

/// How long the destruction of a profile waits for it to be closed: somebody who destroys one wants it
/// gone, and a disk that takes longer than this for what waits does not answer at all.
const SLOW_DISK: Duration = Duration::from_secs(30);

/// What does what the window asks.
pub(super) struct Engine {
    profiles: Profiles,
    teller: Teller,
    joining: Joining,
    notifier: Notifier,
    session: Option<Session>,
    /// A profile that took too long to close.
    closing: Option<Closed>,
}

impl Engine {
    pub(super) fn new(profiles: Profiles, teller: Teller) -> Self {
        let joining = Joining::new(profiles.clone(), teller.clone());
        Self {
            profiles,
            teller,
            joining,
            notifier: Notifier::default(),
            session: None,
            closing: None,
        }
    }

    /// Runs until there can be no more effects, then closes in order.
    pub(super) async fn run(mut self, mut effects: mpsc::Receiver<Effect>) {
        self.start().await;
        while let Some(effect) = effects.recv().await {
            self.perform(effect).await;
        }
        self.close().await;
        self.joining.end().await;
    }

    async fn start(&self) {
        let profiles = self.profiles.clone();
        let looked = spawn_blocking(move || (profiles.list(), key_store_is_usable())).await;
        let Ok((profiles, key_store)) = looked else { return };
        let profiles = match profiles {
            Ok(profiles) => profiles,
            Err(error) => {
                self.teller.trouble(error.into()).await;
                Vec::new()
            }
        };
        let computer = system::computer();
        self.teller.tell(News::Started { profiles, key_store, computer }).await;
    }

    async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::OpenInvitation(invitation) => self.joining.open(invitation),
            Effect::Redeem { password, code, device, lock } => {
                self.joining.redeem(password, code, device, lock);
            }
            Effect::Enrol { address, handle, password, code, device, lock } => {
                self.joining.enrol(address, (handle, password, code), device, lock);
            }
            Effect::OpenProfile { profile, passphrase } => {
                self.close().await;
                let (profiles, teller) = (self.profiles.clone(), self.teller.clone());
                match Session::open(profiles, profile, passphrase, teller).await {
                    Ok(session) => {
                        self.session = Some(session);
                        self.joining.forget_unused();
                    }
                    Err(refusal) => self.teller.tell(News::Opened(Err(refusal))).await,
                }
            }
            Effect::CloseProfile => self.close().await,
            Effect::DestroyProfile(name) => self.destroy(name).await,
            Effect::Notify(notification) => self.notifier.show(notification),
            Effect::MakeTotp { warp, handle } => {
                let totp = TotpSecret::generate();
                let (secret, uri) = (totp.to_base32(), totp.uri(&warp, &handle));
                self.teller.tell(News::TotpMade { secret, uri }).await;
            }
            Effect::WriteFile { name, text } => self.write(name, text).await,
            other => match &mut self.session {
                Some(session) => session.perform(other).await,
                None => self.without_profile(other).await,
            },
        }
    }

    async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            self.closing = session.close().await;
        }
    }

    async fn destroy(&mut self, name: ProfileName) {
        if self.session.as_ref().is_some_and(|session| *session.name() == name) {
            self.close().await;
        }
        // Where the disk is slow the thread that has the profile may be at it still.
        if let Some(closing) = self.closing.take() {
            let _ = timeout(SLOW_DISK, closing).await;
        }
        let profiles = self.profiles.clone();
        let destroyed = spawn_blocking(move || profiles.destroy(&name)).await;
        if let Err(refusal) = answer(destroyed) {
            self.teller.trouble(refusal).await;
        }
        self.start().await;
    }

    async fn write(&self, name: String, text: String) {
        let written = spawn_blocking(move || system::write_download(&name, &text)).await;
        let written = match written {
            Ok(Ok(path)) => Ok(path.display().to_string()),
            Ok(Err(error)) => Err(Refusal::new(
                format!("the file could not be written: {error}"),
                "check your folder of downloads",
            )),
            Err(_) => Err(refusal::closed()),
        };
        self.teller.tell(News::Wrote(written)).await;
    }

    async fn without_profile(&self, effect: Effect) {
        match effect {
            // What was on its way when the profile was closed.
            Effect::Follow { .. }
            | Effect::TrustHistory { .. }
            | Effect::TrustLog { .. }
            | Effect::Discard(_)
            | Effect::KeepDraft { .. }
            | Effect::KeepSettings(_)
            | Effect::Copy(_)
            | Effect::OpenLink(_) => {}
            other => self.teller.tell(refusal::of(other, refusal::closed())).await,
        }
    }
}

/// What came of blocking work.
pub(super) fn answer<T>(
    done: Result<Result<T, ProfileError>, tokio::task::JoinError>,
) -> Result<T, Refusal> {
    done.map_err(|_| refusal::closed())?.map_err(Refusal::from)
}
