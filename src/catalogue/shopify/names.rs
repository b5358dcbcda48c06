//! Names derived from a file: slugs, SKUs, ids. The same input gives the same name, for ever: a second import of a file
//! must find the first one's entities.

use std::collections::HashMap;

use deunicode::deunicode;
use uuid::Uuid;

use crate::domain::{
    category::{SLUG_MAX, is_slug},
    ids::ProductId,
};

/// Of the ids of imported products (UUID version 5 of the handle).
const SPACE: Uuid = Uuid::from_u128(0x8e0c_1d52_47aa_4b1f_b0c5_3f6e_90d1_7a04);
/// Bytes of a SKU made here. Frozen, though longer ones are legal: another bound would make other SKUs.
const MADE_SKU_MAX: usize = 64;

pub(super) fn product_id(handle: &str) -> ProductId {
    ProductId(Uuid::new_v5(&SPACE, handle.as_bytes()))
}

/// The handle where it is a slug; else (Shopify allows more letters) what is legible of it, made unique by a hash.
pub(super) fn slug(handle: &str) -> String {
    match is_slug(handle) {
        true => handle.to_owned(),
        false => hashed(&readable(handle), handle, SLUG_MAX, 8),
    }
}

/// A handle for a product whose file has none, as Shopify makes it.
pub(super) fn handle_of(title: &str) -> String {
    let readable = readable(title);
    if is_slug(&readable) { readable } else { hashed(&readable, title, SLUG_MAX, 8) }
}

/// In Latin letters: `Кружки 2024` reads `kruzhki-2024`.
fn readable(text: &str) -> String {
    plain(&deunicode(text))
}

/// Lower case letters, digits and single dashes. Frozen: SKUs are made from it.
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

/// `kept`, cut so that a dash and so many digits of the whole's hash fit behind it.
fn hashed(kept: &str, whole: &str, max: usize, digits: usize) -> String {
    let hash = Uuid::new_v5(&SPACE, whole.as_bytes()).simple().to_string();
    let kept: String = kept.chars().take(max - digits - 1).collect();
    match kept.is_empty() {
        true => hash[..digits].to_owned(),
        false => format!("{kept}-{}", &hash[..digits]),
    }
}

/// For a variant without a SKU, or with one that another has.
pub(super) fn made_sku(handle: &str, values: &[String]) -> String {
    let slug = match is_slug(handle) {
        true => handle.to_owned(),
        false => hashed(&plain(handle), handle, SLUG_MAX, 8),
    };
    let whole = [slug.as_str()].into_iter().chain(values.iter().map(String::as_str)).collect::<Vec<_>>().join("\0");
    let parts: Vec<String> = values.iter().map(|value| plain(value)).collect();
    let lossy = parts.iter().zip(values).any(|(part, value)| *part != value.to_lowercase());
    let readable = [slug.as_str()].into_iter().chain(parts.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    // Where letters were lost or the code is too long, a hash of the whole keeps it apart from its neighbours.
    match lossy || readable.len() > MADE_SKU_MAX {
        true => hashed(&readable, &whole, MADE_SKU_MAX, 8).to_uppercase(),
        false => readable.to_uppercase(),
    }
}

/// Which slug each category has: no two names share one (`C`, `C++`, `C#`), and a name keeps its own.
#[derive(Clone, Debug, Default)]
pub struct Categories {
    slugs: HashMap<String, String>,
    taken: HashMap<String, String>,
}

impl Categories {
    /// `(slug, name)` of those that the shop has.
    pub fn known(categories: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut known = Self::default();
        for (slug, name) in categories {
            let name = Self::compared(&name);
            known.slugs.entry(name.clone()).or_insert_with(|| slug.clone());
            known.taken.insert(slug, name);
        }
        known
    }

    /// Without regard to case and spaces: `Mugs` and `mugs` are one name.
    fn compared(name: &str) -> String {
        name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    }

    pub(super) fn slug(&mut self, name: &str) -> String {
        let compared = Self::compared(name);
        if let Some(slug) = self.slugs.get(&compared) {
            return slug.clone();
        }
        let readable = readable(&compared);
        let hashes = [8, 32].map(|digits| hashed(&readable, &compared, SLUG_MAX, digits));
        let mut candidates = [readable].into_iter().chain(hashes);
        // The last one has all of the hash: two names with it do not exist.
        let free = candidates.find(|slug| is_slug(slug) && !self.taken.contains_key(slug)).unwrap_or_default();
        self.taken.insert(free.clone(), compared.clone());
        self.slugs.insert(compared, free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_of_categories_share_a_slug() {
        let names = ["C", "C++", "C#", "Кружки 2024", "Футболки 2024", "Thé", "Th", "The", "杯", "!!!", "???"];
        let mut categories = Categories::default();
        let slugs = names.map(|name| categories.slug(name));
        let distinct: std::collections::BTreeSet<_> = slugs.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{slugs:?}");
        assert_eq!([&slugs[0], &slugs[3], &slugs[4], &slugs[5]], ["c", "kruzhki-2024", "futbolki-2024", "the"]);
        assert_eq!(categories.slug("  c++ "), slugs[1], "one name, though written otherwise");
        // A later import, in another order, finds what the shop has.
        let shop = slugs.iter().cloned().zip(names.map(str::to_owned));
        let mut later = Categories::known(shop);
        for (name, slug) in names.iter().zip(&slugs).rev() {
            assert_eq!(&later.slug(name), slug);
        }
    }

    #[test]
    fn made_skus_are_frozen() {
        let made = |handle: &str, values: &[&str]| {
            made_sku(handle, &values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(made("linen-overshirt", &["Navy", "S"]), "LINEN-OVERSHIRT-NAVY-S");
        assert_eq!(made("mug", &["Grün"]), made("mug", &["Grün"]));
        assert!(made("mug", &["Grün"]).starts_with("MUG-GR-N-"));
        assert!(made("カップ", &["赤"]).is_ascii() && made("カップ", &["赤"]) != made("カップ", &["青"]));
    }
}
