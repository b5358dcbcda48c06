//! The seeded simulation: whole shops on the memory journal, one thread, paused time.
//!
//! Each seed is a shop with shoppers and operators, run through several crashes (the runtime is
//! dropped at a random await), with slow, failing and ambiguous appends, lost, late and duplicated
//! messages, poisoned entities and a payment provider that misbehaves. Afterwards the shop is left to
//! settle, and the guarantees G1 to G5 are checked against the journal, the provider's books and what
//! clients were told. A failing seed prints itself: `SOUK_SEED=<seed> cargo test --test simulation`
//! replays it, event for event.
//!
//! `SOUK_SEEDS=100000` runs more (`make simulate SEEDS=100000`); the default is what CI runs.

#[path = "simulation/checks.rs"]
mod checks;
#[path = "simulation/clients.rs"]
mod clients;
#[path = "simulation/clock.rs"]
mod clock;
#[path = "simulation/cluster.rs"]
mod cluster;
#[path = "simulation/cluster_parts.rs"]
mod cluster_parts;
#[path = "simulation/faults.rs"]
mod faults;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/observer.rs"]
mod observer;
#[path = "simulation/provider.rs"]
mod provider;
#[path = "simulation/rng.rs"]
mod rng;
#[path = "simulation/world.rs"]
mod world;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[test]
fn every_seed_keeps_the_guarantees() {
    let seeds = match number("SOUK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("SOUK_SEEDS").unwrap_or(500),
    };
    quiet_expected_panics();
    let runs = seeds.end - seeds.start;
    let (mut failed, totals) = run_all(seeds);
    failed.sort_by_key(|(seed, _)| *seed);
    println!("{runs} seeds: {totals:?}");
    for (seed, broken) in &failed {
        println!("seed {seed} broke:");
        broken.iter().for_each(|line| println!("  {line}"));
        println!("  replay: SOUK_SEED={seed} cargo test --test simulation -- --nocapture every_seed");
    }
    assert!(failed.is_empty(), "{} seeds broke a guarantee", failed.len());
    if runs >= 50 {
        totals.assert_something_happened();
    }
}

/// Several nodes on one log, with wrong views, stalls, partitions, crashes and hand-overs.
#[test]
fn every_seed_keeps_the_cluster_together() {
    let seeds = match number("SOUK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("SOUK_SEEDS").unwrap_or(200),
    };
    let (mut acknowledged, mut claims) = (0, 0);
    for seed in seeds {
        let run = cluster::run(seed, true).unwrap_or_else(|broken| panic!("seed {seed}: {broken:#?}"));
        (acknowledged, claims) = (acknowledged + run.acknowledged, claims + run.claims);
    }
    println!("{acknowledged} acknowledged, {claims} claims");
    assert!(acknowledged > 0 && claims > 0);
}

#[test]
fn a_seed_of_the_cluster_replays_exactly() {
    for seed in 1..=6 {
        let log = || cluster::run(seed, true).unwrap_or_else(|broken| panic!("seed {seed}: {broken:#?}")).log;
        let (first, second) = (log(), log());
        assert!(!first.is_empty());
        assert_eq!(first, second, "seed {seed} ran differently the second time");
    }
}

/// A journal that says "stored" to an owner that another claim has fenced: the checks must see it.
#[test]
fn a_journal_that_does_not_fence_is_caught() {
    let broken = (1..=40).find_map(|seed| cluster::run(seed, false).err());
    let lost = |line: &String| line.contains("acknowledged and lost") || line.contains("a stale read");
    assert!(broken.as_ref().is_some_and(|lines| lines.iter().any(lost)), "{broken:?}");
}

type Failed = Vec<(u64, Vec<String>)>;

/// One thread for each core; each run is on one of them, alone in its runtime.
fn run_all(seeds: std::ops::Range<u64>) -> (Failed, world::Totals) {
    let (next, end) = (AtomicU64::new(seeds.start), seeds.end);
    let results = Mutex::new((Failed::new(), world::Totals::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || results.lock().unwrap().0.len() >= 5 {
                return;
            }
            let run = catch_unwind(AssertUnwindSafe(|| world::run(seed)));
            let mut results = results.lock().unwrap();
            match run {
                Ok(Ok(run)) => results.1.add(&run.totals),
                Ok(Err(broken)) => results.0.push((seed, broken)),
                Err(panic) => results.0.push((seed, vec![message(&*panic)])),
            }
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (0..cores).for_each(|_| drop(scope.spawn(work)));
    });
    results.into_inner().unwrap()
}

/// The same seed is the same run: without this, "replay" would be a promise only.
#[test]
fn a_seed_replays_exactly() {
    quiet_expected_panics();
    for seed in (1..=12).chain([4711]) {
        let first = world::run(seed).unwrap_or_else(|broken| panic!("seed {seed}: {broken:?}"));
        let second = world::run(seed).unwrap_or_else(|broken| panic!("seed {seed}: {broken:?}"));
        let differs = first.journal.lines().zip(second.journal.lines()).find(|(first, second)| first != second);
        assert_eq!(differs, None, "seed {seed} ran differently the second time");
        assert_eq!(first.journal.len(), second.journal.len(), "seed {seed}");
        assert!(!first.journal.is_empty());
    }
}

/// Poisoned entities panic on purpose; their backtraces would bury the report.
fn quiet_expected_panics() {
    use std::sync::Once;
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !message(info.payload()).contains(faults::POISON) {
                default(info);
            }
        }));
    });
}

fn message(panic: &dyn std::any::Any) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".into())
}
