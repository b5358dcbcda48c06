//! Durable alarms: the owner of a shard wakes its entities when they are due, also after a time without a running
//! owner, and, once at the start, the entities with pending effects.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use futures::{StreamExt, future::ready, stream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    gateway::Core,
    ports::{Clock, CommandEnvelope, Reply, StoreError},
    settings::ActorSettings,
    tail::Tail,
};
use crate::domain::{ids::CommandId, key::EntityKey, time::Timestamp};

/// Decisions that one alarm may take in a row; the next poll wakes the entity again for the rest.
const DECISIONS_MAX: usize = 1_000;
/// Wake-ups in flight at once for each shard.
const CONCURRENT: usize = 32;

pub(super) fn start(
    tail: Arc<Tail>,
    clock: Arc<dyn Clock>,
    core: Weak<Core>,
    until: CancellationToken,
    settings: ActorSettings,
) {
    tokio::spawn(async move {
        let alarms = Alarms { tail, clock, core, settings, woken: HashMap::new() };
        tokio::select! {
                biased;
            () = until.cancelled() => {}
            () = alarms.run() => {}
        }
    });
}

struct Alarms {
    tail: Arc<Tail>,
    clock: Arc<dyn Clock>,
    core: Weak<Core>,
    settings: ActorSettings,
    /// Rows are written behind: an alarm just handled may stay in the index for a moment.
    woken: HashMap<EntityKey, (Timestamp, Instant)>,
}

impl Alarms {
    async fn run(mut self) {
        let mut pending = self.tail.pending();
        loop {
            pending = self.wake(pending).await;
            if let Err(error) = self.look().await {
                tracing::error!(shard = self.tail.shard.0, %error, "alarms cannot be read");
            }
            sleep(self.settings.actors.alarm_poll()).await;
        }
    }

    /// Wakes all due entities, page by page: an entity that cannot be woken does not hide the ones after it.
    async fn look(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let (due, next) = self.tail.due(self.clock.now(), after.as_deref())?;
            let fresh = self.not_just_woken(due);
            for unanswered in self.wake(fresh).await {
                // Its row remains: the next poll wakes the entity again.
                self.woken.remove(&unanswered);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn not_just_woken(&mut self, due: Vec<(Timestamp, EntityKey)>) -> Vec<EntityKey> {
        let now = Instant::now();
        // Longer than the write-behind, so that an answered alarm is gone from the index by then.
        let again = self.settings.state.flush_interval() * 8;
        self.woken.retain(|_, (_, at)| now.duration_since(*at) < again);
        let mut fresh = Vec::new();
        for (at, key) in due {
            if self.woken.get(&key).is_none_or(|(woken_for, _)| *woken_for != at) {
                self.woken.insert(key.clone(), (at, now));
                fresh.push(key);
            }
        }
        fresh
    }

    /// Returns the entities that could not be woken now.
    async fn wake(&self, keys: Vec<EntityKey>) -> Vec<EntityKey> {
        let wake_one = |key: EntityKey| async {
            let core = self.core.upgrade()?;
            // One alarm may take several decisions (a flash sale's holds expire a bounded number at a time).
            for _ in 0..DECISIONS_MAX {
                let envelope = CommandEnvelope::alarm(key.clone(), CommandId(self.clock.uuid()));
                match core.send(Arc::new(envelope), self.settings.actors.effect_timeout()).await {
                    Some(Reply::Done { changed: true, .. }) => {}
                    Some(Reply::Busy { .. } | Reply::Unavailable { .. } | Reply::NoRoom { .. }) | None => {
                        return Some(key);
                    }
                    Some(_) => return None,
                }
            }
            Some(key)
        };
        stream::iter(keys).map(wake_one).buffer_unordered(CONCURRENT).filter_map(ready).collect().await
    }
}
