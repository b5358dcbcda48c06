//! A product's options, its variants and their first stock, from its rows.

use std::collections::HashSet;

use super::{
    BadFile, Fault, FirstStock, Told,
    build::{Build, one_line, whole},
    columns::{Column, OPTIONS},
    images, names, offer, price,
    row::Row,
};
use crate::domain::{
    ids::Sku,
    money::Money,
    product::{ProductOption, Variant, limits},
    stock::StockPolicy,
};

/// Shopify's name for "no options".
const NO_OPTION: (&str, &str) = ("title", "default title");

type Variants = (Vec<ProductOption>, Vec<Variant>, Vec<FirstStock>);

pub(super) fn of(rows: &[Row], build: &mut Build<'_>) -> Variants {
    let Some(names) = option_names(rows, build.bad) else { return Variants::default() };
    let title = whole(rows, Column::Title).map_or("", |(_, title)| title);
    let mut options: Vec<ProductOption> =
        names.iter().map(|(_, name)| ProductOption { name: name.clone(), values: Vec::new() }).collect();
    let mut known: Vec<HashSet<String>> = vec![HashSet::new(); names.len()];
    let (mut variants, mut stock, mut combinations) = (Vec::new(), Vec::new(), HashSet::new());
    for (n, row) in rows.iter().enumerate() {
        // The first row of a product is its variant, though it may have nothing but a title.
        if n > 0 && row.is_image_only() {
            if row.get(Column::ImageSrc).is_empty() && row.get(Column::Title).is_empty() {
                row.bad_line(build.bad, Fault::Row, "the row has neither a variant nor an image");
            }
            continue;
        }
        // Stops here: the next complaints would be of the same kind.
        if combinations.len() == limits::VARIANTS_MAX {
            let why = format!("a product has at most {} variants", limits::VARIANTS_MAX);
            row.bad_line(build.bad, Fault::Options, why);
            break;
        }
        let values: Vec<String> = names.iter().map(|(column, _)| one_line(row.get(*column))).collect();
        for ((column, name), value) in names.iter().zip(&values) {
            if value.is_empty() {
                row.bad(build.bad, *column, Fault::Options, format!("a value for {name:?} is missing"));
            }
        }
        if !combinations.insert(values.clone()) {
            let column = names.first().map_or(Column::Sku, |(column, _)| *column);
            let why = format!("another row of {:?} has the same options", row.handle());
            row.bad(build.bad, column, Fault::Options, why);
        }
        let parsed = (sku(row, &values, build), price(row, build), units(row, build.bad));
        let (Some(sku), Some(price), Some(units)) = parsed else { continue };
        for ((option, known), value) in options.iter_mut().zip(&mut known).zip(&values) {
            if known.insert(value.clone()) {
                option.values.push(value.clone());
            }
        }
        let image = images::image(row, Column::VariantImage, title, build.bad);
        stock.push(first_stock(row, &sku, units, build));
        variants.push(Variant { sku, options: values, price, image });
    }
    (options, variants, stock)
}

/// Each option's column of values and name. `None`: told as one complaint, for each row behind it would be another.
fn option_names(rows: &[Row], bad: &mut BadFile) -> Option<Vec<(Column, String)>> {
    let mut names = Vec::new();
    for (name, value) in OPTIONS {
        match (whole(rows, name), whole(rows, value)) {
            (Some((_, name)), _) => names.push((value, one_line(name))),
            (None, Some((row, cell))) if cell.to_lowercase() != NO_OPTION.1 => {
                let column = if row.has(name) { name } else { value };
                let why = format!("the option has no name on any row of {:?}, but the value {cell:?}", row.handle());
                row.bad(bad, column, Fault::Options, why);
                return None;
            }
            (None, _) => {}
        }
    }
    let default = |(value, name): &(Column, String)| {
        name.to_lowercase() == NO_OPTION.0
            && whole(rows, *value).is_none_or(|(_, cell)| cell.to_lowercase() == NO_OPTION.1)
    };
    match names.as_slice() {
        [only] if default(only) => Some(Vec::new()),
        _ => Some(names),
    }
}

/// A missing SKU is made from handle and options, the same each time; so is a second one of the file, if that is asked
/// for.
fn sku(row: &Row, values: &[String], build: &mut Build<'_>) -> Option<Sku> {
    // Shopify's exports guard numbers against spreadsheets by an apostrophe.
    let given = row.get(Column::Sku).trim_start_matches('\'').trim();
    let made = || names::made_sku(row.handle(), values);
    if is_shortened(given) {
        let why = format!("a spreadsheet has shortened the number to {given}; export the file anew");
        row.bad(build.bad, Column::Sku, Fault::Sku, why);
        return None;
    }
    let text = if given.is_empty() { made() } else { given.to_owned() };
    let mut sku = parse(row, &text, build.bad)?;
    let mut told = given.is_empty().then_some(Told::SkuMade);
    if build.asked.derive_skus && !given.is_empty() && build.skus.contains_key(&sku) {
        sku = parse(row, &made(), build.bad)?;
        told = Some(Told::SkuAgain);
    }
    if let Some(line) = build.skus.get(&sku) {
        row.bad(build.bad, Column::Sku, Fault::SkuTwice, format!("{sku} stands on line {line} already"));
        return None;
    }
    if let Some(told) = told {
        build.notes.add(told, sku.as_str());
    }
    build.skus.insert(sku.clone(), row.line);
    Some(sku)
}

/// `4.00639E+12`: the digits behind are lost, and other codes look the same.
fn is_shortened(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let number = |part: &str| part.split_once('.').map_or(digits(part), |(whole, rest)| digits(whole) && digits(rest));
    text.to_ascii_uppercase().split_once("E+").is_some_and(|(number_part, power)| number(number_part) && digits(power))
}

fn parse(row: &Row, text: &str, bad: &mut BadFile) -> Option<Sku> {
    Sku::parse(text).map_err(|error| row.bad(bad, Column::Sku, Fault::Sku, error.to_string())).ok()
}

fn price(row: &Row, build: &mut Build<'_>) -> Option<Money> {
    let currency = build.asked.currency;
    match price::minor_units(row.get(Column::Price), currency, row.decimal_comma()) {
        Ok(amount) => Some(Money { amount, currency }),
        Err(why) => {
            row.bad(build.bad, Column::Price, Fault::Price, why);
            None
        }
    }
}

/// `2.0` is what a data frame makes of 2. An empty cell is none.
fn units(row: &Row, bad: &mut BadFile) -> Option<i64> {
    let text = row.get(Column::Quantity);
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) | None => text,
    };
    match whole.parse::<i64>() {
        _ if text.is_empty() => Some(0),
        Ok(units) if units <= i64::from(u32::MAX) => Some(units),
        Ok(_) | Err(_) => {
            let why = format!("a whole number of at most {} expected, {text:?} found", u32::MAX);
            row.bad(bad, Column::Quantity, Fault::Quantity, why);
            None
        }
    }
}

/// A negative quantity counts as 0: units that Shopify oversold cannot be sold again.
fn first_stock(row: &Row, sku: &Sku, units: i64, build: &mut Build<'_>) -> FirstStock {
    let policy = offer::policy(row, build.asked);
    let uncounted = row.get(Column::Quantity).is_empty();
    let told = match policy {
        Some(StockPolicy::Untracked) => Some(Told::Untracked),
        Some(StockPolicy::Backorder { .. }) => Some(Told::Backorder),
        Some(StockPolicy::Tracked) | None if uncounted => Some(Told::Uncounted),
        Some(StockPolicy::Tracked) | None if units < 0 => Some(Told::Negative),
        Some(StockPolicy::Tracked) | None => None,
    };
    if let Some(told) = told {
        build.notes.add(told, sku.as_str());
    }
    FirstStock { sku: sku.clone(), units: u32::try_from(units).unwrap_or(0), policy }
}
