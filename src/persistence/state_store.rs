//! The tail's folded states on disk. A cache: after any damage the store is emptied and filled again from the journal.
//!
//! A log that is another one than was folded (restored from an older backup, lost by its servers) is seen by
//! the caller only, who knows both (`actors/tail/divergence.rs`): it calls `StateStore::reset`.

mod boot;
mod database;
mod history;
mod keys;
mod memory;
mod room;
mod sled;
mod sweep;
#[cfg(test)]
mod tests;

pub use self::{memory::MemoryStateStore, sled::SledStateStore};
