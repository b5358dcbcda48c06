//! The final outcome of an append whose reply was lost.
//!
//! A stored append stands exactly at `after + 1`. If another record stands there, the append can never be stored. If
//! the place is empty, the message may still be on its way (the client sends its buffer after a reconnect), so a
//! barrier, a batch without commits, is written to that place: the first of the two to be stored decides. Nothing is
//! remembered and nothing else is read, however long the log is.

use uuid::Uuid;

use super::{JetStreamJournal, api::NotStored};
use crate::actors::ports::journal::{Batch, BatchId, Claim, Entry, JournalError, Record, Resolution, Seq};

/// Rounds of reading and barrier; each ends with a definite outcome unless servers change leaders in between.
const ROUNDS: usize = 4;

impl JetStreamJournal {
    pub(super) async fn resolve_now(
        &self,
        claim: Claim,
        after: Seq,
        batch: BatchId,
    ) -> Result<Resolution, JournalError> {
        let shard = claim.shard;
        let ours = |record: &Record| (record.epoch, &record.node) == (claim.epoch, &claim.node);
        for _ in 0..ROUNDS {
            if let Some((record, sum)) = self.find(shard, after + 1).await? {
                if ours(&record) {
                    self.moved(shard, claim.epoch, record.seq, sum);
                }
                return Ok(Resolution::of(Some(&record), after, batch));
            }
            // A claim's appends are only sent where the log ends under that claim: this append was never sent. Nor may
            // a barrier be written there, under an epoch that is over.
            if after == 0 {
                return Ok(Resolution::NotStored);
            }
            let (last, sum) = self.record(shard, after).await?;
            if !ours(&last) {
                return Ok(Resolution::NotStored);
            }
            let barrier = Entry::Batch(Batch { id: BatchId(Uuid::new_v4()), commits: Vec::new() });
            match self.publish(&claim, after, Some(sum), barrier).await {
                Ok((seq, sum)) => {
                    metrics::counter!("souk_journal_barriers_total").increment(1);
                    self.moved(shard, claim.epoch, seq, sum);
                    return Ok(Resolution::NotStored);
                }
                // Another message was stored first: perhaps the append itself.
                Err(NotStored::WrongEnd) => {}
                Err(NotStored::Full(why)) => return Err(JournalError::Full(why)),
                Err(NotStored::Refused(why)) => return Err(JournalError::Refused(why)),
                Err(NotStored::Nobody(why) | NotStored::Unknown(why)) => return Err(JournalError::Io(why)),
            }
        }
        Err(JournalError::Io(format!("shard {}: the append's place is neither free nor to be read", shard.0).into()))
    }
}
