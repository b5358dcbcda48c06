//! What all attackers together may cost the shop, as a sum of its configuration; `docs/security.md` has the same sums.

use std::time::Duration;

use souk::config::Config;

use super::{
    attack::{Attack, Kind},
    buyer::BUYERS,
};

const KIB: u64 = 1_024;
/// A connection's buffers and tasks, beside its head.
const OF_CONNECTION: u64 = 16 * KIB;
/// A topic that one listener has, of something that nobody else listens to.
const OF_TOPIC: u64 = 640;
/// An entity in memory, with what is folded of it.
const OF_ENTITY: u64 = 16 * KIB;
/// What one unit of a budget costs the disk, in the log and in the state store.
const OF_UNIT: u64 = 8 * KIB;
/// Files of both databases grow in steps, and keep what is written anew until it is collected.
const OF_FILES: u64 = 64 * KIB * KIB;

#[derive(Debug)]
pub struct Bounds {
    /// Bytes of the process beyond those of the quiet shop.
    pub memory: u64,
    /// Bytes of the data directory beyond those of the quiet shop.
    pub disk: u64,
    /// Units that wait for a payment.
    pub held: u64,
}

impl Bounds {
    /// `took`: from the first attack to the last.
    pub fn of(config: &Config, took: Duration) -> Self {
        let number = |of: Kind| Attack::ALL.iter().filter(|attack| attack.kind() == of).count() as u64;
        let (http, live) = (&config.http, &config.live);
        let places = http.connections_per_address_max as u64;
        let caches = config.journal.cache_bytes + config.state.cache_bytes;
        let connections = number(Kind::Stalled) * places * (http.head_bytes_max as u64 + OF_CONNECTION);
        // A body that grows is copied once: for a moment there are two.
        let bodies = 2 * http.inflight_per_address_max as u64 * http.body_bytes_max as u64;
        let topics = live.connections_per_address_max as u64 * live.topics_max as u64 * OF_TOPIC;
        let sockets = number(Kind::Listener) * live.connections_per_address_max as u64 * OF_CONNECTION;
        let budgets = &config.budgets;
        let units = |burst: u32, per_second: u32| u64::from(burst) + u64::from(per_second) * (took.as_secs() + 1);
        let attackers = number(Kind::Guest) * units(budgets.address_burst, budgets.address_per_second);
        let written = attackers + BUYERS as u64 * units(budgets.guest_burst, budgets.guest_per_second);
        // A change of one unit wakes one entity at most.
        let entities = written.min(config.actors.resident_max as u64) * OF_ENTITY;
        let memory = caches + connections + bodies + topics + sockets + entities;
        let disk = OF_FILES + written * OF_UNIT;
        let held = number(Kind::Guest) * u64::from(config.unpaid.units_per_address_max) + BUYERS as u64;
        Self { memory, disk, held }
    }
}
