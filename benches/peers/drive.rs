//! A closed loop for a fixed time: each client begins its next operation after the reply to its last.
//!
//! A fifth of the time warms up and is not measured. Operations that end within the measured time count, also if begun
//! before; so a slow peer's last operations are neither waited for nor favoured.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::common::load::{Client, Figures};

/// The largest recorded latency, in microseconds; slower ones count as this.
const SLOWEST_US: u64 = 60_000_000;

pub struct Driven {
    pub figures: Figures,
    /// The server's CPU in the measured time, for each operation completed in it; microseconds.
    pub cpu_us: f64,
    /// Completed operations, including those of the warm-up and after the end.
    pub acknowledged: u64,
}

pub async fn drive<C: Client>(clients: Vec<C>, seconds: f64, cpu: impl Fn() -> Result<Duration>) -> Result<Driven> {
    let count = clients.len();
    let from = Instant::now() + Duration::from_secs_f64(seconds / 5.0);
    let to = from + Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                let mut times = Histogram::<u64>::new_with_bounds(1, SLOWEST_US, 3)?;
                let mut acknowledged = 0;
                while Instant::now() < to {
                    let asked = Instant::now();
                    client.once().await?;
                    let answered = Instant::now();
                    acknowledged += 1;
                    if answered >= from && answered < to {
                        times.saturating_record((answered - asked).as_micros() as u64);
                    }
                }
                anyhow::Ok((times, acknowledged))
            })
        })
        .collect();
    tokio::time::sleep_until(from.into()).await;
    let before = cpu()?;
    tokio::time::sleep_until(to.into()).await;
    let spent = cpu()?.saturating_sub(before);
    let mut times = Histogram::<u64>::new_with_bounds(1, SLOWEST_US, 3)?;
    let mut acknowledged = 0;
    for task in tasks {
        let (own, answered) = task.await??;
        times.add(own)?;
        acknowledged += answered;
    }
    let done = times.len();
    let (p50_us, p99_us) = (times.value_at_quantile(0.5), times.value_at_quantile(0.99));
    let figures = Figures { clients: count, rate: done as f64 / seconds, p50_us, p99_us, done };
    Ok(Driven { figures, cpu_us: spent.as_secs_f64() * 1e6 / done.max(1) as f64, acknowledged })
}
