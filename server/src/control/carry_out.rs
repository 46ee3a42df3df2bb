//! What each of an operator's orders does. One at a time: an operator who changes the master key does not
//! want a backup of before. Retention changes it unasked, and a backup is taken again then.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, TryLockError};

use warproom_proto::audit;

use super::{Order, Told};
use crate::backup::{self, KeepError};
use crate::config::Config;
use crate::domain::State;
use crate::journal::{self, Journal};
use crate::keys;
use crate::setup;
use crate::store::backup::BackupError;
use crate::store::{CommitError, Committer, Store};
use crate::tls::authority::{self, Next};
use crate::tls::{self, Certificate};

/// What orders are carried out on.
pub struct Controlled {
    /// Where everything lies.
    pub config: Config,
    /// The one writer.
    pub journal: Journal,
    /// Reads of what is stored.
    pub store: Store,
    /// Whose store it is.
    pub state: Arc<RwLock<State>>,
    /// Whose turn it is to change the master key.
    pub turn: Arc<keys::Turn>,
    /// What new connections get.
    pub certificate: Arc<Certificate>,
    /// How far the order that is under way has come.
    pub progress: Progress,
}

/// How far an order has come.
#[derive(Default)]
pub struct Progress {
    under_way: Mutex<()>,
    copied_bytes: AtomicU64,
    stops: AtomicBool,
}

impl Controlled {
    /// Cuts short what is under way and may be, and refuses what comes after.
    pub(super) fn stop(&self) {
        self.progress.stops.store(true, Ordering::Relaxed);
    }

    /// How much the backup that is under way has copied.
    pub(super) fn copied_bytes(&self) -> u64 {
        self.progress.copied_bytes.load(Ordering::Relaxed)
    }

    /// Carries out an order. It takes its time: not for async threads.
    pub(super) fn carry_out(&self, order: Order) -> Told {
        let _alone = match self.progress.under_way.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(left)) => left.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Told::Refused("another order is being carried out; try again".to_owned());
            }
        };
        self.progress.copied_bytes.store(0, Ordering::Relaxed);
        let done = match order {
            Order::Backup { to } => self.back_up(&to).map_err(|error| chain(&error)),
            Order::RotateMasterKey {} => self.rotate_master_key(),
            Order::RotateCertificate {} => self.rotate_certificate(),
            Order::RotateAuthority { anew } => self.rotate_authority(anew),
        };
        match done {
            Ok(told) => {
                self.note(&told);
                tracing::info!(?told, "an operator's order was carried out");
                told
            }
            Err(why) => {
                tracing::error!(why, "an operator's order was not carried out");
                Told::Refused(why)
            }
        }
    }

    /// Puts what was done into the audit log.
    fn note(&self, told: &Told) {
        let event = match told {
            Told::BackedUp(taken) => {
                audit::Event::BackupTaken { whole: taken.number == 1, records: taken.records }
            }
            Told::MasterKeyRotated { .. } => rotated(audit::KeyKind::Master),
            Told::CertificateRotated { .. } => rotated(audit::KeyKind::Certificate),
            Told::AuthorityRotated { .. } => rotated(audit::KeyKind::Authority),
            _ => return,
        };
        let note = self.journal.audit(audit::Record::of_server(event));
        if let Err(error) = tokio::runtime::Handle::current().block_on(note) {
            tracing::error!(%error, "an operator's order is not in the audit log");
        }
    }

    /// Takes a backup; of a later moment where somebody took a file back meanwhile, or retention changed
    /// the master key.
    fn back_up(&self, to: &Path) -> Result<Told, KeepError> {
        const MORE_MOMENTS: usize = 2;
        for _ in 0..MORE_MOMENTS {
            match self.back_up_now(to) {
                Err(KeepError::Backup(BackupError::Gone { .. } | BackupError::Rewrapped)) => {}
                told => return told,
            }
        }
        self.back_up_now(to)
    }

    fn back_up_now(&self, to: &Path) -> Result<Told, KeepError> {
        let owner = backup::owner(&journal::read(&self.state))?;
        let state = self.state.clone();
        let note = move |committer: &mut Committer| {
            let files = backup::files(&journal::read(&state));
            committer.moment(files)
        };
        let moment = self.journal.between(note);
        let moment = moment.ok_or(KeepError::Ended)??;
        let progress = &self.progress;
        let taken = backup::take(&self.config, &self.store, (&moment, owner), to, &mut |bytes| {
            progress.copied_bytes.store(bytes, Ordering::Relaxed);
            !progress.stops.load(Ordering::Relaxed)
        })?;
        Ok(Told::BackedUp(taken))
    }

    fn rotate_master_key(&self) -> Result<Told, String> {
        let changed = keys::change(&self.config.keys, &self.turn, |new| {
            let rekeyed = self.journal.between(move |committer| committer.rekey(&new, &[]));
            // A writer that has ended has not touched the store.
            rekeyed.unwrap_or(Err(CommitError::Stopped))
        });
        let data_keys = changed.map_err(|error| chain(&error))?;
        Ok(Told::MasterKeyRotated { data_keys })
    }

    fn rotate_certificate(&self) -> Result<Told, String> {
        let hosts = setup::hosts(&self.config);
        let made = tls::make_server_certificate(&self.config.keys, &hosts);
        made.and_then(|()| self.certificate.reload()).map_err(|error| chain(&error))?;
        let expires_at_ms = self.certificate.expiry_s().unwrap_or_default() * 1000;
        Ok(Told::CertificateRotated { hosts, expires_at_ms })
    }

    fn rotate_authority(&self, anew: bool) -> Result<Told, String> {
        let next = if anew { Next::Anew } else { Next::Made };
        let changed = authority::change(&self.config.keys, &setup::hosts(&self.config), next);
        let authority = changed.map_err(|error| {
            let why = chain(&error);
            format!("{why}. When that is mended, give the order again: it goes on where it was")
        })?;
        // It is changed, whatever comes of loading it.
        if let Err(error) = self.certificate.reload() {
            tracing::error!(%error, "the certificate of the new authority is not loaded; SIGHUP does");
        }
        Ok(Told::AuthorityRotated { authority })
    }
}

const fn rotated(key: audit::KeyKind) -> audit::Event {
    audit::Event::KeyRotated { key }
}

/// An error and its causes, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        cause = error.source();
    }
    said
}
