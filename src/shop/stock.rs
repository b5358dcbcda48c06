//! What the shop does with stock.

pub mod live;
