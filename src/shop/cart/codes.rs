//! The error codes of carts. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    UNKNOWN_LINE = "unknown_line", NOT_FOUND, "The cart has no such line";
    BAD_QUANTITY = "bad_quantity", UNPROCESSABLE_ENTITY, "The quantity is out of bounds";
    TOO_MANY_LINES = "too_many_lines", UNPROCESSABLE_ENTITY, "Too many lines";
}
