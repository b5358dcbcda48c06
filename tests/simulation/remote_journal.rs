//! The memory journal behind a line: the servers execute each request regardless of its sender's fate.
//!
//! So an append proceeds, and is stored, while its sender is frozen, cut off or dead. It ends before its sender stops
//! waiting: the result of `resolve` is then final, as the contract demands (JetStream's writes a barrier for that).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use souk::{
    actors::ports::{
        Journal,
        journal::{AppendError, Batch, BatchId, Claim, JournalError, NodeId, Records, Resolution, Seq, Shard},
    },
    persistence::memory_journal::MemoryJournal,
};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use crate::link::Link;

/// Longer than any request takes at the servers.
const GIVE_UP: Duration = Duration::from_secs(3);

/// The state shared by the journals of one cluster's nodes.
#[derive(Clone)]
pub struct Servers {
    pub world: Handle,
    pub traffic: Arc<AtomicU64>,
    /// Appends that came from owners of the past.
    pub fenced: Arc<AtomicU64>,
    /// False, for a test of the tests: to such an owner it says "stored".
    pub fences: bool,
}

pub struct RemoteJournal {
    pub journal: MemoryJournal,
    pub servers: Servers,
    pub link: Arc<Link>,
}

impl RemoteJournal {
    /// `None`: the reply was lost, and perhaps the request.
    async fn over<F>(&self, request: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        if self.link.is_cut() {
            sleep(GIVE_UP).await;
            return None;
        }
        self.servers.traffic.fetch_add(1, Ordering::Relaxed);
        let traffic = self.servers.traffic.clone();
        let answer = self.servers.world.spawn(async move {
            let answer = request.await;
            traffic.fetch_add(1, Ordering::Relaxed);
            answer
        });
        let answer = timeout(GIVE_UP, answer).await.ok()?.ok()?;
        (!self.link.is_cut()).then_some(answer)
    }

    async fn written(
        &self,
        after: Seq,
        write: impl Future<Output = Result<Seq, AppendError>> + Send + 'static,
    ) -> Result<Seq, AppendError> {
        let lost = || AppendError::Ambiguous("no answer from the servers".into());
        match self.over(write).await.ok_or_else(lost)? {
            Err(AppendError::Fenced) => {
                self.servers.fenced.fetch_add(1, Ordering::Relaxed);
                if self.servers.fences { Err(AppendError::Fenced) } else { Ok(after + 1) }
            }
            known => known,
        }
    }

    fn carried(&self, records: Records) -> Records {
        let link = self.link.clone();
        let carry = move |record| {
            let link = link.clone();
            async move {
                link.carry_record().await;
                record
            }
        };
        records.then(carry).boxed()
    }
}

fn silent() -> JournalError {
    JournalError::Io("no answer from the servers".into())
}

impl Journal for RemoteJournal {
    fn id(&self) -> uuid::Uuid {
        self.journal.id()
    }

    fn shards(&self) -> u16 {
        self.journal.shards()
    }

    fn claim(&self, shard: Shard, node: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>> {
        let journal = self.journal.clone();
        async move { self.over(async move { journal.claim(shard, node).await }).await.ok_or_else(silent)? }.boxed()
    }

    fn release(&self, claim: Claim, after: Seq) -> BoxFuture<'_, Result<Seq, AppendError>> {
        let journal = self.journal.clone();
        async move { self.written(after, async move { journal.release(claim, after).await }).await }.boxed()
    }

    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        let journal = self.journal.clone();
        async move { self.written(after, async move { journal.append(claim, after, batch).await }).await }.boxed()
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        self.carried(self.journal.read(shard, from))
    }

    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        self.carried(self.journal.read_range(shard, from, to))
    }

    fn resolve(&self, claim: Claim, after: Seq, batch: BatchId) -> BoxFuture<'_, Result<Resolution, JournalError>> {
        let journal = self.journal.clone();
        async move { self.over(async move { journal.resolve(claim, after, batch).await }).await.ok_or_else(silent)? }
            .boxed()
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        let journal = self.journal.clone();
        async move { self.over(async move { journal.end(shard).await }).await.ok_or_else(silent)? }.boxed()
    }
}
