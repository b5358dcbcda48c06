//! The journal in memory, for tests and the simulation: same contract, faults on demand, no randomness.
//!
//! [`MemoryStorage`] is the disk: shared, it outlives the journals that are opened on it, so a simulated crash drops
//! the journal and opens another. A [`FaultPlan`] decides what goes wrong; every wait is tokio time. Deliberately
//! absent: bytes. The codec's own tests cover the bytes.

mod faults;
mod reader;
mod storage;

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use uuid::Uuid;

pub use faults::{AppendFault, Delivery, FaultPlan, NoFaults, Outcome};
pub use storage::MemoryStorage;

use super::envelope;
use crate::actors::ports::journal::{
    AppendError, Batch, BatchId, Claim, Entry, Journal, JournalError, NodeId, Record, Records, Resolution, Seq, Shard,
};

#[derive(Clone)]
pub struct MemoryJournal {
    storage: MemoryStorage,
    plan: Arc<dyn FaultPlan>,
}

impl MemoryJournal {
    /// Without faults, on a storage of its own.
    pub fn new(id: Uuid, shards: u16) -> Self {
        Self::open(MemoryStorage::new(id, shards), Arc::new(NoFaults))
    }

    pub fn open(storage: MemoryStorage, plan: Arc<dyn FaultPlan>) -> Self {
        Self { storage, plan }
    }

    pub fn storage(&self) -> &MemoryStorage {
        &self.storage
    }

    async fn write(&self, claim: Claim, after: Seq, entry: Entry) -> Result<Seq, AppendError> {
        let fault = self.plan.append(claim.shard, after);
        wait(fault.before).await;
        let record =
            Record { shard: claim.shard, seq: after + 1, epoch: claim.epoch, node: claim.node, entry, name: None };
        let ambiguous = || AppendError::Ambiguous("the answer was lost".into());
        match fault.outcome {
            Outcome::Io => Err(AppendError::Io("the plan says so".into())),
            Outcome::Full => Err(AppendError::Full("the plan says so".into())),
            Outcome::Refused => Err(AppendError::Refused("the plan says so".into())),
            Outcome::AmbiguousNotStored => {
                wait(fault.after).await;
                Err(ambiguous())
            }
            Outcome::AmbiguousStored => {
                // Fencing is a definite outcome, and exactly this reply is lost here.
                let _lost: Result<Seq, AppendError> = self.storage.append(record);
                wait(fault.after).await;
                Err(ambiguous())
            }
            Outcome::Stored => {
                let stored = self.storage.append(record);
                wait(fault.after).await;
                stored
            }
        }
    }
}

/// Zero must not yield: without faults the journal keeps the scheduler's order as it is.
async fn wait(time: std::time::Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

impl Journal for MemoryJournal {
    fn id(&self) -> Uuid {
        self.storage.id()
    }

    fn shards(&self) -> u16 {
        self.storage.shards()
    }

    fn claim(&self, shard: Shard, node: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>> {
        async move {
            let fault = self.plan.claim(shard, &node);
            wait(fault.before).await;
            let lost = || JournalError::Io("the answer to a claim was lost".into());
            match fault.outcome {
                Outcome::Io => Err(JournalError::Io("the plan says so".into())),
                Outcome::Full => Err(JournalError::Full("the plan says so".into())),
                Outcome::Refused => Err(JournalError::Refused("the plan says so".into())),
                Outcome::AmbiguousNotStored => Err(lost()),
                Outcome::AmbiguousStored => {
                    self.storage.claim(shard, node)?;
                    wait(fault.after).await;
                    Err(lost())
                }
                Outcome::Stored => {
                    let claim = self.storage.claim(shard, node);
                    wait(fault.after).await;
                    claim
                }
            }
        }
        .boxed()
    }

    fn release(&self, claim: Claim, after: Seq) -> BoxFuture<'_, Result<Seq, AppendError>> {
        self.write(claim, after, Entry::Released).boxed()
    }

    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        async move {
            envelope::check_size(&batch)?;
            self.write(claim, after, Entry::Batch(Arc::unwrap_or_clone(batch))).await
        }
        .boxed()
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        reader::records(self.storage.clone(), self.plan.clone(), shard, from, None)
    }

    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        reader::records(self.storage.clone(), self.plan.clone(), shard, from, Some(to))
    }

    fn resolve(&self, claim: Claim, after: Seq, batch: BatchId) -> BoxFuture<'_, Result<Resolution, JournalError>> {
        async move {
            wait(self.plan.resolve(claim.shard)).await;
            self.storage.resolve(claim.shard, after, batch)
        }
        .boxed()
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        async move { self.storage.end(shard) }.boxed()
    }

    fn tight(&self) -> Option<Arc<str>> {
        self.plan.tight()
    }
}
