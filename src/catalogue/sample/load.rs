//! Loads the sample shop. A second run changes nothing, and an operator's changes since then stay.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde::Serialize;
use uuid::Uuid;

use super::generate;
use crate::{
    actors::gateway::Gateway,
    catalogue::store::{Existing, LoadError, Store, each},
};

/// Of the loader's command ids (UUID version 5, with the seed).
const SPACE: Uuid = Uuid::from_u128(0x2f0a_6f43_9b1d_4c57_8f3e_5b7d_c2a9_1e02);

/// A load's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// Categories, products and SKUs processed.
    pub total: usize,
    /// ... and of these, how many were new.
    pub changed: usize,
}

/// Categories, then products, then stock. `progress(done, total)` is called after each.
pub async fn load(
    gateway: &Gateway,
    seed: u64,
    progress: impl Fn(usize, usize) + Send + Sync,
) -> Result<Loaded, LoadError> {
    let shop = generate(seed);
    let space = Uuid::new_v5(&SPACE, &seed.to_be_bytes());
    let store = Store { gateway, space, by: Arc::from("system"), existing: Existing::Keep };
    store.ready().await?;
    let total = shop.categories.len() + shop.products.len() + shop.stock.len();
    let count = AtomicUsize::new(0);
    let done = || progress(count.fetch_add(1, Ordering::Relaxed) + 1, total);
    let store = &store;
    let mut changed =
        each(shop.categories, |(slug, data)| async move { store.category(&slug, data).await }, done).await?;
    changed += each(shop.products, |(id, data)| store.product(id, data), done).await?;
    let stock =
        |(sku, units, threshold)| async move { store.first_stock(&sku, units, Some(threshold), "sample shop").await };
    changed += each(shop.stock, stock, done).await?;
    Ok(Loaded { total, changed })
}
