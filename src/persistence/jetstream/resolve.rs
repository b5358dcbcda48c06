//! What became of an append whose answer was lost, for good.
//!
//! A stored append stands exactly at `after + 1`. If another record stands there, ours never can. If
//! nothing stands there, the message may still be on its way (the client sends what it buffered when it
//! is connected again), so a barrier, a batch without commits, is written to that place: whichever of
//! the two is stored first decides.

use futures::StreamExt;
use uuid::Uuid;

use super::{JetStreamJournal, api::NotStored};
use crate::actors::ports::journal::{
    Batch, BatchId, Claim, Entry, Journal, JournalError, NodeId, Record, Resolution, Seq, Shard,
};

/// The newest append of a shard.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) batch: BatchId,
    pub(super) after: Seq,
    pub(super) epoch: u64,
    pub(super) node: NodeId,
}

/// Rounds of look and barrier; each ends by a definite answer unless servers change leaders in between.
const ROUNDS: usize = 4;

impl JetStreamJournal {
    pub(super) async fn resolve_now(&self, shard: Shard, batch: BatchId) -> Result<Resolution, JournalError> {
        let pending = self.pending().get(&shard).filter(|pending| pending.batch == batch).cloned();
        let Some(pending) = pending else { return self.look_back(shard, batch).await };
        for _ in 0..ROUNDS {
            if let Some(record) = self.find(shard, pending.after + 1).await? {
                self.moved_if_ours(shard, &record, &pending);
                return Ok(match is_batch(&record, batch) {
                    true => Resolution::Stored(record.seq),
                    false => Resolution::NotStored,
                });
            }
            let claim = Claim { shard, node: pending.node.clone(), epoch: pending.epoch, seq: 0 };
            let barrier = Entry::Batch(Batch { id: BatchId(Uuid::new_v4()), commits: Vec::new() });
            match self.publish(&claim, pending.after, barrier).await {
                Ok(seq) => {
                    metrics::counter!("souk_journal_barriers_total").increment(1);
                    self.moved(shard, pending.epoch, seq);
                    return Ok(Resolution::NotStored);
                }
                // Somebody was first: perhaps the append itself.
                Err(NotStored::WrongEnd) => {}
                Err(NotStored::Full(why)) => return Err(JournalError::Full(why)),
                Err(NotStored::Refused(why) | NotStored::Unknown(why)) => return Err(JournalError::Io(why)),
            }
        }
        Err(JournalError::Io(format!("shard {}: the append's place is neither free nor to be read", shard.0).into()))
    }

    fn moved_if_ours(&self, shard: Shard, record: &Record, pending: &Pending) {
        if record.epoch == pending.epoch && record.node == pending.node {
            self.moved(shard, pending.epoch, record.seq);
        }
    }

    /// Not the newest append of this process: the whole log is looked through (0.7 M records a second).
    async fn look_back(&self, shard: Shard, batch: BatchId) -> Result<Resolution, JournalError> {
        let end = self.end_now(shard).await?;
        let mut records = self.read_range(shard, 1, end);
        while let Some(record) = records.next().await {
            let record = record?;
            if is_batch(&record, batch) {
                return Ok(Resolution::Stored(record.seq));
            }
        }
        Ok(Resolution::NotStored)
    }
}

fn is_batch(record: &Record, id: BatchId) -> bool {
    matches!(&record.entry, Entry::Batch(batch) if batch.id == id)
}
