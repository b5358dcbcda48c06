//! Faults as data: the journal consults the plan before each step, and the plan decides from its own seed.
//!
//! The default of every method is "no fault": a plan overrides the steps that shall fail.

use std::{sync::Arc, time::Duration};

use crate::actors::ports::journal::{NodeId, Seq, Shard};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    #[default]
    Stored,
    /// A definite failure: nothing is stored.
    Io,
    /// Nothing is stored.
    Full,
    /// Nothing is stored, and a repetition would be refused too.
    Refused,
    /// Stored (unless fenced), but the caller receives `Ambiguous`; for a claim: an error.
    AmbiguousStored,
    /// Not stored, and the caller receives `Ambiguous`; for a claim: an error.
    AmbiguousNotStored,
}

/// One append or claim: wait, store or not, wait, return. A caller that is dropped in the second wait is a crash
/// between write and acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendFault {
    pub before: Duration,
    pub outcome: Outcome,
    pub after: Duration,
}

/// How one record reaches one reader. The contract holds under every plan: the reader's stream shows each record once,
/// in order.
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
    /// See [`Journal::tight`](crate::actors::ports::Journal::tight).
    fn tight(&self) -> Option<Arc<str>> {
        None
    }
    fn deliver(&self, _shard: Shard, _seq: Seq) -> Delivery {
        Delivery::default()
    }
}

pub struct NoFaults;

impl FaultPlan for NoFaults {}
