//! Keeping a large projection: its data's version is checked, the stored states are scanned where it has none, and then
//! one task for each shard follows the journal from the projection's own watermark.
//!
//! A follower collects the keys that records name and hands over each entity's newest folded state, so a busy entity is
//! taken in once for many records. What fails is tried again after a pause that grows; no tail waits for it.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{FutureExt, StreamExt};
use tokio::{task::JoinSet, time::sleep};

use super::{
    Entity, LargeError, LargeProjection, ProjectionLine,
    meta::{self, LargeMeta},
};
use crate::{
    actors::{
        ports::{
            Journal, StateStore,
            journal::{Entry, Seq, Shard},
        },
        settings::ActorSettings,
        tail::Tail,
    },
    domain::{key::EntityKey, kinds::Kind},
};

/// Entities of one upsert, at most.
pub(super) const ENTITIES: usize = 256;
/// Records of one round of a follower, at most.
const RECORDS: usize = 64;
/// Records without an entity of its kinds after which the watermark moves all the same: a restart reads no more again.
const UNMARKED: Seq = 1024;

pub(in crate::actors) struct Large {
    pub(super) projection: Arc<dyn LargeProjection>,
    /// A lock, because followers write it and operators read it; held for an instant.
    progress: Mutex<Progress>,
}

#[derive(Clone, Default)]
struct Progress {
    /// Shards that were once followed to where their logs ended.
    caught_up: BTreeSet<Shard>,
    built: bool,
    entities: u64,
    trouble: Option<Arc<str>>,
}

/// Who keeps one large projection.
#[derive(Clone)]
pub(in crate::actors) struct Follower {
    pub(in crate::actors) large: Arc<Large>,
    pub(in crate::actors) store: Arc<dyn StateStore>,
    pub(in crate::actors) journal: Arc<dyn Journal>,
    pub(in crate::actors) tails: Vec<Arc<Tail>>,
    pub(in crate::actors) settings: ActorSettings,
}

impl Follower {
    /// Keeps it for as long as the tails run.
    pub(in crate::actors) async fn run(self) {
        self.tried(Self::of_this_version).await;
        self.tried(Self::scanned).await;
        // Dropped with this task, they end.
        let mut tasks = JoinSet::new();
        for tail in self.tails.clone() {
            let follower = self.clone();
            tasks.spawn(async move { follower.tried(|follower| follower.followed(tail.clone())).await });
        }
        tasks.join_all().await;
    }

    /// Until it is done. A failure, also a panic of the projection, is tried again for as long as the process lives; the
    /// pause grows up to the settings' bound.
    async fn tried<F: Future<Output = Result<(), LargeError>>>(&self, work: impl Fn(Self) -> F) {
        let mut failures = 0;
        loop {
            let before = self.large.progress().entities;
            let why: Arc<str> = match AssertUnwindSafe(work(self.clone())).catch_unwind().await {
                Ok(Ok(())) => return,
                Ok(Err(LargeError(why))) => why,
                Err(_) => "it panicked".into(),
            };
            let name = self.large.projection.name();
            tracing::warn!(projection = name, %why, "a large projection failed; it is tried again");
            let moved = {
                let mut progress = self.large.progress();
                progress.trouble = Some(why);
                progress.entities > before
            };
            failures = if moved { 1 } else { failures + 1 };
            sleep(self.settings.actors.backoff(failures - 1)).await;
        }
    }

    /// Data of another version, or from before the state store was emptied, goes.
    async fn of_this_version(self) -> Result<(), LargeError> {
        let projection = &*self.large.projection;
        let wanted = LargeMeta { version: projection.version(), kinds: meta::names(&self.large.kinds()) };
        let found = meta::read::<LargeMeta>(&*self.store, meta::LARGE, projection.name()).map_err(failed)?;
        if found.as_ref() == Some(&wanted) {
            return Ok(());
        }
        projection.reset().await?;
        let row = meta::put(meta::LARGE, projection.name(), &wanted).map_err(failed)?;
        self.store.write_rows(vec![row]).map_err(failed)
    }

    /// Follows one shard; returns only when its tail has stopped, which ends the process.
    async fn followed(self, tail: Arc<Tail>) -> Result<(), LargeError> {
        let projection = &*self.large.projection;
        let mut marked = projection.watermark(tail.shard)?.unwrap_or(0);
        let end = self.journal.end(tail.shard).await.map_err(failed)?;
        if marked >= end {
            self.caught_up(tail.shard);
        }
        let mut records = self.journal.read(tail.shard, marked + 1).ready_chunks(RECORDS);
        while let Some(round) = records.next().await {
            let (mut keys, mut last) = (BTreeSet::new(), marked);
            for record in round {
                let record = record.map_err(failed)?;
                last = record.seq;
                if let Entry::Batch(batch) = &record.entry {
                    let ours = batch.commits.iter().map(|commit| &commit.key);
                    keys.extend(ours.filter(|key| projection.kinds().contains(&key.kind)).cloned());
                }
            }
            if keys.is_empty() && last < marked + UNMARKED {
                if last >= end {
                    self.caught_up(tail.shard);
                }
                continue;
            }
            if tail.folded(last).await.is_err() {
                return Ok(());
            }
            let mut keys: Vec<EntityKey> = keys.into_iter().collect();
            while keys.len() > ENTITIES {
                let rest = keys.split_off(ENTITIES);
                self.upsert(&tail, std::mem::replace(&mut keys, rest), None).await?;
            }
            self.upsert(&tail, keys, Some(last)).await?;
            marked = last;
            if last >= end {
                self.caught_up(tail.shard);
            }
        }
        Err(LargeError("the journal's stream ended".into()))
    }

    fn caught_up(&self, shard: Shard) {
        let mut progress = self.large.progress();
        if !progress.built {
            progress.caught_up.insert(shard);
            progress.built = progress.caught_up.len() == self.tails.len();
        }
    }

    pub(super) async fn upsert(
        &self,
        tail: &Tail,
        keys: Vec<EntityKey>,
        watermark: Option<Seq>,
    ) -> Result<(), LargeError> {
        let load = |key: EntityKey| {
            let loaded = tail.load(&key).map_err(failed)?;
            Ok(Entity { key, version: loaded.version, state: loaded.model })
        };
        let entities: Vec<Entity> = keys.into_iter().map(load).collect::<Result<_, LargeError>>()?;
        self.large.projection.upsert(tail.shard, &entities, watermark).await?;
        let mut progress = self.large.progress();
        progress.entities += entities.len() as u64;
        progress.trouble = None;
        Ok(())
    }
}

impl Large {
    pub(super) fn new(projection: Arc<dyn LargeProjection>) -> Self {
        Self { projection, progress: Mutex::default() }
    }

    /// In the order of the scan.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        meta::sorted(self.projection.kinds())
    }

    pub(super) fn line(&self) -> ProjectionLine {
        let progress = self.progress().clone();
        ProjectionLine {
            name: self.projection.name(),
            version: self.projection.version(),
            built: progress.built,
            entities: progress.entities,
            space: None,
            trouble: progress.trouble.map(|why| why.to_string()),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn failed(error: impl std::fmt::Display) -> LargeError {
    LargeError(error.to_string().into())
}
