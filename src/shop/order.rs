//! What the shop does with orders.

pub mod live;
