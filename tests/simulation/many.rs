//! Many seeds: as many at once as there are cores, each alone on its thread; a failure is reported with the command
//! that repeats it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{faults, rng::number};

/// After so many failed seeds there is enough to look at.
const FAILED_MAX: usize = 5;

/// The sum of many runs.
pub trait Sum: Default + Send + std::fmt::Debug {
    fn add(&mut self, other: &Self);
}

/// Runs `SOUK_SEED` alone, else the seeds from 1 to `SOUK_SEEDS` or `usual`. The sum, where the runs are enough to
/// judge by it that something happened at all.
pub fn every_seed<S: Sum>(test: &str, usual: u64, run: impl Fn(u64) -> Result<S, Vec<String>> + Sync) -> Option<S> {
    quiet_expected_panics();
    let seeds = match number("SOUK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("SOUK_SEEDS").unwrap_or(usual),
    };
    let runs = seeds.end - seeds.start;
    let (mut failed, sum) = run_all(seeds, run);
    failed.sort_by_key(|(seed, _)| *seed);
    println!("{test}: {runs} seeds: {sum:?}");
    for (seed, broken) in &failed {
        println!("seed {seed} broke:");
        broken.iter().for_each(|line| println!("  {line}"));
        println!("  replay: SOUK_SEED={seed} cargo test --test simulation -- --nocapture {test}");
    }
    assert!(failed.is_empty(), "{} seeds broke a guarantee", failed.len());
    (runs >= 50).then_some(sum)
}

type Failed = Vec<(u64, Vec<String>)>;

/// One thread for each core; each run is on one of them, alone in its runtimes.
fn run_all<S: Sum>(seeds: std::ops::Range<u64>, run: impl Fn(u64) -> Result<S, Vec<String>> + Sync) -> (Failed, S) {
    let (next, end) = (AtomicU64::new(seeds.start), seeds.end);
    let results = Mutex::new((Failed::new(), S::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || results.lock().unwrap().0.len() >= FAILED_MAX {
                return;
            }
            let ran = catch_unwind(AssertUnwindSafe(|| run(seed)));
            let mut results = results.lock().unwrap();
            match ran {
                Ok(Ok(sum)) => results.1.add(&sum),
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

/// Poisoned entities panic on purpose; their backtraces would bury the report.
pub fn quiet_expected_panics() {
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
