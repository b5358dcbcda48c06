//! The tail's folded states on disk. A cache: after any damage the store is emptied and filled again from the journal.
//!
//! Only the caller, which knows log and store, can detect a log that differs from the folded one (restored from an
//! older backup, lost by its servers): `actors/tail/divergence.rs` then calls `StateStore::reset`.

mod boot;
mod keys;
mod memory;
mod sled;
#[cfg(test)]
mod tests;

pub use self::{
    memory::MemoryStateStore,
    sled::{SledStateOptions, SledStateStore},
};
