//! The error codes of products and SKUs. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    UNKNOWN_PRODUCT = "unknown_product", NOT_FOUND, "There is no such product";
    UNKNOWN_SKU = "unknown_sku", NOT_FOUND, "The shop sells no such SKU";
}
