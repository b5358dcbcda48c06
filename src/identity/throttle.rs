//! The throttle of log-ins, API keys and look-ups of orders: after five failures for one e-mail or key, or from one
//! address, each further attempt must wait, 1 s at first, doubling to 15 minutes; an hour without a failure forgets them.
//!
//! Attempts count while they run, so guesses sent at once gain nothing. A success clears its e-mail but not its
//! address: else one account of one's own would reset the count. Known price: a stranger who knows an e-mail can delay
//! its owner.

use std::sync::{Mutex, PoisonError};

use crate::{
    domain::{ids::ApiKeyId, time::Timestamp},
    network::{Bounded, Bucket},
};

const FREE_FAILURES: u32 = 5;
const FIRST_WAIT_MS: i64 = 1_000;
const WAIT_MS_MAX: i64 = 15 * 60_000;
const FORGET_MS: i64 = 60 * 60_000;
/// Entries, at most; a new one displaces the one touched longest ago.
const ENTRIES_MAX: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Email(String),
    Address(Bucket),
    ApiKey(ApiKeyId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Failed,
    Succeeded,
    /// No result: the check was busy, or the caller hung up.
    Abandoned,
}

#[derive(Default)]
struct Entry {
    failures: u32,
    running: u32,
    blocked_until: Timestamp,
    last_failure: Timestamp,
}

type Table = Bounded<Key, Entry>;

/// The lock is held for a few map operations and never across an await.
pub struct Throttle(Mutex<Table>);

impl Default for Throttle {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(ENTRIES_MAX)))
    }
}

/// One admitted attempt; settles itself as abandoned when dropped.
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    keys: Vec<Key>,
}

impl Throttle {
    /// Admits an attempt under all of `keys`, or returns how many milliseconds to wait.
    pub fn admit(&self, keys: Vec<Key>, now: Timestamp) -> Result<Attempt<'_>, u64> {
        self.with(|table| admit(table, &keys, now))?;
        Ok(Attempt { throttle: self, keys })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        // No step can leave the table half done, so a poisoned lock is usable.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Attempt<'_> {
    pub fn failed(mut self, now: Timestamp) {
        self.settle(Verdict::Failed, now);
    }

    pub fn succeeded(mut self, now: Timestamp) {
        self.settle(Verdict::Succeeded, now);
    }

    fn settle(&mut self, verdict: Verdict, now: Timestamp) {
        let keys = std::mem::take(&mut self.keys);
        self.throttle.with(|table| keys.iter().for_each(|key| settle(table, key, verdict, now)));
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.settle(Verdict::Abandoned, Timestamp(0));
    }
}

fn admit(table: &mut Table, keys: &[Key], now: Timestamp) -> Result<(), u64> {
    let waits = keys.iter().filter_map(|key| table.get(key).and_then(|entry| entry.wait_ms(now)));
    if let Some(wait) = waits.max() {
        return Err(wait);
    }
    for key in keys {
        let entry = table.touch(key);
        if now.since(entry.last_failure) > FORGET_MS {
            entry.failures = 0;
        }
        entry.running += 1;
    }
    Ok(())
}

fn settle(table: &mut Table, key: &Key, verdict: Verdict, now: Timestamp) {
    let entry = table.touch(key);
    entry.running = entry.running.saturating_sub(1);
    match (verdict, key) {
        (Verdict::Failed, _) => entry.fail(now),
        (Verdict::Succeeded, Key::Email(_) | Key::ApiKey(_)) => {
            (entry.failures, entry.blocked_until) = (0, Timestamp(0))
        }
        (Verdict::Succeeded, Key::Address(_)) | (Verdict::Abandoned, _) => {}
    }
    if entry.failures == 0 && entry.running == 0 {
        table.remove(key);
    }
}

impl Entry {
    fn wait_ms(&self, now: Timestamp) -> Option<u64> {
        let wait = self.blocked_until.since(now);
        match u64::try_from(wait) {
            Ok(wait @ 1..) => Some(wait),
            // Running attempts may still fail: counting them, the free failures are used up.
            _ if self.running > 0 && self.failures + self.running >= FREE_FAILURES => Some(FIRST_WAIT_MS as u64),
            _ => None,
        }
    }

    fn fail(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.last_failure = now;
        if let Some(doublings) = self.failures.checked_sub(FREE_FAILURES) {
            let wait = FIRST_WAIT_MS.checked_shl(doublings.min(20)).unwrap_or(WAIT_MS_MAX).min(WAIT_MS_MAX);
            self.blocked_until = now.plus_ms(wait);
        }
    }
}

#[cfg(test)]
mod tests;
