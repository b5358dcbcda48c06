//! Between the clock and the workers: due operations, in order, bounded together with those in flight. Operations that
//! find no room are counted, not hidden.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use tokio::sync::Semaphore;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ticket {
    /// The operation's number in the run; with the seed it decides the operation.
    pub turn: u64,
    pub due: Instant,
}

pub struct Queue {
    waiting: Mutex<VecDeque<Ticket>>,
    ready: Semaphore,
    /// Due and unfinished.
    open: AtomicUsize,
    bound: usize,
    refused: AtomicU64,
    closed: AtomicBool,
}

impl Queue {
    pub fn new(bound: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            ready: Semaphore::new(0),
            open: AtomicUsize::new(0),
            bound,
            refused: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// `false`: no room; counted.
    pub fn push(&self, ticket: Ticket) -> bool {
        if self.open.load(Relaxed) >= self.bound {
            self.refused.fetch_add(1, Relaxed);
            return false;
        }
        self.open.fetch_add(1, Relaxed);
        self.lock().push_back(ticket);
        self.ready.add_permits(1);
        true
    }

    /// `None`: closed, and nothing is left.
    pub async fn next(&self) -> Option<Ticket> {
        loop {
            // The semaphore is never closed, so this waits until something is pushed, or until the end.
            let Ok(permit) = self.ready.acquire().await else { return None };
            permit.forget();
            match self.lock().pop_front() {
                Some(ticket) => return Some(ticket),
                None if self.closed.load(Relaxed) => return None,
                None => {}
            }
        }
    }

    pub fn answered(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    /// Nothing more comes; each worker's `next` ends once the queue is empty.
    pub fn close(&self, workers: usize) {
        self.closed.store(true, Relaxed);
        self.ready.add_permits(workers);
    }

    /// Drops the waiting operations, which count as not started.
    pub fn abandon(&self) {
        let mut waiting = self.lock();
        let left = waiting.len();
        waiting.clear();
        self.open.fetch_sub(left, Relaxed);
        self.refused.fetch_add(left as u64, Relaxed);
    }

    pub fn not_started(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Due and unfinished now.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Ticket>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(turn: u64) -> Ticket {
        Ticket { turn, due: Instant::now() }
    }

    #[tokio::test]
    async fn what_finds_no_room_is_counted_and_the_rest_comes_in_order() {
        let queue = Queue::new(2);
        assert_eq!([0, 1, 2].map(|turn| queue.push(ticket(turn))), [true, true, false]);
        assert_eq!((queue.not_started(), queue.open()), (1, 2));
        assert_eq!(queue.next().await.map(|ticket| ticket.turn), Some(0));
        assert!(!queue.push(ticket(3)), "taken is still under way");
        queue.answered();
        assert!(queue.push(ticket(4)));
        queue.close(1);
        assert_eq!(queue.next().await.map(|ticket| ticket.turn), Some(1));
        assert_eq!(queue.next().await.map(|ticket| ticket.turn), Some(4));
        assert_eq!(queue.next().await, None);
    }

    #[tokio::test]
    async fn what_is_abandoned_counts_as_not_started_and_every_worker_ends() {
        let queue = Queue::new(9);
        (0..3).for_each(|turn| assert!(queue.push(ticket(turn))));
        queue.abandon();
        queue.close(2);
        assert_eq!((queue.next().await, queue.next().await), (None, None));
        assert_eq!((queue.not_started(), queue.open()), (3, 0));
    }
}
