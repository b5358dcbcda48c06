//! The error codes of stock. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    OUT_OF_STOCK = "out_of_stock", CONFLICT, "There is not enough stock";
    HOLD_CONFLICT = "hold_conflict", CONFLICT, "A hold of this name exists with other units";
    HOLD_OF_ORDER = "hold_of_order", CONFLICT, "The hold belongs to an order";
    NO_HOLD = "no_hold", CONFLICT, "There is no such hold";
    HOLD_NOT_COMMITTED = "hold_not_committed", CONFLICT, "The hold is not committed";
    TOO_MANY_HOLDS = "too_many_holds", CONFLICT, "Too many holds are open on this SKU";
    RETURNS_TOO_MANY = "returns_too_many", CONFLICT, "More units than were shipped";
    ADJUSTS_BELOW_ZERO = "adjusts_below_zero", CONFLICT, "The adjustment takes more than is available";
}
