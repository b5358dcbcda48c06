//! The work of passwords: Argon2id with 19 MiB, 2 passes, 1 lane (the first choice of OWASP's Password Storage Cheat
//! Sheet). A key takes tens of milliseconds of a core, so two are made at once on threads of low priority, a few wait, and
//! the rest is refused with a time for the retry: a flood of log-ins cannot starve the shop.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::low_priority::LowPriority;
use crate::{
    config::Secret,
    domain::account::{Challenge, Key, Password},
};

const AT_ONCE: usize = 2;
/// Those that wait for or make a key; one more is `Busy`. About half a second of work.
const ADMITTED_MAX: usize = 32;
/// Bytes; a longer one is wrong without being hashed.
pub const PASSWORD_LEN_MAX: usize = 1024;
const SALT_LEN: usize = 16;
const KEY_LEN: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum PasswordFault {
    #[error("{ADMITTED_MAX} passwords are waiting")]
    Busy,
    #[error("the password cannot be hashed: {0}")]
    Hash(argon2::Error),
    #[error("the work on a password was broken off")]
    BrokenOff,
    #[error("the system gives no random numbers: {0}")]
    NoEntropy(getrandom::Error),
}

pub struct Passwords {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    threads: LowPriority,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(ADMITTED_MAX)),
            running: Arc::new(Semaphore::new(AT_ONCE)),
            threads: LowPriority::start("passwords", AT_ONCE),
        }
    }
}

/// Today's parameters with this salt.
pub fn challenge(salt: Vec<u8>) -> Challenge {
    let params = Params::DEFAULT;
    Challenge { salt, memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() }
}

/// Whether a password is kept under weaker parameters than today's.
pub fn is_outdated(kept: &Challenge) -> bool {
    challenge(kept.salt.clone()) != *kept
}

impl Passwords {
    /// What is kept of a new password, with a fresh salt.
    pub async fn keep(&self, password: &Secret) -> Result<Password, PasswordFault> {
        let mut salt = vec![0; SALT_LEN];
        getrandom::fill(&mut salt).map_err(PasswordFault::NoEntropy)?;
        let challenge = challenge(salt);
        let password = password.clone();
        self.run(move || {
            let key = key(password.expose().as_bytes(), &challenge)?;
            Ok(Password::of(challenge, &key))
        })
        .await
    }

    /// The key that proves `password` to its account. An overlong one gives a key that fits nobody, without the work.
    pub async fn key(&self, password: &Secret, challenge: Challenge) -> Result<Key, PasswordFault> {
        let password = password.clone();
        if password.expose().len() > PASSWORD_LEN_MAX {
            return Ok(Key::new(Vec::new()));
        }
        self.run(move || key(password.expose().as_bytes(), &challenge).map(Key::new)).await
    }

    /// Work beside the async threads, within the bounds.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordFault> + Send + 'static,
    ) -> Result<T, PasswordFault> {
        let place = self.admitted.clone().try_acquire_owned().map_err(|_| PasswordFault::Busy)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| PasswordFault::BrokenOff)?;
        // The permits go with the work: a caller who hangs up frees them only when the thread is free.
        let held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, turn);
        let (tell, done) = oneshot::channel();
        self.threads.run(move || {
            let result = work();
            drop(held);
            // Nobody listens where the caller has hung up.
            let _ = tell.send(result);
        });
        done.await.map_err(|_| PasswordFault::BrokenOff)?
    }
}

fn key(password: &[u8], challenge: &Challenge) -> Result<Vec<u8>, PasswordFault> {
    let Challenge { salt, memory_kib, passes, lanes } = challenge;
    let params = Params::new(*memory_kib, *passes, *lanes, Some(KEY_LEN)).map_err(PasswordFault::Hash)?;
    let mut key = vec![0; KEY_LEN];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password, salt, &mut key).map_err(PasswordFault::Hash)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, password_hash::phc};

    use super::*;
    use crate::domain::{
        account::{Account, AccountCommand, AccountEvent, AccountRejection, Role},
        entity::Entity,
        ids::UserId,
        time::Timestamp,
    };

    #[tokio::test]
    async fn the_right_password_and_only_it_gives_the_key() {
        let passwords = Passwords::default();
        let right = Secret::new("correct horse");
        let kept = passwords.keep(&right).await.unwrap();
        let Challenge { memory_kib, passes, lanes, .. } = kept.challenge;
        assert_eq!((memory_kib, passes, lanes), (19_456, 2, 1));
        assert_ne!(passwords.keep(&right).await.unwrap(), kept, "each has its own salt");
        let key = |password: &str| {
            let (password, challenge) = (Secret::new(password), kept.challenge.clone());
            let passwords = &passwords;
            async move { passwords.key(&password, challenge).await.unwrap() }
        };
        assert!(kept.is(&key("correct horse").await));
        assert!(!kept.is(&key("correct horsf").await));
        assert!(!kept.is(&key(&"x".repeat(PASSWORD_LEN_MAX + 1)).await));
        assert!(!is_outdated(&kept.challenge) && is_outdated(&Challenge { passes: 1, ..kept.challenge.clone() }));
    }

    #[tokio::test]
    async fn a_hash_as_it_was_first_kept_is_proven_by_the_same_exchange() {
        let hash: Result<phc::PasswordHash, _> = Argon2::default().hash_password(b"correct horse");
        let password_hash = hash.unwrap().to_string();
        let mut old = Account::default();
        old.apply(&AccountEvent::Registered { user: UserId::default(), role: Role::Superadmin, password_hash });
        let challenge = *old.view().challenge.expect("a challenge");
        for (password, expected) in [("correct horse", Ok(vec![])), ("wrong", Err(AccountRejection::WrongPassword))] {
            let key = Passwords::default().key(&Secret::new(password), challenge.clone()).await.unwrap();
            assert_eq!(old.decide(&AccountCommand::Prove { key }, Timestamp(0)), expected);
        }
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_busy_and_places_come_back() {
        let passwords = Passwords::default();
        let running = passwords.running.clone().acquire_many_owned(AT_ONCE as u32).await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..ADMITTED_MAX {
            let mut check = Box::pin(passwords.run(|| Ok(true)));
            assert!(futures::poll!(&mut check).is_pending());
            waiting.push(check);
        }
        assert!(matches!(passwords.run(|| Ok(true)).await, Err(PasswordFault::Busy)));
        drop(running);
        assert!(futures::future::try_join_all(waiting).await.unwrap().into_iter().all(|done| done));
        assert!(passwords.run(|| Ok(true)).await.unwrap());
    }
}
