//! Waits for consequences: releases, captures, read models, owners.
//!
//! Time is tokio's. On real time a waiting test leaves the processor to the shop it waits for; on paused time a
//! condition that never comes true fails at once.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

/// Long compared with one check over HTTP, short compared with the awaited event.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Returns when `condition` holds; panics with `what` when it does not within the time.
pub async fn eventually(what: &str, within: Duration, condition: impl AsyncFn() -> bool) {
    let holds = async {
        let mut looks = interval(LOOK_EVERY);
        // After a slow check the next pause has full length.
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if condition().await {
                return;
            }
        }
    };
    timeout(within, holds).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn looks_until_it_is_so() {
        let looks = Cell::new(0);
        let third = async || {
            looks.set(looks.get() + 1);
            looks.get() == 3
        };
        eventually("a third look", Duration::from_secs(1), third).await;
        assert_eq!(looks.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "never: rain")]
    async fn ends_when_the_time_is_over() {
        eventually("rain", Duration::from_secs(3_600), async || false).await;
    }
}
