//! The error codes of accounts and log-in. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    ACCOUNT_EXISTS = "account_exists", CONFLICT, "The account exists";
    EMAIL_TAKEN = "email_taken", CONFLICT, "Another account has this e-mail";
    EMAIL_VERIFIED = "email_already_verified", CONFLICT, "The e-mail is verified already";
    EMAIL_CHANGING = "email_change_under_way", CONFLICT, "A change of the e-mail is under way";
    BAD_LINK = "bad_link", GONE, "The link is unknown, used or too old";
    UNKNOWN_SESSION = "unknown_session", NOT_FOUND, "There is no such session";
    UNKNOWN_ADDRESS = "unknown_address", NOT_FOUND, "There is no such address in the book";
    PASSWORD_TOO_WEAK = "password_too_weak", UNPROCESSABLE_ENTITY, "The password is too easy to guess";
    TOO_MANY_ADDRESSES = "too_many_addresses", CONFLICT, "The address book is full";
}
