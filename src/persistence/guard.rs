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

/// Whether an error says that the disk, or its owner's quota, is full. By the text, because sled wraps the kernel's
/// error, or panics with it; the words are those of `strerror`.
pub fn says_full(problem: &str) -> bool {
    problem.contains("No space left on device") || problem.contains("Disk quota exceeded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_however_it_is_told() {
        let full = std::io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
        let quota = std::io::Error::from_raw_os_error(rustix::io::Errno::DQUOT.raw_os_error());
        assert!(says_full(&sled::Error::Io(full).to_string()) && says_full(&quota.to_string()));
        let panicked = guarded::<()>(|| panic!("called `unwrap()`: No space left on device (os error 28)"));
        assert!(panicked.is_err_and(|problem| says_full(&problem)));
        assert!(!says_full("Read corrupted data at file offset None backtrace ()"));
    }
}
