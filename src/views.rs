//! Read models: pure folds from an entity's newest committed state to what is looked up.
//!
//! Two kinds. [`rows`] gives the index rows that the tail keeps in the state store (orders by user,
//! stock below threshold, ...); the whole meaning of a row is in its key, see [`tables`].
//! [`catalogue`] is the shop front's model in memory. Absent on purpose: storage, clocks, tokio.

pub mod catalogue;
mod orders;
mod payments;
mod products;
mod stock;
pub mod tables;

pub use tables::RowKey;

use crate::domain::{
    key::EntityKey,
    kinds::{AnyState, Kind},
};

/// Raised whenever [`rows`] or a stored state changes its meaning: the state store is then rebuilt.
pub const VERSION: u32 = 4;

/// The index rows of this state. Pure: the tail writes the difference between before and after.
pub fn rows(key: &EntityKey, model: &AnyState) -> Vec<RowKey> {
    match model.kind() {
        Kind::Stock => stock::rows(key, model),
        Kind::Order => orders::rows(key, model),
        Kind::Payment => payments::rows(key, model),
        Kind::Product => products::rows(key, model),
        // Looked up by key alone.
        Kind::Cart | Kind::Category | Kind::Account | Kind::Numbers => Vec::new(),
    }
}
