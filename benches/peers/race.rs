//! A flash sale: more buyers than units of one SKU, over a few connections. What counts is how many are sold.
//!
//! Twice: each buyer from cart to payment in one go; and all buyers up to their payment before the first one pays, as
//! when all came at once and type a card number.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use hdrhistogram::Histogram;

use super::rows::{By, Row};

/// One connection, which serves buyer after buyer.
pub trait Till: Send + 'static {
    /// A buyer who has everything but the payment.
    type Ready: Send + 'static;

    /// A new buyer with one unit in the cart, up to the payment; `None`: refused, sold out.
    fn arrange(&mut self) -> impl Future<Output = Result<Option<Self::Ready>>> + Send;

    /// Whether the shop took the money.
    fn pay(&mut self, ready: Self::Ready) -> impl Future<Output = Result<bool>> + Send;
}

pub struct Sale {
    pub sold: usize,
    times: Histogram<u64>,
    spent: Duration,
}

impl Sale {
    pub fn row(&self, work: &str, side: &str, units: usize, cpu: Duration) -> Row {
        Row {
            work: work.to_owned(),
            side: side.to_owned(),
            by: By::P99,
            rate: None,
            unit: "sold",
            p50_us: self.times.value_at_quantile(0.5),
            p99_us: self.times.value_at_quantile(0.99),
            cpu_us: cpu.as_secs_f64() * 1e6 / self.sold.max(1) as f64,
            more: vec![
                ("units", units as f64),
                ("sold", self.sold as f64),
                ("oversold", self.sold.saturating_sub(units) as f64),
                ("seconds", self.spent.as_secs_f64()),
            ],
        }
    }
}

/// All buyers at once or, `staged`, none pays before all are ready. Times are of whole purchases (staged: of payments).
pub async fn sell<T: Till>(tills: Vec<T>, buyers: usize, staged: bool) -> Result<Sale> {
    let started = Instant::now();
    let come = Arc::new(AtomicUsize::new(0));
    let ready = Arc::new(tokio::sync::Barrier::new(tills.len()));
    let tasks: Vec<_> = tills
        .into_iter()
        .map(|till| tokio::spawn(serve(till, come.clone(), buyers, staged.then(|| ready.clone()))))
        .collect();
    let (mut sold, mut times) = (0, Histogram::new_with_bounds(1, 120_000_000, 3)?);
    for task in tasks {
        let (own, of) = task.await??;
        sold += own;
        times.add(of)?;
    }
    Ok(Sale { sold, times, spent: started.elapsed() })
}

async fn serve<T: Till>(
    mut till: T,
    come: Arc<AtomicUsize>,
    buyers: usize,
    all_ready: Option<Arc<tokio::sync::Barrier>>,
) -> Result<(usize, Histogram<u64>)> {
    let (mut sold, mut waiting) = (0, Vec::new());
    let mut times = Histogram::new_with_bounds(1, 120_000_000, 3)?;
    let mut failed = None;
    while come.fetch_add(1, Relaxed) < buyers {
        let asked = Instant::now();
        match till.arrange().await {
            Ok(None) => {}
            Ok(Some(ready)) if all_ready.is_some() => {
                waiting.push(ready);
                continue;
            }
            Ok(Some(ready)) => sold += usize::from(till.pay(ready).await?),
            // The others must not wait at the barrier for ever.
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
        times.saturating_record(asked.elapsed().as_micros() as u64);
    }
    if let Some(all_ready) = all_ready {
        all_ready.wait().await;
    }
    if let Some(error) = failed {
        return Err(error);
    }
    for ready in waiting {
        let asked = Instant::now();
        sold += usize::from(till.pay(ready).await?);
        times.saturating_record(asked.elapsed().as_micros() as u64);
    }
    Ok((sold, times))
}
