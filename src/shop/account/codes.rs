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
    WRONG_CODE = "wrong_code", UNAUTHORIZED, "The code is wrong, too old or used";
    PASSKEY_REFUSED = "passkey_refused", UNAUTHORIZED, "The passkey is not taken for anybody's";
    PASSKEY_NOT_TAKEN = "passkey_not_taken", UNPROCESSABLE_ENTITY, "The new passkey is not taken";
    PASSKEY_KNOWN = "passkey_known", CONFLICT, "The account has this passkey already";
    PASSKEYS_OFF = "passkeys_off", CONFLICT, "The shop has no passkeys";
    LOG_IN_AGAIN = "log_in_again", UNAUTHORIZED, "The log-in waited too long for its second step";
    STEP_UP_REQUIRED = "step_up_required", FORBIDDEN, "This needs a fresh proof of who you are";
    SECOND_FACTOR_REQUIRED = "second_factor_required", FORBIDDEN, "This needs a session with a second factor";
    UNKNOWN_FACTOR = "unknown_factor", NOT_FOUND, "There is no such second factor";
    NO_FACTOR = "no_second_factor", CONFLICT, "The account has no second factor";
    TOO_MANY_FACTORS = "too_many_factors", CONFLICT, "The account has as many second factors as it may";
    UNKNOWN_LINK = "unknown_link", NOT_FOUND, "The account has no such link";
    LINK_EXISTS = "link_exists", CONFLICT, "The account is linked with somebody at this provider";
    LINK_TAKEN = "link_taken", CONFLICT, "Another account is linked with this person";
    OWNER_ASKED = "sso_owner_asked", CONFLICT, "An account has this e-mail: its owner is asked by a mail";
    SSO_UNVERIFIED = "sso_unverified_email", FORBIDDEN, "The provider does not say that the e-mail is verified";
    SSO_NOT_BEGUN = "sso_not_begun", BAD_REQUEST, "The log-in was not begun here, or too long ago";
    SSO_REFUSED = "sso_refused", UNAUTHORIZED, "The provider refuses";
    SSO_UNTRUSTED = "sso_untrusted", UNAUTHORIZED, "The provider's answer cannot be trusted";
    SSO_UNAVAILABLE = "sso_unavailable", SERVICE_UNAVAILABLE, "The provider cannot be asked now";
    UNKNOWN_OIDC = "unknown_oidc_provider", NOT_FOUND, "There is no such OpenID provider";
    LINK_UNDER_WAY = "link_under_way", CONFLICT, "A link is being made";
    TOO_MANY_LINKS = "too_many_links", CONFLICT, "The account has as many links as it may";
    TOO_MANY_ADDRESSES = "too_many_addresses", CONFLICT, "The address book is full";
}
