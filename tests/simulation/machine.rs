//! One node as a process of its own: a runtime with a clock of its own, which the simulation lets run, or does not.
//!
//! A frozen machine is what SIGSTOP makes of a process: its runtime is not polled, so no task, timer, decision or flush
//! of it happens; commands, records and heartbeats queue up; what it had sent arrives without it. When it goes on, its
//! clock has jumped, everything that was due fires at once, and it learns of the world afterwards. It can only be
//! stopped between two steps of the simulation, where each task stands at an await: not amidst a function, which on one
//! thread nobody could see. A crash drops the runtime: every task ends where it stands.
//!
//! Its clock runs up to a twentieth too fast or too slow; the wall clock it shares.

use std::time::Duration;

use tokio::{
    runtime::Runtime,
    task::{LocalSet, yield_now},
    time::{Instant, advance, sleep, sleep_until},
};

use crate::rng::Rng;

/// A runtime whose paused clock stands on a whole tick, and that moment. Without it equal seeds could round differently.
pub fn runtime() -> (Runtime, Instant) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let base = tokio.block_on(async {
        sleep(Duration::from_millis(10)).await;
        Instant::now()
    });
    (tokio, base)
}

pub struct Machine {
    /// For tasks that cannot be sent between threads; before `tokio`, so that it is dropped first.
    pub process: LocalSet,
    pub tokio: Runtime,
    base: Instant,
    /// The simulation's time of its last step.
    seen: u64,
    /// Of its own clock, in microseconds.
    passed: u64,
    /// Microseconds for each millisecond of the simulation.
    rate: u64,
    frozen_until: u64,
}

impl Machine {
    pub fn boot(rng: &Rng, now: u64) -> Self {
        let (tokio, base) = runtime();
        Self {
            process: LocalSet::new(),
            tokio,
            base,
            seen: now,
            passed: 0,
            rate: 950 + rng.below(101),
            frozen_until: 0,
        }
    }

    pub fn freeze(&mut self, until: u64) {
        self.frozen_until = until;
    }

    pub fn is_frozen(&self, now: u64) -> bool {
        now < self.frozen_until
    }

    /// Lets it run up to `now`.
    pub fn run(&mut self, now: u64) {
        if self.is_frozen(now) {
            return;
        }
        let woke = std::mem::take(&mut self.frozen_until) > 0;
        self.passed += (now - self.seen) * self.rate;
        self.seen = now;
        let until = self.base + Duration::from_millis(self.passed / 1_000);
        self.process.block_on(&self.tokio, async {
            if woke {
                advance(until.saturating_duration_since(Instant::now())).await;
            }
            sleep_until(until).await;
        });
    }

    /// The end, some turns of the scheduler from here: so any await may be the last one.
    pub fn crash(self, rng: &Rng) {
        if self.frozen_until == 0 {
            let turns = rng.below(100);
            self.process.block_on(&self.tokio, async {
                for _ in 0..turns {
                    yield_now().await;
                }
            });
        }
    }
}
