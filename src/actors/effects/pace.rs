//! The pace of effects that nobody waits for: so many begin each second, the others later, so that a rush of orders is
//! served before its mails are sent.
//!
//! A turn is a moment, given out in order (the generic cell rate algorithm, ITU-T I.371): no queue is kept, and no turn is
//! given back by an effect that ends early. Each waiting effect keeps its entity in memory. Beyond the bound of waiting
//! ones an effect begins at once: it costs the rush its time, and never memory without end.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

pub(in crate::actors) struct Pace {
    /// Between two turns.
    interval: Duration,
    /// How far turns may lie behind the clock: what was not used in the last second may be used at once.
    burst: Duration,
    /// How far they may lie before it.
    ahead_max: Duration,
    /// The last turn that was given.
    last: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(per_second: u32, waiting_max: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second.max(1);
        Self { interval, burst: Duration::from_secs(1), ahead_max: interval * waiting_max, last: Mutex::default() }
    }

    /// When the next effect may begin; `None`: at once.
    pub(super) fn turn(&self, now: Instant) -> Option<Instant> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(self.burst).unwrap_or(now);
        let turn = last.map_or(earliest, |last| last.max(earliest)) + self.interval;
        if turn.saturating_duration_since(now) > self.ahead_max {
            return None;
        }
        *last = Some(turn);
        (turn > now).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    fn turns(pace: &Pace, now: Instant, count: usize) -> Vec<u64> {
        let wait = |turn: Option<Instant>| turn.map_or(0, |turn| turn.duration_since(now).as_millis() as u64);
        (0..count).map(|_| wait(pace.turn(now))).collect()
    }

    #[test]
    fn a_second_of_effects_begins_at_once_and_the_next_ones_one_by_one() {
        let (pace, now) = (Pace::new(10, 100), Instant::now() + Duration::from_secs(60));
        assert_eq!(turns(&pace, now, 12), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 200]);
        assert_eq!(turns(&pace, now + 2 * TENTH, 2), [100, 200], "what waits has its turns");
        let later = now + Duration::from_secs(60);
        assert_eq!(turns(&pace, later, 11).last(), Some(&100), "an hour of quiet is worth a second");
    }

    #[test]
    fn beyond_the_bound_of_waiting_ones_an_effect_begins_at_once() {
        let (pace, now) = (Pace::new(10, 2), Instant::now() + Duration::from_secs(60));
        assert_eq!(turns(&pace, now, 14)[10..], [100, 200, 0, 0]);
        assert_eq!(turns(&pace, now + TENTH, 2), [200, 0], "one of them began, one more may wait");
    }
}
