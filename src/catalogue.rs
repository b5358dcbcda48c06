//! Filling a shop: the sample shop that is made from a seed, and imports from elsewhere.
//!
//! Everything goes in through the gateway as ordinary commands; nothing here writes a journal or a view.

pub mod sample;
pub mod shopify;
mod store;

pub use store::LoadError;
