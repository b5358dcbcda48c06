//! The clock of the open loop: a thread that puts operations into the queue when they are due.
//!
//! A thread, because a task of a busy runtime comes late, and a late start would count as the server's latency. The
//! thread's own lateness is measured and reported.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use super::{
    error::{During, Result},
    queue::{Queue, Ticket},
    record::{histogram, micros},
    schedule::Schedule,
};

/// Arrivals nearer than this are released together: each waking costs the server CPU, too.
const GRAIN: Duration = Duration::from_micros(200);
/// Longest delay until a stop takes effect.
const NAP_MAX: Duration = Duration::from_millis(50);

pub struct Pacer {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<Paced>,
}

pub struct Paced {
    /// Microseconds from due to released.
    pub late: Histogram<u64>,
    /// Arrivals, with those that found no room; after the warm-up.
    pub offered: u64,
    /// Those of them that found no room.
    pub no_room: u64,
}

impl Pacer {
    pub fn start(queue: Arc<Queue>, schedule: Schedule, start: Instant, from: Instant) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let name = thread::Builder::new().name("souk-load-clock".into());
        let thread = name.spawn(move || run(&queue, schedule, start, from, &stopped)).during("a thread")?;
        Ok(Self { stop, thread })
    }

    pub fn is_done(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the last arrival, which has come once [`Pacer::is_done`].
    pub fn end(self) -> Result<Paced> {
        self.stop.store(true, Relaxed);
        self.thread.join().map_err(|_| "it panicked").during("the load's clock")
    }
}

fn run(queue: &Queue, schedule: Schedule, start: Instant, from: Instant, stop: &AtomicBool) -> Paced {
    let mut paced = Paced { late: histogram(3), offered: 0, no_room: 0 };
    for (turn, at) in schedule.enumerate() {
        let due = start + at;
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                break;
            }
            if stop.load(Relaxed) {
                return paced;
            }
            thread::sleep(wait.clamp(GRAIN, NAP_MAX));
        }
        let late = due.elapsed();
        let taken = queue.push(Ticket { turn: turn as u64, due });
        if due >= from {
            paced.late.saturating_record(micros(late));
            paced.offered += 1;
            paced.no_room += u64::from(!taken);
        }
    }
    paced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::schedule::Arrivals;

    #[tokio::test]
    async fn everything_due_is_released_or_counted() {
        let (queue, start) = (Arc::new(Queue::new(3)), Instant::now());
        let schedule = Schedule::new(Arrivals::Constant, 1000.0, 0.01, None, 1);
        let pacer = Pacer::start(queue.clone(), schedule, start, start + Duration::from_millis(2)).expect("a thread");
        let mut turns = Vec::new();
        while turns.len() < 3 {
            turns.push(queue.next().await.expect("open").turn);
        }
        while !pacer.is_done() {
            tokio::task::yield_now().await;
        }
        let paced = pacer.end().expect("ended");
        assert_eq!(turns, [0, 1, 2]);
        // No operation ended, so three found room; the first two were due before the measuring.
        assert_eq!((paced.offered, paced.no_room, queue.not_started()), (8, 7, 7));
        assert_eq!(paced.late.len(), 8);
    }
}
