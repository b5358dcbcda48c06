//! The error codes of payments and their webhooks. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    BAD_SIGNATURE = "bad_signature", BAD_REQUEST, "The webhook's signature is wrong";
    STALE_SIGNATURE = "stale_signature", BAD_REQUEST, "The webhook's signature is too old";
    PAYMENT_DECLINED = "payment_declined", PAYMENT_REQUIRED, "The payment was declined";
    UNKNOWN_PAYMENT = "unknown_payment", NOT_FOUND, "There is no such payment";
    PAYMENT_UNDER_WAY = "payment_under_way", CONFLICT, "Another payment of this order is under way";
    NOT_CAPTURABLE = "not_capturable", CONFLICT, "The payment cannot be captured now";
    NOT_VOIDABLE = "not_voidable", CONFLICT, "The payment cannot be voided now";
    NOT_REFUNDABLE = "not_refundable", CONFLICT, "The payment cannot be refunded now";
    REFUNDS_TOO_MUCH = "refunds_too_much", CONFLICT, "More than can be refunded";
    TOO_MANY_REFUNDS = "too_many_refunds", CONFLICT, "The payment has too many refunds";
    UNKNOWN_PROVIDER = "unknown_provider", UNPROCESSABLE_ENTITY, "There is no such payment provider";
}
