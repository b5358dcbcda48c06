//! The report on a terminal: parameters, one row for each operation, costs, checks.

use std::collections::BTreeMap;

use crate::{
    cli::table::{count, mark, table},
    load::report::{Measured, Operation, Report, Rung, time},
};

pub fn render(report: &Report, styled: bool) -> String {
    let (bold, dim, plain) = if styled { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    let Report { scenario, measured, .. } = report;
    let whose = report.url.as_deref().unwrap_or("a server of its own");
    let mut text = format!("\n{bold}souk load {scenario}{plain} on {whose}, {}\n", report.started_at);
    let settings = report.parameters.iter().map(|(name, value)| format!("{name} {value}"));
    text += &format!("{dim}{}{plain}\n\n", settings.collect::<Vec<_>>().join(", ").replace('"', ""));
    if report.machine.build == "debug" {
        text += "  This is a debug build: its figures are no argument.\n\n";
    }
    text += &operations(measured);
    text += &format!("\n  {}\n", rates(measured, report.unit));
    text += &format!("  {}\n", costs(measured));
    if !report.sweep.is_empty() {
        text += &format!("\n{bold}throughput against offered load{plain}\n{}", rungs(&report.sweep));
    }
    if !report.figures.is_empty() {
        let rows = report.figures.iter().map(|it| vec![it.name.clone(), number(it.value), it.unit.to_owned()]);
        let heading = vec!["figure".to_owned(), "value".to_owned(), String::new()];
        text += &format!("\n{}", table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>()));
    }
    for note in &report.notes {
        text += &format!("\n  {note}\n");
    }
    text += &format!("\n{bold}invariants{plain}\n");
    for one in &report.invariants {
        text += &format!("  {} {}, {} checked\n", mark(one.broken == 0, styled), one.name, count(one.checked));
        if one.broken > 0 {
            text += &format!("    {} broken, for example:\n", count(one.broken));
            one.examples.iter().for_each(|example| text += &format!("      {example}\n"));
        }
    }
    text
}

fn operations(measured: &Measured) -> String {
    let heading = ["", "served", "p50", "p90", "p99", "p99.9", "max", "refused", "errors"].map(str::to_owned);
    let row = |it: &Operation| {
        let times = [it.latency.p50, it.latency.p90, it.latency.p99, it.latency.p999, it.latency.max];
        let mut row = vec![it.name.clone(), count(it.served)];
        row.extend(times.map(time));
        row.extend([codes(&it.refused), codes(&it.errors)]);
        row
    };
    let rows = std::iter::once(&measured.whole).chain(&measured.steps).map(row);
    table(&std::iter::once(heading.to_vec()).chain(rows).collect::<Vec<_>>())
}

fn codes(codes: &BTreeMap<String, u64>) -> String {
    let words: Vec<_> = codes.iter().map(|(code, n)| format!("{} {code}", count(*n))).collect();
    if words.is_empty() { "-".into() } else { words.join(", ") }
}

fn rates(measured: &Measured, unit: &str) -> String {
    let not_started = match measured.not_started {
        0 => "all were started".to_owned(),
        n => format!("{} were due and never started", count(n)),
    };
    let late = format!("the load's own clock was late by {} at p99", time(measured.late.p99));
    format!(
        "{} {unit} a second were due for {:.1} s, {} were answered; {not_started}; {late}",
        number(measured.offered),
        measured.seconds,
        number(measured.achieved)
    )
}

fn costs(measured: &Measured) -> String {
    let server = &measured.server;
    let Some((cpu, each)) = server.cpu_seconds.zip(server.cpu_us_per_operation) else {
        return "what it cost the server is not known here: it is not the run's own".into();
    };
    let memory = server.rss_max.map(|bytes| format!(", {} resident at most", mebibytes(bytes))).unwrap_or_default();
    let load = measured.load_cpu_seconds.map(|cpu| format!("; the load itself {cpu:.2} s")).unwrap_or_default();
    format!("the server used {cpu:.2} s of CPU, {} for each{memory}{load}", time(each as u64))
}

fn rungs(sweep: &[Rung]) -> String {
    let heading = ["offered/s", "answered/s", "p50", "p99", "not started", "errors", ""].map(str::to_owned);
    let row = |it: &Rung| {
        let end = if it.held { "" } else { "bent" };
        let counts = [count(it.not_started), count(it.errors), end.to_owned()];
        let mut row = vec![number(it.offered), number(it.achieved), time(it.latency.p50), time(it.latency.p99)];
        row.extend(counts);
        row
    };
    table(&std::iter::once(heading.to_vec()).chain(sweep.iter().map(row)).collect::<Vec<_>>())
}

fn number(value: f64) -> String {
    match value.fract() == 0.0 || value.abs() >= 100.0 {
        true => count(value.round().max(0.0) as u64),
        false => format!("{value:.2}"),
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_counted_by_name() {
        assert_eq!(codes(&BTreeMap::new()), "-");
        assert_eq!(codes(&BTreeMap::from([("busy".into(), 1_200), ("late".into(), 1)])), "1 200 busy, 1 late");
    }
}
