//! Names derived from a file: slugs, SKUs, ids. The same input gives the same name, for ever: a second import of a file
//! must find the first one's entities.

use uuid::Uuid;

use crate::domain::{
    category::{SLUG_MAX, is_slug},
    ids::{ProductId, Sku},
};

/// Of the ids of imported products (UUID version 5 of the handle).
const SPACE: Uuid = Uuid::from_u128(0x8e0c_1d52_47aa_4b1f_b0c5_3f6e_90d1_7a04);

pub(super) fn product_id(handle: &str) -> ProductId {
    ProductId(Uuid::new_v5(&SPACE, handle.as_bytes()))
}

/// The handle where it is a slug; else (Shopify allows more letters) its legal characters, made unique by a hash.
pub(super) fn slug(handle: &str) -> String {
    match is_slug(handle) {
        true => handle.to_owned(),
        false => hashed(&plain(handle), handle, SLUG_MAX),
    }
}

/// Lower case letters, digits and single dashes.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => plain.push(letter),
            _ if plain.is_empty() || plain.ends_with('-') => {}
            _ => plain.push('-'),
        }
    }
    plain.trim_end_matches('-').to_owned()
}

/// `kept`, cut so that a dash and eight digits of the whole's hash fit behind it.
fn hashed(kept: &str, whole: &str, max: usize) -> String {
    let hash = Uuid::new_v5(&SPACE, whole.as_bytes()).simple().to_string();
    let kept: String = kept.chars().take(max - 9).collect();
    match kept.is_empty() {
        true => hash[..8].to_owned(),
        false => format!("{kept}-{}", &hash[..8]),
    }
}

/// Of a category's name.
pub(super) fn category_slug(name: &str) -> String {
    let plain = plain(name);
    if is_slug(&plain) { plain } else { hashed(&plain, name, SLUG_MAX) }
}

/// For a variant without a SKU.
pub(super) fn derived_sku(slug: &str, values: &[String]) -> String {
    let whole = [slug].into_iter().chain(values.iter().map(String::as_str)).collect::<Vec<_>>().join("\0");
    let parts: Vec<String> = values.iter().map(|value| plain(value)).collect();
    let lossy = parts.iter().zip(values).any(|(part, value)| *part != value.to_lowercase());
    let readable = [slug].into_iter().chain(parts.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    // Where letters were lost or the code is too long, a hash of the whole keeps it apart from its neighbours.
    match lossy || readable.len() > Sku::LEN_MAX {
        true => hashed(&readable, &whole, Sku::LEN_MAX).to_uppercase(),
        false => readable.to_uppercase(),
    }
}
