//! Closed-loop clients under criterion: one iteration is one operation by every client, each client begins its next
//! operation after the reply to its last, and every latency is recorded.
//!
//! `SOUK_BENCH_SECONDS` is the time of each measurement (default 4), after a fifth of it to warm up;
//! `--test` is one iteration. The warm-up counts too: criterion does not say when it ends.

use std::{
    cell::RefCell,
    env,
    future::Future,
    time::{Duration, Instant},
};

use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use hdrhistogram::Histogram;
use tokio::runtime::Runtime;

/// The largest recorded latency, in microseconds; slower ones count as this.
const SLOWEST_US: u64 = 60_000_000;

pub trait Client: Send + 'static {
    /// One operation, to its reply; a failure ends the bench.
    fn once(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub clients: usize,
    pub rate: f64,
    pub p50_us: u64,
    pub p99_us: u64,
    pub done: u64,
}

pub fn seconds() -> f64 {
    let asked = env::var("SOUK_BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    asked.filter(|seconds| (0.05..=600.0).contains(seconds)).unwrap_or(4.0)
}

pub fn criterion() -> Criterion {
    let seconds = seconds();
    Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs_f64(seconds))
        .warm_up_time(Duration::from_secs_f64(seconds / 5.0))
        .without_plots()
        .configure_from_args()
}

struct Tally {
    times: Histogram<u64>,
    spent: Duration,
    done: u64,
}

/// Measures `clients` together. `prepare` comes before each sample, outside its time, with the operations it
/// will have. `None` where the command line's filter left this one out.
pub fn measure<C: Client>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    runtime: &Runtime,
    clients: Vec<C>,
    mut prepare: impl FnMut(&mut [C], u64),
) -> Option<Figures> {
    let count = clients.len();
    let times = Histogram::new_with_bounds(1, SLOWEST_US, 3).expect("legal bounds");
    let tally = RefCell::new(Tally { times, spent: Duration::ZERO, done: 0 });
    let mut clients = Some(clients);
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(count as u64));
    group.bench_function(format!("{name}/{count}"), |b| {
        b.iter_custom(|rounds| {
            let mut ready = clients.take().expect("samples come one after the other");
            prepare(&mut ready, rounds * count as u64);
            let (time, back) = runtime.block_on(sample(ready, rounds, &mut tally.borrow_mut().times));
            clients = Some(back);
            let mut tally = tally.borrow_mut();
            tally.spent += time;
            tally.done += rounds * count as u64;
            time
        });
    });
    let Tally { times, spent, done } = tally.into_inner();
    (done > 0).then(|| Figures {
        clients: count,
        rate: done as f64 / spent.as_secs_f64(),
        p50_us: times.value_at_quantile(0.5),
        p99_us: times.value_at_quantile(0.99),
        done,
    })
}

async fn sample<C: Client>(clients: Vec<C>, rounds: u64, times: &mut Histogram<u64>) -> (Duration, Vec<C>) {
    let empty = Histogram::new_from(times);
    let started = Instant::now();
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let mut times = empty.clone();
            tokio::spawn(async move {
                for _ in 0..rounds {
                    let asked = Instant::now();
                    if let Err(error) = client.once().await {
                        panic!("a client was not served: {error:#}");
                    }
                    times.saturating_record(asked.elapsed().as_micros() as u64);
                }
                (client, times)
            })
        })
        .collect();
    let mut back = Vec::with_capacity(tasks.len());
    for task in tasks {
        let (client, own) = task.await.expect("a client's task");
        times.add(own).expect("the same bounds");
        back.push(client);
    }
    (started.elapsed(), back)
}
