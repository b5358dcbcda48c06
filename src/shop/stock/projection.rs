//! Index rows of a SKU's stock: one while it is at or below its threshold.

use crate::domain::{
    entity::Entity,
    key::EntityKey,
    kinds::{AnyState, EntityType},
    stock::{Stock, StockView},
};
use crate::shop::rows::{RowKey, STOCK_LOW};

pub fn rows(key: &EntityKey, model: &AnyState) -> Vec<RowKey> {
    Stock::state_of(model).map(|stock| of_view(&key.id, &stock.view())).unwrap_or_default()
}

fn of_view(sku: &str, view: &StockView) -> Vec<RowKey> {
    match view.available <= u64::from(view.threshold) {
        true => vec![(STOCK_LOW, sku.as_bytes().to_vec())],
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
        assert_eq!(sku_of(&rows[0].1), Sku::parse("A-1").ok());
        assert_eq!(of_view("A-1", &view(0)).len(), 1);
    }
}
