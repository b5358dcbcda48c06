//! What the runtime is given: its sections of the configuration as they are, and what is no configuration (this node, its
//! lease, the bounds of a connector). Passed in by `app`; nothing here reads a file or the environment.

use std::time::Duration;

use super::ports::journal::NodeId;
use crate::config::{Actors, Config, Journal, State};

#[derive(Clone, Debug)]
pub struct ActorSettings {
    /// This process's name in the journal.
    pub node: NodeId,
    /// How long after its last confirmed append an owner answers strong reads by itself. `None`: one machine, for ever.
    pub lease: Option<Duration>,
    pub actors: Actors,
    pub state: State,
    /// Of one append, its `batch_bytes_max`: a larger group becomes two. At most `BATCH_BYTES_MAX`.
    pub journal: Journal,
}

/// One machine's; a node of a cluster adds its name and its lease.
impl From<&Config> for ActorSettings {
    fn from(config: &Config) -> Self {
        let (actors, state, journal) = (config.actors.clone(), config.state.clone(), config.journal.clone());
        Self { actors, state, journal, ..Self::default() }
    }
}

impl Default for ActorSettings {
    fn default() -> Self {
        let (actors, state, journal) = (Actors::default(), State::default(), Journal::default());
        Self { node: NodeId("local".into()), lease: None, actors, state, journal }
    }
}

/// The bounds of one connector.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorSettings {
    /// Calls in flight at once, at most; the next waits its turn, and work from outside that needs the connector is
    /// refused. 0 counts as 1.
    pub in_flight_max: usize,
    /// How long one call may take before it is aborted and repeated.
    pub timeout: Duration,
    pub breaker: BreakerSettings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Faults in a row that open the circuit. 0 counts as 1.
    pub failures: u32,
    /// From opening, or from a failed probe, to the next probe.
    pub rest: Duration,
}

impl Default for ConnectorSettings {
    fn default() -> Self {
        let breaker = BreakerSettings { failures: 5, rest: Duration::from_secs(5) };
        Self { in_flight_max: 1_024, timeout: Duration::from_secs(10), breaker }
    }
}

impl ActorSettings {
    /// How often the sweep checks the residents.
    pub(super) fn sweep_interval(&self) -> Duration {
        (self.actors.idle_timeout() / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}
