//! How often one address may ask for what costs others something: an account, a mail. So many in an hour; then it waits
//! until the hour is over. Beside [`Throttle`](super::Throttle), which slows down guesses.

use std::sync::{Mutex, PoisonError};

use super::throttle::Key;
use crate::{domain::time::Timestamp, network::Bounded};

const HOUR_MS: i64 = 60 * 60_000;
/// Entries, at most; a new one displaces the one touched longest ago.
const ENTRIES_MAX: usize = 10_000;

#[derive(Default)]
struct Used {
    since: Timestamp,
    times: u32,
}

/// The lock is held for a few map operations and never across an await.
pub struct Quota {
    per_hour: u32,
    used: Mutex<Bounded<Key, Used>>,
}

impl Quota {
    pub fn new(per_hour: u32) -> Self {
        Self { per_hour, used: Mutex::new(Bounded::new(ENTRIES_MAX)) }
    }

    /// Uses one of each key's, or none: then how many milliseconds to wait.
    pub fn take(&self, keys: &[Key], now: Timestamp) -> Result<(), u64> {
        // No step can leave the table half done, so a poisoned lock is usable.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |entry: &Used| match now.since(entry.since) {
            age @ 0..HOUR_MS if entry.times >= self.per_hour => u64::try_from(HOUR_MS - age).ok(),
            _ => None,
        };
        if let Some(longest) = keys.iter().filter_map(|key| used.get(key).and_then(wait)).max() {
            return Err(longest);
        }
        for key in keys {
            let entry = used.touch(key);
            if !(0..HOUR_MS).contains(&now.since(entry.since)) {
                *entry = Used { since: now, times: 0 };
            }
            entry.times += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_an_hour_and_then_a_wait() {
        let quota = Quota::new(2);
        let keys = [Key::Email("a@b".to_owned())];
        let now = Timestamp(1_795_000_000_000);
        assert_eq!([0, 1, 2].map(|_| quota.take(&keys, now).is_ok()), [true, true, false]);
        assert_eq!(quota.take(&keys, now.plus_ms(HOUR_MS - 5)), Err(5));
        assert_eq!(quota.take(&keys, now.plus_ms(HOUR_MS)), Ok(()));
        assert_eq!(quota.take(&[Key::Email("c@d".to_owned())], now), Ok(()), "another's");
    }
}
