//! Password hashes: Argon2id with 19 MiB, 2 passes, 1 lane (the first choice of OWASP's Password Storage Cheat Sheet),
//! as PHC strings. A check takes tens of milliseconds of a core, so two run at once on blocking threads, a few wait,
//! and the rest is refused with a time for the retry: a flood of log-ins cannot starve the shop.

use std::sync::Arc;

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{self, phc},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Secret;

const AT_ONCE: usize = 2;
/// Log-ins that wait for or run a check; one more is `Busy`. About half a second of work.
const ADMITTED_MAX: usize = 32;
/// Bytes; a longer one is wrong without being hashed.
pub const PASSWORD_LEN_MAX: usize = 1024;

#[derive(Debug, thiserror::Error)]
pub enum PasswordFault {
    #[error("{ADMITTED_MAX} password checks are waiting")]
    Busy,
    #[error("the password cannot be hashed: {0}")]
    Hash(password_hash::Error),
    #[error("the stored password hash cannot be read")]
    DamagedHash,
    #[error("the password check was broken off")]
    BrokenOff,
}

pub struct Passwords {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { admitted: Arc::new(Semaphore::new(ADMITTED_MAX)), running: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// A PHC string with a fresh salt.
    pub async fn hash(&self, password: &Secret) -> Result<String, PasswordFault> {
        let password = password.clone();
        self.run(move || {
            let hash: Result<phc::PasswordHash, _> = Argon2::default().hash_password(password.expose().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(PasswordFault::Hash)
        })
        .await
    }

    /// Whether `password` has the hash `stored`; without one (no such account) it is wrong, after the same work.
    pub async fn verify(&self, password: &Secret, stored: Option<String>) -> Result<bool, PasswordFault> {
        let password = password.clone();
        if password.expose().len() > PASSWORD_LEN_MAX {
            return Ok(false);
        }
        self.run(move || check(password.expose().as_bytes(), stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordFault> + Send + 'static,
    ) -> Result<T, PasswordFault> {
        let place = self.admitted.clone().try_acquire_owned().map_err(|_| PasswordFault::Busy)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| PasswordFault::BrokenOff)?;
        // The permits go with the work: a caller who hangs up frees them only when the thread is free.
        let held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, turn);
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(held);
            result
        });
        done.await.map_err(|_| PasswordFault::BrokenOff)?
    }
}

fn check(password: &[u8], stored: Option<&str>) -> Result<bool, PasswordFault> {
    let Some(stored) = stored else {
        let burnt: Result<phc::PasswordHash, _> = Argon2::default().hash_password_with_salt(password, &[0; 16]);
        return burnt.map(|_| false).map_err(PasswordFault::Hash);
    };
    let hash = PasswordHash::new(stored).map_err(|_| PasswordFault::DamagedHash)?;
    match Argon2::default().verify_password(password, &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordFault::Hash(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_and_only_it_fits_its_hash() {
        let passwords = Passwords::default();
        let right = Secret::new("correct horse");
        let hash = passwords.hash(&right).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash(&right).await.unwrap(), hash, "each hash has its own salt");
        assert!(passwords.verify(&right, Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(&Secret::new("correct horsf"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(&Secret::new("x".repeat(PASSWORD_LEN_MAX + 1)), Some(hash)).await.unwrap());
        assert!(!passwords.verify(&right, None).await.unwrap());
        let damaged = passwords.verify(&right, Some("$argon2id$nonsense".to_owned())).await;
        assert!(matches!(damaged, Err(PasswordFault::DamagedHash)));
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
        for check in waiting {
            assert!(check.await.unwrap());
        }
        assert!(passwords.run(|| Ok(true)).await.unwrap());
    }
}
