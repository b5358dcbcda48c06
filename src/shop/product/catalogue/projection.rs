//! The catalogue as a projection in memory: restored at each start, then told of every change.

use super::Catalogue;
use crate::{
    actors::{listener::Change, projection::Projection},
    domain::{
        ids::{ProductId, Sku},
        key::EntityKey,
        kinds::{AnyState, AnyView, Kind},
    },
};

impl Catalogue {
    fn show(&self, key: &EntityKey, version: u64, view: &AnyView) {
        // Of its own kinds only; what another kind shows is no business of the catalogue.
        if let AnyView::Stock(stock) = view {
            if let Ok(sku) = Sku::parse(&key.id) {
                self.apply_stock(&sku, version, stock);
            }
        } else if let AnyView::Product(product) = view {
            if let Ok(id) = key.id.parse::<ProductId>() {
                self.apply_product(id, version, product);
            }
        } else if let AnyView::Category(category) = view {
            self.apply_category(&key.id, version, category);
        }
    }
}

impl Projection for Catalogue {
    fn name(&self) -> &'static str {
        "catalogue"
    }

    fn version(&self) -> u32 {
        1
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Stock, Kind::Product, Kind::Category]
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn restore(&self, key: &EntityKey, version: u64, state: &AnyState) {
        self.show(key, version, &state.view());
    }

    fn committed(&self, change: &Change) {
        self.show(&change.key, change.version, &change.view);
    }
}
