//! The commit gate: one append in flight for each shard; items that arrive meanwhile form the next batch.
//!
//! Invariant (G2): no reply, refusal, effect or read that depends on an event leaves this task before that event is
//! durable, because all of them wait in one queue behind the event. So a hot SKU's rate is batch size over latency, not
//! one over latency. A failed append ends the task: the shard then drops every entity of this generation, callers
//! receive `Lost` and retry with the same command id.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ractor::ActorRef;
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::Instant,
};

use super::{
    effects::{Effects, PendingEffect},
    lease::Lease,
    meter::Meter,
    ports::{
        Clock, Journal, Placement, Proof, Reply,
        journal::{AppendError, Batch, BatchId, Claim, Commit, JournalError, Resolution, Seq},
    },
    reply::{ReplyTo, SlotShared},
    settings::ActorSettings,
    shard::ShardMsg,
};

/// An entity's hand-over: exactly one item for each command, in the order of the decisions.
pub(super) enum Item {
    /// Events, and the reply and effects that follow once they are durable.
    Commit {
        commit: Option<Commit>,
        version: u64,
        answer: Reply,
        reply: ReplyTo,
        pending: Vec<PendingEffect>,
        slot: Arc<SlotShared>,
    },
    /// A reply that depends on events before it in this queue.
    Answer { answer: Reply, reply: ReplyTo, pending: Vec<PendingEffect> },
    /// How far the log is acknowledged, for nodes that show folded views. Answered between two appends: a record whose
    /// acknowledgement is under way may be shown already by a node that has folded it.
    Position { proof: Proof, reply: ReplyTo },
    /// Notifies when every earlier item is durable.
    Barrier(oneshot::Sender<()>),
}

/// A cheap handle; bounded by the shard's permits, each item but a barrier carries one.
#[derive(Clone)]
pub(super) struct Committer(UnboundedSender<Item>);

impl Committer {
    /// After the task's end the item is dropped with its reply: the caller receives `Lost`.
    pub(super) fn hand_over(&self, item: Item) {
        let _ = self.0.send(item);
    }

    /// Waits until everything handed over so far is durable; `false` when the generation failed.
    pub(super) async fn barrier(&self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.hand_over(Item::Barrier(sender));
        receiver.await.is_ok()
    }
}

pub(super) struct CommitterTask {
    pub(super) claim: Claim,
    pub(super) generation: u64,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) effects: Effects,
    pub(super) shard: ActorRef<ShardMsg>,
    /// The newest acknowledged record.
    pub(super) committed: Arc<AtomicU64>,
    pub(super) placement: Arc<dyn Placement>,
    pub(super) lease: Arc<Lease>,
    pub(super) meter: Arc<Meter>,
    pub(super) settings: ActorSettings,
}

impl CommitterTask {
    pub(super) fn start(self) -> Committer {
        let (sender, receiver) = unbounded_channel();
        tokio::spawn(self.run(receiver));
        Committer(sender)
    }

    async fn run(self, mut queue: UnboundedReceiver<Item>) {
        let mut after = self.claim.seq;
        let mut items = Vec::new();
        loop {
            if items.is_empty() && queue.recv_many(&mut items, usize::MAX).await == 0 {
                return;
            }
            gather(&mut queue, &mut items).await;
            self.tell(after, &mut items);
            if items.is_empty() {
                continue;
            }
            let (mut group, rest) = self.split(items);
            items = rest;
            let commits = take_commits(&mut group);
            if !commits.is_empty() || self.must_ask(&group) {
                let started = Instant::now();
                match self.append(after, commits).await {
                    Ok(seq) => after = seq,
                    Err(error) => return self.fail(error, group, items, queue),
                }
                self.lease.confirm(started);
                self.committed.store(after, Ordering::Release);
                self.placement.acknowledged(self.claim.shard, after);
            }
            self.release(group, after);
        }
    }

    /// Answers for the position, without an append where the newest one proves enough. Everything that was
    /// acknowledged, or shown anywhere, before the question stands at or before the answer: within the lease no other
    /// node serves the shard, and this node's claim follows every record of the owners before.
    fn tell(&self, after: Seq, items: &mut Vec<Item>) {
        for item in items.extract_if(.., |item| matches!(item, Item::Position { proof, .. } if self.proves(*proof))) {
            if let Item::Position { reply, .. } = item {
                reply.send(position(after));
            }
        }
    }

    fn proves(&self, proof: Proof) -> bool {
        match proof {
            Proof::Lease => self.lease.fresh(),
            Proof::Recent => self.lease.fresh_for(RECENT_LEASES),
            Proof::Word => true,
        }
    }

    /// True for replies without commits when the log's last confirmation of this node's ownership is too old: one
    /// append without commits (a read barrier) confirms the ownership for all waiting replies.
    fn must_ask(&self, group: &[Item]) -> bool {
        let ask = group.iter().any(|item| match item {
            Item::Answer { .. } => !self.lease.fresh(),
            Item::Position { proof, .. } => !self.proves(*proof),
            Item::Commit { .. } | Item::Barrier(_) => false,
        });
        if ask {
            self.meter.lease_appends.increment(1);
        }
        ask
    }

    /// The items of the next batch: as many as its bound of bytes takes, and at least one.
    fn split(&self, items: Vec<Item>) -> (Vec<Item>, Vec<Item>) {
        let mut bytes = 0;
        let fits = items.iter().position(|item| {
            let Item::Commit { commit: Some(commit), .. } = item else { return false };
            bytes += commit.events_json.len() + COMMIT_OVERHEAD;
            bytes > self.settings.journal.batch_bytes_max && bytes > commit.events_json.len() + COMMIT_OVERHEAD
        });
        let mut group = items;
        let rest = group.split_off(fits.unwrap_or(group.len()));
        (group, rest)
    }

    async fn append(&self, after: Seq, commits: Vec<Commit>) -> Result<Seq, AppendError> {
        let id = BatchId(self.clock.uuid());
        if !commits.is_empty() {
            self.meter.batch(commits.len());
        }
        // The only handle: the journal takes the commits out of it without a copy.
        let batch = Arc::new(Batch { id, commits });
        match self.journal.append(self.claim.clone(), after, batch).await {
            Err(AppendError::Ambiguous(why)) => self.resolve(after, id, why).await,
            known => known,
        }
    }

    /// It is unknown whether the batch was stored: repeats `resolve` until the journal decides. Without a decision
    /// within the bound the generation ends, and the next claim, stored after the batch or in its place, decides.
    async fn resolve(&self, after: Seq, batch: BatchId, why: Arc<str>) -> Result<Seq, AppendError> {
        const TRIES: u32 = 8;
        for attempt in 0..TRIES {
            match self.journal.resolve(self.claim.clone(), after, batch).await {
                Ok(Resolution::Stored(seq)) => return Ok(seq),
                Ok(Resolution::NotStored) => return Err(AppendError::Io(why)),
                // A repetition would be refused too. The outcome is still unknown, so no caller receives a refusal: a
                // retry receives the reason from the next claim.
                Err(JournalError::Refused(why)) => return Err(AppendError::Ambiguous(why)),
                Err(error) => {
                    tracing::warn!(shard = self.claim.shard.0, %error, attempt, "append not resolved");
                    tokio::time::sleep(self.settings.actors.backoff(attempt)).await;
                }
            }
        }
        Err(AppendError::Ambiguous(why))
    }

    fn release(&self, group: Vec<Item>, after: Seq) {
        for item in group {
            match item {
                Item::Commit { version, answer, reply, pending, slot, .. } => {
                    slot.acked.fetch_max(version, Ordering::AcqRel);
                    reply.send(answer);
                    pending.into_iter().for_each(|step| self.effects.run(step));
                }
                Item::Answer { answer, reply, pending } => {
                    reply.send(answer);
                    pending.into_iter().for_each(|step| self.effects.run(step));
                }
                Item::Position { reply, .. } => reply.send(position(after)),
                Item::Barrier(sender) => {
                    let _ = sender.send(());
                }
            }
        }
    }

    /// Drops every unfinished item. Only after a definite `Full` or `Refused` do the callers of the refused events
    /// receive a reply, since a retry would not help. Reads are dropped, too: a retry returns the committed state.
    fn fail(self, error: AppendError, group: Vec<Item>, items: Vec<Item>, mut queue: UnboundedReceiver<Item>) {
        tracing::error!(shard = self.claim.shard.0, epoch = self.claim.epoch, %error, "append failed");
        queue.close();
        let waiting = std::iter::from_fn(|| queue.try_recv().ok());
        if let AppendError::Full(reason) | AppendError::Refused(reason) = &error {
            for item in group.into_iter().chain(items).chain(waiting) {
                if let Item::Commit { reply, .. } = item {
                    reply.send(Reply::Unavailable { retry_after_ms: 5_000, reason: reason.clone(), retry: false });
                }
            }
        }
        // A stopped shard needs no notice.
        let _ = self.shard.send_message(ShardMsg::Failed { generation: self.generation, error });
    }
}

/// Takes the waiting items, and yields to entities that are deciding as long as more items arrive: otherwise the first
/// command of a crowd would be appended alone, and the crowd would wait for that append. Bounded, and without a clock.
async fn gather(queue: &mut UnboundedReceiver<Item>, items: &mut Vec<Item>) {
    const TURNS_MAX: usize = 16;
    for _ in 0..TURNS_MAX {
        let before = items.len();
        tokio::task::yield_now().await;
        while let Ok(item) = queue.try_recv() {
            items.push(item);
        }
        if items.len() == before {
            return;
        }
    }
}

/// Moves the commits into the batch; the items stay until their replies are released.
fn take_commits(group: &mut [Item]) -> Vec<Commit> {
    let commit = |item: &mut Item| match item {
        Item::Commit { commit, .. } => commit.take(),
        Item::Answer { .. } | Item::Position { .. } | Item::Barrier(_) => None,
    };
    group.iter_mut().filter_map(commit).collect()
}

/// A position travels as the version of a reply without a view.
fn position(after: Seq) -> Reply {
    Reply::Done { version: after, changed: false, view: None }
}

/// Leases for which a list takes the owner's word after its newest append. Past it one empty append proves the
/// ownership anew: a quiet shard behind a busy list gets a record in this many leases, not in each.
const RECENT_LEASES: u32 = 15;

/// Bytes around one commit's events in the envelope, roughly: key, ids, time.
const COMMIT_OVERHEAD: usize = 256;
