//! The index tables of orders, payments, products and stock: their names, and how their keys are built and read back. A
//! newer capability keeps its tables beside its projection and takes only the parts of a key from here.
//!
//! A key sorts as its list is shown. Text parts end with a zero byte (no name holds one), times are
//! the big-endian bitwise complement of their milliseconds, so that the newest stands first, and the
//! id of the entity comes last.

mod addresses;

use uuid::Uuid;

pub use self::addresses::AddressIndex;
use crate::domain::{
    ids::{OrderId, PaymentId, ProductId, Sku, UserId},
    order::{OrderStatus, PaymentStatus},
    time::Timestamp,
};

/// category slug, 0, name in lower case, 0, product id
pub const PRODUCTS_BY_CATEGORY: &str = "products_by_category";
/// placed_at (newest first), order id
pub const ORDERS_ALL: &str = "orders_all";
/// user id, placed_at (newest first), order id
pub const ORDERS_BY_USER: &str = "orders_by_user";
/// lifecycle, 0, placed_at (newest first), order id
pub const ORDERS_BY_STATUS: &str = "orders_by_status";
/// order number big-endian, order id
pub const ORDERS_BY_NUMBER: &str = "orders_by_number";
/// e-mail in lower case as tokens, placed_at (newest first), 0, lifecycle, 0, order id
pub const ORDERS_BY_EMAIL: &str = "orders_by_email";
/// opening time (newest first), payment id
pub const PAYMENTS_ALL: &str = "payments_all";
/// user id, opening time (newest first), payment id
pub const PAYMENTS_BY_USER: &str = "payments_by_user";
/// payment status, 0, opening time (newest first), payment id
pub const PAYMENTS_BY_STATUS: &str = "payments_by_status";
/// SKU; a row where available <= threshold
pub const STOCK_LOW: &str = "stock_low";

const ID_LEN: usize = 16;

/// Sorts newer moments before older ones; moments before 1970 count as 1970.
pub fn newest_first(at: Timestamp) -> [u8; 8] {
    (!at.0.max(0).unsigned_abs()).to_be_bytes()
}

/// A text part with its end mark; zero bytes inside are dropped, so that no text extends into the next part.
pub fn text(part: &str) -> Vec<u8> {
    part.bytes().filter(|byte| *byte != 0).chain([0]).collect()
}

/// Prefix of one category's rows in [`PRODUCTS_BY_CATEGORY`].
pub fn category_prefix(slug: &str) -> Vec<u8> {
    text(slug)
}

/// Prefix of one user's rows in [`ORDERS_BY_USER`] and [`PAYMENTS_BY_USER`].
pub fn user_prefix(user: UserId) -> Vec<u8> {
    user.0.as_bytes().to_vec()
}

/// Prefix of one status in [`ORDERS_BY_STATUS`].
pub fn lifecycle_prefix(lifecycle: OrderStatus) -> Vec<u8> {
    text(lifecycle.name())
}

/// Prefix of one status in [`PAYMENTS_BY_STATUS`].
pub fn payment_status_prefix(status: PaymentStatus) -> Vec<u8> {
    text(status.name())
}

/// What every key in [`ORDERS_BY_EMAIL`] of an e-mail that begins so begins with.
pub fn email_prefix(index: &AddressIndex, beginning: &str) -> Vec<u8> {
    index.beginning(&beginning.to_lowercase())
}

/// One order's key in [`ORDERS_BY_EMAIL`].
pub fn email_key(index: &AddressIndex, email: &str, at: Timestamp, status: OrderStatus, order: OrderId) -> Vec<u8> {
    let email = index.whole(&email.to_lowercase());
    [&email[..], &newest_first(at), &[0], &text(status.name()), order.0.as_bytes()].concat()
}

/// Whether a key of [`ORDERS_BY_EMAIL`] is of an order in this status.
pub fn email_key_has(key: &[u8], status: OrderStatus) -> bool {
    // Between two zero bytes, so that no other status ends in the same words.
    let end = [&[0], &text(status.name())[..]].concat();
    key.len().checked_sub(ID_LEN).is_some_and(|id| key[..id].ends_with(&end))
}

/// Prefix of one number in [`ORDERS_BY_NUMBER`].
pub fn number_prefix(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn last_id(key: &[u8]) -> Option<Uuid> {
    key.last_chunk::<ID_LEN>().map(|bytes| Uuid::from_bytes(*bytes))
}

/// The order of a row of any `ORDERS_` table.
pub fn order_of(key: &[u8]) -> Option<OrderId> {
    last_id(key).map(OrderId)
}

/// The payment of a row of any `PAYMENTS_` table.
pub fn payment_of(key: &[u8]) -> Option<PaymentId> {
    last_id(key).map(PaymentId)
}

/// The product of a row of [`PRODUCTS_BY_CATEGORY`].
pub fn product_of(key: &[u8]) -> Option<ProductId> {
    last_id(key).map(ProductId)
}

/// The SKU of a row of [`STOCK_LOW`].
pub fn sku_of(key: &[u8]) -> Option<Sku> {
    std::str::from_utf8(key).ok().and_then(|text| Sku::parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_sorts_first() {
        let keys: Vec<_> = [3_000, 2_000, 1_000, 0].map(|ms| newest_first(Timestamp(ms))).into();
        assert!(keys.is_sorted());
        assert_eq!(newest_first(Timestamp(-5)), newest_first(Timestamp(0)));
    }

    #[test]
    fn each_status_has_its_prefix_the_name_of_json() {
        let prefix = |name: serde_json::Value| text(name.as_str().unwrap());
        for status in OrderStatus::ALL {
            assert_eq!(lifecycle_prefix(*status), prefix(serde_json::to_value(status).unwrap()));
        }
        for status in PaymentStatus::ALL {
            assert_eq!(payment_status_prefix(*status), prefix(serde_json::to_value(status).unwrap()));
        }
    }

    #[test]
    fn a_status_is_read_from_an_e_mails_row() {
        let id = OrderId(Uuid::from_u128(7));
        for status in OrderStatus::ALL {
            let index = AddressIndex::default();
            let key = email_key(&index, "Ada@Example.org", Timestamp(0x0100_0000), *status, id);
            assert!(key.starts_with(&email_prefix(&index, "ADA@ex")) && order_of(&key) == Some(id));
            let found: Vec<_> = OrderStatus::ALL.iter().filter(|status| email_key_has(&key, **status)).collect();
            assert_eq!(found, [status]);
        }
        assert!(!email_key_has(b"ada", OrderStatus::Placing));
    }

    #[test]
    fn a_text_part_cannot_reach_into_the_next() {
        assert_eq!(text("a\0b"), b"ab\0");
    }
}
