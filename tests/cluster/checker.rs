//! Judges a history and the shop's final state; pure functions, each tested with good and with bad ones.
//!
//! Every check returns the list of problems, in words that name the SKU, the order or the operation. Deliberately
//! absent: requests to a server; `cluster/final_state.rs` does that before.

#[path = "checker/books.rs"]
pub mod books;
#[path = "checker/excerpt.rs"]
pub mod excerpt;
#[path = "checker/kept.rs"]
pub mod kept;
#[path = "checker/linear.rs"]
pub mod linear;
#[path = "checker/log.rs"]
pub mod log;
#[path = "checker/orders.rs"]
pub mod orders;
#[path = "checker/sku.rs"]
pub mod sku;
#[path = "checker/sku_history.rs"]
pub mod sku_history;
#[path = "checker/state.rs"]
pub mod state;
#[path = "checker/views.rs"]
pub mod views;

/// The problems; empty is good.
pub type Wrong = Vec<String>;
