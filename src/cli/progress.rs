//! Progress of long work on standard error: a bar on a terminal, a plain line now and then elsewhere.

use std::{
    io::IsTerminal,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Cheap to call for each item; shared by reference among tasks.
pub struct Progress {
    what: &'static str,
    unit: &'static str,
    done: AtomicU64,
    total: AtomicU64,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    /// When the last line was written. A lock, not an atomic: `Instant` has no atomic, and it is only tried.
    Lines(Mutex<Instant>),
    Nowhere,
}

impl Progress {
    /// Between two lines, so that a log is not flooded.
    const LINE_EVERY: Duration = Duration::from_secs(2);

    /// `what` as in "importing", `unit` as in "products".
    pub fn start(what: &'static str, unit: &'static str) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner().with_message(what);
            bar.enable_steady_tick(Duration::from_millis(100));
            Shown::Bar(bar)
        } else {
            Shown::Lines(Mutex::new(Instant::now()))
        };
        Self::new(what, unit, shown)
    }

    /// For tests and for work inside the server.
    pub fn hidden() -> Self {
        Self::new("", "", Shown::Nowhere)
    }

    fn new(what: &'static str, unit: &'static str, shown: Shown) -> Self {
        Self { what, unit, done: AtomicU64::new(0), total: AtomicU64::new(0), shown }
    }

    /// May be called again with a better number.
    pub fn total(&self, total: u64) {
        self.total.store(total, Relaxed);
        if let Shown::Bar(bar) = &self.shown {
            let style = "{msg} {bar:32.cyan/blue} {human_pos} of {human_len} ({per_sec}, {eta} left)";
            bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_length(total);
        }
    }

    pub fn advance(&self, by: u64) {
        let done = self.done.fetch_add(by, Relaxed) + by;
        match &self.shown {
            Shown::Bar(bar) => bar.inc(by),
            Shown::Lines(last) => {
                let Ok(mut last) = last.try_lock() else { return };
                if last.elapsed() >= Self::LINE_EVERY {
                    *last = Instant::now();
                    eprintln!("{}", self.line(done));
                }
            }
            Shown::Nowhere => {}
        }
    }

    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }

    fn line(&self, done: u64) -> String {
        match self.total.load(Relaxed) {
            0 => format!("{}: {done} {}", self.what, self.unit),
            total => format!("{}: {done} of {total} {} ({} %)", self.what, self.unit, done.min(total) * 100 / total),
        }
    }
}

/// An error leaves no unfinished bar behind.
impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_well_with_and_without_a_total() {
        let progress = Progress::new("importing", "products", Shown::Nowhere);
        assert_eq!(progress.line(3), "importing: 3 products");
        progress.total(12);
        assert_eq!(progress.line(3), "importing: 3 of 12 products (25 %)");
    }
}
