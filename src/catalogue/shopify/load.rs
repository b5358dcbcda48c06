//! Sends a parsed file to the shop.

use std::{
    collections::BTreeMap,
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::Serialize;
use uuid::Uuid;

use super::{Import, ImportError, parse};
use crate::{
    actors::gateway::Gateway,
    catalogue::store::{Existing, Store, each},
    domain::money::Currency,
};

/// Of the import's command ids.
const SPACE: Uuid = Uuid::from_u128(0x6b7a_03e9_5cc4_4d38_92f1_d48e_17b0_5c33);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    pub products: usize,
    pub skus: usize,
    /// Not active or not published: read, checked, left out.
    pub left_out: usize,
    /// Categories, products and SKUs that are new or different now. 0: the shop had it all.
    pub changed: usize,
}

/// Parses the file, then sends it. `progress(done, total)` is called after each category, product and SKU.
pub async fn import(
    gateway: &Gateway,
    path: &Path,
    currency: Currency,
    by: Arc<str>,
    progress: impl Fn(usize, usize) + Send + Sync,
) -> Result<ImportReport, ImportError> {
    let file = path.to_owned();
    let io = |source| ImportError::Io { path: path.display().to_string(), source };
    // A large file takes seconds to parse: not on a runtime thread.
    let parsed = tokio::task::spawn_blocking(move || Ok::<_, std::io::Error>(parse(File::open(file)?, currency)));
    let imports =
        parsed.await.map_err(|stopped| io(std::io::Error::other(stopped))).and_then(|it| it.map_err(io))??;
    send(gateway, imports, by, progress).await
}

async fn send(
    gateway: &Gateway,
    imports: Vec<Import>,
    by: Arc<str>,
    progress: impl Fn(usize, usize) + Send + Sync,
) -> Result<ImportReport, ImportError> {
    let all = imports.len();
    let (mut categories, mut products, mut stock) = (BTreeMap::new(), Vec::new(), Vec::new());
    for import in imports.into_iter().filter(|import| import.on_sale) {
        if let (Some(slug), Some(category)) = (import.data.categories.first(), import.category) {
            categories.entry(slug.clone()).or_insert(category);
        }
        products.push((import.id, import.data));
        stock.extend(import.stock);
    }
    let store = Store { gateway, space: SPACE, by, existing: Existing::Replace };
    store.ready().await?;
    let total = categories.len() + products.len() + stock.len();
    let mut report =
        ImportReport { products: products.len(), skus: stock.len(), left_out: all - products.len(), changed: 0 };
    let count = AtomicUsize::new(0);
    let done = || progress(count.fetch_add(1, Ordering::Relaxed) + 1, total);
    let store = &store;
    let category = |(slug, data): (String, _)| async move { store.category(&slug, data).await };
    report.changed += each(categories, category, done).await?;
    report.changed += each(products, |(id, data)| store.product(id, data), done).await?;
    let receive = |(sku, units)| async move { store.first_stock(&sku, units, None, "import").await };
    report.changed += each(stock, receive, done).await?;
    Ok(report)
}
