//! Passwords: argon2id, kept as PHC strings, hashed on threads of their own.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use warproom_proto::{Secret, limits};

/// Memory, passes and lanes: RFC 9106 §4's second recommendation (64 MiB, t = 3), with one lane
/// because the threads are few.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// How many hashes are computed at once, at most: they take 64 MiB and a core each. Never more than half of
/// the cores, so that a flood of sign-ins leaves the others as they were.
const AT_ONCE: usize = 2;

/// How much hashes give way to everything else, from 0 to 19: on a machine with two cores a flood of sign-ins
/// would otherwise take both, and everybody's posts would wait for a turn.
const NICENESS: i32 = 15;

/// How many wait for that at most. Beyond it a caller is asked to come again.
const WAITING: usize = 64;

/// Why a password was not hashed or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least 12 characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most 1,024 bytes")]
    TooLong,
    /// Too many others wait.
    #[error("too many sign-ins at once")]
    Busy,
    /// The hashing itself failed.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes and checks passwords, a few at a time.
#[derive(Clone)]
pub struct Passwords {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// What is checked where there is no such account, so that it takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// Prepares, by hashing one random password.
    pub fn new() -> Result<Self, PasswordError> {
        let mut random = [0; 32];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| PasswordError::Failed)?;
        let nobody = data_encoding::HEXLOWER.encode(&random).into();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            working: Arc::new(Semaphore::new((cores / 2).clamp(1, AT_ONCE))),
            waiting: Arc::new(Semaphore::new(WAITING)),
            nobody: hash(&nobody)?.expose().into(),
        })
    }

    /// The PHC string of a new password.
    pub async fn hash(&self, password: Secret) -> Result<Secret, PasswordError> {
        if password.expose().chars().count() < limits::PASSWORD_CHARS {
            return Err(PasswordError::TooShort);
        }
        check_length(&password)?;
        self.work(move || hash(&password)).await?
    }

    /// Whether a password is the one of this PHC string. Without a string it takes as long and is
    /// wrong. The second value is a new string, where the old one has older parameters.
    pub async fn check(
        &self,
        password: Secret,
        phc: Option<Secret>,
    ) -> Result<(bool, Option<Secret>), PasswordError> {
        check_length(&password)?;
        let nobody = self.nobody.clone();
        let known = phc.is_some();
        self.work(move || {
            let phc = phc.as_ref().map_or(&*nobody, Secret::expose);
            let parsed = PasswordHash::new(phc).map_err(|_| PasswordError::Failed)?;
            let argon2 = argon2()?;
            let right =
                argon2.verify_password(password.expose().as_bytes(), &parsed).is_ok() && known;
            let current = Params::try_from(&parsed).is_ok_and(|params| is_current(&params));
            let rehashed = if right && !current { Some(hash(&password)?) } else { None };
            Ok((right, rehashed))
        })
        .await?
    }

    /// Does it when its turn comes. The wait is a task of its own: a connection that is busy writing does
    /// not poll its requests, and a turn given to one of them would be kept from everyone else meanwhile.
    /// A request that is dropped takes its waiting task along.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let waiting = self.waiting.clone();
        let waiting = waiting.try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let permits = self.working.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _waiting = waiting;
            let working = permits.acquire_owned().await.map_err(|_| PasswordError::Failed)?;
            Self::on_a_thread(working, work).await
        });
        let done = task.join_next().await;
        done.and_then(Result::ok).unwrap_or(Err(PasswordError::Failed))
    }

    async fn on_a_thread<T: Send + 'static>(
        working: OwnedSemaphorePermit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (tell, told) = oneshot::channel();
        let run = move || {
            // Held by the work itself: a caller that goes away does not make room for another.
            let _working = working;
            give_way();
            // Nobody may be waiting for it any more.
            let _ = tell.send(work());
        };
        let thread = std::thread::Builder::new().name("password".into()).spawn(run);
        thread.map_err(|_| PasswordError::Failed)?;
        told.await.map_err(|_| PasswordError::Failed)
    }
}

/// Lets every other thread go first. A thread cannot take this back, which is why each check has a thread
/// of its own and none of a pool.
fn give_way() {
    // On Linux `None` is the calling thread, and it may always give way; if not, it is as before.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "password checks run at the usual priority");
    }
}

fn check_length(password: &Secret) -> Result<(), PasswordError> {
    if password.expose().len() > limits::PASSWORD_BYTES {
        Err(PasswordError::TooLong)
    } else {
        Ok(())
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_current(params: &Params) -> bool {
    (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
}

fn hash(password: &Secret) -> Result<Secret, PasswordError> {
    let mut salt = [0; 16];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Failed)?;
    let hashed = argon2()?.hash_password(password.expose().as_bytes(), &salt);
    Ok(hashed.map_err(|_| PasswordError::Failed)?.to_string().into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_password_is_right_wrong_or_nobodys() {
        let passwords = Passwords::new().unwrap();
        let secret = |text: &str| Secret::from(text.to_owned());
        let phc = passwords.hash(secret("a long enough one")).await.unwrap();
        assert!(phc.expose().starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
        let check = |text, phc| passwords.check(secret(text), phc);
        assert!(matches!(check("a long enough one", Some(phc.clone())).await, Ok((true, None))));
        assert!(matches!(check("another long one", Some(phc)).await, Ok((false, None))));
        assert!(matches!(check("a long enough one", None).await, Ok((false, None))));
        assert!(matches!(passwords.hash(secret("short")).await, Err(PasswordError::TooShort)));
        let giant = secret(&"x".repeat(1025));
        assert!(matches!(passwords.check(giant, None).await, Err(PasswordError::TooLong)));
    }

    #[tokio::test]
    async fn a_password_has_at_least_12_characters_and_at_most_1024_bytes() {
        let passwords = Passwords::new().unwrap();
        for (text, is_long_enough) in [("twelve chars", true), ("eleven char", false)] {
            let hashed = passwords.hash(text.to_owned().into()).await;
            assert_eq!(hashed.is_ok(), is_long_enough, "{text}");
        }
        let accented = passwords.hash("é".repeat(11).into()).await;
        assert!(matches!(accented, Err(PasswordError::TooShort)), "characters, not bytes");
        assert!(check_length(&"x".repeat(1024).into()).is_ok());
        assert_eq!(check_length(&"x".repeat(1025).into()), Err(PasswordError::TooLong));
    }

    /// On a thread of its own, because nobody but root takes it back. Who runs the tests at a low priority
    /// already, and is not root, has nothing to give way with.
    #[test]
    fn a_check_gives_way_to_everything_else() {
        let run = || {
            let _ = rustix::process::setpriority_process(None, 0);
            give_way();
            rustix::process::getpriority_process(None).unwrap()
        };
        assert!(std::thread::spawn(run).join().unwrap() >= NICENESS);
    }

    #[tokio::test]
    async fn a_caller_that_is_not_polled_keeps_nobody_waiting() {
        let passwords = Passwords::new().unwrap();
        let secret = || Secret::from("a long enough one".to_owned());
        let all = u32::try_from(passwords.working.available_permits()).unwrap();
        let taken = passwords.working.clone().acquire_many_owned(all).await.unwrap();
        let mut stuck: Vec<_> = (0..all).map(|_| Box::pin(passwords.hash(secret()))).collect();
        for one in &mut stuck {
            // Polled once, to stand in the queue, and never again.
            assert!(tokio::time::timeout(Duration::ZERO, one).await.is_err());
        }
        tokio::task::yield_now().await;
        drop(taken);
        let checked = tokio::time::timeout(Duration::from_mins(1), passwords.hash(secret()));
        assert!(checked.await.unwrap().is_ok());
        drop(stuck);
    }

    #[tokio::test]
    async fn an_older_hash_is_made_anew_once_the_password_is_known() {
        let passwords = Passwords::new().unwrap();
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(1024, 1, 1, None).unwrap(),
        );
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        let old = weak.hash_password(b"a long enough one", &salt).unwrap().to_string();
        let checked =
            passwords.check("a long enough one".to_owned().into(), Some(old.into())).await;
        let (right, rehashed) = checked.ok().unwrap();
        assert!(right && rehashed.unwrap().expose().contains("m=65536,t=3,p=1"));
    }
}
