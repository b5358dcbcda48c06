//! The error codes of unpaid orders. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    SHARE_TAKEN = "share_taken", CONFLICT, "One buyer may not keep more of it unpaid";
    CHECKOUT_TOO_LARGE = "checkout_too_large", CONFLICT, "More units than may wait for one payment";
    TOO_MUCH_UNPAID = "too_much_unpaid", TOO_MANY_REQUESTS, "Too much waits for a payment already";
    CHECKOUT_PAUSED = "checkout_paused", TOO_MANY_REQUESTS, "Too many orders were left unpaid; wait a while";
}
