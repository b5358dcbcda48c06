//! One product from its rows. Every problem is reported at its own line and column; a product with one is left out.

use std::collections::{HashMap, HashSet};

use super::{
    BadFile, Import,
    columns::{Column, OPTIONS},
    html, names, price,
    row::Row,
};
use crate::domain::{
    category::CategoryData,
    entity::Entity,
    ids::Sku,
    money::{Currency, Money},
    product::{Image, Product, ProductCommand, ProductData, ProductOption, ProductRejection, Variant, limits},
    time::Timestamp,
};

/// Shopify's name for "no options".
const NO_OPTION: (&str, &str) = ("title", "default title");

/// `skus`: where each SKU of the file was first seen.
pub(super) fn product(
    rows: &[Row],
    currency: Currency,
    skus: &mut HashMap<Sku, u64>,
    bad: &mut BadFile,
) -> Option<Import> {
    let first = rows.first()?;
    let before = bad.total();
    let title = first.get(Column::Title);
    if title.is_empty() {
        first.bad(bad, Column::Title, "is empty on the first row of its product");
    }
    let on_sale = on_sale(first, bad);
    let slug = names::slug(first.handle());
    let (options, variants, stock) = variants(rows, &slug, currency, skus, bad);
    let category = category(first);
    let data = ProductData {
        slug,
        name: title.to_owned(),
        description: html::to_text(first.get(Column::Body)),
        brand: first.get(Column::Vendor).to_owned(),
        categories: category.iter().map(|(slug, _)| slug.clone()).collect(),
        options,
        variants,
        images: images(rows, title, bad),
    };
    let id = names::product_id(first.handle());
    // The rows are valid; now the shop's own rules for the whole product.
    if bad.total() == before {
        let define = ProductCommand::Define { product: id, data: Box::new(data.clone()) };
        if let Err(ProductRejection::Invalid { field, problem }) = Product::default().decide(&define, Timestamp(0)) {
            first.bad(bad, column_of(&field), format!("{field}: {problem}"));
        }
    }
    let category = category.map(|(_, data)| data);
    (bad.total() == before).then_some(Import { id, data, category, stock, on_sale })
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

fn on_sale(first: &Row, bad: &mut BadFile) -> bool {
    let status = first.get(Column::Status).to_lowercase();
    if !matches!(status.as_str(), "" | "active" | "draft" | "archived" | "unlisted") {
        first.bad(bad, Column::Status, format!("active, draft or archived expected, {status:?} found"));
    }
    let published = first.get(Column::Published).to_lowercase();
    if !matches!(published.as_str(), "" | "true" | "false") {
        first.bad(bad, Column::Published, format!("TRUE or FALSE expected, {published:?} found"));
    }
    matches!(status.as_str(), "" | "active") && published != "false"
}

/// From `Type`, else from the last part of `Product Category`.
fn category(first: &Row) -> Option<(String, CategoryData)> {
    let standard = first.get(Column::Category).rsplit('>').next().unwrap_or_default().trim();
    let name = [first.get(Column::Type), standard].into_iter().find(|name| !name.is_empty())?;
    Some((names::category_slug(name), CategoryData { name: name.to_owned(), ..CategoryData::default() }))
}

fn option_names(first: &Row) -> Vec<(Column, String)> {
    let named = |(name, value): (Column, Column)| (value, first.get(name).to_owned());
    let names: Vec<_> = OPTIONS.map(named).into_iter().filter(|(_, name)| !name.is_empty()).collect();
    let default = |(value, name): &(Column, String)| {
        name.to_lowercase() == NO_OPTION.0 && first.get(*value).to_lowercase() == NO_OPTION.1
    };
    match names.as_slice() {
        [only] if default(only) => Vec::new(),
        _ => names,
    }
}

type Variants = (Vec<ProductOption>, Vec<Variant>, Vec<(Sku, u32)>);

fn variants(rows: &[Row], slug: &str, currency: Currency, skus: &mut HashMap<Sku, u64>, bad: &mut BadFile) -> Variants {
    let Some(first) = rows.first() else { return Variants::default() };
    let names = option_names(first);
    let mut options: Vec<ProductOption> =
        names.iter().map(|(_, name)| ProductOption { name: name.clone(), values: Vec::new() }).collect();
    let (mut variants, mut stock, mut combinations) = (Vec::new(), Vec::new(), HashSet::new());
    for (n, row) in rows.iter().enumerate() {
        if n > 0 && row.is_image_only() {
            if row.get(Column::ImageSrc).is_empty() {
                row.bad_line(bad, "the row has neither a variant nor an image");
            }
            continue;
        }
        // Stops here: the next checks grow with the square of a product's rows.
        if combinations.len() == limits::VARIANTS_MAX {
            row.bad_line(bad, format!("a product has at most {} variants", limits::VARIANTS_MAX));
            break;
        }
        let values: Vec<String> = names.iter().map(|(column, _)| row.get(*column).to_owned()).collect();
        for ((column, name), value) in names.iter().zip(&values) {
            if value.is_empty() {
                row.bad(bad, *column, format!("a value for {name:?} is missing"));
            }
        }
        if !combinations.insert(values.clone()) {
            let column = names.first().map_or(Column::Sku, |(column, _)| *column);
            row.bad(bad, column, format!("another row of {:?} has the same options", row.handle()));
        }
        let parsed = (sku(row, slug, &values, skus, bad), price(row, currency, bad), quantity(row, bad));
        let (Some(sku), Some(price), Some(units)) = parsed else { continue };
        for (option, value) in options.iter_mut().zip(&values) {
            if !option.values.contains(value) {
                option.values.push(value.clone());
            }
        }
        let image = image(row, Column::VariantImage, first.get(Column::Title), bad);
        stock.push((sku.clone(), units));
        variants.push(Variant { sku, options: values, price, image });
    }
    (options, variants, stock)
}

/// A missing SKU is made from slug and options, the same each time.
fn sku(row: &Row, slug: &str, values: &[String], skus: &mut HashMap<Sku, u64>, bad: &mut BadFile) -> Option<Sku> {
    // Shopify's exports guard numbers against spreadsheets by an apostrophe.
    let text = match row.get(Column::Sku).trim_start_matches('\'') {
        "" => names::derived_sku(slug, values),
        given => given.to_owned(),
    };
    let sku = match Sku::parse(&text) {
        Ok(sku) => sku,
        Err(error) => {
            row.bad(bad, Column::Sku, error.to_string());
            return None;
        }
    };
    match skus.get(&sku) {
        Some(line) => {
            row.bad(bad, Column::Sku, format!("{sku} stands on line {line} already"));
            None
        }
        None => {
            skus.insert(sku.clone(), row.line);
            Some(sku)
        }
    }
}

fn price(row: &Row, currency: Currency, bad: &mut BadFile) -> Option<Money> {
    match price::minor_units(row.get(Column::Price), currency) {
        Ok(amount) => Some(Money { amount, currency }),
        Err(why) => {
            row.bad(bad, Column::Price, why);
            None
        }
    }
}

/// An empty or negative quantity counts as 0: units that Shopify oversold cannot be sold again.
fn quantity(row: &Row, bad: &mut BadFile) -> Option<u32> {
    let text = row.get(Column::Quantity);
    match text.parse::<i64>() {
        _ if text.is_empty() => Some(0),
        Ok(units) if units <= i64::from(u32::MAX) => u32::try_from(units).ok().or(Some(0)),
        Ok(_) | Err(_) => {
            row.bad(bad, Column::Quantity, format!("a whole number of at most {} expected, {text:?} found", u32::MAX));
            None
        }
    }
}

fn image(row: &Row, column: Column, title: &str, bad: &mut BadFile) -> Option<Image> {
    let url = row.get(column);
    if url.is_empty() {
        return None;
    }
    if !url.starts_with("https://") && !url.starts_with("http://") {
        row.bad(bad, column, "an address that begins with https:// or http:// expected");
        return None;
    }
    let alt = match column == Column::ImageSrc && !row.get(Column::ImageAlt).is_empty() {
        true => row.get(Column::ImageAlt),
        false => title,
    };
    Some(Image { url: url.to_owned(), alt: alt.to_owned() })
}

/// By `Image Position`, those without one last; each address once.
fn images(rows: &[Row], title: &str, bad: &mut BadFile) -> Vec<Image> {
    let mut placed: Vec<(u32, Image)> = Vec::new();
    for row in rows {
        let Some(image) = image(row, Column::ImageSrc, title, bad) else { continue };
        let position = match row.get(Column::ImagePosition) {
            "" => u32::MAX,
            text => text.parse().unwrap_or_else(|_| {
                row.bad(bad, Column::ImagePosition, format!("a whole number expected, {text:?} found"));
                u32::MAX
            }),
        };
        if placed.iter().any(|(_, known)| known.url == image.url) {
            continue;
        }
        if placed.len() == limits::IMAGES_MAX {
            row.bad(bad, Column::ImageSrc, format!("a product has at most {} images", limits::IMAGES_MAX));
            break;
        }
        placed.push((position, image));
    }
    placed.sort_by_key(|(position, _)| *position);
    placed.into_iter().map(|(_, image)| image).collect()
}
