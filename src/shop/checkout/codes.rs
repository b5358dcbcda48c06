//! The error codes of checkout. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    PRICE_CHANGED = "price_changed", CONFLICT, "Prices have changed since they were put into the cart";
    ITEM_WITHDRAWN = "item_withdrawn", CONFLICT, "Something in the cart is no longer sold";
    CHECKOUT_SUPERSEDED = "checkout_superseded", CONFLICT, "A newer checkout of the cart took this one's place";
    CART_EMPTY = "cart_empty", CONFLICT, "The cart is empty";
    UNKNOWN_SHIPPING_METHOD = "unknown_shipping_method", UNPROCESSABLE_ENTITY, "There is no such shipping method";
}
