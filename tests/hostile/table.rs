//! One line for each phase: what the attack did, what it cost the shop, and what the buyers felt.

use std::{sync::Arc, time::Duration};

use souk::load::record::histogram;

use super::{attack::Attack, buyer::Book, meter::Reading, toll::Toll};

pub struct Phase {
    pub name: &'static str,
    pub took: Duration,
    pub before: Reading,
    pub after: Reading,
    pub book: Book,
    pub tolls: Vec<(Attack, Arc<Toll>)>,
}

impl Phase {
    pub fn quantile(&self, of: f64) -> Duration {
        Duration::from_micros(self.book.times.value_at_quantile(of))
    }

    /// Of what a checkout consists of: the line, the order, the payment.
    pub fn checkout_p99(&self) -> Duration {
        Duration::from_micros(self.of_checkouts().value_at_quantile(0.99))
    }

    /// Their requests.
    pub fn checkouts(&self) -> u64 {
        self.of_checkouts().len()
    }

    fn of_checkouts(&self) -> hdrhistogram::Histogram<u64> {
        let mut times = histogram(3);
        for step in ["put", "check out", "pay"] {
            self.book.steps.get(step).map_or(Ok(()), |of_step| times.add(of_step)).expect("histograms of one range");
        }
        times
    }

    pub fn grown(&self) -> u64 {
        self.after.disk.saturating_sub(self.before.disk)
    }

    /// The buyers' step with the highest 99th percentile.
    fn slowest(&self) -> String {
        let p99 = |times: &hdrhistogram::Histogram<u64>| times.value_at_quantile(0.99) / 1_000;
        let slowest = self.book.steps.iter().max_by_key(|(_, times)| p99(times));
        slowest.map_or_else(String::new, |(step, times)| format!("{step}: {} ms", p99(times)))
    }

    fn line(&self) -> String {
        use std::sync::atomic::Ordering::Relaxed;
        let requests: u64 = self.tolls.iter().map(|(_, toll)| toll.requests.load(Relaxed)).sum();
        let cores = (self.after.cpu.saturating_sub(self.before.cpu)).as_secs_f64() / self.took.as_secs_f64();
        format!(
            "{:<17}{:>6.1}{:>10}{:>7.2}{:>9.1}{:>9.1}{:>8}{:>9.1}{:>8}{:>8}{:>9.1}{:>9.1}  {}",
            self.name,
            self.took.as_secs_f64(),
            requests,
            cores,
            mib(self.after.rss),
            mib(self.after.kernel),
            self.after.files,
            mib(self.grown()),
            self.after.held,
            self.book.bought.iter().sum::<u64>(),
            self.quantile(0.5).as_secs_f64() * 1e3,
            self.quantile(0.99).as_secs_f64() * 1e3,
            self.slowest(),
        )
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}

/// The table, and below it what the attackers were told.
pub fn print(phases: &[Phase]) {
    println!(
        "\n{:<17}{:>6}{:>10}{:>7}{:>9}{:>9}{:>8}{:>9}{:>8}{:>8}{:>9}{:>9}  slowest step",
        "phase",
        "s",
        "requests",
        "cores",
        "RSS MiB",
        "TCP MiB",
        "files",
        "disk MiB",
        "held",
        "orders",
        "p50 ms",
        "p99 ms"
    );
    for phase in phases {
        println!("{}", phase.line());
    }
    for phase in phases {
        for (attack, toll) in &phase.tolls {
            println!("{:<17} {:<17} {}", phase.name, attack.name(), toll.told());
        }
        let book = &phase.book;
        if book.sold_out + book.repeated > 0 || !book.troubles.is_empty() {
            let (sold_out, repeated) = (book.sold_out, book.repeated);
            println!("{:<17} buyers: sold out {sold_out}, repeated {repeated}, {:?}", phase.name, book.troubles);
        }
    }
}
