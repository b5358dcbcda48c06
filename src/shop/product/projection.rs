//! Index rows of a product: one for each of its categories, sorted by name. Archived: none.

use uuid::Uuid;

use crate::{
    actors::{ports::Row, projection::Projection},
    domain::{
        entity::Entity,
        key::EntityKey,
        kinds::{AnyState, EntityType, Kind},
        product::{Product, ProductView},
    },
    shop::rows::{PRODUCTS_BY_CATEGORY, category_prefix, text},
};

/// Bytes of a name that take part in sorting; names that agree on them are sorted by id.
const SORT_LEN_MAX: usize = 64;

/// The name in lower case, cut to at most 64 bytes at a character's border.
pub(super) fn sort_name(name: &str) -> String {
    let mut lower = name.to_lowercase();
    lower.truncate(lower.floor_char_boundary(SORT_LEN_MAX));
    lower
}

/// Products by category.
pub struct Products;

impl Projection for Products {
    fn name(&self) -> &'static str {
        "products"
    }

    fn version(&self) -> u32 {
        1
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Product]
    }

    fn tables(&self) -> &[&'static str] {
        &[PRODUCTS_BY_CATEGORY]
    }

    fn rows(&self, key: &EntityKey, state: &AnyState) -> Vec<Row> {
        match (Product::state_of(state), Uuid::parse_str(&key.id)) {
            (Some(product), Ok(id)) => of_view(id, &product.view()),
            (None, _) | (_, Err(_)) => Vec::new(),
        }
    }
}

fn of_view(id: Uuid, view: &ProductView) -> Vec<Row> {
    match &view.data {
        Some(data) if !view.archived => {
            let name = text(&sort_name(&data.name));
            let key = |slug: &String| [&category_prefix(slug)[..], &name, id.as_bytes()].concat();
            data.categories.iter().map(|slug| Row::new(PRODUCTS_BY_CATEGORY, key(slug))).collect()
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
        assert!(rows[0].key.starts_with(b"shirts\0linen shirt\0") && rows[1].key.starts_with(b"new\0"));
        assert!(rows.iter().all(|row| product_of(&row.key) == Some(ProductId(id))));
        assert_eq!(of_view(id, &ProductView { archived: true, ..view }), vec![]);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(sort_name(&"Ä".repeat(100)), "ä".repeat(32));
        assert_eq!(sort_name(&format!("x{}", "Ä".repeat(100))).len(), 63);
    }
}
