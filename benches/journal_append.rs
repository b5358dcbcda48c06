//! What the journal costs above its disk: durable appends of batches of 64 commits of about 200 bytes of
//! events, from one shard and from 16, against bare sled writing the same bytes (one `sled::Batch`, flush,
//! fdatasync) in the same run and with the same settings. The aim is a ratio of at most 1.5.
//!
//! The bare peer neither encodes, checks, fences nor crosses a thread; it gets the finished bytes.

mod common;

use std::{
    cell::RefCell,
    fs::File,
    hint::black_box,
    num::NonZeroU64,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::Throughput;
use souk::{
    actors::ports::journal::{Batch, BatchId, Claim, Commit, Entry, Journal, NodeId, Record, Seq, Shard},
    domain::{
        ids::CommandId,
        key::EntityKey,
        kinds::{AnyEvent, Kind},
        stock::StockEvent,
        time::Timestamp,
    },
    persistence::{SledJournal, envelope, sled_journal::SledOptions},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

const COMMITS: u64 = 64;
const SHARDS: u16 = 16;
/// As in `persistence/sled_journal/layout.rs`.
const CHUNK_BYTES: usize = 24 << 10;
const SEGMENT_BYTES: usize = 2 << 20;

fn batch(n: u64) -> Arc<Batch> {
    let commit = |c: u64| {
        let events = vec![AnyEvent::Stock(StockEvent::Adjusted { delta: 1, reason: "r".repeat(165) })];
        Commit {
            key: EntityKey::new(Kind::Stock, format!("SKU-{c:06}")),
            version: n,
            command_id: CommandId(Uuid::from_u64_pair(n, c)),
            fingerprint: NonZeroU64::new(n ^ c),
            by: "user:0192f000-0000-7000-8000-00000000000a".into(),
            at: Timestamp(1_795_000_000_000),
            events_json: Commit::encode(&events).expect("events encode"),
            events,
        }
    };
    Arc::new(Batch { id: BatchId(Uuid::from_u64_pair(0, n)), commits: (0..COMMITS).map(commit).collect() })
}

struct Ours {
    _dir: TempDir,
    runtime: Runtime,
    journal: Arc<SledJournal>,
    tips: Vec<(Claim, Seq)>,
}

impl Ours {
    fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        let journal = SledJournal::open(dir.path(), SledOptions { shards: Some(SHARDS), ..SledOptions::default() });
        let journal = Arc::new(journal.expect("the journal opens"));
        let runtime = Runtime::new().expect("a runtime");
        let claim = |n| {
            let claim = runtime.block_on(journal.claim(Shard(n), NodeId("bench".into()))).expect("a claim");
            (claim.clone(), claim.seq)
        };
        let tips = (0..SHARDS).map(claim).collect();
        Self { _dir: dir, journal, tips, runtime }
    }

    /// `rounds` appends one after the other on each of the first `shards` shards, all shards at once.
    fn run(&mut self, shards: u16, rounds: u64) -> Duration {
        let work: Vec<_> = self.tips[..usize::from(shards)]
            .iter_mut()
            .map(|(claim, end)| {
                let (journal, claim, mut at) = (self.journal.clone(), claim.clone(), *end);
                *end += rounds;
                let batches: Vec<_> = (0..rounds).map(batch).collect();
                async move {
                    for batch in batches {
                        at = journal.append(claim.clone(), at, batch).await.expect("an append");
                    }
                }
            })
            .collect();
        self.runtime.block_on(async {
            let started = Instant::now();
            let tasks: Vec<_> = work.into_iter().map(tokio::spawn).collect();
            for task in tasks {
                task.await.expect("a writer");
            }
            started.elapsed()
        })
    }
}

struct Bare {
    _dir: TempDir,
    db: sled::Db,
    file: File,
    seq: Seq,
}

impl Bare {
    fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        let db = sled::Config::default()
            .path(dir.path().join("journal"))
            .mode(sled::Mode::HighThroughput)
            .cache_capacity(SledOptions::default().journal.cache_bytes)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None)
            .open()
            .expect("sled opens");
        let file = File::options().write(true).open(dir.path().join("journal/db")).expect("sled's file");
        Self { _dir: dir, db, file, seq: 0 }
    }

    /// The same records, one for each shard in one batch and one sync.
    fn run(&mut self, shards: u16, rounds: u64) -> Duration {
        let bytes = |n: u64, shard| {
            let entry = Entry::Batch(Arc::unwrap_or_clone(batch(n)));
            let record =
                Record { shard: Shard(shard), seq: n, epoch: 1, node: NodeId("bench".into()), entry, name: None };
            envelope::encode(&record).expect("a record encodes")
        };
        let records: Vec<Vec<_>> = (0..rounds).map(|n| (0..shards).map(|s| bytes(n, s)).collect()).collect();
        let started = Instant::now();
        for round in &records {
            self.seq += 1;
            let mut batch = sled::Batch::default();
            for (shard, record) in (0_u16..).zip(round) {
                for (n, chunk) in (0_u16..).zip(record.chunks(CHUNK_BYTES)) {
                    let key = [&shard.to_be_bytes()[..], &self.seq.to_be_bytes(), &n.to_be_bytes()].concat();
                    batch.insert(key, chunk);
                }
            }
            self.db.apply_batch(batch).expect("sled applies");
            self.db.flush().expect("sled flushes");
            self.file.sync_data().expect("the disk syncs");
        }
        black_box(started.elapsed())
    }
}

fn main() {
    let mut criterion = common::load::criterion();
    let mut ratios = Vec::new();
    for shards in [1, SHARDS] {
        let (mut ours, mut bare) = (Ours::new(), Bare::new());
        // (time, rounds) of everything that was measured.
        let (spent, peer) = (RefCell::new((Duration::ZERO, 0)), RefCell::new((Duration::ZERO, 0)));
        let mut group = criterion.benchmark_group(format!("journal_append/{shards}_shards"));
        group.throughput(Throughput::Elements(COMMITS * u64::from(shards)));
        // One after the other within each sample's sight: the disk's mood is the same for both.
        let note = |total: &RefCell<(Duration, u64)>, time: Duration, rounds: u64| {
            let mut total = total.borrow_mut();
            *total = (total.0 + time, total.1 + rounds);
            time
        };
        group.bench_function("souk", |b| b.iter_custom(|n| note(&spent, ours.run(shards, n), n)));
        group.bench_function("bare sled", |b| b.iter_custom(|n| note(&peer, bare.run(shards, n), n)));
        group.finish();
        let each = |total: &RefCell<(Duration, u64)>| {
            let (time, rounds) = *total.borrow();
            (rounds > 0).then(|| time.as_secs_f64() / rounds as f64)
        };
        if let (Some(ours), Some(bare)) = (each(&spent), each(&peer)) {
            ratios.push((shards, ours, bare));
        }
    }
    criterion.final_summary();
    for (shards, ours, bare) in ratios {
        let commits = (COMMITS * u64::from(shards)) as f64;
        println!(
            "journal_append, {shards} shards: souk {:.0} commits/s, bare sled {:.0} commits/s, ratio {:.2} (aim: at most 1.5)",
            commits / ours,
            commits / bare,
            ours / bare
        );
    }
}
