//! The live protocol over the whole shop: real commands by HTTP, tokio-tungstenite and plain TCP clients that listen.
//!
//! `tests/live.rs` holds the protocol's rules on a shop of its own making; here the frames are what the journal
//! committed, and who may hear them is what log-in and cookies say.

#[path = "common/shop.rs"]
mod shop;

#[path = "live_shop/bounds.rs"]
mod bounds;
#[path = "live_shop/listener.rs"]
mod listener;
#[path = "live_shop/owners.rs"]
mod owners;
#[path = "live_shop/stock.rs"]
mod stock;
#[path = "live_shop/streams.rs"]
mod streams;
