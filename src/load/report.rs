//! A run's results as data: the JSON of `--json`, and the source of the table and the page.
//!
//! The format has a name with its version; a member that changes its meaning is a new version. docs/load.md explains
//! every member. Times are microseconds, `null` is "not known".

pub mod html;
pub mod svg;

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{
    drive::Driven,
    invariant::Invariant,
    record::{Tallies, Tally},
};

pub const FORMAT: &str = "souk-load/1";

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub format: &'static str,
    pub version: &'static str,
    pub scenario: &'static str,
    /// The name of one operation.
    pub unit: &'static str,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// `null`: the run's own server.
    pub url: Option<String>,
    pub parameters: BTreeMap<&'static str, serde_json::Value>,
    pub machine: Machine,
    pub measured: Measured,
    /// Of `--sweep`: one for each rate, in order; at the last one the shop no longer kept up. Else empty.
    pub sweep: Vec<Rung>,
    pub figures: Vec<Figure>,
    pub curves: Vec<Curve>,
    pub invariants: Vec<Invariant>,
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub system: &'static str,
    /// `release`, or `debug`: whose figures are no argument.
    pub build: &'static str,
}

/// Of the whole run; of a sweep the last step that held.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    pub seconds: f64,
    /// Operations a second: due, and served meanwhile.
    pub offered: f64,
    pub achieved: f64,
    pub not_started: u64,
    /// From due to released by the load's own clock.
    pub late: Quantiles,
    pub whole: Operation,
    pub steps: Vec<Operation>,
    pub windows: Vec<Stretch>,
    pub histogram: Vec<Bar>,
    pub server: Server,
    pub load_cpu_seconds: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Operation {
    pub name: String,
    /// Done, or refused by the shop's rules.
    pub served: u64,
    pub refused: BTreeMap<String, u64>,
    pub errors: BTreeMap<String, u64>,
    pub latency: Quantiles,
}

/// Microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Stretch {
    /// Seconds after the warm-up's end.
    pub at: f64,
    pub served: u64,
    pub errors: u64,
    pub latency: Quantiles,
}

/// `count` operations took at most `up_to` and more than the bar before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    pub up_to: u64,
    pub count: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Server {
    pub cpu_seconds: Option<f64>,
    pub cpu_us_per_operation: Option<f64>,
    pub rss_before: Option<u64>,
    pub rss_after: Option<u64>,
    pub rss_max: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rung {
    pub offered: f64,
    pub achieved: f64,
    pub not_started: u64,
    pub errors: u64,
    pub latency: Quantiles,
    /// `false`: the shop no longer kept up.
    pub held: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
}

/// Named lines over one axis, e.g. microseconds by a cart's length.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    pub name: String,
    pub x: &'static str,
    pub y: &'static str,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit }
    }
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.invariants.iter().all(|one| one.broken == 0)
    }
}

impl Quantiles {
    pub fn of(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: histogram.max() }
    }
}

impl Operation {
    fn of(name: &str, tally: &Tally) -> Self {
        let (refused, errors) = (tally.refused.clone(), tally.errors.clone());
        Self {
            name: name.to_owned(),
            served: tally.served.len(),
            refused,
            errors,
            latency: Quantiles::of(&tally.served),
        }
    }

    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

impl Measured {
    pub fn of(driven: &Driven, unit: &str) -> Self {
        let Tallies { steps, whole, windows, answered_in_time } = &driven.tallies;
        let seconds = driven.seconds.max(0.001);
        let width = driven.window.as_secs_f64();
        let stretch = |(n, window): (usize, &super::record::Window)| Stretch {
            at: n as f64 * width,
            served: window.served.len(),
            errors: window.errors,
            latency: Quantiles::of(&window.served),
        };
        let cpu = driven.server.cpu.map(|cpu| cpu.as_secs_f64());
        let each = |cpu: f64| cpu * 1e6 / *answered_in_time as f64;
        let server = Server {
            cpu_seconds: cpu,
            cpu_us_per_operation: cpu.filter(|_| *answered_in_time > 0).map(each),
            rss_before: driven.server.rss_before,
            rss_after: driven.server.rss_after,
            rss_max: driven.server.rss_max,
        };
        Self {
            seconds,
            offered: driven.paced.offered as f64 / seconds,
            achieved: *answered_in_time as f64 / driven.answering.max(0.001),
            not_started: driven.not_started,
            late: Quantiles::of(&driven.paced.late),
            whole: Operation::of(unit, whole),
            steps: steps.iter().map(|(name, tally)| Operation::of(name, tally)).collect(),
            windows: windows.iter().enumerate().map(stretch).collect(),
            histogram: bars(&whole.served),
            server,
            load_cpu_seconds: driven.load_cpu.as_ref().map(Duration::as_secs_f64),
        }
    }
}

/// Microseconds as a person reads them.
pub fn time(us: u64) -> String {
    match us {
        0 => "-".into(),
        1..1_000 => format!("{us} µs"),
        1_000..100_000 => format!("{:.1} ms", us as f64 / 1e3),
        100_000..10_000_000 => format!("{:.0} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

/// Doubling every two bars: from microseconds to minutes in about fifty.
pub fn bars(histogram: &Histogram<u64>) -> Vec<Bar> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let (mut bars, mut below, mut edge) = (Vec::new(), 0u64, histogram.min() as f64);
    while below < histogram.len() {
        edge *= std::f64::consts::SQRT_2;
        let up_to = edge.ceil() as u64;
        let to = histogram.count_between(0, up_to);
        bars.push(Bar { up_to, count: to - below });
        below = to;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::record::histogram;

    #[test]
    fn bars_hold_every_value_once() {
        let mut times = histogram(3);
        assert_eq!(bars(&times), []);
        [100, 110, 150, 5_000, 5_000, 40_000_000].into_iter().for_each(|time| times.saturating_record(time));
        let all = bars(&times);
        assert_eq!(all.iter().map(|bar| bar.count).sum::<u64>(), 6);
        assert!(all.windows(2).all(|pair| pair[0].up_to < pair[1].up_to), "{all:?}");
        assert_eq!((all[0].count, all.last().map(|bar| bar.count)), (2, Some(1)));
        assert!(all.len() < 60, "{}", all.len());
    }

    #[test]
    fn times_have_the_unit_that_reads_best() {
        let times = [0, 999, 1_500, 99_000, 250_000, 12_300_000].map(time);
        assert_eq!(times, ["-", "999 µs", "1.5 ms", "99.0 ms", "250 ms", "12.3 s"]);
    }

    #[test]
    fn quantiles_of_nothing_are_zero() {
        assert_eq!(Quantiles::of(&histogram(3)), Quantiles::default());
    }
}
