//! A journal in front of another one: a test's own journal states what it does differently, and nothing else.

use std::sync::Arc;

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::actors::ports::{
    Journal,
    journal::{
        AppendError, Batch, BatchId, Claim, Damage, JournalError, NodeId, RecordName, Records, Resolution, Seq, Shard,
    },
};

/// Every method of a [`Journal`] that a test may replace; what it leaves out is the journal's behind.
pub trait InFront: Send + Sync + 'static {
    fn behind(&self) -> &dyn Journal;

    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        self.behind().append(claim, after, batch)
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        self.behind().read(shard, from)
    }

    fn name(&self, shard: Shard, seq: Seq) -> BoxFuture<'_, Result<Option<RecordName>, JournalError>> {
        self.behind().name(shard, seq)
    }

    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        self.behind().read_range(shard, from, to)
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        self.behind().end(shard)
    }

    fn turn_away(&self) -> BoxFuture<'_, ()> {
        self.behind().turn_away()
    }

    fn tight(&self) -> Option<Arc<str>> {
        self.behind().tight()
    }
}

impl<J: InFront> Journal for J {
    fn id(&self) -> Uuid {
        self.behind().id()
    }

    fn shards(&self) -> u16 {
        self.behind().shards()
    }

    fn claim(&self, shard: Shard, node: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>> {
        self.behind().claim(shard, node)
    }

    fn release(&self, claim: Claim, after: Seq) -> BoxFuture<'_, Result<Seq, AppendError>> {
        self.behind().release(claim, after)
    }

    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        InFront::append(self, claim, after, batch)
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        InFront::read(self, shard, from)
    }

    // Not `read_behind`: a reader of either kind meets what the test put into `read`.

    fn name(&self, shard: Shard, seq: Seq) -> BoxFuture<'_, Result<Option<RecordName>, JournalError>> {
        InFront::name(self, shard, seq)
    }

    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        InFront::read_range(self, shard, from, to)
    }

    fn resolve(&self, claim: Claim, after: Seq, batch: BatchId) -> BoxFuture<'_, Result<Resolution, JournalError>> {
        self.behind().resolve(claim, after, batch)
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        InFront::end(self, shard)
    }

    fn damage(&self) -> Option<Damage> {
        self.behind().damage()
    }

    fn turn_away(&self) -> BoxFuture<'_, ()> {
        InFront::turn_away(self)
    }

    fn tight(&self) -> Option<Arc<str>> {
        InFront::tight(self)
    }
}
