//! A SKU in a path or a body: known to the shop, or a 404 that names it.

use super::catalogue::SkuCard;
use crate::{
    domain::ids::Sku,
    http::{Code, Problem},
    shop::AppState,
};

pub fn unknown(sku: &str) -> Problem {
    // An illegal SKU is an unknown one too; a long text is cut in the response.
    let shown: String = sku.chars().take(Sku::LEN_MAX).collect();
    Problem::new(Code::UNKNOWN_SKU, "the shop sells no such SKU").with("sku", shown)
}

/// The SKU and its card in the catalogue.
pub fn known(state: &AppState, text: &str) -> Result<(Sku, SkuCard), Problem> {
    let sku = Sku::parse(text).map_err(|_| unknown(text))?;
    let card = state.catalogue.sku(&sku).ok_or_else(|| unknown(text))?;
    Ok((sku, card))
}
