//! The topics of stock: `stock.<sku>` for everybody, in words, and `stock` for `stock.read`, every level in numbers.

use super::wire::{StockBody, StockDetail};
use crate::{
    actors::gateway::Gateway,
    domain::{
        ids::Sku,
        key::EntityKey,
        kinds::{AnyView, Kind},
        stock::StockView,
    },
    identity::{Access, Permission, PermissionSet},
    live::{Committed, ManyEntities, OneEntity, Shown, Sight, TopicFamily},
};

/// `stock.<sku>`.
pub struct OneStock {
    /// Whether anonymous shoppers see the exact count of available units, and not only the word.
    pub public_counts: bool,
}

/// `stock`: keyed by SKU.
pub struct StockLevels;

impl TopicFamily for OneStock {
    fn name(&self) -> &'static str {
        "stock"
    }

    fn kind(&self) -> Kind {
        Kind::Stock
    }

    fn schema(&self) -> &'static str {
        "Stock"
    }

    fn access(&self) -> Access {
        Access::Public
    }

    fn shows(&self) -> PermissionSet {
        PermissionSet::of(&[Permission::StockRead])
    }

    fn frame(&self, change: &Committed, sight: Sight) -> Option<Shown> {
        shown(change, StockDetail::of(sight.permissions.has(Permission::StockRead), self.public_counts))
    }
}

impl OneEntity for OneStock {
    fn pattern(&self) -> &'static str {
        "stock.<sku>"
    }

    fn entity(&self, id: &str) -> Option<EntityKey> {
        Sku::parse(id).ok().map(|sku| EntityKey::new(Kind::Stock, sku.as_str()))
    }

    /// A SKU that was never received is out of stock.
    fn first(&self) -> Option<AnyView> {
        Some(AnyView::Stock(StockView::default()))
    }
}

impl TopicFamily for StockLevels {
    fn name(&self) -> &'static str {
        "stock"
    }

    fn kind(&self) -> Kind {
        Kind::Stock
    }

    fn schema(&self) -> &'static str {
        "Stock"
    }

    fn access(&self) -> Access {
        Access::Permission(Permission::StockRead)
    }

    fn frame(&self, change: &Committed, _: Sight) -> Option<Shown> {
        shown(change, StockDetail::Levels)
    }
}

impl ManyEntities for StockLevels {
    /// In the order of their SKUs.
    fn snapshot(&self, gateway: &Gateway, max: usize) -> Vec<Committed> {
        let keys = gateway.keys(Kind::Stock, None, max).unwrap_or_else(|error| {
            tracing::error!(%error, "the stock's levels cannot be read");
            Vec::new()
        });
        keys.into_iter().filter_map(|key| Committed::read_local(gateway, key)).collect()
    }
}

/// The shape of `GET /api/stock/{sku}`.
fn shown(change: &Committed, detail: StockDetail) -> Option<Shown> {
    let AnyView::Stock(view) = &change.view else { return None };
    let sku = Sku::parse(&change.key.id).ok()?;
    Shown::of(&StockBody::new(sku, change.version, view, detail))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shop::samples::{self, frame};

    #[test]
    fn the_public_sees_availability_and_staff_see_counts() {
        let change = samples::stock("TEE", 18, 5);
        let public =
            json!({"topic": "stock.TEE", "version": 18, "view": {"sku": "TEE", "version": 18, "availability": "low"}});
        assert_eq!(frame("stock.TEE", &change, Sight::default(), false), public);
        assert_eq!(frame("stock.TEE", &change, Sight::default(), true)["view"]["available"], 5);
        let levels = json!({"topic": "stock", "key": "TEE", "version": 18, "view": {"sku": "TEE",
            "version": 18, "on_hand": 7, "held": 2, "committed": 0, "available": 5, "threshold": 5, "shipped": 0,
            "received": 7, "adjusted": 0, "oversold": 0, "policy": "tracked", "availability": "low"}});
        assert_eq!(frame("stock", &change, Sight::default(), false), levels);
        for (available, shown) in [(0, "out"), (6, "in_stock")] {
            let change = samples::stock("TEE", 1, available);
            assert_eq!(frame("stock.TEE", &change, Sight::default(), false)["view"]["availability"], shown);
        }
    }

    #[test]
    fn a_sku_without_stock_is_out() {
        let first = OneStock { public_counts: false }.first().unwrap();
        let never = Committed { key: EntityKey::new(Kind::Stock, "NEW"), version: 0, view: first };
        assert_eq!(
            frame("stock.NEW", &never, Sight::default(), false),
            json!({"topic": "stock.NEW", "version": 0, "view": {"sku": "NEW", "version": 0, "availability": "out"}})
        );
    }

    #[test]
    fn a_view_of_another_kind_is_no_frame() {
        let order = samples::order(1, Default::default());
        assert!(StockLevels.frame(&order, Sight::default()).is_none());
        assert!(OneStock { public_counts: true }.frame(&order, Sight::default()).is_none());
    }
}
