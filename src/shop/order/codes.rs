//! The error codes of orders. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    UNKNOWN_ORDER = "unknown_order", NOT_FOUND, "There is no such order";
    ORDER_NOT_PAYABLE = "order_not_payable", CONFLICT, "The order cannot be paid";
    ALREADY_PAID = "already_paid", CONFLICT, "The order is paid";
    ILLEGAL_MOVE = "illegal_move", CONFLICT, "The order cannot make this move now";
    NOT_FULFILLABLE = "not_fulfillable", CONFLICT, "The order cannot be fulfilled now";
    SHIPS_TOO_MANY = "ships_too_many", CONFLICT, "More units than are open to ship";
    TOO_MANY = "too_many", UNPROCESSABLE_ENTITY, "A bound was reached";
}
