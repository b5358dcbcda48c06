//! Whether the disk has room for new work: the upper of the two bounds, asked by the runtime before each commit, and told
//! in the log whenever that changes.
//!
//! Deliberately absent: the lower bound's refusal, which the writer makes (`free_space`).

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{config::Journal, persistence::reserve::free_bytes};

/// How long a measurement is believed; between two of them a node writes a few megabytes at most.
const AGE_MAX: Duration = Duration::from_millis(100);

pub struct Gauge {
    pub(super) dir: PathBuf,
    bytes_min: u64,
    /// Below it nothing is written at all.
    pub(super) bytes_last: u64,
    /// Held for the time of one `statvfs`.
    newest: Mutex<Option<Measured>>,
}

struct Measured {
    at: Instant,
    tight: Option<Arc<str>>,
}

impl Gauge {
    pub fn new(dir: PathBuf, config: &Journal) -> Self {
        let bytes_last = config.free_bytes_last.min(config.free_bytes_min);
        Self { dir, bytes_min: config.free_bytes_min, bytes_last, newest: Mutex::new(None) }
    }

    /// Why nothing new may be written. What cannot be measured is judged by the writer, when it writes.
    pub fn tight(&self) -> Option<Arc<str>> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = newest.as_ref().filter(|known| known.at.elapsed() < AGE_MAX) {
            return known.tight.clone();
        }
        let tight = free_bytes(&self.dir).ok().filter(|free| *free < self.bytes_min).map(|free| self.reason(free));
        let before = newest.as_ref().is_some_and(|known| known.tight.is_some());
        match &tight {
            Some(reason) if !before => tracing::error!(%reason, "the disk is full: only what was accepted is written"),
            None if before => tracing::info!(dir = %self.dir.display(), "the disk has room again"),
            Some(_) | None => {}
        }
        *newest = Some(Measured { at: Instant::now(), tight: tight.clone() });
        tight
    }

    fn reason(&self, free: u64) -> Arc<str> {
        let (dir, min, last) = (self.dir.display(), self.bytes_min, self.bytes_last);
        format!(
            "{free} bytes are free on the disk of {dir}; below {min} nothing new begins, below {last} nothing is written; \
             make room"
        )
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(free_bytes_min: u64, free_bytes_last: u64) -> (Gauge, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("a directory");
        let config = Journal { free_bytes_min, free_bytes_last, ..Journal::default() };
        (Gauge::new(dir.path().into(), &config), dir)
    }

    #[test]
    fn it_is_tight_below_the_upper_bound() {
        assert_eq!(gauge(0, 0).0.tight(), None);
        let (full, dir) = gauge(u64::MAX, 1_000);
        let why = full.tight().expect("no disk is as large");
        assert!(why.contains(&dir.path().display().to_string()) && why.contains("below 1000 nothing"), "{why}");
    }

    #[test]
    fn the_lower_bound_is_never_above_the_upper_one() {
        assert_eq!(gauge(500, 1_000).0.bytes_last, 500);
    }
}
