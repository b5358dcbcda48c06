//! `souk load`: a load generator that measures a shop from outside and then checks that every acknowledged write is
//! kept.
//!
//! It uses HTTP and WebSocket only, as any client does, and uses nothing from the other rooms but the domain's time. In
//! reading order: [`plan`] and [`schedule`] (when operations are due), [`pacer`], [`queue`] and [`drive`] (an open
//! loop), [`http`], [`live`] and [`shopper`] (the clients), [`record`] (histograms), [`book`] and [`checks`]
//! (acknowledged writes, and whether they are kept), [`scenario`], [`report`]. Deliberately absent: TLS (measure behind
//! the proxy), many machines, and ramps beside `--sweep`.

pub mod book;
pub mod checks;
pub mod drive;
pub mod error;
pub mod http;
pub mod invariant;
pub mod live;
pub mod own;
pub mod pacer;
pub mod plan;
pub mod queue;
pub mod record;
pub mod report;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod schedule;
pub mod shopper;
pub mod site;
pub mod stock;
pub mod usage;

pub use error::LoadError;
pub use plan::{Plan, Staff, Target};
pub use report::Report;
pub use run::run;
pub use schedule::Arrivals;

/// Shows a run's progress.
pub trait Watch: Sync {
    /// A word as in "loading".
    fn phase(&self, what: &'static str);
    /// Seconds that this phase takes.
    fn total(&self, seconds: f64);
    /// Seconds of this phase that are over.
    fn at(&self, seconds: f64);
}
