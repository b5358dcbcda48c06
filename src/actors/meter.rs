//! The runtime's metrics, registered once: hot paths only touch ready handles.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::domain::kinds::Kind;

pub(super) struct Meter {
    accepted: Vec<Counter>,
    unchanged: Vec<Counter>,
    refused: Vec<Counter>,
    batch: Histogram,
    pub(super) residents: Gauge,
    pub(super) activations: Counter,
    pub(super) passivations: Counter,
    pub(super) restarts: Counter,
    pub(super) quarantined: Counter,
    pub(super) shard_full: Counter,
    pub(super) entity_full: Counter,
    pub(super) node_full: Counter,
    pub(super) claims: Counter,
    pub(super) fenced: Counter,
    pub(super) yields: Counter,
    pub(super) lease_appends: Counter,
}

impl Meter {
    pub(super) fn new() -> Self {
        let commands = |outcome: &'static str| -> Vec<Counter> {
            let one = |kind: &Kind| counter!("souk_commands_total", "kind" => kind.name(), "outcome" => outcome);
            Kind::ALL.iter().map(one).collect()
        };
        let refusals = Kind::ALL.iter().map(|kind| counter!("souk_refusals_total", "kind" => kind.name()));
        Self {
            accepted: commands("accepted"),
            unchanged: commands("unchanged"),
            refused: refusals.collect(),
            batch: histogram!("souk_commit_group_size"),
            residents: gauge!("souk_resident_actors"),
            activations: counter!("souk_activations_total"),
            passivations: counter!("souk_passivations_total"),
            restarts: counter!("souk_restarts_total"),
            quarantined: counter!("souk_quarantined_total"),
            shard_full: counter!("souk_permits_refused_total", "scope" => "shard"),
            entity_full: counter!("souk_permits_refused_total", "scope" => "entity"),
            node_full: counter!("souk_permits_refused_total", "scope" => "node"),
            claims: counter!("souk_claims_total"),
            fenced: counter!("souk_fenced_total"),
            yields: counter!("souk_shards_yielded_total"),
            lease_appends: counter!("souk_lease_appends_total"),
        }
    }

    pub(super) fn accepted(&self, kind: Kind, changed: bool) {
        let counters = if changed { &self.accepted } else { &self.unchanged };
        counters[kind as usize].increment(1);
    }

    pub(super) fn refused(&self, kind: Kind) {
        self.refused[kind as usize].increment(1);
    }

    pub(super) fn batch(&self, commits: usize) {
        self.batch.record(commits as f64);
    }
}
