//! The error codes of roles. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    GRANTS_TOO_MUCH = "grants_too_much", FORBIDDEN, "Nobody grants more than they have";
    UNKNOWN_ROLE = "unknown_role", NOT_FOUND, "There is no such role";
    ROLE_EXISTS = "role_exists", CONFLICT, "There is a role of this name";
    ROLE_BUILT_IN = "role_built_in", CONFLICT, "A built-in role cannot be changed";
    TOO_MANY_ROLES = "too_many_roles", CONFLICT, "The shop has as many roles of its own as it may";
}
