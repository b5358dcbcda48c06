//! The report as one page: no script, no external resource, dark or light as the reader's system, legible on a phone.

use std::fmt::Write as _;

use super::{
    Curve, Measured, Operation, Report, Rung,
    svg::{Plot, Series, bars, short},
    time,
};

const STYLE: &str = include_str!("page.css");

pub fn page(report: &Report) -> String {
    let title = format!("souk load {}", report.scenario);
    let mut html = String::with_capacity(64 << 10);
    html += "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">";
    html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
    html += "<meta name=\"color-scheme\" content=\"light dark\">";
    // Writing into a String cannot fail.
    let _ = write!(html, "<title>{}</title>\n<style>{STYLE}</style></head><body>", escape(&title));
    html += &head(report, &title);
    html += &tiles(report);
    html += &operations(&report.measured);
    html += &plots(report);
    html += &figures(report);
    html += &invariants(report);
    html += &parameters(report);
    html + "</body></html>\n"
}

/// For text and for attributes in double quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            _ => out.push(c),
        }
    }
    out
}

fn head(report: &Report, title: &str) -> String {
    let whose = report.url.as_deref().unwrap_or("a server of its own");
    let machine = format!("{} cores, {}, souk {}", report.machine.cores, report.machine.system, report.version);
    let debug = match report.machine.build {
        "debug" => "<p class=\"bad\">A debug build: these figures are no argument.</p>",
        _ => "",
    };
    let line = format!("{} · {whose} · {machine}", report.started_at);
    format!("<header><h1>{}</h1><p>{}</p>{debug}</header>", escape(title), escape(&line))
}

fn tiles(report: &Report) -> String {
    let Report { measured, .. } = report;
    let errors = measured.whole.failed();
    let sound = report.is_sound();
    let mut tiles = vec![
        (format!("{}/s", rate(measured.achieved)), format!("{} of {} due", report.unit, rate(measured.offered))),
        (time(measured.whole.latency.p50), "p50, from due to answered".into()),
        (time(measured.whole.latency.p99), "p99".into()),
        (errors.to_string(), format!("errors; {} never started", measured.not_started)),
    ];
    if let Some(each) = measured.server.cpu_us_per_operation {
        tiles.push((time(each as u64), "server's CPU for each".into()));
    }
    if let Some(bytes) = measured.server.rss_max {
        tiles.push((format!("{:.0} MiB", bytes as f64 / 1048576.0), "server's memory at most".into()));
    }
    let tile = |(value, what): &(String, String)| {
        format!("<div><b>{}</b><small>{}</small></div>", escape(value), escape(what))
    };
    let verdict = match sound {
        true => ("good", "sound", "every invariant holds"),
        false => ("bad", "BROKEN", "an invariant does not hold"),
    };
    let tiles: String = tiles.iter().map(tile).collect();
    format!(
        "<section class=\"tiles\"><div class=\"{}\"><b>{}</b><small>{}</small></div>{tiles}</section>",
        verdict.0, verdict.1, verdict.2
    )
}

fn rate(value: f64) -> String {
    if value < 100.0 { short(value) } else { format!("{value:.0}") }
}

fn operations(measured: &Measured) -> String {
    let row = |it: &Operation| {
        let l = &it.latency;
        let times: String = [l.p50, l.p90, l.p99, l.p999, l.max].map(|us| format!("<td>{}</td>", time(us))).concat();
        let codes = |all: &std::collections::BTreeMap<String, u64>| -> String {
            let words: Vec<_> = all.iter().map(|(code, n)| format!("{n} {}", escape(code))).collect();
            words.join(", ")
        };
        let (refused, errors) = (codes(&it.refused), codes(&it.errors));
        format!(
            "<tr><th>{}</th><td>{}</td>{times}<td>{refused}</td><td>{errors}</td></tr>",
            escape(&it.name),
            it.served
        )
    };
    let rows: String = std::iter::once(&measured.whole).chain(&measured.steps).map(row).collect();
    format!(
        "<h2>Operations</h2><div class=\"wide\"><table><tr><th></th><th>served</th><th>p50</th><th>p90</th>\
         <th>p99</th><th>p99.9</th><th>max</th><th>refused</th><th>errors</th></tr>{rows}</table></div>"
    )
}

fn plots(report: &Report) -> String {
    let Report { measured, .. } = report;
    let over = |of: fn(&super::Quantiles) -> u64| -> Vec<(f64, f64)> {
        let served = measured.windows.iter().filter(|window| window.served > 0);
        served.map(|window| (window.at, of(&window.latency) as f64 / 1e3)).collect()
    };
    let series = |name, points| Series { name, points, marked: false };
    let latency = Plot {
        x: "seconds",
        y: "milliseconds",
        logarithmic_x: false,
        logarithmic: true,
        series: vec![series("p50", over(|q| q.p50)), series("p99", over(|q| q.p99)), series("max", over(|q| q.max))],
    };
    let all: Vec<_> = measured.histogram.iter().map(|bar| (time(bar.up_to), bar.count as f64)).collect();
    let mut html = String::new();
    if !report.sweep.is_empty() {
        html += &figure("Throughput against offered load", &throughput(&report.sweep));
        html += &figure("Latency against offered load", &latencies(&report.sweep));
    }
    html += &figure("Latency over time, by when the operation was due", &latency.svg());
    html += &figure("How many took how long (up to)", &bars("latency", "operations", &all));
    for Curve { name, x, y, lines } in &report.curves {
        let one = |line: &'_ super::Line| (line.name.clone(), line.points.clone());
        let lines: Vec<_> = lines.iter().map(one).collect();
        let series = lines.iter().map(|(name, points)| Series { name, points: points.clone(), marked: true });
        let plot = Plot { x, y, logarithmic_x: false, logarithmic: false, series: series.collect() };
        html += &figure(name, &plot.svg());
    }
    html
}

fn throughput(sweep: &[Rung]) -> String {
    let points = |of: fn(&Rung) -> f64| sweep.iter().map(|rung| (rung.offered, of(rung))).collect();
    let answered = Series { name: "answered", points: points(|rung| rung.achieved), marked: true };
    let ideal = Series { name: "all that was due", points: points(|rung| rung.offered), marked: false };
    Plot {
        x: "due in a second",
        y: "answered in a second",
        logarithmic_x: false,
        logarithmic: false,
        series: vec![answered, ideal],
    }
    .svg()
}

fn latencies(sweep: &[Rung]) -> String {
    let points = |of: fn(&Rung) -> u64| sweep.iter().map(|rung| (rung.offered, of(rung) as f64 / 1e3)).collect();
    let p50 = Series { name: "p50", points: points(|rung| rung.latency.p50), marked: true };
    let p99 = Series { name: "p99", points: points(|rung| rung.latency.p99), marked: true };
    Plot { x: "due in a second", y: "milliseconds", logarithmic_x: false, logarithmic: true, series: vec![p50, p99] }
        .svg()
}

fn figure(title: &str, plot: &str) -> String {
    format!("<figure><figcaption>{}</figcaption>{plot}</figure>", escape(title))
}

fn figures(report: &Report) -> String {
    let mut html = String::new();
    if !report.figures.is_empty() {
        html += "<h2>Figures</h2><div class=\"wide\"><table>";
        for it in &report.figures {
            let value = if it.value.fract() == 0.0 { format!("{:.0}", it.value) } else { format!("{:.2}", it.value) };
            let _ = write!(html, "<tr><th>{}</th><td>{value} {}</td></tr>", escape(&it.name), escape(it.unit));
        }
        html += "</table></div>";
    }
    for note in &report.notes {
        let _ = write!(html, "<p>{}</p>", escape(note));
    }
    html
}

fn invariants(report: &Report) -> String {
    let mut html = "<h2>Invariants</h2><ul>".to_owned();
    for one in &report.invariants {
        let (class, mark) = if one.broken == 0 { ("good", "✓") } else { ("bad", "✗") };
        let (name, checked) = (escape(one.name), one.checked);
        let _ = write!(html, "<li><span class=\"{class}\">{mark}</span> {name}, {checked} checked");
        if one.broken > 0 {
            let _ = write!(html, ", {} broken<ul>", one.broken);
            one.examples.iter().for_each(|example| html += &format!("<li>{}</li>", escape(example)));
            html += "</ul>";
        }
        html += "</li>";
    }
    html + "</ul>"
}

fn parameters(report: &Report) -> String {
    let words = report.parameters.iter().map(|(name, value)| format!("{name} {value}"));
    let words = words.collect::<Vec<_>>().join(", ").replace('"', "");
    let late = time(report.measured.late.p99);
    format!(
        "<h2>How it was measured</h2><p>{}</p><p>Operations start when they are due, whether or not earlier ones are \
         answered; latency counts from then. The load's own clock was late by {late} at p99.</p>",
        escape(&words)
    )
}

#[cfg(test)]
mod tests;
