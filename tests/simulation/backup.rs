//! Exports of a shop that is selling meanwhile, from servers whose answers take their time: each is one moment, and a
//! shop that is started on it settles with stock, orders and money in agreement.
//!
//! Beside each export the logs are cut as their ends are heard one after another: `verify` must see that.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use souk::{
    actors::ports::journal::{Claim, Entry, Journal, JournalError, Record, Seq, Shard},
    domain::ids::OrderId,
    persistence::{
        envelope,
        memory_journal::{MemoryJournal, MemoryStorage, NoFaults},
        tools,
    },
    testing::InFront,
};
use tokio::time::sleep;

use crate::{many::Sum, provider::Books, rng::Rng};

/// What one seed's exports came to.
#[derive(Debug, Default)]
pub struct Backups {
    pub exports: u64,
    /// With records that were written while the ends were read.
    pub moving: u64,
    /// Where the ends, heard one after another, were no moment.
    pub torn: u64,
    pub sold: u64,
}

impl Sum for Backups {
    fn add(&mut self, other: &Self) {
        self.exports += other.exports;
        self.moving += other.moving;
        self.torn += other.torn;
        self.sold += other.sold;
    }
}

/// Exports of one seed that are restored.
const RESTORED_MAX: usize = 2;

pub struct Export {
    pub storage: MemoryStorage,
    /// The provider's books a moment later.
    pub books: Books,
}

#[derive(Clone, Default)]
pub struct Taken {
    pub exports: Arc<Mutex<Vec<Export>>>,
    pub sum: Arc<Mutex<Backups>>,
    pub broken: Arc<Mutex<Vec<String>>>,
}

/// One after another, until it is aborted.
pub async fn take(storage: MemoryStorage, books: Books, rng: Rng, taken: Taken) {
    loop {
        sleep(rng.millis(9_000)).await;
        // From a write on: more of them follow it, while the ends are read.
        let quiet = length(&storage);
        while length(&storage) == quiet {
            sleep(Duration::from_millis(1)).await;
        }
        let journal = Late { journal: MemoryJournal::open(storage.clone(), Arc::new(NoFaults)), rng: rng.clone() };
        let before = length(&storage);
        let (torn, text) = futures::join!(one_by_one(&journal), exported(&journal));
        let (export, naive) = (copied(&storage, &text).await, copied(&storage, &torn).await);
        let found = missing(&export).await;
        let gaps = missing(&naive).await;
        let mut sum = taken.sum.lock().unwrap();
        sum.exports += 1;
        sum.moving += u64::from(length(&export) > before);
        sum.torn += u64::from(!gaps.is_empty());
        let mut broken = taken.broken.lock().unwrap();
        broken.extend(found.iter().map(|missing| format!("an export is not one moment: {missing:?}")));
        broken.extend(gaps.iter().filter(|gap| !gap.cut).map(|gap| format!("taken for damage: {gap:?}")));
        if length(&export) < before {
            broken.push(format!("an export has {} of {before} acknowledged records", length(&export)));
        }
        let books = Books {
            accounts: Arc::new(Mutex::new(books.accounts.lock().unwrap().clone())),
            webhooks: Arc::new(Mutex::new(books.webhooks.lock().unwrap().clone())),
        };
        let mut exports = taken.exports.lock().unwrap();
        // Each is started as a shop of its own, which takes hours of its time.
        if length(&export) > before && exports.len() < RESTORED_MAX {
            exports.push(Export { storage: export, books });
        }
    }
}

fn length(storage: &MemoryStorage) -> Seq {
    (0..storage.shards()).map(|shard| storage.end(Shard(shard)).expect("a shard of the log")).sum()
}

async fn exported(journal: &Late) -> Vec<Record> {
    let mut text = Vec::new();
    tools::export(journal, tools::Unreadable::Refuse, &mut text, &mut |_| ()).await.expect("an export");
    let text = String::from_utf8(text).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let records = &lines[1..lines.len() - 1];
    records.iter().map(|line| envelope::decode_body(line).expect("a record")).collect()
}

async fn one_by_one(journal: &dyn Journal) -> Vec<Record> {
    let mut records = Vec::new();
    for shard in (0..journal.shards()).map(Shard) {
        let end = journal.end(shard).await.expect("an end");
        let read = journal.read_range(shard, 1, end).map(|record| (*record.expect("a record")).clone());
        records.extend(read.collect::<Vec<_>>().await);
    }
    records
}

/// A log of their own, under the same name.
async fn copied(storage: &MemoryStorage, records: &[Record]) -> MemoryStorage {
    let copy = MemoryStorage::new(storage.id(), storage.shards());
    let journal = MemoryJournal::open(copy.clone(), Arc::new(NoFaults));
    let mut claims: BTreeMap<Shard, Claim> = BTreeMap::new();
    for record in records {
        let (shard, after) = (record.shard, record.seq - 1);
        let stored = match &record.entry {
            Entry::Claimed => {
                let claim = journal.claim(shard, record.node.clone()).await.expect("a claim");
                let seq = claim.seq;
                claims.insert(shard, claim);
                seq
            }
            Entry::Released => journal.release(claims[&shard].clone(), after).await.expect("it follows"),
            Entry::Batch(batch) => {
                let batch = Arc::new(batch.clone());
                journal.append(claims[&shard].clone(), after, batch).await.expect("it follows")
            }
        };
        assert_eq!(stored, record.seq);
    }
    copy
}

async fn missing(storage: &MemoryStorage) -> Vec<tools::Missing> {
    let journal = MemoryJournal::open(storage.clone(), Arc::new(NoFaults));
    let report = tools::verify(&journal, &mut |_, _| Ok(()), &mut |_| ()).await.expect("a report");
    assert!(report.is_sound(), "{:?}", report.problems);
    report.missing
}

/// Orders of the export, in whose name the provider has taken money.
pub fn captured(books: &Books) -> BTreeMap<OrderId, i64> {
    let mut sums = BTreeMap::new();
    for account in books.accounts.lock().unwrap().values() {
        if let Some(order) = account.order {
            *sums.entry(order).or_default() += account.captured;
        }
    }
    sums
}

/// Its ends arrive late, each by another while.
struct Late {
    journal: MemoryJournal,
    rng: Rng,
}

impl InFront for Late {
    fn behind(&self) -> &dyn Journal {
        &self.journal
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        async move {
            sleep(self.rng.millis(60)).await;
            let end = self.journal.end(shard).await;
            sleep(self.rng.millis(60)).await;
            end
        }
        .boxed()
    }
}
