//! The error codes of staff's view of accounts. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    UNKNOWN_USER = "unknown_user", NOT_FOUND, "There is no such account";
    LAST_SUPERADMIN = "last_superadmin", CONFLICT, "There must always be a superadmin";
    STILL_SUPERADMIN = "still_superadmin", CONFLICT, "A superadmin cannot be disabled";
    TOO_MANY_SUPERADMINS = "too_many_superadmins", CONFLICT, "There are as many superadmins as there may be";
    PROMOTION_UNDER_WAY = "promotion_under_way", CONFLICT, "The role superadmin is being given or taken";
}
