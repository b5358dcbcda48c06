//! The measurements of a run: histograms of latency for each operation and for each stretch of time, and counts of
//! errors.
//!
//! Latency begins when the operation was *due* and is in microseconds. Only served operations count in a histogram
//! (done, or refused by the shop's rules): a quick "not now" would improve it, so errors are counted beside it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use super::http::{Kind, Trouble};

/// Slower values are recorded as this: longer than any request's time-out.
const SLOWEST_US: u64 = 120_000_000;
/// Stretches of a run at most; each costs about 30 KiB.
const WINDOWS_MAX: f64 = 150.0;

pub struct Recorder {
    /// The warm-up's end: operations due earlier are performed and not measured.
    pub from: Instant,
    pub until: Instant,
    pub window: Duration,
    tallies: Mutex<Tallies>,
}

#[derive(Default)]
pub struct Tallies {
    /// Steps by name, in the order of their names.
    pub steps: BTreeMap<&'static str, Tally>,
    pub whole: Tally,
    pub windows: Vec<Window>,
    /// Served between the warm-up's end and the last arrival, regardless of the due time.
    pub answered_in_time: u64,
}

pub struct Tally {
    pub served: Histogram<u64>,
    pub refused: BTreeMap<String, u64>,
    pub errors: BTreeMap<String, u64>,
}

pub struct Window {
    pub served: Histogram<u64>,
    pub errors: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { served: histogram(3), refused: BTreeMap::new(), errors: BTreeMap::new() }
    }
}

/// `digits` significant ones.
pub fn histogram(digits: u8) -> Histogram<u64> {
    // The bounds are constants, and every caller names 2 or 3 digits: it cannot fail.
    Histogram::new_with_bounds(1, SLOWEST_US, digits).unwrap_or_else(|error| unreachable!("{error}"))
}

/// The shortest of the usual lengths that makes few enough stretches of `seconds`.
pub fn window(seconds: f64) -> Duration {
    let lengths = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];
    let fit = lengths.into_iter().find(|length| seconds / length <= WINDOWS_MAX);
    Duration::from_secs_f64(fit.unwrap_or(600.0))
}

impl Recorder {
    pub fn new(start: Instant, warm_up: f64, seconds: f64) -> Self {
        let from = start + Duration::from_secs_f64(warm_up);
        let until = from + Duration::from_secs_f64(seconds);
        Self { from, until, window: window(seconds), tallies: Mutex::default() }
    }

    /// One part of an operation that began at `from` and has ended now.
    pub fn step<T>(&self, name: &'static str, from: Instant, outcome: &Result<T, Trouble>) {
        if from >= self.from {
            self.with(|tallies| tallies.steps.entry(name).or_default().add(from.elapsed(), outcome.as_ref().err()));
        }
    }

    /// A whole operation that was due at `due` and has ended now.
    pub fn whole(&self, due: Instant, outcome: &Result<(), Trouble>) {
        let (now, trouble) = (Instant::now(), outcome.as_ref().err());
        let served = trouble.is_none_or(|trouble| trouble.kind == Kind::Refused);
        let in_time = served && (self.from..self.until).contains(&now);
        let measured = due >= self.from;
        if !measured && !in_time {
            return;
        }
        let took = now.saturating_duration_since(due);
        let index = (due.saturating_duration_since(self.from).as_secs_f64() / self.window.as_secs_f64()) as usize;
        self.with(|tallies| {
            tallies.answered_in_time += u64::from(in_time);
            if measured {
                tallies.whole.add(took, trouble);
                tallies.window(index).add(took, served);
            }
        });
    }

    pub fn take(&self) -> Tallies {
        self.with(std::mem::take)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Tallies) -> T) -> T {
        // Counting cannot stop half-way: the data under a poisoned lock is whole.
        act(&mut self.tallies.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tallies {
    fn window(&mut self, index: usize) -> &mut Window {
        let index = index.min(WINDOWS_MAX as usize);
        while self.windows.len() <= index {
            self.windows.push(Window { served: histogram(2), errors: 0 });
        }
        &mut self.windows[index]
    }
}

impl Window {
    fn add(&mut self, took: Duration, served: bool) {
        match served {
            true => self.served.saturating_record(micros(took)),
            false => self.errors += 1,
        }
    }
}

impl Tally {
    pub fn add(&mut self, took: Duration, trouble: Option<&Trouble>) {
        match trouble {
            None => self.served.saturating_record(micros(took)),
            Some(Trouble { code, kind: Kind::Refused }) => {
                self.served.saturating_record(micros(took));
                *self.refused.entry(code.clone()).or_default() += 1;
            }
            Some(Trouble { code, kind: Kind::Busy | Kind::InDoubt }) => {
                *self.errors.entry(code.clone()).or_default() += 1;
            }
        }
    }
}

/// Never 0, which a histogram from 1 does not hold.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: Kind) -> Result<(), Trouble> {
        Err(Trouble { code: "why".into(), kind })
    }

    #[test]
    fn windows_are_few_whatever_the_length() {
        assert_eq!(window(2.0), Duration::from_millis(100));
        assert_eq!(window(15.0), Duration::from_millis(100));
        assert_eq!(window(60.0), Duration::from_millis(500));
        assert_eq!(window(3600.0), Duration::from_secs(30));
        assert_eq!(window(86_400.0), Duration::from_secs(600));
    }

    #[test]
    fn latency_counts_from_the_due_time_and_falls_into_its_window() {
        let start = Instant::now() - Duration::from_secs(1);
        let recorder = Recorder::new(start, 0.1, 2.0);
        recorder.whole(start, &Ok(()));
        recorder.whole(start + Duration::from_millis(650), &Ok(()));
        let tallies = recorder.take();
        // The first was due in the warm-up: served in time, not measured.
        assert_eq!((tallies.whole.served.len(), tallies.answered_in_time), (1, 2));
        assert!(tallies.whole.served.min() >= 349_000, "{}", tallies.whole.served.min());
        let filled: Vec<usize> =
            (0..tallies.windows.len()).filter(|n| !tallies.windows[*n].served.is_empty()).collect();
        assert_eq!(filled, [5]);
    }

    #[test]
    fn errors_stay_out_of_the_histogram_and_refusals_do_not() {
        let recorder = Recorder::new(Instant::now(), 0.0, 9.0);
        for outcome in [Ok(()), refused(Kind::Refused), refused(Kind::Busy), refused(Kind::InDoubt)] {
            recorder.whole(Instant::now(), &outcome);
            recorder.step("step", Instant::now(), &outcome);
        }
        let tallies = recorder.take();
        for tally in [&tallies.whole, &tallies.steps["step"]] {
            assert_eq!((tally.served.len(), tally.refused["why"], tally.errors["why"]), (2, 1, 2));
        }
        assert_eq!((tallies.windows[0].served.len(), tallies.windows[0].errors), (2, 2));
    }
}
