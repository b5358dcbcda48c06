//! What a scenario is: what it needs of the shop, what one operation does, what must be true afterwards.

pub mod board;
pub mod browse;
pub mod chaos;
pub mod checkout;
pub mod fanout;
pub mod flash_sale;
pub mod long_cart;
mod watchers;

use std::{future::Future, sync::Arc};

use super::{
    error::{LoadError, Result},
    http::Answered,
    invariant::Invariant,
    plan::Plan,
    queue::Ticket,
    record::Recorder,
    report::{Curve, Figure},
    site::Site,
};

/// Of one stretch of load: where steps are written down.
pub type Log = Arc<Recorder>;

pub trait Scenario: Send + Sync + Sized + 'static {
    const NAME: &'static str;
    /// What counts as one operation, as in "120 purchases".
    const UNIT: &'static str;
    /// What one connection keeps between two operations.
    type Worker: Send + 'static;

    /// Whether this plan makes sense for this scenario; asked before anything is started.
    fn fits(&self, _plan: &Plan) -> Result<()> {
        Ok(())
    }

    /// Looks the shop over and puts goods on the shelves; nothing of it is measured.
    fn prepare(self, site: &Arc<Site>, plan: &Plan) -> impl Future<Output = Result<Self>> + Send;

    fn worker(&self, site: &Arc<Site>) -> Result<Self::Worker>;

    /// One operation, to its end. Its steps go to the log here, the whole by the caller.
    fn operation(&self, worker: &mut Self::Worker, ticket: Ticket, log: &Log) -> impl Future<Output = Answered> + Send;

    /// A worker has done its last.
    fn leave(&self, _worker: Self::Worker) {}

    /// Runs beside the operations, from the first arrival until the last answer; ends only where it fails.
    fn beside(&self, _site: &Arc<Site>) -> impl Future<Output = LoadError> + Send {
        std::future::pending()
    }

    /// Exactly so many operations instead of so many seconds.
    fn count(&self) -> Option<u64> {
        None
    }

    /// Sockets that it opens beside the connections.
    fn sockets(&self) -> usize {
        0
    }

    /// What must be true now, and what this scenario alone can tell.
    fn check(&self, site: &Arc<Site>) -> impl Future<Output = Result<Findings>> + Send;
}

#[derive(Default)]
pub struct Findings {
    pub invariants: Vec<Invariant>,
    pub figures: Vec<Figure>,
    pub curves: Vec<Curve>,
    /// What a reader must know about these numbers.
    pub notes: Vec<String>,
}
