//! What hangs on the tail: index rows, the catalogue in memory, the live hub.

use crate::{
    actors::{
        fold::{Change, Fold},
        ports::Row,
    },
    domain::{
        ids::{ProductId, Sku},
        key::EntityKey,
        kinds::{AnyState, AnyView, Kind},
    },
    live::Hub,
    shop::{product::catalogue::Catalogue, rows},
};

pub struct Folds {
    pub catalogue: Catalogue,
    pub hub: Hub,
}

impl Folds {
    fn show(&self, key: &EntityKey, version: u64, view: &AnyView) {
        match view {
            AnyView::Stock(stock) => {
                if let Ok(sku) = Sku::parse(&key.id) {
                    self.catalogue.apply_stock(&sku, version, stock);
                }
            }
            AnyView::Product(product) => {
                if let Ok(id) = key.id.parse::<ProductId>() {
                    self.catalogue.apply_product(id, version, product);
                }
            }
            AnyView::Category(category) => self.catalogue.apply_category(&key.id, version, category),
            AnyView::Cart(_) | AnyView::Order(_) | AnyView::Payment(_) | AnyView::Account(_) | AnyView::Numbers(_) => {}
        }
    }
}

impl Fold for Folds {
    fn version(&self) -> u32 {
        rows::VERSION
    }

    fn rows(&self, key: &EntityKey, model: &AnyState) -> Vec<Row> {
        rows::index_rows(key, model).into_iter().map(|(table, key)| Row { table, key }).collect()
    }

    fn wants(&self, key: &EntityKey) -> bool {
        self.keeps(key.kind) || self.hub.listens_to(key)
    }

    fn committed(&self, changes: &[Change]) {
        for change in changes {
            self.show(&change.key, change.version, &change.view);
            self.hub.publish_one(&change.key, change.version, &change.view);
        }
    }

    fn keeps(&self, kind: Kind) -> bool {
        match kind {
            Kind::Stock | Kind::Product | Kind::Category => true,
            Kind::Cart | Kind::Order | Kind::Payment | Kind::Account | Kind::Numbers => false,
        }
    }

    fn loaded(&self, key: &EntityKey, version: u64, model: &AnyState) {
        self.show(key, version, &model.view());
    }
}
