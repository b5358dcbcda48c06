//! The keys of persons: what is known of a person is sealed with ChaCha20-Poly1305 under that person's key, and forgotten
//! with it.
//!
//! A key follows from the shop's keys and the subject ([`keyring`], [`tree`]), so nothing has to be written before a new
//! person's first event, and every node opens what another sealed. Only to forget changes what is kept, at a
//! [`KeyStore`]: [`dir`] on one machine, [`stream`](super::jetstream) in a cluster. Invariant: once [`PersonKeys::forget`]
//! has returned, no node can make the key again and no store has it; a node of a cluster that kept it in memory drops it
//! within [`REFRESH`]. Deliberately absent: keys in memory that are locked or wiped, and rotation: a key that leaked is
//! of one person, and whoever read the keys' files has read the data, too.

mod cache;
pub mod dir;
mod keyring;
mod sealed;
mod tree;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use ring::{
    aead::LessSafeKey,
    rand::{SecureRandom, SystemRandom},
};
use tokio::sync::watch;

use self::cache::Cache;
use self::keyring::Index;
pub use self::keyring::{BadKeys, Item, Keyring};
use crate::domain::personal::{Subject, Vault};

/// How often a node of a cluster asks whether somebody was forgotten elsewhere.
pub const REFRESH: Duration = Duration::from_secs(1);

/// Another node's change is met at most so often in a row.
const TRIES: usize = 16;

#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the keys of personal data: {0}")]
    Io(Arc<str>),
    #[error("the keys of personal data: {0}")]
    Bad(Arc<str>),
    #[error("the keys of personal data: other nodes change them all the time")]
    Contended,
    #[error("no random numbers: the system gives none")]
    Random,
    /// A tree with its forgotten places no longer fits one message.
    #[error("the keys of personal data: the list of the forgotten is full")]
    Full,
}

impl From<BadKeys> for VaultError {
    fn from(error: BadKeys) -> Self {
        Self::Bad(error.to_string().into())
    }
}

/// What is kept, and what names this moment of it.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub revision: u64,
    pub items: BTreeMap<Item, Vec<u8>>,
}

pub trait KeyStore: Send + Sync + 'static {
    fn all(&self) -> BoxFuture<'_, Result<Kept, VaultError>>;
    /// What [`Kept::revision`] is now; cheap.
    fn revision(&self) -> BoxFuture<'_, Result<u64, VaultError>>;
    /// Durable on return, and what it replaces is overwritten. `None`: another node was first, nothing is written.
    fn put(&self, item: Item, bytes: Vec<u8>, after: u64) -> BoxFuture<'_, Result<Option<u64>, VaultError>>;
}

pub struct PersonKeys {
    store: Arc<dyn KeyStore>,
    random: SystemRandom,
    /// Held for the making of one key, and never across an await.
    state: Mutex<State>,
    /// One change at a time.
    changing: tokio::sync::Mutex<()>,
    /// Told after each change of what is forgotten.
    changes: watch::Sender<()>,
}

struct State {
    revision: u64,
    keys: Keyring,
    cache: Cache,
}

impl PersonKeys {
    /// `None`: the store is empty.
    pub async fn open(store: Arc<dyn KeyStore>) -> Result<Option<Self>, VaultError> {
        let kept = store.all().await?;
        if kept.items.is_empty() {
            return Ok(None);
        }
        let state = State { revision: kept.revision, keys: Keyring::read(&kept.items)?, cache: Cache::default() };
        let half = state.keys.is_half_forgotten();
        let (random, changing, changes) = (SystemRandom::new(), Default::default(), watch::Sender::new(()));
        let keys = Self { store, random, state: Mutex::new(state), changing, changes };
        if half {
            let _alone = keys.changing.lock().await;
            keys.cut_roots().await?;
        }
        Ok(Some(keys))
    }

    /// The keys of a new shop; of nodes that make them at once one wins.
    pub async fn create(store: Arc<dyn KeyStore>) -> Result<Self, VaultError> {
        let random = SystemRandom::new();
        let keys = Keyring::new(|bytes| random.fill(bytes)).map_err(|_| VaultError::Random)?;
        for _ in 0..TRIES {
            if let Some(found) = Self::open(store.clone()).await? {
                return Ok(found);
            }
            let revision = store.revision().await?;
            store.put(Item::Roots, keys.write(Item::Roots), revision).await?;
        }
        Err(VaultError::Contended)
    }

    /// Names these keys; no secret.
    pub fn name(&self) -> String {
        self.state().keys.name()
    }

    /// Names e-mail addresses.
    pub fn addresses(&self) -> [u8; 32] {
        self.state().keys.addresses
    }

    /// Wakes whoever keeps something of persons elsewhere.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    pub fn is_forgotten(&self, subject: Subject) -> bool {
        self.state().keys.key(Index::of(subject)).is_none()
    }

    /// Once this has returned, the subject's key is nowhere, and nothing more is sealed for it.
    pub async fn forget(&self, subject: Subject) -> Result<(), VaultError> {
        let _alone = self.changing.lock().await;
        let index = Index::of(subject);
        for _ in 0..TRIES {
            self.load().await?;
            let (revision, mut keys) = {
                let state = self.state();
                (state.revision, state.keys.clone())
            };
            if keys.key(index).is_none() {
                return self.cut_roots().await;
            }
            keys.forget(index);
            let tree = Item::Tree(index.tree());
            let bytes = keys.write(tree);
            if self.store.put(tree, bytes, revision).await?.is_some() {
                self.load().await?;
                return self.cut_roots().await;
            }
        }
        Err(VaultError::Contended)
    }

    /// Takes over what was forgotten elsewhere.
    pub async fn refresh(&self) -> Result<(), VaultError> {
        if self.store.revision().await? == self.state().revision {
            return Ok(());
        }
        self.load().await
    }

    /// The roots without the seeds from which the forgotten would follow.
    async fn cut_roots(&self) -> Result<(), VaultError> {
        for _ in 0..TRIES {
            let (revision, roots, half) = {
                let state = self.state();
                (state.revision, state.keys.write(Item::Roots), state.keys.is_half_forgotten())
            };
            if !half {
                return Ok(());
            }
            self.store.put(Item::Roots, roots, revision).await?;
            self.load().await?;
        }
        Err(VaultError::Contended)
    }

    async fn load(&self) -> Result<(), VaultError> {
        let kept = self.store.all().await?;
        let keys = Keyring::read(&kept.items)?;
        let mut state = self.state();
        // An older answer never takes the place of a newer one: what was forgotten stays so.
        if kept.revision >= state.revision {
            *state = State { revision: kept.revision, keys, cache: Cache::default() };
        }
        drop(state);
        self.changes.send_replace(());
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A change is one assignment, so a poisoned lock is usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, index: Index) -> Option<Arc<LessSafeKey>> {
        let State { keys, cache, .. } = &mut *self.state();
        cache.get_or(index, || keys.key(index).map(|key| sealed::cipher(&key)))
    }
}

impl Vault for PersonKeys {
    fn seal(&self, subject: Subject, plain: &[u8]) -> Option<String> {
        let index = Index::of(subject);
        sealed::seal(&*self.key(index)?, index, plain, &self.random)
    }

    fn open(&self, text: &str) -> Option<Vec<u8>> {
        sealed::open(text, |index| self.key(index))
    }
}

#[cfg(test)]
mod tests;
