//! A bench's report: Souk's figure, the peer's, the ratio, and whether the aim was met.

use super::load::Figures;

/// A ratio that one number of clients must reach.
pub struct Aim {
    pub clients: usize,
    pub times: f64,
}

pub fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Microseconds as people read them.
pub fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} us"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

pub fn table(title: &str, unit: &str, ours: &[Figures], peer_name: &str, peer: &[Figures], aim: &Aim) {
    println!("\n{title}");
    println!(
        "  {:>7} {:>16} {:>9} {:>9} | {:>16} {:>9} {:>9} | {:>7}",
        "clients",
        format!("souk {unit}/s"),
        "p50",
        "p99",
        format!("{peer_name} /s"),
        "p50",
        "p99",
        "ratio"
    );
    for o in ours {
        let line = format!("  {:>7} {:>16.0} {:>9} {:>9}", o.clients, o.rate, time(o.p50_us), time(o.p99_us));
        match peer.iter().find(|p| p.clients == o.clients) {
            Some(p) => {
                let ratio = o.rate / p.rate;
                let aimed = match aim.clients == o.clients {
                    true => format!("  (at least {}: {})", aim.times, verdict(ratio >= aim.times)),
                    false => String::new(),
                };
                println!("{line} | {:>16.0} {:>9} {:>9} | {ratio:>7.1}{aimed}", p.rate, time(p.p50_us), time(p.p99_us));
            }
            None => println!("{line} | {:>16} {:>9} {:>9} | {:>7}", "not run", "", "", ""),
        }
    }
}
