//! One run: a quiet phase, each attack alone, all at once, and the quiet after. Buyers shop all the time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    attack::{Attack, Field},
    buyer::Market,
    meter::{Meter, Reading},
    siege::Siege,
    table::Phase,
};

/// What each buyer must have bought before a phase ends, however slow the machine is.
pub const AGAIN_AND_AGAIN: u64 = 3;
/// For that, beyond the phase's time.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Run {
    pub field: Arc<Field>,
    pub market: Arc<Market>,
    pub meter: Meter,
    /// Of the whole run.
    pub time: Duration,
}

impl Run {
    /// The phases in the order in which they were.
    pub async fn all(&self) -> Vec<Phase> {
        let mut phases = vec![self.phase("quiet", &[], self.time / 12, self.meter.read().await, AGAIN_AND_AGAIN).await];
        for attack in &Attack::ALL {
            let before = phases.last().expect("a phase").after;
            // Long enough for checkouts to compare.
            let (part, purchases) = if *attack == Attack::LogIns { (6, AGAIN_AND_AGAIN) } else { (30, 0) };
            phases.push(self.phase(attack.name(), &[*attack], self.time / part, before, purchases).await);
        }
        let before = phases.last().expect("a phase").after;
        phases.push(self.phase("all at once", &Attack::ALL, self.time * 2 / 5, before, AGAIN_AND_AGAIN).await);
        let before = phases.last().expect("a phase").after;
        phases.push(self.phase("quiet again", &[], self.time / 24, before, 1).await);
        phases
    }

    async fn phase(
        &self,
        name: &'static str,
        attacks: &[Attack],
        time: Duration,
        before: Reading,
        purchases: u64,
    ) -> Phase {
        drop(self.market.take());
        let began = Instant::now();
        let siege = (!attacks.is_empty()).then(|| Siege::lay(&self.field, attacks));
        sleep(time).await;
        while self.market.least() < purchases && began.elapsed() < time + PATIENCE {
            sleep(Duration::from_millis(50)).await;
        }
        let after = self.meter.read().await;
        let took = began.elapsed();
        let book = self.market.take();
        Phase { name, took, before, after, book, tolls: siege.map(Siege::end).unwrap_or_default() }
    }
}
