//! The contract of a scenario: its preparation, its operation, its check afterwards.

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

/// The recorder of one stretch of load.
pub type Log = Arc<Recorder>;

pub trait Scenario: Send + Sync + Sized + 'static {
    const NAME: &'static str;
    /// The name of one operation, as in "120 purchases".
    const UNIT: &'static str;
    /// A connection's state between two operations.
    type Worker: Send + 'static;

    /// Whether this plan makes sense for this scenario; called before anything is started.
    fn fits(&self, _plan: &Plan) -> Result<()> {
        Ok(())
    }

    /// Reads the shop and receives stock; not measured.
    fn prepare(self, site: &Arc<Site>, plan: &Plan) -> impl Future<Output = Result<Self>> + Send;

    fn worker(&self, site: &Arc<Site>) -> Result<Self::Worker>;

    /// One operation, to its end. Records its steps; the caller records the whole.
    fn operation(&self, worker: &mut Self::Worker, ticket: Ticket, log: &Log) -> impl Future<Output = Answered> + Send;

    /// Called after a worker's last operation.
    fn leave(&self, _worker: Self::Worker) {}

    /// Runs beside the operations, from the first arrival until the last response; ends only with a failure.
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

    /// The invariants after the run, and this scenario's own findings.
    fn check(&self, site: &Arc<Site>) -> impl Future<Output = Result<Findings>> + Send;
}

#[derive(Default)]
pub struct Findings {
    pub invariants: Vec<Invariant>,
    pub figures: Vec<Figure>,
    pub curves: Vec<Curve>,
    /// Notes that a reader of these numbers needs.
    pub notes: Vec<String>,
}
