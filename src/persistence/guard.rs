//! sled panics on some kinds of damage instead of returning an error; the caller gets an error text in both cases.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Safe to continue after: callers that write treat an error as the end of the database.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("the database stopped: {}", said.unwrap_or("no reason given")))
    })
}

pub fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
