//! What the shop does with each of its capabilities, above the domain's rules and on top of the engine.
//!
//! One folder for each capability; so far each says what can be watched of it. [`topics`] is the list.

pub mod cart;
pub mod order;
#[cfg(test)]
mod samples;
pub mod stock;
mod topics;

pub use self::topics::topics;

/// Ids have one spelling (lower-case hyphenated UUID), so that one entity is never two topics.
fn one_spelling<T: std::str::FromStr + std::fmt::Display>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|id| id.to_string() == text)
}
