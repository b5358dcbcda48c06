//! The error codes of categories. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    UNKNOWN_CATEGORY = "unknown_category", NOT_FOUND, "There is no such category";
}
