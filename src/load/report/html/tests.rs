//! The page of a small report with names that would break it.

use std::collections::BTreeMap;

use super::*;
use crate::load::{
    invariant::Invariant,
    report::{Bar, FORMAT, Figure, Line, Machine, Quantiles, Server, Stretch},
};

fn report() -> Report {
    let latency = Quantiles { p50: 900, p90: 2_000, p99: 40_000, p999: 80_000, max: 90_000 };
    let whole = Operation {
        name: "<script>alert(1)</script>".into(),
        served: 10,
        refused: BTreeMap::from([("out_of_stock".into(), 2)]),
        errors: BTreeMap::from([("a\"b".into(), 1)]),
        latency,
    };
    let mut broken = Invariant::new("nothing is lost");
    broken.check(false, || "<b>order</b> 1 & 2".into());
    let stretch = |n: u64| Stretch { at: n as f64 * 0.1, served: n, errors: 0, latency };
    Report {
        format: FORMAT,
        version: "0",
        scenario: "checkout",
        unit: "purchases",
        started_at: "2026-11-21T00:00:00.000Z".into(),
        url: Some("http://a/?<>".into()),
        parameters: BTreeMap::from([("rate", 5.into())]),
        machine: Machine { cores: 2, system: "linux", build: "release" },
        measured: Measured {
            seconds: 1.0,
            offered: 10.0,
            achieved: 9.0,
            not_started: 3,
            late: latency,
            whole,
            steps: Vec::new(),
            windows: (0..5).map(stretch).collect(),
            histogram: vec![Bar { up_to: 900, count: 5 }, Bar { up_to: 90_000, count: 5 }],
            server: Server { cpu_us_per_operation: Some(120.0), ..Server::default() },
            load_cpu_seconds: None,
        },
        sweep: [10.0, 20.0]
            .map(|offered| Rung { offered, achieved: 9.0, not_started: 0, errors: 0, latency, held: offered < 15.0 })
            .to_vec(),
        figures: vec![Figure::new("a <figure>", 1.5, "ms")],
        curves: vec![Curve {
            name: "curve & co".into(),
            x: "lines",
            y: "us",
            lines: vec![Line { name: "p<50>".into(), points: vec![(1.0, 2.0), (3.0, 4.0)] }],
        }],
        invariants: vec![broken],
        notes: vec!["a 'note'".into()],
    }
}

#[test]
fn nothing_that_is_told_becomes_markup() {
    let page = page(&report());
    for raw in ["<script", "<b>order", "?<>", "<figure>\"", "p<50>", "a\"b", "a 'note'"] {
        assert!(!page.contains(raw), "{raw} stands in the page");
    }
    for told in ["&lt;script&gt;alert(1)", "&lt;b&gt;order&lt;/b&gt; 1 &amp; 2", "a &lt;figure&gt;", "p&lt;50&gt;"] {
        assert!(page.contains(told), "{told} is not in the page");
    }
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = page(&Report { url: None, ..report() });
    for outside in ["http:", "https:", "//", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside} is in the page");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
}

#[test]
fn what_was_measured_is_shown() {
    let page = page(&report());
    for part in ["BROKEN", "1 checked, 1 broken", "2 out_of_stock", "3 never started", "40.0 ms", "120 µs"] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    assert_eq!(page.matches("<svg").count(), 5, "two of the sweep, time, histogram, the curve");
    let sound = Report { invariants: Vec::new(), sweep: Vec::new(), ..report() };
    let page = super::page(&sound);
    assert!(page.contains("every invariant holds") && !page.contains("BROKEN"));
    assert_eq!(page.matches("<svg").count(), 3);
}
