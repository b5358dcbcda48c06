//! Reading what the tail has folded: activation, stale-allowed views, due alarms, history.

use std::{collections::BTreeSet, sync::PoisonError};

use futures::{StreamExt, TryStreamExt, stream};

use super::{ALARMS, PENDING, Tail, cache::Loaded};
use crate::{
    actors::ports::{
        Space, StateStore, StoreError,
        journal::{Commit, Entry, Seq, Shard},
    },
    domain::{
        key::EntityKey,
        kinds::{AnyState, AnyView},
        time::Timestamp,
    },
};

/// When, and who.
pub(in crate::actors) type Due = (Timestamp, EntityKey);

/// Records without the entity that are read along, at most, between two with it.
const GAP_MAX: u64 = 32;
/// Pieces of a history that are read at once: on servers each is two questions and their way there and back.
const PIECES_MAX: usize = 16;
/// Alarms taken in one look.
const ALARMS_PAGE: usize = 256;

impl Tail {
    /// An entity's newest folded state. A caller that activates it has awaited [`Tail::folded`] first.
    pub(in crate::actors) fn load(&self, key: &EntityKey) -> Result<Loaded, StoreError> {
        if let Some(cached) = self.inner().cached.get_mut(key) {
            cached.used = true;
            return Ok(cached.loaded.clone());
        }
        match self.store.load(key)? {
            Some(stored) => Loaded::decode(key, &stored, self.journal.vault()),
            None => Ok(Loaded::fresh(key.kind)),
        }
    }

    /// The version of an entity that has no first event or is forgotten, as far as it is folded; `None`: it exists.
    pub(in crate::actors) fn absent(&self, key: &EntityKey) -> Result<Option<u64>, StoreError> {
        if let Some(cached) = self.inner().cached.get(key) {
            let Loaded { version, model, .. } = &cached.loaded;
            return Ok((*version == 0 || model.is_forgotten()).then_some(*version));
        }
        self.store.absent(key)
    }

    /// The newest folded view, without cloning the state; `None` when the entity does not exist.
    pub(in crate::actors) fn read_local(&self, key: &EntityKey) -> Result<Option<(u64, AnyView)>, StoreError> {
        if let Some(cached) = self.inner().cached.get_mut(key) {
            cached.used = true;
            return Ok((cached.loaded.version > 0).then(|| (cached.loaded.version, cached.loaded.model.view())));
        }
        let Some(stored) = self.store.load(key)? else { return Ok(None) };
        let loaded = Loaded::decode(key, &stored, self.journal.vault())?;
        Ok(Some((loaded.version, loaded.model.view())))
    }

    /// Entities of this shard whose alarm is due, earliest first: a page after `after`, and where the next one begins
    /// (`None`: there is none).
    pub(in crate::actors) fn due(
        &self,
        now: Timestamp,
        after: Option<&[u8]>,
    ) -> Result<(Vec<Due>, Option<Vec<u8>>), StoreError> {
        let prefix = self.shard.0.to_be_bytes();
        let mut rows = self.store.rows(Space::TAIL, ALARMS, &prefix, after, ALARMS_PAGE)?;
        let due: Vec<Due> =
            rows.iter().filter_map(|(key, _)| parse_alarm(key)).take_while(|(due, _)| *due <= now).collect();
        let more = due.len() == rows.len() && rows.len() == ALARMS_PAGE;
        Ok((due, if more { rows.pop().map(|(key, _)| key) } else { None }))
    }

    pub(in crate::actors) fn pending(&self) -> Vec<EntityKey> {
        self.inner().pending.iter().cloned().collect()
    }

    /// Commits of one entity from `from` (a version) on, oldest first, at most `limit`; only folded ones.
    pub(in crate::actors) async fn history(
        &self,
        key: &EntityKey,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Commit>, StoreError> {
        let mut seqs = self.history_index(key, from, limit)?;
        seqs.sort_unstable_by_key(|(_, seq)| *seq);
        seqs.dedup_by_key(|(_, seq)| *seq);
        // The newest record that starts at or below `from` may hold it.
        let first = seqs.iter().rposition(|(version, _)| *version <= from).unwrap_or(0);
        let mut seqs = seqs.into_iter().skip(first).map(|(_, seq)| seq).peekable();
        // Records that stand close together are read as one piece: a cached entity is in nearly every one.
        let pieces = std::iter::from_fn(|| {
            let start = seqs.next()?;
            let mut end = start;
            while let Some(next) = seqs.next_if(|next| next - end <= GAP_MAX) {
                end = next;
            }
            Some((start, end))
        });
        let read = |piece| self.commits_between(key, piece, from, limit);
        let mut read = stream::iter(pieces).map(read).buffered(PIECES_MAX);
        let mut commits = Vec::new();
        while commits.len() < limit
            && let Some(piece) = read.try_next().await?
        {
            commits.extend(piece);
        }
        commits.truncate(limit);
        Ok(commits)
    }

    /// Where the entity's commits stand: the store's index and what is not yet written of it.
    fn history_index(&self, key: &EntityKey, from: u64, limit: usize) -> Result<Vec<(u64, Seq)>, StoreError> {
        let _between_writes = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seqs = self.store.history(key, from, limit)?;
        if let Some(cached) = self.inner().cached.get(key) {
            seqs.extend(cached.history.iter().copied());
        }
        Ok(seqs)
    }

    async fn commits_between(
        &self,
        key: &EntityKey,
        (start, end): (Seq, Seq),
        from: u64,
        limit: usize,
    ) -> Result<Vec<Commit>, StoreError> {
        let (mut out, mut read) = (Vec::new(), start - 1);
        let mut records = self.journal.read_range(self.shard, start, end);
        while out.len() < limit && read < end {
            // These records were folded. A server that was cut off from the others may show a shorter log for a while, and
            // a history with a hole would make a view that never was.
            let Some(record) = records.next().await else {
                let problem = format!("shard {}: record {end} was folded, and the log ends at {read}", self.shard.0);
                return Err(StoreError(problem.into()));
            };
            let record = record.map_err(|error| StoreError(error.to_string().into()))?;
            read = record.seq;
            if let Entry::Batch(batch) = &record.entry {
                out.extend(batch.commits.iter().filter(|commit| commit.key == *key && commit.version >= from).cloned());
            }
        }
        Ok(out)
    }

    /// The view an entity had at `version`: its history folded that far.
    pub(in crate::actors) async fn view_at(&self, key: &EntityKey, version: u64) -> Result<AnyView, StoreError> {
        const PAGE: usize = 512;
        let mut model = AnyState::new(key.kind);
        let mut next = 1;
        while next <= version {
            let commits = self.history(key, next, PAGE).await?;
            let Some(last) = commits.last().map(|commit| commit.version) else {
                return Err(StoreError(format!("{key}: no history at version {next}").into()));
            };
            for commit in commits.iter().filter(|commit| commit.version <= version) {
                commit.events.iter().for_each(|event| model.apply(event));
            }
            next = last + 1;
        }
        Ok(model.view())
    }
}

pub(super) fn pending_rows(store: &dyn StateStore, shard: Shard) -> Result<BTreeSet<EntityKey>, StoreError> {
    const PAGE: usize = 1024;
    let prefix = shard.0.to_be_bytes();
    let mut keys = BTreeSet::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let rows = store.rows(Space::TAIL, PENDING, &prefix, after.as_deref(), PAGE)?;
        keys.extend(rows.iter().filter_map(|(key, _)| parse_key(key.get(2..)?)));
        match rows.len() < PAGE {
            true => return Ok(keys),
            false => after = rows.into_iter().last().map(|(key, _)| key),
        }
    }
}

fn parse_alarm(row: &[u8]) -> Option<(Timestamp, EntityKey)> {
    let due = u64::from_be_bytes(row.get(2..10)?.try_into().ok()?) ^ (1 << 63);
    Some((Timestamp(due as i64), parse_key(row.get(10..)?)?))
}

fn parse_key(bytes: &[u8]) -> Option<EntityKey> {
    EntityKey::try_from(std::str::from_utf8(bytes).ok()?.to_owned()).ok()
}
