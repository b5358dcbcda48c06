//! This seed's faults, with their rates: the journal's faults and the poison in entities.

use std::sync::{Arc, Mutex};

use souk::{
    actors::{
        ports::journal::{NodeId, Seq, Shard},
        probe::Probe,
    },
    domain::{ids::CommandId, key::EntityKey},
    persistence::memory_journal::{AppendFault, Delivery, FaultPlan, Outcome},
};

use crate::rng::Rng;

/// Part of every panic that is made on purpose.
pub const POISON: &str = "poisoned by the simulation";

/// One in so many; 0: never. A seed draws its own mix, so that some runs are calm and some are not.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    pub slow: u64,
    pub failing: u64,
    pub full: u64,
    pub ambiguous: u64,
    pub late_records: u64,
    pub lost_messages: u64,
    pub duplicated_messages: u64,
    pub poison: u64,
    pub provider_faults: u64,
    pub late_webhooks: u64,
}

impl Mix {
    pub fn draw(rng: &Rng) -> Self {
        let often = |rng: &Rng, choices: &[u64]| *rng.pick(choices);
        Self {
            slow: often(rng, &[0, 2, 5, 20]),
            failing: often(rng, &[0, 0, 20, 60]),
            full: often(rng, &[0, 0, 0, 100]),
            ambiguous: often(rng, &[0, 0, 15, 60]),
            late_records: often(rng, &[0, 3, 20]),
            lost_messages: often(rng, &[0, 0, 10, 50]),
            duplicated_messages: often(rng, &[0, 0, 8, 30]),
            poison: often(rng, &[0, 0, 100, 300]),
            provider_faults: often(rng, &[0, 3, 6]),
            late_webhooks: often(rng, &[0, 2, 4]),
        }
    }

    pub fn none() -> Self {
        Self {
            slow: 0,
            failing: 0,
            full: 0,
            ambiguous: 0,
            late_records: 0,
            lost_messages: 0,
            duplicated_messages: 0,
            poison: 0,
            provider_faults: 0,
            late_webhooks: 0,
        }
    }
}

/// The faults of now: shared by everything that fails, so that a run can end in calm.
#[derive(Clone)]
pub struct Weather(Arc<Mutex<Mix>>);

impl Weather {
    pub fn new(mix: Mix) -> Self {
        Self(Arc::new(Mutex::new(mix)))
    }

    pub fn now(&self) -> Mix {
        *self.0.lock().unwrap()
    }

    pub fn clear(&self) {
        *self.0.lock().unwrap() = Mix::none();
    }
}

pub struct Plan {
    pub rng: Rng,
    pub weather: Weather,
}

impl Plan {
    fn write(&self) -> AppendFault {
        let (rng, mix) = (&self.rng, self.weather.now());
        let outcome = match () {
            () if rng.one_in(mix.failing) => Outcome::Io,
            () if rng.one_in(mix.full) => Outcome::Full,
            () if rng.one_in(mix.ambiguous) && rng.one_in(2) => Outcome::AmbiguousStored,
            () if rng.one_in(mix.ambiguous) => Outcome::AmbiguousNotStored,
            () => Outcome::Stored,
        };
        let slow = |rng: &Rng| if rng.one_in(mix.slow) { rng.millis(400) } else { rng.millis(2) };
        AppendFault { before: slow(rng), outcome, after: slow(rng) }
    }
}

impl FaultPlan for Plan {
    fn append(&self, _: Shard, _: Seq) -> AppendFault {
        self.write()
    }

    fn claim(&self, _: Shard, _: &NodeId) -> AppendFault {
        self.write()
    }

    fn resolve(&self, _: Shard) -> std::time::Duration {
        self.rng.millis(20)
    }

    fn deliver(&self, _: Shard, _: Seq) -> Delivery {
        let late = self.rng.one_in(self.weather.now().late_records);
        Delivery {
            late: if late { self.rng.millis(200) } else { std::time::Duration::ZERO },
            duplicates: u8::from(late && self.rng.one_in(2)),
        }
    }
}

impl Probe for Plan {
    fn before_decide(&self, key: &EntityKey, command: CommandId) {
        if self.rng.one_in(self.weather.now().poison) {
            panic!("{POISON}: {key} at {command}");
        }
    }
}
