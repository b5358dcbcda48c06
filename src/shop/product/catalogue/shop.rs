//! The data under the catalogue's lock: products, their shelves, their SKUs, the tree.
//!
//! A shelf is a category's products (with everything below it) sorted by name. Where two products claim one slug or
//! SKU, the smallest product id gets it: the same on every node, in every order of arrival. The other product shows
//! itself without such a SKU, so that no SKU has two prices.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use uuid::Uuid;

use super::{
    CatalogueSize, CategoryNode, Page, PageError, ProductDetail, SkuCard, card,
    cursor::{self, SortKey},
    level::Level,
    tree::Tree,
};
use crate::{
    domain::{
        category::CategoryView,
        ids::{ProductId, Sku},
        product::{ProductData, ProductView, Variant},
        stock::Availability,
    },
    shop::product::projection::sort_name,
};

/// Sort key -> place in [`Shop::slots`].
type Shelf = BTreeMap<SortKey, usize>;

#[derive(Default)]
pub(super) struct Shop {
    /// One for each product ever seen; an archived one keeps its place, empty.
    slots: Vec<Slot>,
    by_id: HashMap<ProductId, usize>,
    by_slug: HashMap<String, BTreeSet<ProductId>>,
    skus: HashMap<Sku, SkuEntry>,
    /// The keys of `skus`, in order.
    names: BTreeSet<Sku>,
    shelves: HashMap<Arc<str>, Shelf>,
    all: Shelf,
    tree: Tree,
}

struct Slot {
    id: ProductId,
    version: u64,
    on_sale: Option<OnSale>,
}

struct OnSale {
    data: Box<ProductData>,
    key: SortKey,
    shelves: Vec<Arc<str>>,
    availability: Availability,
    card: Arc<str>,
}

#[derive(Default)]
struct SkuEntry {
    level: Level,
    /// Product -> index of its variant.
    sold_by: BTreeMap<ProductId, usize>,
}

impl Shop {
    pub fn level(&self, sku: &Sku) -> Option<&Level> {
        self.skus.get(sku).map(|entry| &entry.level)
    }

    pub fn level_or_new(&mut self, sku: &Sku) -> &Level {
        &self.entry(sku).level
    }

    fn entry(&mut self, sku: &Sku) -> &mut SkuEntry {
        if !self.skus.contains_key(sku) {
            self.names.insert(sku.clone());
        }
        self.skus.entry(sku.clone()).or_default()
    }

    /// Of the next `scan` names behind `after`: those with the part, at most `limit`; and the last one looked at, unless
    /// there are no more.
    pub fn names_with(&self, part: &str, after: Option<&Sku>, limit: usize, scan: usize) -> (Vec<Sku>, Option<Sku>) {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let (mut found, mut last, mut scanned) = (Vec::new(), None::<&Sku>, 0);
        for sku in self.names.range((from, Bound::Unbounded)) {
            if found.len() == limit || scanned == scan {
                return (found, last.cloned());
            }
            scanned += 1;
            last = Some(sku);
            if sku.as_str().to_lowercase().contains(part) {
                found.push(sku.clone());
            }
        }
        (found, None)
    }

    pub fn apply_product(&mut self, id: ProductId, version: u64, view: &ProductView) {
        let place = *self.by_id.entry(id).or_insert_with(|| {
            self.slots.push(Slot { id, version: 0, on_sale: None });
            self.slots.len() - 1
        });
        if self.slots[place].version >= version {
            return;
        }
        self.slots[place].version = version;
        self.take_down(place);
        match &view.data {
            Some(data) if !view.archived => self.put_up(place, data.clone()),
            Some(_) | None => {}
        }
    }

    fn put_up(&mut self, place: usize, data: Box<ProductData>) {
        let id = self.slots[place].id;
        for (index, variant) in data.variants.iter().enumerate() {
            self.entry(&variant.sku).sold_by.insert(id, index);
        }
        self.by_slug.entry(data.slug.clone()).or_default().insert(id);
        let (availability, card) = self.shown(id, &data);
        let key = (sort_name(&data.name).into(), id);
        let rivals = self.rivals(id, &data);
        self.slots[place].on_sale = Some(OnSale { data, key, shelves: Vec::new(), availability, card });
        self.shelve(place);
        self.render(rivals);
    }

    fn shown(&self, id: ProductId, data: &ProductData) -> (Availability, Arc<str>) {
        let own = self.own(id, data);
        let availability = self.best(&own);
        (availability, card::render(id, &own, availability))
    }

    /// Without the variants whose SKU is another product's.
    fn own<'a>(&self, id: ProductId, data: &'a ProductData) -> Cow<'a, ProductData> {
        let is_own = |variant: &Variant| {
            let entry = self.skus.get(&variant.sku);
            entry.and_then(|entry| entry.sold_by.keys().next()).is_none_or(|owner| *owner == id)
        };
        if data.variants.iter().all(is_own) {
            return Cow::Borrowed(data);
        }
        let variants = data.variants.iter().filter(|variant| is_own(variant)).cloned().collect();
        Cow::Owned(ProductData { variants, ..data.clone() })
    }

    /// Other products that claim a SKU of this one. Usually none, and then nothing is allocated.
    fn rivals(&self, id: ProductId, data: &ProductData) -> BTreeSet<ProductId> {
        let entries = data.variants.iter().filter_map(|variant| self.skus.get(&variant.sku));
        entries.flat_map(|entry| entry.sold_by.keys().copied()).filter(|other| *other != id).collect()
    }

    fn render(&mut self, products: BTreeSet<ProductId>) {
        for id in products {
            let Some(&place) = self.by_id.get(&id) else { continue };
            let Some(data) = self.slots[place].on_sale.as_ref().map(|product| &product.data) else { continue };
            let (availability, card) = self.shown(id, data);
            if let Some(product) = self.slots[place].on_sale.as_mut() {
                (product.availability, product.card) = (availability, card);
            }
        }
    }

    fn take_down(&mut self, place: usize) {
        self.unshelve(place);
        let Slot { id, on_sale, .. } = &mut self.slots[place];
        let (id, Some(OnSale { data, .. })) = (*id, on_sale.take()) else { return };
        for variant in &data.variants {
            // The entry stays: its level belongs to the stock, not to the product.
            if let Some(entry) = self.skus.get_mut(&variant.sku) {
                entry.sold_by.remove(&id);
            }
        }
        if let Some(claims) = self.by_slug.get_mut(&data.slug) {
            claims.remove(&id);
            if claims.is_empty() {
                self.by_slug.remove(&data.slug);
            }
        }
        let rivals = self.rivals(id, &data);
        self.render(rivals);
    }

    fn shelve(&mut self, place: usize) {
        let Some(product) = &mut self.slots[place].on_sale else { return };
        let slugs: BTreeSet<&str> = product.data.categories.iter().flat_map(|slug| self.tree.lineage(slug)).collect();
        product.shelves = slugs.into_iter().map(Arc::from).collect();
        for slug in &product.shelves {
            self.shelves.entry(slug.clone()).or_default().insert(product.key.clone(), place);
        }
        self.all.insert(product.key.clone(), place);
    }

    fn unshelve(&mut self, place: usize) {
        let Some(product) = &mut self.slots[place].on_sale else { return };
        for slug in product.shelves.drain(..) {
            if let Some(shelf) = self.shelves.get_mut(&slug) {
                shelf.remove(&product.key);
                if shelf.is_empty() {
                    self.shelves.remove(&slug);
                }
            }
        }
        self.all.remove(&product.key);
    }

    pub fn apply_category(&mut self, slug: &str, version: u64, view: &CategoryView) {
        // A product listed here is listed in the ancestors too, so only these products move with the category.
        let listed: Vec<usize> =
            self.shelves.get(slug).map(|shelf| shelf.values().copied().collect()).unwrap_or_default();
        if self.tree.apply(slug, version, view) {
            for place in listed {
                self.unshelve(place);
                self.shelve(place);
            }
        }
    }

    fn best(&self, data: &ProductData) -> Availability {
        let classes = data.variants.iter().filter_map(|variant| self.level(&variant.sku)).map(Level::availability);
        classes.min().unwrap_or(Availability::Out)
    }

    /// After a SKU's class changed: renders the cards of the products whose own class changes with it.
    pub fn refresh(&mut self, sku: &Sku) {
        let sellers: Vec<ProductId> =
            self.skus.get(sku).map(|entry| entry.sold_by.keys().copied().collect()).unwrap_or_default();
        for id in sellers {
            let Some(&place) = self.by_id.get(&id) else { continue };
            let Some(product) = self.slots[place].on_sale.as_ref() else { continue };
            if self.best(&self.own(id, &product.data)) != product.availability {
                self.render(BTreeSet::from([id]));
            }
        }
    }

    pub fn page(&self, category: Option<&str>, after: Option<SortKey>, limit: usize) -> Result<Page, PageError> {
        let shelf = match category {
            None => &self.all,
            Some(slug) => match self.shelves.get(slug) {
                Some(shelf) => shelf,
                None if self.tree.contains(slug) => return Ok(Page::default()),
                None => return Err(PageError::NoSuchCategory),
            },
        };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut walk = shelf.range((from, Bound::Unbounded));
        let mut items = Vec::with_capacity(limit.min(shelf.len()));
        let mut last = None;
        for (key, place) in walk.by_ref().take(limit) {
            items.extend(self.slots[*place].on_sale.as_ref().map(|product| product.card.clone()));
            last = Some(key);
        }
        let next = walk.next().and(last).map(cursor::encode);
        Ok(Page { items, next })
    }

    pub fn product(&self, id_or_slug: &str, counts: bool) -> Option<ProductDetail> {
        let by_id = Uuid::parse_str(id_or_slug).ok().and_then(|id| self.by_id.get(&ProductId(id)));
        let by_slug = || self.by_slug.get(id_or_slug)?.first().and_then(|id| self.by_id.get(id));
        let slot = &self.slots[*by_id.or_else(by_slug)?];
        let product = slot.on_sale.as_ref()?;
        let named = (slot.id, slot.version);
        let own = self.own(slot.id, &product.data);
        Some(ProductDetail::new(named, &own, product.availability, counts, |sku| self.level(sku)))
    }

    pub fn sku(&self, sku: &Sku) -> Option<SkuCard> {
        let entry = self.skus.get(sku)?;
        let (id, variant) = entry.sold_by.first_key_value()?;
        let product = self.slots[*self.by_id.get(id)?].on_sale.as_ref()?;
        SkuCard::new(*id, &product.data, *variant, Some(&entry.level))
    }

    fn count(&self, slug: &str) -> usize {
        self.shelves.get(slug).map_or(0, BTreeMap::len)
    }

    pub fn categories(&self) -> Vec<CategoryNode> {
        self.tree.forest(&|slug| self.count(slug))
    }

    pub fn category(&self, slug: &str) -> Option<CategoryNode> {
        self.tree.one(slug, &|slug| self.count(slug))
    }

    pub fn size(&self) -> CatalogueSize {
        CatalogueSize { products: self.all.len(), skus: self.skus.len(), categories: self.tree.len() }
    }
}
