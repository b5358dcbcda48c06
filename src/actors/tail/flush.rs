//! Writing behind: folded states go to the store, each with its rows and history in one atomic write.
//!
//! A flush goes in steps of some entities each; between two of them the tail folds what has come meanwhile, so nobody
//! waits for a whole one. Only its last write carries the watermark: a crash in between leaves states ahead of it, which
//! a refold skips by version. States may be newer than the flush's beginning; its watermark never is.
//! A small state is written at each flush. A large one (a flash sale's holds) is put off until what
//! changed is worth its size, or for a bounded number of flushes; the watermark waits for it.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
};

use super::{
    Cause, Tail, TailError,
    cache::{Cached, Inner},
    projected::{Projected, difference},
    sums::Deltas,
};
use crate::{
    actors::ports::{
        Room, StoreError, TailWrite,
        journal::{RecordName, Seq},
    },
    domain::key::EntityKey,
};

/// Stored bytes from which on a state counts as large.
const LARGE: usize = 32 * 1024;
/// Entities of one step: about a millisecond.
const STEP: usize = 32;
/// Flushes that a large state may be put off.
const DEFERRED_MAX: u8 = 6;
/// Unwritten bytes (of events) and entities of one shard while the disk is full. Past either the tail stops, and the
/// process ends. On one machine the journal refuses before; a full node of a cluster leaves its shards to the others.
const POSTPONED_BYTES_MAX: usize = 64 * 1024 * 1024;
const POSTPONED_ENTITIES_MAX: usize = 65_536;

/// What one step of a flush came to.
pub(super) enum Step {
    More,
    /// No flush is under way any more.
    Last,
    NoRoom(Arc<str>),
}

/// A flush under way.
pub(super) struct Flush {
    /// Whom it has not looked at yet.
    keys: VecDeque<EntityKey>,
    /// Large states too.
    all: bool,
    /// Everything folded up to here is in these keys, or written.
    folded: Seq,
    watermark: Seq,
}

impl Tail {
    /// Writes all that is folded by now, large states too, so that a restart has nothing to fold again.
    pub(in crate::actors) fn flush_all(&self) -> Result<(), TailError> {
        self.finish_flush()?;
        self.begin_flush(true);
        self.finish_flush()
    }

    fn finish_flush(&self) -> Result<(), TailError> {
        loop {
            match self.step_flush()? {
                Step::More => {}
                Step::Last => return Ok(()),
                Step::NoRoom(why) => return Err(StoreError(why).into()),
            }
        }
    }

    /// Nothing to do where one is under way, or nothing is to be written. Gives its steps.
    pub(super) fn begin_flush(&self, all: bool) -> usize {
        // Not between two halves of another's step.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (progress, mut inner) = (self.progress(), self.inner());
        if inner.flush.is_some()
            || progress.failed.is_some()
            || (inner.dirty.is_empty() && progress.flushed == progress.folded)
        {
            return 0;
        }
        inner.unwritten_bytes = 0;
        let (keys, folded) = (VecDeque::from(std::mem::take(&mut inner.dirty)), progress.folded);
        let steps = keys.len().div_ceil(STEP);
        inner.flush = Some(Flush { keys, all, folded, watermark: folded });
        steps
    }

    /// Writes some more.
    pub(super) fn step_flush(&self) -> Result<Step, TailError> {
        // Held over the whole step: a second driver of the same flush goes on where this one ends.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing waits: room is of no interest.
        if self.inner().flush.is_none() {
            return Ok(Step::Last);
        }
        if let Room::NotNow(why) | Room::NeverAgain(why) = self.store.room() {
            // Before anything is gathered: the flush goes on later from where it is.
            return Ok(Step::NoRoom(why));
        }
        let Some(mut flush) = self.inner().flush.take() else { return Ok(Step::Last) };
        let last = match self.write_some(&mut flush) {
            Ok(last) => last,
            Err(error) => {
                if let Room::NeverAgain(why) = self.store.room() {
                    // Nothing is ever written again, so nothing can claim what was gathered; reads have it in memory.
                    self.inner().flush = Some(flush);
                    return Ok(Step::NoRoom(why));
                }
                // The tail stops, whoever drove it: what was gathered counts as written nowhere, and no later flush may
                // claim it. A restart folds it again.
                self.fail(Cause::Machine, error.to_string());
                return Err(error);
            }
        };
        if last {
            evict(&mut self.inner(), self.cached_max);
            self.progress.change(|now| now.flushed = now.flushed.max(flush.folded));
            return Ok(Step::Last);
        }
        self.inner().flush = Some(flush);
        Ok(Step::More)
    }

    /// `true`: the last of it, and the watermark with it.
    fn write_some(&self, flush: &mut Flush) -> Result<bool, TailError> {
        let keys: Vec<EntityKey> = flush.keys.drain(..STEP.min(flush.keys.len())).collect();
        let (mut write, sums) = self.gather(&mut self.inner(), &keys, flush.all, &mut flush.watermark)?;
        write.rows.extend(sums.settle(&*self.store, self.shard.0)?);
        let last = flush.keys.is_empty();
        if last {
            write.watermark = Some(flush.watermark);
            write.name = self.name_at(flush.watermark)?;
        }
        self.store.write(self.shard, write)?;
        Ok(last)
    }

    /// The name under which the record was folded; older ones are forgotten.
    fn name_at(&self, seq: Seq) -> Result<Option<RecordName>, TailError> {
        let mut inner = self.inner();
        let older = inner.names.iter().take_while(|(of, _)| *of < seq).count();
        inner.names.drain(..older);
        match inner.names.front() {
            Some((of, name)) if *of == seq => Ok(Some(*name)),
            // Nothing was folded since the store's watermark.
            Some(_) | None if self.store.watermark(self.shard)? == seq => Ok(self.store.watermark_name(self.shard)?),
            Some(_) | None => Ok(None),
        }
    }

    /// A step that is due where nothing can be written.
    ///
    /// # Errors
    /// When too much waits already.
    pub(super) fn postpone(&self, why: &str) -> Result<(), TailError> {
        let inner = self.inner();
        match inner.unwritten_bytes <= POSTPONED_BYTES_MAX && inner.dirty.len() <= POSTPONED_ENTITIES_MAX {
            true => Ok(()),
            false => Err(self.stopped(format!("too much waits for room on the disk: {why}"))),
        }
    }

    pub(super) fn unwritten(&self) -> bool {
        !self.inner().dirty.is_empty()
    }

    fn gather(
        &self,
        inner: &mut Inner,
        keys: &[EntityKey],
        all: bool,
        watermark: &mut Seq,
    ) -> Result<(TailWrite, Deltas), TailError> {
        let mut write = TailWrite { newest: inner.newest, again_upto: self.stored_upto, ..TailWrite::default() };
        let mut sums = Deltas::default();
        for key in keys {
            let Some(cached) = inner.cached.get_mut(key) else { continue };
            write.history.extend(cached.history.drain(..).map(|(version, seq)| (key.clone(), version, seq)));
            if std::mem::take(&mut cached.forgotten) {
                write.forgotten.push(key.clone());
            }
            let projected = self.projected(key, &cached.loaded.model);
            if !all && put_off(cached, &projected) {
                *watermark = cached.unwritten_from.map_or(*watermark, |seq| (seq - 1).min(*watermark));
                inner.unwritten_bytes += cached.unwritten_bytes;
                inner.dirty.push(key.clone());
                continue;
            }
            // Of a projection whose build has not come here, nothing is in the store and nothing is written.
            let before = std::mem::take(&mut cached.stored);
            let rows = difference(before.rows, &projected.rows);
            write.rows.extend(rows.into_iter().filter(|change| self.registry.covers(change.space, key)));
            if before.sums != projected.sums {
                let covered = |(space, _): &&(_, _)| self.registry.covers(*space, key);
                before.sums.iter().filter(covered).for_each(|(space, sum)| sums.take_away(*space, sum));
                projected.sums.iter().filter(covered).for_each(|(space, sum)| sums.add(*space, sum));
            }
            cached.stored = projected;
            let stored = cached.loaded.encode(self.journal.vault())?;
            cached.stored_bytes = stored.json.len();
            (cached.unwritten_from, cached.unwritten_bytes, cached.touched, cached.deferred) = (None, 0, false, 0);
            write.states.push((key.clone(), stored));
        }
        Ok((write, sums))
    }
}

/// Lists must be right at once, and no alarm may come late. One that comes too early does no harm: it is judged
/// by the clock, so a later alarm than the stored one can wait (a cached SKU's earliest hold changes all the time).
fn put_off(cached: &mut Cached, projected: &Projected) -> bool {
    let worth = cached.stored_bytes < LARGE
        || cached.unwritten_bytes >= cached.stored_bytes / 2
        || !cached.stored.lists_as(projected)
        || earlier(projected.alarm(), cached.stored.alarm());
    if worth || cached.deferred >= DEFERRED_MAX {
        return false;
    }
    cached.deferred += 1;
    true
}

/// Keys of one entity's alarms sort by their time.
fn earlier(now: Option<&[u8]>, stored: Option<&[u8]>) -> bool {
    now.is_some_and(|now| stored.is_none_or(|stored| now < stored))
}

/// Second chance: written entities that were not used since the hand last passed leave the memory.
fn evict(inner: &mut Inner, max: usize) {
    let mut looks = inner.clock.len() * 2;
    while inner.cached.len() > max && looks > 0 {
        looks -= 1;
        let Some(key) = inner.clock.pop_front() else { return };
        let Some(cached) = inner.cached.get_mut(&key) else { continue };
        let keep = cached.touched | std::mem::take(&mut cached.used);
        match keep {
            true => inner.clock.push_back(key),
            false => drop(inner.cached.remove(&key)),
        }
    }
}
