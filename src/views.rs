//! Read models: pure functions from an entity's newest committed state to what is looked up.
//!
//! Two sorts. [`projections`] are those with rows in the state store (orders by user, stock below threshold,
//! ...); the whole meaning of a row is in its key, see [`tables`]. [`catalogue`] is the shop front's model in
//! memory. Absent on purpose: storage, clocks, tokio.

pub mod catalogue;
mod orders;
mod payments;
mod products;
mod stock;
pub mod tables;

use std::sync::Arc;

pub use self::{orders::Orders, payments::Payments, products::Products, stock::LowStock};
use crate::actors::projection::Projection;

/// The projections with rows.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Orders), Arc::new(Payments), Arc::new(Products), Arc::new(LowStock)]
}
