//! Every record rests on records that are here, checked over a whole journal; and if not: is the copy cut at several
//! moments, or is a record lost from the midst of a log?

use std::collections::{HashMap, HashSet};

use super::trace::{Token, Traces};
use crate::{
    actors::ports::journal::{Commit, Record, Seq, Shard},
    domain::{key::EntityKey, time::Timestamp},
};

/// A log that goes on for longer than this after a record names a cause was not cut before the cause. More than the
/// clocks of a cluster's nodes differ.
const LATER_MS: i64 = 60_000;

/// A record whose cause is not in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub shard: Shard,
    pub seq: Seq,
    pub key: EntityKey,
    /// The entity whose record is missing.
    pub of: EntityKey,
    at: Timestamp,
    /// The log of `of` ends before: the copy is not of one moment, and nothing in it is damaged.
    pub cut: bool,
}

/// Memory: a hash for each statement, and each cause that was not seen yet.
pub(super) struct Rests {
    traces: Traces,
    stated: HashSet<Token>,
    waiting: HashMap<Token, Missing>,
    /// The newest commit's time, by shard.
    newest: Vec<Timestamp>,
    checked: u64,
}

impl Rests {
    pub(super) fn new(shards: u16) -> Self {
        let newest = vec![Timestamp(i64::MIN); usize::from(shards)];
        Self { traces: Traces::default(), stated: HashSet::new(), waiting: HashMap::new(), newest, checked: 0 }
    }

    pub(super) fn next(&mut self, record: &Record, commit: &Commit) {
        let links = self.traces.next(commit);
        for stated in links.states {
            self.waiting.remove(&stated.loose);
            self.stated.insert(stated.loose);
        }
        for rest in links.rests_on.into_iter().filter(|rest| rest.always) {
            self.checked += 1;
            if !self.stated.contains(&rest.on.loose) {
                let (shard, seq, key, at) = (record.shard, record.seq, commit.key.clone(), commit.at);
                let missing = Missing { shard, seq, key, of: rest.of, at, cut: false };
                self.waiting.entry(rest.on.loose).or_insert(missing);
            }
        }
        if let Some(newest) = self.newest.get_mut(usize::from(record.shard.0)) {
            *newest = (*newest).max(commit.at);
        }
    }

    /// The number of causes that were looked for, and those that are missing, in the logs' order.
    pub(super) fn end(self) -> (u64, Vec<Missing>) {
        let newest = self.newest;
        // Never truncates: `new` takes a `u16`.
        let shards = newest.len() as u16;
        let cut = |missing: &Missing| {
            let other = newest.get(usize::from(missing.of.shard_of(shards)));
            other.is_none_or(|newest| *newest <= missing.at.plus_ms(LATER_MS))
        };
        let found = self.waiting.into_values().map(|missing| Missing { cut: cut(&missing), ..missing });
        let mut found: Vec<Missing> = found.collect();
        found.sort_by(|a, b| (a.shard, a.seq, &a.of).cmp(&(b.shard, b.seq, &b.of)));
        (self.checked, found)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::{
        actors::ports::journal::{Batch, BatchId, Entry, NodeId},
        domain::{
            ids::{CommandId, OrderId},
            kinds::{AnyEvent, Kind},
            order::OrderEvent,
            stock::StockEvent,
        },
        testing::{an_order, sku},
    };

    const SKU: &str = "TEE-RED-M";

    fn next(rests: &mut Rests, key: EntityKey, version: u64, at: i64, event: AnyEvent) {
        let shard = Shard(key.shard_of(2));
        let events = vec![event];
        let events_json = Commit::encode(&events).unwrap();
        let (by, at, command_id) = ("system".into(), Timestamp(at), CommandId::default());
        let commit = Commit { key, version, command_id, fingerprint: None, by, at, events, events_json };
        let entry = Entry::Batch(Batch { id: BatchId(Uuid::nil()), commits: vec![commit.clone()] });
        let record = Record { shard, seq: version + 1, epoch: 1, node: NodeId("a".into()), entry, name: None };
        rests.next(&record, &commit);
    }

    /// An order whose hold is granted, and no hold; the stock's log has a receipt at `received`.
    fn missing(received: i64) -> Vec<Missing> {
        let mut rests = Rests::new(2);
        let stock = EntityKey::new(Kind::Stock, SKU);
        let other = |id: &OrderId| EntityKey::new(Kind::Order, id.to_string()).shard_of(2) != stock.shard_of(2);
        let order = (1..).map(|n| OrderId(Uuid::from_u128(n))).find(other).unwrap();
        let key = EntityKey::new(Kind::Order, order.to_string());
        let placement = Arc::new(an_order().id(order).snapshot());
        let placed = OrderEvent::Placed { placement, at: Timestamp(0) };
        next(&mut rests, key.clone(), 1, 1_000, AnyEvent::Order(placed));
        next(&mut rests, key, 2, 1_000, AnyEvent::Order(OrderEvent::HoldGranted { sku: sku(SKU) }));
        let receipt = StockEvent::Adjusted { delta: 1, reason: "found".into() };
        next(&mut rests, stock, 1, received, AnyEvent::Stock(receipt));
        rests.end().1
    }

    #[test]
    fn a_log_that_ends_before_is_told_from_one_that_lost_a_record() {
        for (received, cut) in [(900, true), (1_000 + LATER_MS, true), (1_001 + LATER_MS, false)] {
            let found = missing(received);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].cut, found[0].seq, &*found[0].of.id), (cut, 3, SKU));
        }
    }
}
