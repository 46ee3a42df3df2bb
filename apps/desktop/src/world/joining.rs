//! The first minutes: looking at an invitation, redeeming it, enrolling another device; and the profile
//! that comes of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::timeout;
use warproom_client::proto::calls::Invited;
use warproom_client::proto::invitation::{Address, Invitation};
use warproom_client::proto::{Handle, Name, Secret};
use warproom_client::{Joined, TotpSecret, enrol_device, open_invitation};

use crate::News;
use crate::effect::Lock;
use crate::news::{self, Refusal};
use crate::profile::{Identity, ProfileSummary, Profiles};
use crate::world::engine::answer;
use crate::world::refusal;
use crate::world::teller::{Teller, now_ms};

/// A step of TOTP (RFC 6238 §5.2).
const STEP_SECONDS: u64 = 30;

/// How long an enrolment that is under way may go on when the window closes: a device that the server
/// knows and nobody keeps would have to be revoked.
const ENDING: Duration = Duration::from_secs(3);

/// Joins people.
pub(super) struct Joining {
    profiles: Profiles,
    teller: Teller,
    /// The invitation that was opened last, until something came of it.
    opened: Slot,
    opening: Option<AbortHandle>,
    tasks: JoinSet<()>,
}

/// Where an opened invitation is.
type Slot = Arc<Mutex<Option<Arc<Opened>>>>;

/// An invitation that was shown, with the second factor made for it.
struct Opened {
    joining: warproom_client::Joining,
    totp: TotpSecret,
    /// Once it was redeemed: what is to be kept, should keeping it have failed.
    identity: tokio::sync::Mutex<Option<Identity>>,
}

impl Joining {
    pub(super) fn new(profiles: Profiles, teller: Teller) -> Self {
        let opened = Arc::default();
        Self { profiles, teller, opened, opening: None, tasks: JoinSet::new() }
    }

    /// Asks whom an invitation is for. An older question is dropped.
    pub(super) fn open(&mut self, invitation: Invitation) {
        self.opening.take().iter().for_each(AbortHandle::abort);
        let (teller, slot) = (self.teller.clone(), self.opened.clone());
        self.opening = Some(self.tasks.spawn(async move {
            let invited = match open(&invitation).await {
                Ok((opened, invited)) => {
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(opened));
                    Ok(invited)
                }
                Err(refusal) => Err(refusal),
            };
            teller.tell(News::Invited(invited)).await;
        }));
    }

    /// Redeems the invitation opened last, and keeps what comes of it.
    pub(super) fn redeem(&mut self, password: Secret, code: Secret, device: Name, lock: Lock) {
        let (profiles, teller, slot) =
            (self.profiles.clone(), self.teller.clone(), self.opened.clone());
        let opened = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.reap();
        self.tasks.spawn(async move {
            let joined = match opened {
                Some(opened) => {
                    let joined = opened.redeem(password, &code, device, lock, profiles).await;
                    if joined.is_ok() {
                        empty(&slot, |left| Arc::ptr_eq(left, &opened));
                    }
                    joined
                }
                None => Err(Refusal::new("there is no invitation", "paste it again")),
            };
            teller.tell(News::Joined(joined)).await;
        });
    }

    /// Enrols this computer for a member, who proves to be one with handle, password and code.
    pub(super) fn enrol(
        &mut self,
        address: Address,
        proof: (Handle, Secret, Secret),
        device: Name,
        lock: Lock,
    ) {
        let (profiles, teller) = (self.profiles.clone(), self.teller.clone());
        self.reap();
        self.tasks.spawn(async move {
            let (handle, password, code) = proof;
            let code = digits(&code);
            let joined = match enrol_device(&address, handle, password, code, device).await {
                Ok(joined) => keep(profiles, identity(joined), lock).await,
                Err(error) => Err(refusal::of_join(&error)),
            };
            teller.tell(News::Joined(joined)).await;
        });
    }

    /// Somebody works with a profile: an invitation that they left unused is of no use any more. One that
    /// was redeemed and could not be kept stays, because the server knows its device.
    pub(super) fn forget_unused(&self) {
        empty(&self.opened, |left| left.identity.try_lock().is_ok_and(|kept| kept.is_none()));
    }

    fn reap(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }

    /// Lets what is under way come to its end, for a moment.
    pub(super) async fn end(mut self) {
        self.opening.take().iter().for_each(AbortHandle::abort);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(ENDING, all).await.is_err() {
            tracing::warn!("an enrolment was given up");
        }
    }
}

/// Lets go of what was opened, which wipes its secrets: the code of the invitation, the second factor, and
/// the key of the device.
fn empty(slot: &Slot, is_done: impl FnOnce(&Arc<Opened>) -> bool) {
    let mut opened = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if opened.as_ref().is_some_and(is_done) {
        *opened = None;
    }
}

async fn open(invitation: &Invitation) -> Result<(Opened, news::Invitation), Refusal> {
    let opened = open_invitation(invitation).await;
    let (joining, invited) = opened.map_err(|error| refusal::of_join(&error))?;
    let totp = TotpSecret::generate();
    let Invited { warp, handle, .. } = &invited;
    let shown = news::Invitation {
        totp_secret: totp.to_base32(),
        totp_uri: totp.uri(warp, handle),
        fingerprint: invitation.address.authority,
        invited,
    };
    Ok((Opened { joining, totp, identity: tokio::sync::Mutex::default() }, shown))
}

impl Opened {
    async fn redeem(
        &self,
        password: Secret,
        code: &Secret,
        device: Name,
        lock: Lock,
        profiles: Profiles,
    ) -> Result<ProfileSummary, Refusal> {
        // Held to the end: twice in a hurry is once.
        let mut kept = self.identity.lock().await;
        let identity = if let Some(identity) = kept.clone() {
            identity
        } else {
            check_code(&self.totp, code, unix_seconds())?;
            let joined = self.joining.redeem(password, &self.totp, device).await;
            let joined = joined.map_err(|error| refusal::of_join(&error))?;
            kept.insert(identity(joined)).clone()
        };
        keep(profiles, identity, lock).await
    }
}

/// Makes the profile.
async fn keep(
    profiles: Profiles,
    identity: Identity,
    lock: Lock,
) -> Result<ProfileSummary, Refusal> {
    let created = spawn_blocking(move || profiles.create(&identity, &lock)).await;
    answer(created).map_err(|why| {
        Refusal::new(
            format!("you have joined, but this computer could not keep it: {}", why.sentence),
            why.advice,
        )
    })
}

fn identity(joined: Joined) -> Identity {
    let Joined { address, device, key, signed_in } = joined;
    let (me, warp, warp_id) = (signed_in.me, signed_in.warp_name, signed_in.warp);
    Identity { address, device, key, me, warp, warp_id }
}

/// Checks that an authenticator app has the secret, before anything is sent: the server believes a code
/// that this program makes itself.
fn check_code(totp: &TotpSecret, code: &Secret, now: u64) -> Result<(), Refusal> {
    let code = digits(code);
    // As the server does, one step to either side: the telephone's clock may be a little off.
    let moments = [now, now.saturating_sub(STEP_SECONDS), now.saturating_add(STEP_SECONDS)];
    if moments.iter().any(|moment| totp.code_at(*moment).expose() == code.expose()) {
        return Ok(());
    }
    Err(Refusal::new(
        "this is not the code of this moment",
        "enter the six digits that your authenticator app shows now for this WARP; if they are right, check the time of this computer and of your telephone",
    ))
}

/// A code as it is typed, without the spaces that apps show.
fn digits(code: &Secret) -> Secret {
    code.expose().chars().filter(|c| !c.is_whitespace()).collect::<String>().into()
}

fn unix_seconds() -> u64 {
    u64::try_from(now_ms() / 1000).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_this_moment_or_the_one_beside_it_proves_the_secret_and_no_other() {
        let totp = TotpSecret::generate();
        let code = totp.code_at(1_000_000);
        for off in [0, 29, 30] {
            assert!(check_code(&totp, &code, 1_000_000 + off).is_ok(), "{off}");
            assert!(check_code(&totp, &code, 1_000_000 - off).is_ok(), "{off}");
        }
        let late = check_code(&totp, &code, 1_000_100).unwrap_err();
        assert_eq!(late.sentence, "this is not the code of this moment");
        let spaced = format!(" {} {}", &code.expose()[..3], &code.expose()[3..]);
        assert!(check_code(&totp, &spaced.into(), 1_000_000).is_ok());
        assert!(check_code(&totp, &String::new().into(), 1_000_000).is_err());
    }
}
