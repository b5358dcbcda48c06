//! When the tail folds and when it writes. A flush is spread over half its interval, so that neither the disk nor a
//! thread sees a burst; it hurries when somebody waits for it, and folding waits when too much is unwritten.

use std::time::Duration;

use tokio::{
    task::yield_now,
    time::{Instant, sleep_until},
};

/// Records that may be folded before a step that is due.
const RECORDS_MAX: u32 = 8;
/// Between two steps, at most.
const PAUSE_MAX: Duration = Duration::from_millis(10);

pub(super) struct Pace {
    interval: Duration,
    /// When the next flush begins, or the next step of this one comes. `None`: nothing is unwritten, no timer runs.
    next: Option<Instant>,
    flushing: bool,
    /// Somebody waits for a flush.
    asked: bool,
    /// ... and came when this one had begun: it may lack what they wait for.
    again: bool,
    /// Too much is unwritten.
    full: bool,
    /// Folded since the last step.
    records: u32,
    pause: Duration,
    /// The last turn found the disk full.
    postponed: bool,
}

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        let pause = Duration::ZERO;
        let (next, flushing, asked, again, full, records, postponed) = (None, false, false, false, false, 0, false);
        Self { interval, next, flushing, asked, again, full, records, pause, postponed }
    }

    pub(super) fn flushing(&self) -> bool {
        self.flushing
    }

    pub(super) fn asked(&self) -> bool {
        self.asked
    }

    pub(super) fn ask(&mut self) {
        (self.asked, self.again) = (true, self.flushing);
    }

    /// Whether the next record may be taken before the next step.
    pub(super) fn may_fold(&self) -> bool {
        let overdue = self.asked || self.full || self.next.is_some_and(|next| next <= Instant::now());
        !(self.full && self.flushing) && (self.records < RECORDS_MAX || !overdue)
    }

    /// Resolves when a step is due.
    pub(super) async fn turn(&self) {
        match self.next {
            // Still, who waits for this thread comes first.
            _ if self.asked || self.full => yield_now().await,
            Some(next) => sleep_until(next).await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn folded(&mut self, full: bool) {
        self.records += 1;
        self.full |= full;
        self.next = self.next.or_else(|| Some(Instant::now() + self.interval));
    }

    /// Nothing can be written at this moment: folding goes on, and the next turn comes after an interval. Whoever waits
    /// for a flush waits for that one. Returns whether the turn before said the same.
    pub(super) fn postponed(&mut self) -> bool {
        (self.asked, self.full, self.records) = (false, false, 0);
        self.next = Some(Instant::now() + self.interval);
        std::mem::replace(&mut self.postponed, true)
    }

    /// A flush of so many steps has begun.
    pub(super) fn begun(&mut self, steps: usize) {
        self.postponed = false;
        (self.flushing, self.again, self.full) = (true, false, false);
        let steps = u32::try_from(steps.max(1)).unwrap_or(u32::MAX);
        self.pause = (self.interval / 2 / steps).min(PAUSE_MAX);
    }

    pub(super) fn stepped(&mut self) {
        (self.records, self.postponed) = (0, false);
        self.next = Some(Instant::now() + self.pause);
    }

    /// `unwritten`: something is, again or still.
    pub(super) fn ended(&mut self, unwritten: bool) {
        (self.flushing, self.records) = (false, 0);
        self.asked = std::mem::take(&mut self.again);
        self.next = unwritten.then(|| Instant::now() + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(2);

    /// How long until the next turn; `None`: none comes.
    async fn waits(pace: &Pace) -> Option<Duration> {
        let start = Instant::now();
        let turn = tokio::time::timeout(INTERVAL * 2, pace.turn()).await;
        turn.ok().map(|()| start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_flush_is_spread_over_half_its_interval() {
        let mut pace = Pace::new(INTERVAL);
        assert_eq!(waits(&pace).await, None);
        pace.folded(false);
        assert_eq!(waits(&pace).await, Some(INTERVAL));
        pace.begun(500);
        pace.stepped();
        assert_eq!(waits(&pace).await, Some(Duration::from_millis(2)));
        pace.ended(true);
        assert_eq!(waits(&pace).await, Some(INTERVAL));
        pace.begun(3);
        pace.stepped();
        assert_eq!(waits(&pace).await, Some(PAUSE_MAX), "a small one is over soon");
        pace.ended(false);
        assert_eq!(waits(&pace).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_not_kept_waiting_and_gets_a_flush_of_their_own() {
        let mut pace = Pace::new(INTERVAL);
        pace.folded(false);
        pace.begun(10);
        pace.ask();
        assert_eq!(waits(&pace).await, Some(Duration::ZERO));
        pace.ended(false);
        assert!(pace.asked(), "the first had begun before");
        assert_eq!(waits(&pace).await, Some(Duration::ZERO));
        pace.begun(10);
        pace.ended(false);
        assert!(!pace.asked());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_holds_off_the_flush_and_not_the_folding() {
        let mut pace = Pace::new(INTERVAL);
        pace.folded(true);
        pace.ask();
        assert_eq!(waits(&pace).await, Some(Duration::ZERO));
        assert!(!pace.postponed());
        assert!(pace.may_fold());
        assert_eq!(waits(&pace).await, Some(INTERVAL), "and no turn in a hurry");
        assert!(pace.postponed(), "still");
        pace.begun(1);
        pace.ended(false);
        assert!(!pace.postponed(), "the next full disk is news");
    }

    #[tokio::test(start_paused = true)]
    async fn records_come_first_but_not_for_ever() {
        let mut pace = Pace::new(INTERVAL);
        pace.ask();
        pace.begun(2);
        for _ in 0..RECORDS_MAX {
            assert!(pace.may_fold());
            pace.folded(false);
        }
        assert!(!pace.may_fold());
        pace.stepped();
        assert!(pace.may_fold());
        pace.folded(true);
        assert!(!pace.may_fold(), "too much is unwritten: first the flush");
        assert_eq!(waits(&pace).await, Some(Duration::ZERO));
        pace.ended(true);
        assert!(pace.may_fold());
    }
}
