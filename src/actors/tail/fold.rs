//! Folding records, in order, for ever: the tail's own loop.

use std::sync::Arc;

use super::{
    Cause, Stopped, Tail, TailError,
    cache::{Cached, Inner, Loaded},
    flush::Step,
    pace::Pace,
    projected::Projected,
};
use crate::{
    actors::{
        listener::Change,
        ports::{
            BatchAt,
            journal::{Commit, Entry, Record, Records, Seq},
        },
        recent::{Recent, Remembered},
    },
    domain::{key::EntityKey, kinds::AnyState},
};
use futures::StreamExt;

/// Unwritten bytes (of events) and entities of one shard at which the tail writes without waiting for its interval.
const UNWRITTEN_BYTES_MAX: usize = 16 * 1024 * 1024;
const DIRTY_MAX: usize = 4096;

impl Tail {
    /// Runs until the journal's stream ends or fails; says why to everybody who waits.
    pub(in crate::actors) async fn run(self: Arc<Self>) {
        let end = match self.store.watermark_name(self.shard) {
            Ok(name) => {
                let records = self.journal.read_behind(self.shard, self.progress().folded, name);
                self.fold_all(records).await
            }
            Err(error) => Err(error.into()),
        };
        let (reason, cause) = match end {
            Ok(()) => ("the journal's stream ended".to_owned(), Cause::Log),
            Err(error @ TailError::Stopped { .. }) => (error.to_string(), Cause::Log),
            Err(error @ TailError::Store(_)) => (error.to_string(), Cause::Machine),
        };
        tracing::error!(shard = self.shard.0, %reason, "tail stopped");
        self.progress.fail(Stopped { reason: reason.into(), cause });
    }

    async fn fold_all(&self, mut records: Records) -> Result<(), TailError> {
        let mut pace = Pace::new(self.settings.state.flush_interval());
        loop {
            tokio::select! {
                biased;
                () = self.flush_asked.notified(), if !pace.asked() => pace.ask(),
                record = records.next(), if pace.may_fold() => match record {
                    None => return Ok(()),
                    Some(Err(error)) => return Err(self.stopped(error.to_string())),
                    Some(Ok(record)) => pace.folded(self.fold_record(&record)?),
                },
                () = pace.turn() => {
                    if !pace.flushing() {
                        pace.begun(self.begin_flush(false));
                    }
                    match self.step_flush()? {
                        Step::Last => pace.ended(self.unwritten()),
                        Step::More => pace.stepped(),
                        Step::NoRoom(why) => {
                            if !pace.postponed() {
                                tracing::warn!(shard = self.shard.0, %why, "states wait in memory for room on the disk");
                            }
                            self.postpone(&why)?;
                        }
                    }
                }
            }
        }
    }

    fn fold_record(&self, record: &Record) -> Result<bool, TailError> {
        let expected = self.progress.folded() + 1;
        if record.seq != expected {
            return Err(self.stopped(format!("record {} came where {expected} was due", record.seq)));
        }
        if let Some(name) = record.name {
            self.inner().names.push_back((record.seq, name));
        }
        let mut full = false;
        if let Entry::Batch(batch) = &record.entry {
            let mut inner = self.inner();
            // Under the same lock as the states, so that no write has these without it.
            inner.newest = Some(newest(inner.newest, BatchAt { seq: record.seq, batch: batch.id }));
            let mut changed: Vec<&Commit> = Vec::with_capacity(batch.commits.len());
            for commit in &batch.commits {
                if self.fold_commit(&mut inner, commit, record.seq)? {
                    changed.push(commit);
                }
            }
            full = inner.unwritten_bytes > UNWRITTEN_BYTES_MAX || inner.dirty.len() > DIRTY_MAX;
            let changes = self.changes(&mut inner, &changed, record.seq);
            drop(inner);
            if !changes.is_empty() {
                self.registry.committed(&changes);
                self.listener.committed(&changes);
                self.watchers.tell(&changes);
            }
        }
        self.progress.change(|progress| {
            progress.folded = record.seq;
            progress.owned_by(record);
        });
        Ok(full)
    }

    /// Folds one commit; `false` when the stored state already contains it.
    fn fold_commit(&self, inner: &mut Inner, commit: &Commit, seq: Seq) -> Result<bool, TailError> {
        self.load_cached(inner, &commit.key)?;
        let Some(cached) = inner.cached.get_mut(&commit.key) else {
            return Err(self.stopped(format!("{} is not in memory", commit.key)));
        };
        if commit.version <= cached.loaded.version {
            return Ok(false);
        }
        if commit.version != cached.loaded.version + 1 {
            let problem = format!("{}: version {} follows {}", commit.key, commit.version, cached.loaded.version);
            return Err(self.stopped(problem));
        }
        for event in &commit.events {
            cached.loaded.model.apply(event);
        }
        cached.loaded.version = commit.version;
        if let Some(fingerprint) = commit.fingerprint {
            let (id, version) = (commit.command_id, commit.version);
            cached.loaded.recent.push(Remembered { id, fingerprint, version });
        }
        if cached.loaded.model.is_forgotten() {
            cached.loaded.recent = Recent::default();
            cached.history.clear();
            cached.forgotten = true;
        } else if cached.history.last().is_none_or(|(_, last)| *last != seq) {
            cached.history.push((commit.version, seq));
        }
        cached.unwritten_from.get_or_insert(seq);
        cached.unwritten_bytes += commit.events_json.len();
        inner.unwritten_bytes += commit.events_json.len();
        cached.used = true;
        if !cached.touched {
            cached.touched = true;
            inner.dirty.push(commit.key.clone());
        }
        match cached.loaded.model.has_pending_effects() {
            false => inner.pending.remove(&commit.key),
            true => inner.pending.contains(&commit.key) || inner.pending.insert(commit.key.clone()),
        };
        Ok(true)
    }

    /// Brings an entity's state into memory.
    fn load_cached(&self, inner: &mut Inner, key: &EntityKey) -> Result<(), TailError> {
        if inner.cached.contains_key(key) {
            return Ok(());
        }
        let stored = self.store.load(key)?;
        let (loaded, stored_bytes) = match &stored {
            Some(stored) => (Loaded::decode(key, stored, self.journal.vault())?, stored.json.len()),
            None => (Loaded::fresh(key.kind), 0),
        };
        let stored = match loaded.version {
            0 => Projected::default(),
            _ => self.projected(key, &loaded.model),
        };
        let cached = Cached {
            loaded,
            stored,
            unwritten_from: None,
            touched: false,
            unwritten_bytes: 0,
            stored_bytes,
            history: Vec::new(),
            forgotten: false,
            deferred: 0,
            announced: 0,
            used: true,
        };
        inner.clock.push_back(key.clone());
        inner.cached.insert(key.clone(), cached);
        Ok(())
    }

    /// One change for each entity that somebody looks at, with its newest view.
    fn changes(&self, inner: &mut Inner, changed: &[&Commit], seq: Seq) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        // From the newest commit back: the first one seen of an entity shows its state after this record.
        for commit in changed.iter().rev() {
            let Some(cached) = inner.cached.get_mut(&commit.key) else { continue };
            if std::mem::replace(&mut cached.announced, seq) == seq {
                continue;
            }
            if self.interested(&commit.key) {
                changes.push(Change {
                    key: commit.key.clone(),
                    version: cached.loaded.version,
                    view: cached.loaded.model.view(),
                });
            }
        }
        changes.reverse();
        changes
    }

    fn interested(&self, key: &EntityKey) -> bool {
        self.registry.in_memory(key.kind) || self.listener.interested(key) || self.watchers.wants(key)
    }

    /// What this state gives to rows and sums.
    pub(super) fn projected(&self, key: &EntityKey, state: &AnyState) -> Projected {
        Projected::of(&self.registry, self.shard.0, key, state)
    }

    pub(super) fn stopped(&self, reason: String) -> TailError {
        TailError::Stopped { shard: self.shard, reason: reason.into() }
    }
}

/// What is folded again after a start does not lower it: the store has effects of later batches already.
fn newest(known: Option<BatchAt>, folded: BatchAt) -> BatchAt {
    known.filter(|known| known.seq > folded.seq).unwrap_or(folded)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::actors::ports::journal::BatchId;

    #[test]
    fn folding_again_leaves_the_newest_batch_that_the_store_knows() {
        let at = |seq| BatchAt { seq, batch: BatchId(Uuid::from_u128(seq.into())) };
        assert_eq!(newest(None, at(3)), at(3));
        assert_eq!([at(3), at(7), at(9)].map(|folded| newest(Some(at(7)), folded)), [at(7), at(7), at(9)]);
    }
}
