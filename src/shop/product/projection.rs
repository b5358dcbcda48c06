//! Index rows of a product: one for each of its categories, sorted by name. Archived: none.

use uuid::Uuid;

use crate::domain::{
    entity::Entity,
    key::EntityKey,
    kinds::{AnyState, EntityType},
    product::{Product, ProductView},
};
use crate::shop::rows::{PRODUCTS_BY_CATEGORY, RowKey, category_prefix, text};

/// Bytes of a name that take part in sorting; names that agree on them are sorted by id.
const SORT_LEN_MAX: usize = 64;

/// The name in lower case, cut to at most 64 bytes at a character's border.
pub(super) fn sort_name(name: &str) -> String {
    let mut lower = name.to_lowercase();
    lower.truncate(lower.floor_char_boundary(SORT_LEN_MAX));
    lower
}

pub fn rows(key: &EntityKey, model: &AnyState) -> Vec<RowKey> {
    match (Product::state_of(model), Uuid::parse_str(&key.id)) {
        (Some(product), Ok(id)) => of_view(id, &product.view()),
        (None, _) | (_, Err(_)) => Vec::new(),
    }
}

fn of_view(id: Uuid, view: &ProductView) -> Vec<RowKey> {
    match &view.data {
        Some(data) if !view.archived => {
            let name = text(&sort_name(&data.name));
            let row =
                |slug: &String| (PRODUCTS_BY_CATEGORY, [&category_prefix(slug)[..], &name, id.as_bytes()].concat());
            data.categories.iter().map(row).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{ids::ProductId, product::ProductData},
        shop::rows::product_of,
    };

    #[test]
    fn one_row_for_each_category_until_archived() {
        let id = Uuid::from_u128(3);
        let data = ProductData {
            name: "Linen Shirt".into(),
            categories: vec!["shirts".into(), "new".into()],
            ..Default::default()
        };
        let view = ProductView { data: Some(Box::new(data)), archived: false };
        let rows = of_view(id, &view);
        assert!(rows[0].1.starts_with(b"shirts\0linen shirt\0") && rows[1].1.starts_with(b"new\0"));
        assert!(rows.iter().all(|(_, key)| product_of(key) == Some(ProductId(id))));
        assert_eq!(of_view(id, &ProductView { archived: true, ..view }), vec![]);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(sort_name(&"Ä".repeat(100)), "ä".repeat(32));
        assert_eq!(sort_name(&format!("x{}", "Ä".repeat(100))).len(), 63);
    }
}
