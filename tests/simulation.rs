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

use std::panic::{AssertUnwindSafe, catch_unwind};

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
    let (mut failed, mut totals) = (Vec::new(), world::Totals::default());
    let runs = seeds.end - seeds.start;
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| world::run(seed))) {
            Ok(Ok(run)) => totals.add(&run.totals),
            Ok(Err(broken)) => failed.push((seed, broken)),
            Err(panic) => failed.push((seed, vec![message(&*panic)])),
        }
        if failed.len() >= 5 {
            break;
        }
    }
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
