//! The error codes of erasures. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    ORDERS_UNDER_WAY = "orders_under_way", CONFLICT, "Orders are on their way to this person";
    ORDER_OF_ACCOUNT = "order_of_account", CONFLICT, "The order is erased with its account";
}
