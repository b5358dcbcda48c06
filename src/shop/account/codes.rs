//! The error codes of accounts and log-in. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    ACCOUNT_EXISTS = "account_exists", CONFLICT, "The account exists";
}
