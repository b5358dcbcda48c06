//! Whose the machine's cores are meanwhile: a machine that also works for others makes every time in a test as long as it
//! likes.

use std::time::{Duration, Instant};

use souk::load::usage;

/// The processes of the test: itself and the shop.
pub struct Machine {
    own: [u32; 2],
    began: Instant,
    before: Worked,
}

struct Worked {
    all: Duration,
    own: Duration,
}

impl Machine {
    pub fn watch(shop: u32) -> Self {
        let own = [std::process::id(), shop];
        Self { own, began: Instant::now(), before: worked(&own) }
    }

    /// Cores that others have used since, and those that a hypervisor has kept.
    pub fn of_others(&self) -> f64 {
        let now = worked(&self.own);
        let of_others = (now.all - self.before.all).saturating_sub(now.own - self.before.own);
        of_others.as_secs_f64() / self.began.elapsed().as_secs_f64()
    }
}

/// By `proc_stat(5)`: all time of all cores but idle time and the wait for disks.
fn worked(own: &[u32]) -> Worked {
    let stat = std::fs::read_to_string("/proc/stat").expect("Linux");
    let fields = stat.lines().next().expect("a line of all cores").split_whitespace().skip(1);
    let ticks: Vec<u64> = fields.filter_map(|field| field.parse().ok()).collect();
    // user, nice, system; idle and iowait are left out; irq, softirq, steal. Guests' time is in user's.
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|field| ticks.get(*field)).sum();
    let own = own.iter().filter_map(|pid| usage::cpu(*pid)).sum();
    Worked { all: usage::of_ticks(busy), own }
}
