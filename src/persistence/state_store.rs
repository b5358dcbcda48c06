//! Where the tail keeps what it folded. A cache: whatever is wrong with it, it is emptied and filled again
//! from the journal.
//!
//! A watermark beyond the journal's end (a journal restored from an older backup) is seen by the caller
//! only, who knows both: it calls `StateStore::reset`.

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
