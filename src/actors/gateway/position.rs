//! How far a shard's log is acknowledged, proven: what a node must have folded before it may show a view as current.
//!
//! In a cluster the shard's owner is asked, who answers within its lease (an append that a majority confirmed). The
//! servers are not asked: a stream's leader that has lost its majority still answers, with an old end (ADR 0009, 0016).
//! One question for each shard is under way, and the next one takes everybody who came meanwhile: an answer counts only
//! for those who came before its question was sent. On one machine no other process can write: the journal knows.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

use super::core::Core;
use crate::actors::{
    ports::{
        CommandEnvelope, Proof, Reply,
        journal::{Seq, Shard},
    },
    tail::Tail,
};

/// One question, with its repetitions, takes at most this long: longer than any caller waits.
const ASK_WITHIN: Duration = Duration::from_secs(1);

/// How long a dead owner is not asked again.
const UNANSWERED_FOR: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(in crate::actors) struct Positions(Vec<Mutex<Asking>>);

#[derive(Default)]
struct Asking {
    under_way: bool,
    /// When the newest question ended without an answer, if it did.
    unanswered: Option<Instant>,
    /// Who waits for the next question: requests and snapshots, each bounded where it is admitted.
    waiting: Vec<(Proof, oneshot::Sender<Option<Seq>>)>,
}

impl Positions {
    pub(in crate::actors) fn new(shards: u16) -> Self {
        Self((0..shards).map(|_| Mutex::default()).collect())
    }

    /// Held for an instant, never across an await.
    fn of(&self, shard: Shard) -> Option<MutexGuard<'_, Asking>> {
        self.0.get(usize::from(shard.0)).map(|asking| asking.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Core {
    /// A position at least as new as everything that was acknowledged before this call. `None`: nobody can prove one.
    pub(in crate::actors) async fn position(self: &Arc<Self>, tail: &Tail, proof: Proof) -> Option<Seq> {
        let shard = tail.shard;
        if self.cluster.is_none() {
            return self.journal.end(shard).await.ok();
        }
        let owner = tail.progress().owner;
        let dead = owner.is_some_and(|owner| !self.placement.hint().is_alive(&owner.node));
        let (sender, receiver) = oneshot::channel();
        {
            let mut asking = self.positions.of(shard)?;
            // Until another node has taken a dead one's shard over nobody can answer: not everybody waits to learn it. An
            // owner that left in good order may only look dead here, so one question in a while is asked all the same.
            if dead && asking.unanswered.is_some_and(|at| at.elapsed() < UNANSWERED_FOR) {
                return None;
            }
            asking.waiting.push((proof, sender));
            if !std::mem::replace(&mut asking.under_way, true) {
                tokio::spawn(self.clone().ask_owner(shard));
            }
        }
        receiver.await.ok().flatten()
    }

    /// Asks for as long as somebody waits.
    async fn ask_owner(self: Arc<Self>, shard: Shard) {
        loop {
            let waiting = {
                let Some(mut asking) = self.positions.of(shard) else { return };
                let waiting = std::mem::take(&mut asking.waiting);
                asking.under_way = !waiting.is_empty();
                waiting
            };
            if waiting.is_empty() {
                return;
            }
            // The one who wants the most decides for all.
            let proof = waiting.iter().map(|(proof, _)| *proof).min().unwrap_or(Proof::Lease);
            let question = Arc::new(CommandEnvelope::position(shard, proof));
            let position = match self.send_to(shard, question, ASK_WITHIN).await {
                Some(Reply::Done { version, .. }) => Some(version),
                // An owner of the version before does not know the question; its shards are shown as maybe old.
                Some(
                    Reply::Refused { .. }
                    | Reply::VersionConflict { .. }
                    | Reply::IdConflict
                    | Reply::Busy { .. }
                    | Reply::Quarantined
                    | Reply::TooLarge { .. }
                    | Reply::Unavailable { .. }
                    | Reply::NoRoom { .. },
                )
                | None => None,
            };
            if let Some(mut asking) = self.positions.of(shard) {
                asking.unanswered = position.is_none().then(Instant::now);
            }
            for (_, sender) in waiting {
                // Who no longer waits has its own time-out behind it.
                let _ = sender.send(position);
            }
        }
    }
}
