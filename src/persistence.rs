//! The backends of the ports `Journal` and `StateStore`.
//!
//! In reading order: [`envelope`] (the bytes of one record), [`sled_journal`] (one machine), [`memory_journal`] (tests
//! and simulation), [`state_store`] (the tail's folded states, a cache), [`tools`] (verify, export, import).
//! Deliberately absent: the meaning of a record, which is the tail's.

pub(crate) mod ballast;
pub mod envelope;
mod guard;
pub mod jetstream;
mod lock;
pub mod memory_journal;
pub mod private_dir;
mod reserve;
pub mod shop_record;
mod sled_files;
pub mod sled_journal;
pub mod state_store;
pub mod tools;
pub mod vault;

pub use guard::says_full;
pub use memory_journal::MemoryJournal;
pub use sled_journal::SledJournal;
