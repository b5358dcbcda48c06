//! What the shop does with carts.

pub mod live;
