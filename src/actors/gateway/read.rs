//! Reads this node's folded views: no entity is woken, and no read waits for an owner.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::{Answer, Gateway, LocalRead};
use crate::{
    actors::{
        ports::{KeyValue, Proof, StoreError, journal::Commit},
        projection::{ProjectionLine, ReadError},
        tail::total,
    },
    domain::{
        key::EntityKey,
        kinds::{AnyEvent, AnyView, EntityType, Kind},
        personal::opening,
    },
};

impl Gateway {
    /// The newest view this node has folded. `None`: does not exist (here, yet).
    pub fn read_local<E: EntityType>(&self, id: &str) -> Result<Option<Answer<E::View>>, StoreError> {
        let found = self.read_local_any(&EntityKey::new(E::KIND, id))?;
        Ok(found.and_then(|(version, view)| Some(Answer { version, changed: false, view: E::view_of(view)? })))
    }

    /// Like [`Gateway::read_local`], after this node has folded everything now acknowledged in the entity's shard, by
    /// its owner's word: a caller reads its own writes. Waits at most `within`, then returns the newest folded view.
    pub async fn read_local_after_writes<E: EntityType>(
        &self,
        id: &str,
        within: Duration,
    ) -> Result<LocalRead<E::View>, StoreError> {
        let is_current = self.await_folded(&EntityKey::new(E::KIND, id), within).await;
        Ok(LocalRead { answer: self.read_local::<E>(id)?, is_current })
    }

    /// Waits until this node has folded everything now acknowledged in the entity's shard, by its owner's word. `false`:
    /// not proven within the time. Makes no work for the tail, however many wait.
    pub async fn await_folded(&self, key: &EntityKey, within: Duration) -> bool {
        let Some(tail) = self.core.tail_of(key) else { return false };
        let folded = async {
            match self.core.position(tail, Proof::Lease).await {
                // A stopped tail keeps its last views; `/readyz` reports the stop.
                Some(position) => tail.folded(position).await.is_ok(),
                None => false,
            }
        };
        timeout(within, folded).await.unwrap_or(false)
    }

    pub fn read_local_any(&self, key: &EntityKey) -> Result<Option<(u64, AnyView)>, StoreError> {
        match self.core.tail_of(key) {
            Some(tail) => tail.read_local(key),
            None => Ok(None),
        }
    }

    /// Waits until this node's read models contain everything that is acknowledged now (read your writes). `false`: not
    /// proven within the time; the models may then be old, but are consistent.
    pub async fn await_projection(&self, within: Duration) -> bool {
        let one = |tail: &Arc<crate::actors::tail::Tail>| {
            let tail = tail.clone();
            async move {
                let Some(position) = self.core.position(&tail, Proof::Recent).await else { return false };
                tail.flushed(position).await.is_ok()
            }
        };
        let all = async { join_all(self.core.tails.iter().map(one)).await.into_iter().all(|done| done) };
        timeout(within, all).await.unwrap_or(false)
    }

    /// Rows of a projection's table, at most `limit`: those whose keys start with `prefix`, after `after` (exclusive).
    pub fn rows(
        &self,
        table: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<KeyValue>, ReadError> {
        let space = self.core.registry.readable(table)?;
        Ok(self.core.store.rows(space, table, prefix, after, limit)?)
    }

    /// The same where keys say everything.
    pub fn row_keys(
        &self,
        table: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, ReadError> {
        Ok(self.rows(table, prefix, after, limit)?.into_iter().map(|(key, _)| key).collect())
    }

    /// The value of one row.
    pub fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        let space = self.core.registry.readable(table)?;
        Ok(self.core.store.row(space, table, key)?)
    }

    /// A group's sums over all entities. Zeros at the end are absent: where nothing was added it is empty.
    pub fn sum(&self, table: &str, group: &[u8]) -> Result<Vec<i64>, ReadError> {
        let space = self.core.registry.readable(table)?;
        Ok(total(&*self.core.store, space, table, group)?)
    }

    /// Waits until every projection with rows is built; `false`: not within the time.
    pub async fn await_built(&self, within: Duration) -> bool {
        timeout(within, self.core.registry.built()).await.is_ok()
    }

    /// Each registered projection that has rows or data of its own, and how far it is.
    pub fn projections(&self) -> Vec<ProjectionLine> {
        self.core.registry.lines()
    }

    /// Keys of one kind in order, after `after` (exclusive).
    pub fn keys(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<EntityKey>, StoreError> {
        self.core.store.keys(kind, after, limit)
    }

    /// A commit's events as they can be read now: in memory a commit may still be as it was written.
    ///
    /// # Errors
    /// When the log's text is none of these events.
    pub fn readable(&self, commit: &Commit) -> serde_json::Result<Arc<str>> {
        let Some(vault) = self.core.journal.vault() else { return Ok(commit.events_json.clone()) };
        let texts: Vec<&RawValue> = serde_json::from_str(&commit.events_json)?;
        let event = |text: &&RawValue| AnyEvent::from_json(commit.key.kind, text.get());
        let events: Vec<AnyEvent> = opening(Some(vault), || texts.iter().map(event).collect::<Result<_, _>>())?;
        Commit::encode(&events)
    }

    /// Commits of one entity, oldest first from `from_version` on.
    pub async fn history(&self, key: &EntityKey, from_version: u64, limit: usize) -> Result<Vec<Commit>, StoreError> {
        match self.core.tail_of(key) {
            Some(tail) => tail.history(key, from_version, limit).await,
            None => Ok(Vec::new()),
        }
    }
}
