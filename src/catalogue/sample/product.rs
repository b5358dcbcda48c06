//! Makes the products of one family: a name from its words, three sentences, a price, variants, pictures.

use uuid::Uuid;

use super::{
    family::{Colour, Family, Word},
    picture,
    rng::Rng,
};
use crate::domain::{
    ids::{ProductId, Sku},
    money::{Currency, Money},
    product::{Image, ProductData, ProductOption, Variant},
};

/// Of the sample shop's ids (UUID version 5).
const SPACE: Uuid = Uuid::from_u128(0x51c9_6c3e_6d5f_4f0e_9a55_8d1c_0a2b_7e01);

/// Percent of a family's middle price. Long-tailed: most near the middle, a few far above.
const SPREAD: &[u32] = &[62, 70, 75, 80, 85, 90, 90, 95, 100, 100, 100, 105, 110, 115, 120, 130, 145, 165, 200, 280];

pub(super) fn extend(products: &mut Vec<(ProductId, ProductData)>, seed: u64, family: &Family) {
    let mut rng = Rng::new(seed, family.category);
    let mut names: Vec<(&Word, &Word)> =
        family.leads.iter().flat_map(|lead| family.materials.iter().map(move |material| (lead, material))).collect();
    rng.shuffle(&mut names);
    for (n, words) in names.into_iter().take(family.count).enumerate() {
        let data = make(family, n, words, &mut rng);
        products.push((ProductId(Uuid::new_v5(&SPACE, format!("{seed}/{}", data.slug).as_bytes())), data));
    }
}

fn make(family: &Family, n: usize, (lead, material): (&Word, &Word), rng: &mut Rng) -> ProductData {
    let words = match family.material_first {
        true => [material.0, lead.0, family.noun],
        false => [lead.0, material.0, family.noun],
    };
    let name = words.join(" ").trim().to_owned();
    let detail = family.details[rng.below(family.details.len())];
    let brand = family.brands[rng.below(family.brands.len())];
    let colours = colours(family, n, rng);
    let number = rng.below(usize::from(picture::NUMBER_MAX) + 1) as u16;
    let images: Vec<Image> = colours.iter().map(|colour| image(family, &name, *colour, number)).collect();
    let price = price(family.price, rng);
    ProductData {
        slug: slug(&name),
        description: format!("{} {} {detail}", lead.1, material.1),
        brand: brand.into(),
        categories: vec![family.category.into()],
        options: options(family, &colours),
        variants: variants(family, n, &colours, &images, price),
        images,
        name,
    }
}

fn colours(family: &Family, n: usize, rng: &mut Rng) -> Vec<Colour> {
    let mut palette = family.palette.to_vec();
    rng.shuffle(&mut palette);
    palette.truncate(family.colours[n % family.colours.len()]);
    palette
}

fn options(family: &Family, colours: &[Colour]) -> Vec<ProductOption> {
    if family.sizes.is_empty() {
        return Vec::new();
    }
    let option = |name: &str, values: Vec<String>| ProductOption { name: name.into(), values };
    vec![
        option("Colour", colours.iter().map(|(name, _)| (*name).into()).collect()),
        option("Size", family.sizes.iter().map(|size| (*size).into()).collect()),
    ]
}

/// A size above the usual costs more in every fourth product.
const EXTRA: i64 = 500;

fn variants(family: &Family, n: usize, colours: &[Colour], images: &[Image], price: i64) -> Vec<Variant> {
    let code = format!("{}-{:03}", family.code, n + 1);
    let variant = |sku: String, options: Vec<String>, amount: i64, image: Option<Image>| {
        // Unreachable failure: codes, colours and sizes are letters, digits and dashes of our own tables (see the tests).
        let sku = Sku::parse(&sku).ok()?;
        Some(Variant { sku, options, price: Money { amount, currency: Currency::EUR }, image })
    };
    if family.sizes.is_empty() {
        return variant(code, Vec::new(), price, None).into_iter().collect();
    }
    let mut variants = Vec::with_capacity(colours.len() * family.sizes.len());
    for ((colour, _), image) in colours.iter().zip(images) {
        for (at, size) in family.sizes.iter().enumerate() {
            let extra = if n % 4 == 3 && at + 1 == family.sizes.len() { EXTRA } else { 0 };
            let sku = format!("{code}-{}-{size}", colour.to_uppercase());
            variants.extend(variant(sku, vec![(*colour).into(), (*size).into()], price + extra, Some(image.clone())));
        }
    }
    variants
}

fn image(family: &Family, name: &str, (colour, hex): Colour, number: u16) -> Image {
    Image { url: picture::path(family.picture, hex, number), alt: format!("{name} in {}", colour.to_lowercase()) }
}

/// Minor units. Shops do not charge 71.37: x.90 up to 100, then 5 or 10 steps that end just below.
fn price(middle: u32, rng: &mut Rng) -> i64 {
    let raw = i64::from(middle) * i64::from(SPREAD[rng.below(SPREAD.len())]) / 100;
    match raw {
        ..2_000 => (raw + 50) / 100 * 100 - 10,
        2_000..10_000 => (raw + 250) / 500 * 500 - 10,
        10_000..50_000 => (raw + 500) / 1_000 * 1_000 - 100,
        _ => (raw + 2_500) / 5_000 * 5_000 - 100,
    }
}

fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in name.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            'é' | 'è' => slug.push('e'),
            '\'' => {}
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_matches('-').to_owned()
}
