//! Security events: failed log-ins, lock-outs, forged tokens and signatures, 403s and refused origins, as lines of the
//! log and as a metric.
//!
//! A problem is marked where it is made ([`Problem::alarm`](super::Problem::alarm)); the guard, which knows address and
//! route, notes it here. An attacker must not fill the log: of one code from one address [`LINES_MAX`] lines are written
//! in a [`WINDOW`], and the rest is told as a count by the next line or at the window's end. The metric counts all.
//! Deliberately absent: e-mails (a log-in's account is a keyed tag), and any blocking, which is the throttle's work.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::network::Bucket;

const WINDOW: Duration = Duration::from_secs(60);
const LINES_MAX: u32 = 5;
/// Pairs of code and address that are told apart; of further ones only the metric counts until a window ends.
const PAIRS_MAX: usize = 1_024;

/// A response's mark: its problem is a security event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub code: &'static str,
    /// Whose account it was about, as far as its maker knows.
    pub account: Option<Arc<str>>,
}

/// One per process. The lock is held for a few map operations.
#[derive(Debug, Default)]
pub struct SecurityLog(Mutex<HashMap<(&'static str, Option<Bucket>), Window>>);

#[derive(Debug)]
struct Window {
    began: Instant,
    lines: u32,
    silent: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A line, which tells of this many before it that had none.
    Line {
        silent: u64,
    },
    Silent,
}

impl SecurityLog {
    pub fn record(&self, alarm: &Alarm, address: Option<IpAddr>, route: &str) {
        metrics::counter!("souk_security_events_total", "code" => alarm.code).increment(1);
        if let Verdict::Line { silent } = self.judge(alarm.code, address.map(Bucket::of), Instant::now()) {
            let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
            let account = alarm.account.as_deref().unwrap_or("unknown");
            tracing::warn!(target: "souk::security", code = alarm.code, address, account, route, silent, "refused");
        }
    }

    fn judge(&self, code: &'static str, from: Option<Bucket>, now: Instant) -> Verdict {
        let mut windows = self.windows();
        if windows.len() >= PAIRS_MAX && !windows.contains_key(&(code, from)) {
            return Verdict::Silent;
        }
        let fresh = || Window { began: now, lines: 0, silent: 0 };
        let window = windows.entry((code, from)).or_insert_with(fresh);
        let silent = window.silent;
        if now.duration_since(window.began) >= WINDOW {
            *window = fresh();
        }
        if window.lines >= LINES_MAX {
            window.silent += 1;
            return Verdict::Silent;
        }
        (window.lines, window.silent) = (window.lines + 1, 0);
        Verdict::Line { silent }
    }

    /// Ends the windows whose time is over, with a line for those that have something to tell. Called every few seconds.
    pub fn settle(&self) {
        for (code, from, silent) in self.ended(Instant::now()) {
            let address = from.map_or_else(|| "unknown".to_owned(), |from| from.to_string());
            tracing::warn!(target: "souk::security", code, address, silent, "refused, and more without a line each");
        }
    }

    fn ended(&self, now: Instant) -> Vec<(&'static str, Option<Bucket>, u64)> {
        let mut told = Vec::new();
        self.windows().retain(|(code, from), window| {
            let over = now.duration_since(window.began) >= WINDOW;
            if over && window.silent > 0 {
                told.push((*code, *from, window.silent));
            }
            !over
        });
        told
    }

    /// No step can leave the table half done, so a poisoned lock is usable.
    fn windows(&self) -> MutexGuard<'_, HashMap<(&'static str, Option<Bucket>), Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(n: u32) -> Option<Bucket> {
        Some(Bucket::of(IpAddr::from(n.to_be_bytes())))
    }

    #[test]
    fn a_flood_is_a_few_lines_and_a_count() {
        let (log, began) = (SecurityLog::default(), Instant::now());
        let verdicts: Vec<Verdict> = (0..100).map(|_| log.judge("invalid_token", from(1), began)).collect();
        let lines = verdicts.iter().filter(|verdict| **verdict == Verdict::Line { silent: 0 }).count();
        assert_eq!(lines, LINES_MAX as usize);
        assert_eq!(log.judge("invalid_token", from(2), began), Verdict::Line { silent: 0 }, "another address");
        assert_eq!(log.judge("forbidden", from(1), began), Verdict::Line { silent: 0 }, "another code");
        let later = log.judge("invalid_token", from(1), began + WINDOW);
        assert_eq!(later, Verdict::Line { silent: 100 - u64::from(LINES_MAX) });
    }

    #[test]
    fn a_window_that_nobody_follows_tells_its_count_and_leaves() {
        let (log, began) = (SecurityLog::default(), Instant::now());
        (0..10).for_each(|_| _ = log.judge("forbidden", from(1), began));
        log.judge("forbidden", from(2), began);
        assert_eq!(log.ended(began), []);
        assert_eq!(log.ended(began + WINDOW), [("forbidden", from(1), 10 - u64::from(LINES_MAX))]);
        assert!(log.windows().is_empty());
    }

    #[test]
    fn the_table_is_bounded() {
        let (log, began) = (SecurityLog::default(), Instant::now());
        (0..2 * PAIRS_MAX as u32).for_each(|n| _ = log.judge("forbidden", from(n), began));
        assert_eq!(log.windows().len(), PAIRS_MAX);
    }
}
