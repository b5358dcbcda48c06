//! Streams over the memory storage. A faulty delivery line stands between: late, and more than once. The stream drops
//! repeated records, as the contract of every backend requires.

use std::{collections::VecDeque, sync::Arc};

use futures::{StreamExt, stream};

use super::{FaultPlan, MemoryStorage, wait};
use crate::actors::ports::journal::{JournalError, Record, Records, Seq, Shard};

struct Reader {
    storage: MemoryStorage,
    plan: Arc<dyn FaultPlan>,
    shard: Shard,
    next: Seq,
    to: Option<Seq>,
    /// Records that the line has delivered and the stream has not processed.
    line: VecDeque<Arc<Record>>,
}

pub fn records(storage: MemoryStorage, plan: Arc<dyn FaultPlan>, shard: Shard, from: Seq, to: Option<Seq>) -> Records {
    let end = match storage.end(shard) {
        Ok(end) => end,
        Err(error) => return stream::once(async { Err(error) }).boxed(),
    };
    let to = to.map(|to| to.min(end));
    let reader = Reader { storage, plan, shard, next: from.max(1), to, line: VecDeque::new() };
    stream::unfold(reader, |mut reader| async {
        let record = reader.next().await.transpose()?;
        Some((record, reader))
    })
    .boxed()
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Arc<Record>>, JournalError> {
        loop {
            if self.to.is_some_and(|to| self.next > to) {
                return Ok(None);
            }
            while let Some(record) = self.line.pop_front() {
                // Below: a duplicate. Above cannot be: the line is filled in order.
                if record.seq == self.next {
                    self.next += 1;
                    return Ok(Some(record));
                }
            }
            match self.storage.get(self.shard, self.next) {
                Some(record) => {
                    let delivery = self.plan.deliver(self.shard, self.next);
                    wait(delivery.late).await;
                    self.line.extend(std::iter::repeat_n(record, 1 + usize::from(delivery.duplicates)));
                }
                None => self.storage.reached(self.shard, self.next).await?,
            }
        }
    }
}
