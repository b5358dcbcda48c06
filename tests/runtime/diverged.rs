//! A log that lost acknowledged records and continued without them: states folded from them must not survive.
//!
//! A state of an entity of no log shows whether the state store was kept or emptied.

use std::sync::Arc;

use souk::{
    actors::ports::{
        BatchAt, StateStore, StoredEntity, TailWrite,
        journal::{BatchId, Entry, RecordName, Seq, Shard},
    },
    actors::runtime::Cause,
    config::State,
    domain::{key::EntityKey, kinds::Kind, stock::Stock},
    persistence::state_store::{MemoryStateStore, SledStateStore},
};
use tempfile::TempDir;
use tokio::time::timeout;
use uuid::Uuid;

use crate::stage::{SHARDS, Stage, WITHIN, name_of, receive};

/// Of a kind that no projection reads.
fn mark() -> EntityKey {
    EntityKey::new(Kind::Numbers, "MARKED-BY-THE-TEST")
}

fn shard() -> Shard {
    Shard(EntityKey::new(Kind::Stock, "A").shard_of(SHARDS))
}

/// A claim and five receipts of ten; the store has folded them all.
async fn five_receipts() -> Stage {
    five_receipts_in(Arc::new(MemoryStateStore::default())).await
}

async fn five_receipts_in(store: Arc<dyn StateStore>) -> Stage {
    let mut stage = Stage::new();
    stage.store = store;
    let life = stage.start().await;
    for n in 1..=5 {
        receive(&life.gateway, "A", n, 10).await.unwrap();
    }
    assert!(life.gateway.await_projection(WITHIN).await);
    life.runtime.stop().await;
    assert_eq!(stage.storage.records(shard()).len(), 6);
    let states = vec![(mark(), StoredEntity { version: 1, json: "{}".into() })];
    stage.store.write(shard(), TailWrite { states, ..TailWrite::default() }).unwrap();
    stage
}

fn kept(store: &dyn StateStore) -> bool {
    store.load(&mark()).unwrap().is_some()
}

/// The log up to `last`, and then `more` receipts of one by a node that never saw the rest.
async fn another_log(stage: &Stage, last: Seq, more: u128) -> Stage {
    let mut other = stage.clone();
    other.storage = stage.storage.copied();
    other.storage.lose_behind(last);
    other.store = Arc::new(MemoryStateStore::default());
    if more > 0 {
        let life = other.start().await;
        for n in 1..=more {
            receive(&life.gateway, "A", 100 + n, 1).await.unwrap();
        }
        life.runtime.stop().await;
    }
    other
}

#[tokio::test(start_paused = true)]
async fn a_log_that_lost_records_and_grew_again_is_folded_anew() {
    // Shorter than the folded log, as long, and longer.
    let directory = TempDir::new().unwrap();
    for (last, more, units) in [(3, 0, 20), (3, 2, 22), (3, 9, 29), (1, 4, 4)] {
        let on_disk = directory.path().join(format!("{last}-{more}"));
        let on_disk = SledStateStore::open(&on_disk, &State::default()).unwrap();
        for store in [Arc::new(MemoryStateStore::default()) as Arc<dyn StateStore>, Arc::new(on_disk)] {
            let stage = five_receipts_in(store).await;
            let mut other = another_log(&stage, last, more).await;
            other.store = stage.store.clone();
            let life = other.start().await;
            assert!(life.gateway.await_projection(WITHIN).await);
            let stock = life.gateway.read_local::<Stock>("A").unwrap().unwrap();
            assert_eq!(stock.view.available, units, "{last} records and {more} receipts");
            assert!(!kept(&*other.store));
            let next = receive(&life.gateway, "A", 999, 1).await.unwrap();
            assert_eq!(next.view.available, units + 1, "and it goes on from there");
            life.runtime.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_that_was_folded_is_known_again() {
    let stage = five_receipts().await;
    // Longer by a claim and a receipt that the store has not seen.
    let mut other = another_log(&stage, 6, 1).await;
    other.store = stage.store.clone();
    for _ in 0..2 {
        // The second time only a claim more.
        let life = other.start().await;
        assert!(life.gateway.await_projection(WITHIN).await);
        assert_eq!(life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.available, 51);
        assert!(kept(&*other.store), "nothing was folded twice");
        life.runtime.stop().await;
    }
}

/// States are written before the watermark that covers them: a crash in between leaves them ahead of it. So it is the
/// newest batch that is compared, wherever the watermark stands.
#[tokio::test(start_paused = true)]
async fn a_state_ahead_of_its_watermark_is_compared_too() {
    let foreign = BatchId(Uuid::from_u128(9));
    let of = |stage: &Stage, seq: Seq| match &stage.storage.records(shard())[seq as usize - 1].entry {
        Entry::Batch(batch) => batch.id,
        other => panic!("{other:?}"),
    };
    // Behind the log's end; another batch in its place; the right one, and others behind it below the watermark.
    for (seq, ours) in [(7, false), (6, false), (4, true)] {
        let stage = five_receipts().await;
        assert_eq!(stage.store.watermark(shard()).unwrap(), 6);
        let batch = if ours { of(&stage, seq) } else { foreign };
        let newest = Some(BatchAt { seq, batch });
        stage.store.write(shard(), TailWrite { newest, ..TailWrite::default() }).unwrap();
        let life = stage.start().await;
        assert!(life.gateway.await_projection(WITHIN).await);
        assert!(!kept(&*stage.store), "batch {seq}");
        assert_eq!(life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.available, 50);
        life.runtime.stop().await;
    }
}

/// The copy of the log that this node reads has the folded record, at every start; the copy that decides has another.
#[tokio::test(start_paused = true)]
async fn a_record_that_only_this_nodes_copy_has_is_not_built_upon() {
    let mut stage = Stage::new();
    stage.named = true;
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 10).await.unwrap();
    assert!(life.gateway.await_projection(WITHIN).await);
    life.runtime.stop().await;
    let watermark = stage.store.watermark(shard()).unwrap();
    let true_name = name_of(stage.storage.records(shard()).last().unwrap());
    assert_eq!((watermark, stage.store.watermark_name(shard()).unwrap()), (2, Some(true_name)));
    for (name, lives_on) in [(true_name, true), (RecordName(!true_name.0), false)] {
        let states = vec![(mark(), StoredEntity { version: 1, json: "{}".into() })];
        let watermark = Some(stage.store.watermark(shard()).unwrap());
        let name = Some(if lives_on { name_of(stage.storage.records(shard()).last().unwrap()) } else { name });
        stage.store.write(shard(), TailWrite { states, watermark, name, ..TailWrite::default() }).unwrap();
        let life = stage.start().await;
        assert!(life.gateway.await_projection(WITHIN).await);
        assert_eq!(kept(&*stage.store), lives_on);
        assert_eq!(life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.available, 10);
        life.runtime.drain(WITHIN).await;
    }
}

/// While it runs: the next claim comes to stand where something was folded already.
#[tokio::test(start_paused = true)]
async fn an_owner_whose_log_lost_records_does_not_go_on() {
    let stage = Stage::new();
    let life = stage.start().await;
    for n in 1..=5 {
        receive(&life.gateway, "A", n, 10).await.unwrap();
    }
    assert!(life.gateway.await_projection(WITHIN).await);
    stage.storage.lose_behind(3);
    let gateway = life.gateway.clone();
    let asked = tokio::spawn(async move { receive(&gateway, "A", 6, 1).await });
    let stopped = timeout(WITHIN, life.runtime.failed()).await.expect("the process is told to end");
    let why = stopped.reason;
    assert!(why.contains("record 4") && why.contains("up to 6"), "{why}");
    assert_eq!(stopped.cause, Cause::Log, "which a start mends");
    assert!(asked.await.unwrap().is_err(), "nothing is decided on what is not in the log");
    life.runtime.stop().await;
    // The next start folds what is left.
    let life = stage.start().await;
    assert!(life.gateway.await_projection(WITHIN).await);
    assert_eq!(life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.available, 20);
    assert_eq!(receive(&life.gateway, "A", 6, 1).await.unwrap().view.available, 21);
}
