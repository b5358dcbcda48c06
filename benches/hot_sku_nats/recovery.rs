//! An empty node reads all logs, folds them into views and writes its state store: the time between the loss of its
//! directory and its first reply. Only the fold is timed; it joins nobody and owns nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use futures::future::{BoxFuture, pending, ready};
use souk::{
    actors::{
        ports::{
            Hint, MemberLine, Placement,
            journal::{Entry, NodeId},
        },
        probe::NoFaults,
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    app::SystemClock,
    config::{Live, State},
    live::Hub,
    persistence::{
        envelope,
        jetstream::{JetStreamJournal, JetStreamOptions},
        state_store::SledStateStore,
    },
    shop::{Front, topics},
    transport::loopback::Loopback,
};

use crate::common::{
    nats::{Log, NatsServers, SHARDS},
    shop::{Shop, WITHIN},
};

pub struct Recovery {
    records: usize,
    commits: usize,
    folding: Duration,
    reading: Duration,
}

pub fn measure(runtime: &tokio::runtime::Runtime, servers: &NatsServers) -> Result<Recovery> {
    let dir = Shop::dir()?;
    let folding = runtime.block_on(async {
        let options = JetStreamOptions { shards: SHARDS, replicas: servers.len(), ..JetStreamOptions::default() };
        let journal = JetStreamJournal::open(servers.client().await, options).await?;
        let store = SledStateStore::open(&dir.path().join("state"), &State::default())?;
        let hub = Hub::start(Live::default(), topics(&Front::empty(false)));
        let parts = Parts {
            journal: Arc::new(journal),
            store: Arc::new(store),
            projections: souk::shop::projections(&Front::empty(false)).into(),
            listener: Arc::new(hub),
            clock: Arc::new(SystemClock),
            connectors: Vec::new(),
            transport: Box::new(|local| Arc::new(Loopback::new(local))),
            placement: Arc::new(Onlooker),
            probe: Arc::new(NoFaults),
            settings: ActorSettings::default(),
        };
        let started = Instant::now();
        let (runtime, gateway) = Runtime::start(parts).await?;
        let folding = started.elapsed();
        drop(gateway);
        runtime.drain(WITHIN).await;
        anyhow::Ok(folding)
    })?;
    let (mut records, mut commits, mut reading) = (0, 0, Duration::ZERO);
    for shard in 0..SHARDS {
        let log = runtime.block_on(Log::of(servers, shard));
        let started = Instant::now();
        let all = runtime.block_on(async { log.read(1, log.end().await?).await })?;
        reading += started.elapsed();
        records += all.len();
        for bytes in &all {
            if let Entry::Batch(batch) = envelope::decode(bytes)?.entry {
                commits += batch.commits.len();
            }
        }
    }
    Ok(Recovery { records, commits, folding, reading })
}

impl Recovery {
    pub fn report(&self, copies: usize) {
        let Self { records, commits, folding, reading } = self;
        let (ours, bare) = (folding.as_secs_f64(), reading.as_secs_f64());
        println!(
            "recovery, {copies} copies: {records} records with {commits} commits are read, folded and stored in {ours:.2} s: \
             {:.0} records/s, {:.0} commits/s; a bare client reads them in {bare:.2} s ({:.0} records/s), ratio {:.1}",
            *records as f64 / ours,
            *commits as f64 / ours,
            *records as f64 / bare,
            ours / bare
        );
    }
}

/// Nothing is placed here.
struct Onlooker;

impl Placement for Onlooker {
    fn hint(&self) -> Arc<Hint> {
        let nobody: Option<NodeId> = None;
        Arc::new(Hint { generation: 1, owners: vec![nobody; usize::from(SHARDS)], alive: Vec::new() })
    }

    fn changed(&self, _seen: u64) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }

    fn connected(&self) -> bool {
        true
    }

    fn cut_off(&self) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }

    fn leave(&self) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }

    fn members(&self) -> Vec<MemberLine> {
        Vec::new()
    }
}
