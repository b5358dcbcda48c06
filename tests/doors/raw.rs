//! Raw clients of a test's shop, from any address of the loopback network.

use std::net::Ipv4Addr;

pub use crate::raw::{PATIENCE, Raw, status};
use crate::shop::Shop;

impl Raw {
    pub async fn of(shop: &Shop) -> Self {
        Self::from(shop, 1).await
    }

    /// From 127.0.0.`n`.
    pub async fn from(shop: &Shop, n: u8) -> Self {
        Self::connect(&shop.url, Ipv4Addr::new(127, 0, 0, n)).await.expect("a connection")
    }
}
