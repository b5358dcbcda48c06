//! The list of every code a problem may carry: its stable name, its status and its title.
//!
//! A code, once published, keeps its meaning. `docs/errors.md` explains each; a test below holds the
//! two together. Deliberately absent: how domain refusals map to codes, see `refusals`.

use axum::http::StatusCode;

macro_rules! codes {
    ($($variant:ident = $name:literal, $status:ident, $title:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($variant),* }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$variant),*];
            /// What a program matches on.
            pub const fn name(self) -> &'static str { match self { $(Code::$variant => $name),* } }
            pub const fn status(self) -> StatusCode { match self { $(Code::$variant => StatusCode::$status),* } }
            pub const fn title(self) -> &'static str { match self { $(Code::$variant => $title),* } }
        }
    };
}

codes! {
    BadRequest = "bad_request", BAD_REQUEST, "The request is malformed";
    BadSignature = "bad_signature", BAD_REQUEST, "The webhook's signature is wrong";
    StaleSignature = "stale_signature", BAD_REQUEST, "The webhook's signature is too old";
    BadJson = "bad_json", BAD_REQUEST, "The body is not the JSON that is expected here";
    BadPath = "bad_path", BAD_REQUEST, "A part of the path cannot be read";
    BadQuery = "bad_query", BAD_REQUEST, "The query cannot be read";
    BadCursor = "bad_cursor", BAD_REQUEST, "The cursor was not made by this list";
    BadCondition = "bad_condition", BAD_REQUEST, "If-Match does not name a version";
    TooManyTopics = "too_many_topics", BAD_REQUEST, "Too many topics for one stream";
    IdempotencyKeyRequired = "idempotency_key_required", BAD_REQUEST, "This call needs an Idempotency-Key";
    BadIdempotencyKey = "bad_idempotency_key", BAD_REQUEST, "The Idempotency-Key cannot be used";
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Who is calling is not known";
    InvalidToken = "invalid_token", UNAUTHORIZED, "The access token is not valid";
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "The log-in failed";
    PaymentDeclined = "payment_declined", PAYMENT_REQUIRED, "The payment was declined";
    Forbidden = "forbidden", FORBIDDEN, "The caller may not do this";
    ForeignOrigin = "foreign_origin", FORBIDDEN, "Another site sent this request";
    NotFound = "not_found", NOT_FOUND, "There is nothing at this address";
    UnknownProduct = "unknown_product", NOT_FOUND, "There is no such product";
    UnknownCategory = "unknown_category", NOT_FOUND, "There is no such category";
    UnknownSku = "unknown_sku", NOT_FOUND, "The shop sells no such SKU";
    UnknownLine = "unknown_line", NOT_FOUND, "The cart has no such line";
    UnknownOrder = "unknown_order", NOT_FOUND, "There is no such order";
    UnknownPayment = "unknown_payment", NOT_FOUND, "There is no such payment";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This address does not take this method";
    OutOfStock = "out_of_stock", CONFLICT, "There is not enough stock";
    PriceChanged = "price_changed", CONFLICT, "Prices have changed since they were put into the cart";
    ItemWithdrawn = "item_withdrawn", CONFLICT, "Something in the cart is no longer sold";
    CartEmpty = "cart_empty", CONFLICT, "The cart is empty";
    IdempotencyKeyReused = "idempotency_key_reused", CONFLICT, "The Idempotency-Key was used with another content";
    OrderNotPayable = "order_not_payable", CONFLICT, "The order cannot be paid";
    PaymentUnderWay = "payment_under_way", CONFLICT, "Another payment of this order is under way";
    AlreadyPaid = "already_paid", CONFLICT, "The order is paid";
    IllegalMove = "illegal_move", CONFLICT, "The order cannot make this move now";
    NotFulfillable = "not_fulfillable", CONFLICT, "The order cannot be fulfilled now";
    ShipsTooMany = "ships_too_many", CONFLICT, "More units than are open to ship";
    HoldConflict = "hold_conflict", CONFLICT, "A hold of this name exists with other units";
    HoldOfOrder = "hold_of_order", CONFLICT, "The hold belongs to an order";
    NoHold = "no_hold", CONFLICT, "There is no such hold";
    HoldNotCommitted = "hold_not_committed", CONFLICT, "The hold is not committed";
    TooManyHolds = "too_many_holds", CONFLICT, "Too many holds are open on this SKU";
    ReturnsTooMany = "returns_too_many", CONFLICT, "More units than were shipped";
    AdjustsBelowZero = "adjusts_below_zero", CONFLICT, "The adjustment takes more than is available";
    NotCapturable = "not_capturable", CONFLICT, "The payment cannot be captured now";
    NotVoidable = "not_voidable", CONFLICT, "The payment cannot be voided now";
    NotRefundable = "not_refundable", CONFLICT, "The payment cannot be refunded now";
    RefundsTooMuch = "refunds_too_much", CONFLICT, "More than can be refunded";
    TooManyRefunds = "too_many_refunds", CONFLICT, "The payment has too many refunds";
    AccountExists = "account_exists", CONFLICT, "The account exists";
    VersionConflict = "version_conflict", PRECONDITION_FAILED, "It has changed since it was read";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body must be application/json";
    BadQuantity = "bad_quantity", UNPROCESSABLE_ENTITY, "The quantity is out of bounds";
    InvalidField = "invalid_field", UNPROCESSABLE_ENTITY, "A field's value cannot be used";
    TooManyLines = "too_many_lines", UNPROCESSABLE_ENTITY, "Too many lines";
    TooMany = "too_many", UNPROCESSABLE_ENTITY, "A bound was reached";
    TooLarge = "too_large", UNPROCESSABLE_ENTITY, "The command is too large to be stored";
    AmountOverflow = "amount_overflow", UNPROCESSABLE_ENTITY, "An amount or a count does not fit";
    CurrencyMismatch = "currency_mismatch", UNPROCESSABLE_ENTITY, "Two currencies do not add up";
    UnknownShippingMethod = "unknown_shipping_method", UNPROCESSABLE_ENTITY, "There is no such shipping method";
    UnknownProvider = "unknown_provider", UNPROCESSABLE_ENTITY, "There is no such payment provider";
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests";
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many failed attempts";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
    Quarantined = "quarantined", INTERNAL_SERVER_ERROR, "The command is set aside";
    Busy = "busy", SERVICE_UNAVAILABLE, "Too many commands are waiting";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available at the moment";
    IndexBuilding = "index_building", SERVICE_UNAVAILABLE, "A list is being built";
    TimedOut = "timed_out", GATEWAY_TIMEOUT, "No answer in time";
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/errors.md");

    /// The page's rows, as (code, status).
    fn documented() -> Vec<(&'static str, &'static str)> {
        let cells = |line: &'static str| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            Some((cells.next()?.trim_end_matches('`'), cells.next()?))
        };
        PAGE.lines().filter_map(cells).collect()
    }

    #[test]
    fn every_code_is_explained_with_its_status_and_nothing_else_is() {
        let codes: Vec<_> = Code::ALL.iter().map(|code| (code.name(), code.status().as_str().to_owned())).collect();
        let expected: Vec<_> = codes.iter().map(|(name, status)| (*name, status.as_str())).collect();
        assert_eq!(documented(), expected, "docs/errors.md lists the codes in the order of this file");
    }

    #[test]
    fn names_are_unique_and_snake_case() {
        for (n, code) in Code::ALL.iter().enumerate() {
            assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", code.name());
            assert!(Code::ALL[..n].iter().all(|other| other.name() != code.name()), "{} twice", code.name());
        }
    }
}
