//! The rules of a product's definition: one guard for each; the first broken rule is returned.
//!
//! The uniqueness of slugs and SKUs among all products is deliberately not checked here: one entity cannot know it. The
//! catalogue's read model gives a contested name to the smallest product id.

use std::collections::HashSet;

use super::{Image, ProductData, ProductRejection, Variant};
use crate::domain::{
    category::{SLUG_RULE, is_slug},
    text as characters,
};

/// Characters, unless the name says otherwise. Names, options, variants and images: as Shopify bounds them.
pub mod limits {
    pub const NAME_MAX: usize = 255;
    pub const DESCRIPTION_MAX: usize = 20_000;
    pub const BRAND_MAX: usize = 255;
    /// Options of a product.
    pub const OPTIONS_MAX: usize = 3;
    /// Values of one option: each variant may have its own.
    pub const VALUES_MAX: usize = VARIANTS_MAX;
    /// Of an option's name and of each value.
    pub const OPTION_TEXT_MAX: usize = 255;
    /// Variants of a product.
    pub const VARIANTS_MAX: usize = 2_048;
    /// Images of a product.
    pub const IMAGES_MAX: usize = 250;
    pub const URL_MAX: usize = 2_000;
    pub const ALT_MAX: usize = 500;
    /// Categories of a product.
    pub const CATEGORIES_MAX: usize = 10;
}

use limits::*;

type Checked = Result<(), ProductRejection>;

fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Checked {
    Err(ProductRejection::Invalid { field: field.into(), problem: problem.into() })
}

fn text(field: impl Into<String>, value: &str, min: usize, max: usize) -> Checked {
    plain_text(field, value, min, max, characters::is_plain)
}

fn plain_text(field: impl Into<String>, value: &str, min: usize, max: usize, plain: impl Fn(&str) -> bool) -> Checked {
    match value.chars().count() {
        found if found > max => invalid(field, format!("at most {max} characters expected, {found} found")),
        _ if min > 0 && !characters::shows(value) => invalid(field, "is empty, or nothing of it can be seen"),
        _ if !plain(value) => invalid(field, "has control characters, or such that turn the text"),
        _ => Ok(()),
    }
}

fn count(field: &str, found: usize, min: usize, max: usize) -> Checked {
    match (min..=max).contains(&found) {
        true => Ok(()),
        false => invalid(field, format!("{min} to {max} expected, {found} found")),
    }
}

fn image(field: &str, image: &Image) -> Checked {
    text(format!("{field}.url"), &image.url, 1, URL_MAX)?;
    text(format!("{field}.alt"), &image.alt, 0, ALT_MAX)
}

pub(super) fn check(data: &ProductData) -> Checked {
    if !is_slug(&data.slug) {
        return invalid("slug", format!("{SLUG_RULE} expected"));
    }
    text("name", &data.name, 1, NAME_MAX)?;
    plain_text("description", &data.description, 0, DESCRIPTION_MAX, characters::is_plain_block)?;
    text("brand", &data.brand, 0, BRAND_MAX)?;
    categories(&data.categories)?;
    options(data)?;
    variants(data)?;
    count("images", data.images.len(), 0, IMAGES_MAX)?;
    data.images.iter().try_for_each(|one| image("images", one))
}

fn categories(slugs: &[String]) -> Checked {
    count("categories", slugs.len(), 0, CATEGORIES_MAX)?;
    match slugs.iter().find(|slug| !is_slug(slug)) {
        Some(slug) => invalid("categories", format!("{SLUG_RULE} expected, {slug:?} found")),
        None if slugs.iter().collect::<HashSet<_>>().len() < slugs.len() => {
            invalid("categories", "a category is named twice")
        }
        None => Ok(()),
    }
}

fn options(data: &ProductData) -> Checked {
    count("options", data.options.len(), 0, OPTIONS_MAX)?;
    let mut names = HashSet::new();
    for option in &data.options {
        text("options.name", &option.name, 1, OPTION_TEXT_MAX)?;
        if !names.insert(&option.name) {
            return invalid("options", format!("{:?} stands twice", option.name));
        }
        count("options.values", option.values.len(), 1, VALUES_MAX)?;
        option.values.iter().try_for_each(|value| text("options.values", value, 1, OPTION_TEXT_MAX))?;
        if option.values.iter().collect::<HashSet<_>>().len() < option.values.len() {
            return invalid("options.values", format!("a value of {:?} stands twice", option.name));
        }
    }
    Ok(())
}

fn variants(data: &ProductData) -> Checked {
    count("variants", data.variants.len(), 1, VARIANTS_MAX)?;
    let (mut skus, mut combinations) = (HashSet::new(), HashSet::new());
    let currency = data.variants[0].price.currency;
    let known: Vec<HashSet<&String>> = data.options.iter().map(|option| option.values.iter().collect()).collect();
    for variant in &data.variants {
        if !skus.insert(&variant.sku) {
            return invalid("variants.sku", format!("{} stands twice", variant.sku));
        }
        legal_options(data, variant, &known)?;
        if !combinations.insert(&variant.options) {
            return invalid("variants.options", format!("{} repeats another variant's options", variant.sku));
        }
        if variant.price.amount < 0 {
            return invalid("variants.price", format!("{} is below zero", variant.price.amount));
        }
        if variant.price.currency != currency {
            return invalid("variants.price", format!("{currency} expected, {} found", variant.price.currency));
        }
        variant.image.iter().try_for_each(|one| image("variants.image", one))?;
    }
    Ok(())
}

/// `known`: each option's values; a list of 2,048 is not searched 2,048 times.
fn legal_options(data: &ProductData, variant: &Variant, known: &[HashSet<&String>]) -> Checked {
    if variant.options.len() != data.options.len() {
        let (wanted, found) = (data.options.len(), variant.options.len());
        return invalid("variants.options", format!("{}: {wanted} values expected, {found} found", variant.sku));
    }
    for ((option, value), known) in data.options.iter().zip(&variant.options).zip(known) {
        if !known.contains(value) {
            return invalid("variants.options", format!("{}: {value:?} is no {:?}", variant.sku, option.name));
        }
    }
    Ok(())
}
