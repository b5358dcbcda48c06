//! What can go wrong, as data: the plan is asked before each step and decides from its own seed.
//!
//! The default of every method is "nothing": a plan overrides what it wants to break.

use std::time::Duration;

use crate::actors::ports::journal::{NodeId, Seq, Shard};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    #[default]
    Stored,
    /// A definite failure: nothing is stored.
    Io,
    /// Nothing is stored.
    Full,
    /// Nothing is stored, and it would be the same again.
    Refused,
    /// Stored (unless fenced), but the caller is told `Ambiguous`; for a claim: an error.
    AmbiguousStored,
    /// Not stored, and the caller is told `Ambiguous`; for a claim: an error.
    AmbiguousNotStored,
}

/// One append or claim: wait, store or not, wait, answer. A caller that is dropped in the second wait
/// is a crash between write and acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendFault {
    pub before: Duration,
    pub outcome: Outcome,
    pub after: Duration,
}

/// How one record reaches one reader. The contract stands whatever is said here: the reader's stream
/// shows each record once, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    pub late: Duration,
    /// How often the record comes again; the stream must drop these.
    pub duplicates: u8,
}

pub trait FaultPlan: Send + Sync + 'static {
    fn append(&self, _shard: Shard, _after: Seq) -> AppendFault {
        AppendFault::default()
    }
    fn claim(&self, _shard: Shard, _node: &NodeId) -> AppendFault {
        AppendFault::default()
    }
    /// How long a lookup takes.
    fn resolve(&self, _shard: Shard) -> Duration {
        Duration::ZERO
    }
    fn deliver(&self, _shard: Shard, _seq: Seq) -> Delivery {
        Delivery::default()
    }
}

pub struct NoFaults;

impl FaultPlan for NoFaults {}
