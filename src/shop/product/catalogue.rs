//! The shop front's read model, in memory: products, categories, prices and availability classes.
//!
//! A handle to clone; the tail feeds it (`apply_*`, in version order for each entity; an older version
//! changes nothing), everyone else reads. A list page is a walk over a sorted shelf that collects
//! ready-made JSON cards; a card is rendered again only when its product or its availability class changes.
//!
//! One `RwLock` guards it all: reads last microseconds, writes are rare (a new definition, a changed class), and
//! readers must never see a product whose cards, shelves and SKUs disagree. A stock change within its class takes the read
//! side only and stores atomics, so that a hot SKU never blocks the pages.
//! Absent on purpose: exact counts in cards (they would be rendered at each sale), search, storage.

mod card;
mod cursor;
mod detail;
mod level;
mod projection;
mod shop;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::Serialize;

pub use detail::{ProductDetail, SkuCard, VariantDetail};
pub use level::StockLevel;
pub use tree::CategoryNode;

use crate::domain::{
    category::CategoryView,
    ids::{ProductId, Sku},
    product::ProductView,
    stock::StockView,
};
use shop::Shop;

/// Ready-made cards `{id,slug,name,price,price_from,image,rating,skus,availability}`, in order, and the next cursor.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub items: Vec<Arc<str>>,
    /// Opaque; points behind the last item, so that inserts and deletions repeat or hide no other item.
    pub next: Option<String>,
}

impl Page {
    /// `{"items":[..],"next":..}`. The cursor's alphabet (base64url) needs no escapes.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(160 + self.items.iter().map(|item| item.len() + 1).sum::<usize>());
        json.push_str("{\"items\":[");
        for (n, item) in self.items.iter().enumerate() {
            if n > 0 {
                json.push(',');
            }
            json.push_str(item);
        }
        json.push_str("],\"next\":");
        match &self.next {
            Some(cursor) => {
                json.push('"');
                json.push_str(cursor);
                json.push('"');
            }
            None => json.push_str("null"),
        }
        json.push('}');
        json
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    #[error("the cursor is not one of ours")]
    BadCursor,
    #[error("there is no such category")]
    NoSuchCategory,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CatalogueSize {
    /// On sale now.
    pub products: usize,
    pub skus: usize,
    pub categories: usize,
}

#[derive(Clone, Default)]
pub struct Catalogue {
    shop: Arc<RwLock<Shop>>,
}

impl Catalogue {
    /// Items on one page at most; a larger `limit` is cut to it.
    pub const PAGE_MAX: usize = 100;
    /// Names of SKUs looked at under one lock: some hundred microseconds.
    const NAMES_AT_ONCE: usize = 4_096;

    // A panic under the lock is a bug in a fold; the present state is still the best one for readers, so poison is
    // ignored.
    fn read(&self) -> RwLockReadGuard<'_, Shop> {
        self.shop.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shop> {
        self.shop.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the tail: a product's newest committed view.
    pub fn apply_product(&self, id: ProductId, version: u64, view: &ProductView) {
        self.write().apply_product(id, version, view);
    }

    /// From the tail: a category's newest committed view.
    pub fn apply_category(&self, slug: &str, version: u64, view: &CategoryView) {
        self.write().apply_category(slug, version, view);
    }

    /// From the tail: a SKU's newest committed stock. Cheap while the availability class stays the same.
    pub fn apply_stock(&self, sku: &Sku, version: u64, view: &StockView) {
        let moved = {
            let shop = self.read();
            match shop.level(sku) {
                Some(level) => level.set(version, view),
                None => {
                    drop(shop);
                    self.write().level_or_new(sku).set(version, view)
                }
            }
        };
        if moved {
            // The last writer renders from the newest levels, so racing changes still end right.
            self.write().refresh(sku);
        }
    }

    /// A page of a category with everything below it, or of the whole shop, sorted by name.
    pub fn page(&self, category: Option<&str>, cursor: Option<&str>, limit: usize) -> Result<Page, PageError> {
        let after = cursor.map(|text| cursor::decode(text).ok_or(PageError::BadCursor)).transpose()?;
        self.read().page(category, after, limit.clamp(1, Self::PAGE_MAX))
    }

    /// By id or by slug; `counts` shows the available units of each SKU.
    pub fn product(&self, id_or_slug: &str, counts: bool) -> Option<ProductDetail> {
        self.read().product(id_or_slug, counts)
    }

    /// A variant's data for a cart; `None` when it is not on sale.
    pub fn sku(&self, sku: &Sku) -> Option<SkuCard> {
        self.read().sku(sku)
    }

    /// A SKU's level, also of one that no product sells. `None`: the stock knows no such SKU.
    pub fn stock(&self, sku: &Sku) -> Option<StockLevel> {
        self.read().level(sku).and_then(|level| level.get())
    }

    /// SKUs that have `part` (in lower case) in their name, in order behind `after`, at most `limit`: fewer only where
    /// there are no more. All names are looked at where it must be, but never long under one lock.
    pub fn skus_with(&self, part: &str, after: Option<&Sku>, limit: usize) -> Vec<Sku> {
        let (mut found, mut after) = (Vec::new(), after.cloned());
        loop {
            let (more, last) = self.read().names_with(part, after.as_ref(), limit - found.len(), Self::NAMES_AT_ONCE);
            found.extend(more);
            match last {
                Some(last) if found.len() < limit => after = Some(last),
                Some(_) | None => return found,
            }
        }
    }

    /// The whole tree, siblings by position and name.
    pub fn categories(&self) -> Vec<CategoryNode> {
        self.read().categories()
    }

    /// One category with what is below it.
    pub fn category(&self, slug: &str) -> Option<CategoryNode> {
        self.read().category(slug)
    }

    pub fn size(&self) -> CatalogueSize {
        self.read().size()
    }
}
