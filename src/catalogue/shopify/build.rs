//! One product from its rows. Every problem is reported at its own line and column; a product with one is left out.
//!
//! What belongs to the whole product (title, description, options' names) is taken from the first of its rows that has
//! it: exports do not always begin with that row.

use std::collections::HashMap;

use super::{
    Asked, BadFile, Categories, Fault, FirstStock, Import, Notes, Told, columns::Column, html, images, names, offer,
    row::Row, variants,
};
use crate::domain::{
    category::{Category, CategoryCommand, CategoryData},
    entity::Entity,
    ids::Sku,
    product::{Product, ProductCommand, ProductData, ProductRejection},
    time::Timestamp,
};

pub(super) struct Build<'a> {
    pub asked: &'a Asked,
    pub bad: &'a mut BadFile,
    pub notes: &'a mut Notes,
    pub categories: Categories,
    /// Where each SKU of the file was first seen.
    pub skus: HashMap<Sku, u64>,
}

/// The first row that has something in this column, with it.
pub(super) fn whole(rows: &[Row], column: Column) -> Option<(&Row, &str)> {
    rows.iter().map(|row| (row, row.get(column))).find(|(_, cell)| !cell.is_empty())
}

/// A line break in a cell of one line is a space; other control characters are the shop's to refuse.
pub(super) fn one_line(text: &str) -> String {
    match text.contains(char::is_control) {
        true => text.split_whitespace().collect::<Vec<_>>().join(" "),
        false => text.to_owned(),
    }
}

fn text(rows: &[Row], column: Column) -> &str {
    whole(rows, column).map_or("", |(_, cell)| cell)
}

impl Build<'_> {
    pub fn product(&mut self, rows: &[Row]) -> Option<Import> {
        let first = rows.first()?;
        let before = self.bad.total();
        let id = names::product_id(first.handle());
        if let Some(told) = offer::off_sale(rows, self.bad) {
            self.notes.add(told, first.handle());
            return Some(Import {
                id,
                handle: first.handle().to_owned(),
                data: None,
                category: None,
                stock: Vec::new(),
            });
        }
        if rows.iter().any(|row| row.spoilt) {
            self.leave_out(first, &[]);
            return None;
        }
        let title = text(rows, Column::Title);
        if title.is_empty() {
            first.bad(self.bad, Column::Title, Fault::Missing, "is empty on every row of its product");
        }
        let (options, variants, stock) = variants::of(rows, self);
        let category = category(rows).map(|name| (self.categories.slug(&name), named(name)));
        let data = ProductData {
            slug: names::slug(first.handle()),
            name: one_line(title),
            description: html::to_text(text(rows, Column::Body)),
            brand: one_line(text(rows, Column::Vendor)),
            categories: category.iter().map(|(slug, _)| slug.clone()).collect(),
            options,
            variants,
            images: images::of(rows, title, self.bad),
        };
        // The rows are valid; now the shop's own rules for the category and the whole product.
        if let Some(problem) = category.as_ref().and_then(|(_, data)| refused(data)) {
            let column = if text(rows, Column::Type).is_empty() { Column::Category } else { Column::Type };
            whole(rows, column).map_or(first, |(row, _)| row).bad(self.bad, column, Fault::Product, problem);
        }
        if self.bad.total() == before {
            let define = ProductCommand::Define { product: id, data: Box::new(data.clone()) };
            if let Err(ProductRejection::Invalid { field, problem }) = Product::default().decide(&define, Timestamp(0))
            {
                let column = column_of(&field);
                let row = whole(rows, column).map_or(first, |(row, _)| row);
                row.bad(self.bad, column, Fault::Product, format!("{field}: {problem}"));
            }
        }
        if self.bad.total() > before {
            self.leave_out(first, &stock);
            return None;
        }
        Some(Import { id, handle: first.handle().to_owned(), data: Some(data), category, stock })
    }

    /// Another product may have the SKUs of one that is skipped.
    fn leave_out(&mut self, first: &Row, stock: &[FirstStock]) {
        if self.asked.skip_bad {
            self.notes.add(Told::Skipped, first.handle());
            for one in stock {
                self.skus.remove(&one.sku);
            }
        }
    }
}

fn column_of(field: &str) -> Column {
    match field.split('.').next().unwrap_or_default() {
        "slug" => Column::Handle,
        "name" => Column::Title,
        "description" => Column::Body,
        "brand" => Column::Vendor,
        "categories" => Column::Type,
        "options" => Column::Option1Name,
        "images" => Column::ImageSrc,
        _ if field == "variants.price" => Column::Price,
        _ if field.starts_with("variants.image") => Column::VariantImage,
        _ if field == "variants.options" => Column::Option1Value,
        _ => Column::Sku,
    }
}

/// From `Type`, else from the last part of `Product Category`.
fn category(rows: &[Row]) -> Option<String> {
    let standard = text(rows, Column::Category).rsplit('>').next().unwrap_or_default().trim();
    [text(rows, Column::Type), standard].into_iter().find(|name| !name.is_empty()).map(one_line)
}

fn named(name: String) -> CategoryData {
    CategoryData { name, ..CategoryData::default() }
}

fn refused(data: &CategoryData) -> Option<String> {
    let define = CategoryCommand::Define { data: data.clone() };
    Category::default().decide(&define, Timestamp(0)).err().map(|refusal| refusal.to_string())
}
