//! Where the tail keeps what it folded. A cache: whatever is wrong with it, it is emptied and filled again
//! from the journal.
//!
//! A log that is another one than was folded (restored from an older backup, lost by its servers) is seen by
//! the caller only, who knows both (`actors/tail/known.rs`): it calls `StateStore::reset`.

mod boot;
mod keys;
mod memory;
mod sled;
#[cfg(test)]
mod tests;

pub use self::{memory::MemoryStateStore, sled::SledStateStore};
