//! An order and its stock in two logs, and ends as an export may hear them: the cut that follows, or the refusal.

use std::num::NonZeroU32;

use futures::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use super::*;
use crate::{
    actors::ports::{
        CommandEnvelope,
        journal::{Batch, BatchId, Claim, NodeId},
    },
    domain::{
        ids::{CommandId, OrderId},
        kinds::{AnyEvent, Kind},
        order::OrderEvent,
        stock::StockEvent,
        time::Timestamp,
    },
    persistence::memory_journal::MemoryJournal,
    testing::{InFront, an_order, sku},
};

const SKU: &str = "TEE-RED-M";

/// An order and its stock in two shards, step by step: placed, held, granted.
struct Two {
    journal: MemoryJournal,
    order: OrderId,
    claims: Vec<Claim>,
    ends: Vec<Seq>,
}

impl Two {
    async fn new() -> Self {
        let journal = MemoryJournal::new(Uuid::from_u128(1), 2);
        let stock = EntityKey::new(Kind::Stock, SKU).shard_of(2);
        let other = |id: &OrderId| EntityKey::new(Kind::Order, id.to_string()).shard_of(2) != stock;
        let order = (1..).map(|n| OrderId(Uuid::from_u128(n))).find(other).unwrap();
        let mut claims = Vec::new();
        for shard in (0..2).map(Shard) {
            claims.push(journal.claim(shard, NodeId("a".into())).await.unwrap());
        }
        Self { journal, order, ends: vec![1, 1], claims }
    }

    async fn write(&mut self, key: EntityKey, version: u64, by: &str, command_id: CommandId, event: AnyEvent) {
        let shard = usize::from(key.shard_of(2));
        let events = vec![event];
        let events_json = Commit::encode(&events).unwrap();
        let (by, at) = (by.into(), Timestamp(i64::try_from(version).unwrap()));
        let commit = Commit { key, version, command_id, fingerprint: None, by, at, events, events_json };
        let batch = Arc::new(Batch { id: BatchId(Uuid::new_v4()), commits: vec![commit] });
        self.ends[shard] = self.journal.append(self.claims[shard].clone(), self.ends[shard], batch).await.unwrap();
    }

    fn order_key(&self) -> EntityKey {
        EntityKey::new(Kind::Order, self.order.to_string())
    }

    async fn placed(&mut self) {
        let placement = Arc::new(an_order().id(self.order).snapshot());
        let event = AnyEvent::Order(OrderEvent::Placed { placement, at: Timestamp(1) });
        self.write(self.order_key(), 1, "guest:1", CommandId(Uuid::from_u128(70)), event).await;
    }

    async fn held(&mut self) {
        let (order, units, until) = (self.order, NonZeroU32::new(2).unwrap(), Timestamp(660_000));
        let event = AnyEvent::Stock(StockEvent::Held { order, units, until, attempt: 1 });
        let id = CommandEnvelope::request_id(&self.order_key(), &format!("hold/{SKU}/1"));
        let by = self.order_key().to_string();
        self.write(EntityKey::new(Kind::Stock, SKU), 1, &by, id, event).await;
    }

    async fn granted(&mut self) {
        let event = AnyEvent::Order(OrderEvent::HoldGranted { sku: sku(SKU) });
        self.write(self.order_key(), 2, "system", CommandId(Uuid::from_u128(71)), event).await;
    }

    /// The cut that follows from these three readings, as the whole log's ends.
    async fn cut(&self, readings: [[Seq; 2]; 3]) -> Result<Vec<Seq>, ToolError> {
        let readings = std::sync::Mutex::new(readings.concat().into());
        let journal = Told { journal: self.journal.clone(), readings };
        let mut cut = Cut::begin(&journal).await.unwrap();
        for (shard, end) in (0..).map(Shard).zip(cut.from.clone()) {
            let mut records = self.journal.read_range(shard, 1, end);
            while let Some(record) = records.next().await {
                cut.passed(&record.unwrap());
            }
        }
        let mut ends = cut.from.clone();
        for record in cut.end()? {
            ends[usize::from(record.shard.0)] = record.seq;
        }
        Ok(ends)
    }

    /// Ends by entity: the order's shard, the stock's shard.
    fn ends(&self, order: Seq, stock: Seq) -> [Seq; 2] {
        if self.order_key().shard_of(2) == 0 { [order, stock] } else { [stock, order] }
    }
}

/// A journal whose ends are told.
struct Told {
    journal: MemoryJournal,
    readings: std::sync::Mutex<std::collections::VecDeque<Seq>>,
}

impl InFront for Told {
    fn behind(&self) -> &dyn Journal {
        &self.journal
    }

    fn end(&self, _: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        let end = self.readings.lock().unwrap().pop_front().unwrap();
        async move { Ok(end) }.boxed()
    }
}

#[tokio::test]
async fn an_outcome_goes_where_its_cause_is_behind_the_cut() {
    let mut two = Two::new().await;
    two.placed().await;
    two.held().await;
    two.granted().await;
    // Heard: the order whole, the stock before its hold.
    let cut = two.cut([two.ends(1, 1), two.ends(3, 1), two.ends(3, 2)]).await.unwrap();
    assert_eq!(cut, two.ends(2, 1), "the grant goes, the placing stays");
    // The hold is inside, and so the grant.
    let cut = two.cut([two.ends(1, 1), two.ends(3, 2), two.ends(3, 2)]).await.unwrap();
    assert_eq!(cut, two.ends(3, 2));
    // The hold rests on the placing.
    let cut = two.cut([two.ends(1, 1), two.ends(1, 2), two.ends(3, 2)]).await.unwrap();
    assert_eq!(cut, two.ends(1, 1));
    // What was there before the first reading needs no look.
    let cut = two.cut([two.ends(2, 1), two.ends(2, 2), two.ends(3, 2)]).await.unwrap();
    assert_eq!(cut, two.ends(2, 2));
}

#[tokio::test]
async fn ends_that_no_moment_had_are_refused() {
    let mut two = Two::new().await;
    two.placed().await;
    two.held().await;
    two.granted().await;
    let reserved = AnyEvent::Order(OrderEvent::Reserved);
    two.write(two.order_key(), 3, "system", CommandId(Uuid::from_u128(72)), reserved).await;
    // The grant was durable before the first reading, and the second one claims to be before its hold.
    let cut = two.cut([two.ends(3, 1), two.ends(4, 1), two.ends(4, 2)]).await;
    assert!(matches!(cut, Err(ToolError::NoMoment)), "{cut:?}");
}
