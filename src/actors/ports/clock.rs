//! Wall-clock time and fresh ids, passed in so that the simulation owns them.

use uuid::Uuid;

use crate::domain::time::Timestamp;

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
    /// A fresh id: UUIDv7 in production, seeded in the simulation.
    fn uuid(&self) -> Uuid;
}
