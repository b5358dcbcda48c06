//! Where the tail keeps what it folded. A cache: whatever is wrong with it, it is emptied and filled again
//! from the journal.
//!
//! A watermark beyond the journal's end (a journal restored from an older backup) is seen by the caller
//! only, who knows both: it calls [`Resettable::reset`].

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
use crate::actors::ports::{StateStore, StoreError};

/// What both stores offer beyond the port.
pub trait Resettable: StateStore {
    /// Empties the store; it stays open for the journal it was opened for, with every watermark at 0.
    fn reset(&self) -> Result<(), StoreError>;
}
