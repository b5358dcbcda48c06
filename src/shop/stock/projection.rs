//! Index rows of a SKU's stock: one while it is at or below its threshold.

use crate::{
    actors::{ports::Row, projection::Projection},
    domain::{
        entity::Entity,
        key::EntityKey,
        kinds::{AnyState, EntityType, Kind},
        stock::{Stock, StockPolicy, StockView},
    },
    shop::rows::STOCK_LOW,
};

/// SKUs to order again.
pub struct LowStock;

impl Projection for LowStock {
    fn name(&self) -> &'static str {
        "stock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Stock]
    }

    fn tables(&self) -> &[&'static str] {
        &[STOCK_LOW]
    }

    fn rows(&self, key: &EntityKey, state: &AnyState) -> Vec<Row> {
        Stock::state_of(state).map(|stock| of_view(&key.id, &stock.view())).unwrap_or_default()
    }
}

fn of_view(sku: &str, view: &StockView) -> Vec<Row> {
    match view.policy != StockPolicy::Untracked && view.available <= u64::from(view.threshold) {
        true => vec![Row::new(STOCK_LOW, sku.as_bytes().to_vec())],
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::Sku, shop::rows::sku_of};

    #[test]
    fn a_row_at_or_below_the_threshold() {
        let view = |available| StockView { available, threshold: 3, ..StockView::default() };
        assert_eq!(of_view("A-1", &view(4)), vec![]);
        let rows = of_view("A-1", &view(3));
        assert_eq!(sku_of(&rows[0].key), Sku::parse("A-1").ok());
        assert_eq!(of_view("A-1", &view(0)).len(), 1);
        let untracked = StockView { policy: StockPolicy::Untracked, ..view(0) };
        assert_eq!(of_view("A-1", &untracked), vec![], "nobody orders a download again");
    }
}
