//! How long one side of a connection may keep the other waiting: a stall's allowance, and a least rate after it.
//!
//! A credit of time is spent while bytes are waited for and earned by bytes that move, up to its full amount. So a slow
//! client has as long as its bytes are worth, and one that stands still, or moves a byte a second, ends. Time in which
//! nobody waits costs nothing.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

pub struct Credit {
    full: Duration,
    of_a_byte: Duration,
    left: Duration,
    /// Waiting since; `None`: nobody waits.
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Credit {
    pub fn new(full: Duration, bytes_per_second: u32) -> Self {
        let of_a_byte = Duration::from_secs(1) / bytes_per_second.max(1);
        Self { full, of_a_byte, left: full, since: None, timer: None }
    }

    /// Bytes have moved: the wait is over.
    pub fn earn(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
            self.timer = None;
        }
        if self.left < self.full {
            let earned = self.of_a_byte.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
            self.left = self.full.min(self.left.saturating_add(earned));
        }
    }

    /// Bytes are waited for: ready once the credit is spent.
    pub fn poll_spent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let end = since + self.left;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{advance, timeout};

    use super::*;

    const FULL: Duration = Duration::from_secs(5);

    async fn spent_within(credit: &mut Credit, wait: Duration) -> bool {
        timeout(wait, poll_fn(|cx| credit.poll_spent(cx))).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_stands_still_ends_and_who_moves_at_the_rate_never_does() {
        let mut credit = Credit::new(FULL, 100);
        for _ in 0..100 {
            assert!(!spent_within(&mut credit, Duration::from_secs(1)).await);
            credit.earn(100);
        }
        assert!(spent_within(&mut credit, FULL).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_a_second_buys_no_more_than_its_worth() {
        let mut credit = Credit::new(FULL, 100);
        let mut waited = 0;
        while !spent_within(&mut credit, Duration::from_secs(1)).await {
            credit.earn(1);
            waited += 1;
        }
        assert_eq!(waited, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_waits_for_nobody_spends_nothing() {
        let mut credit = Credit::new(FULL, 100);
        assert!(!spent_within(&mut credit, Duration::from_secs(4)).await);
        credit.earn(1);
        advance(Duration::from_secs(3_600)).await;
        assert!(!spent_within(&mut credit, Duration::from_millis(900)).await);
        assert!(spent_within(&mut credit, Duration::from_secs(1)).await, "and nothing is forgiven either");
    }
}
