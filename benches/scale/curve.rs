//! A measured curve: its panels with the slopes in their captions, its figures and targets; drawn as one SVG file,
//! written as one JSON file, and said as a table.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;
use souk::load::report::svg::{
    Plot, Series,
    file::{Panel, file},
    short,
};

use super::fit;

#[derive(Serialize)]
pub struct Curve {
    pub name: &'static str,
    pub panels: Vec<Measured>,
    pub targets: Vec<Target>,
    /// Conditions, and omitted measurements.
    pub notes: Vec<String>,
}

#[derive(Serialize)]
pub struct Measured {
    pub title: &'static str,
    pub x: &'static str,
    pub y: &'static str,
    pub logarithmic_x: bool,
    pub logarithmic_y: bool,
    pub lines: Vec<Line>,
    pub slopes: Vec<String>,
}

#[derive(Serialize)]
pub struct Line {
    pub name: &'static str,
    pub points: Vec<(f64, f64)>,
    /// Of y over x, both as logarithms.
    pub exponent: Option<f64>,
    /// Of y over x: a cost for each one more, the rest, and r squared.
    pub each: Option<f64>,
    pub base: Option<f64>,
    pub r2: Option<f64>,
}

#[derive(Serialize)]
pub struct Target {
    pub what: String,
    pub measured: f64,
    pub at_most: f64,
    pub unit: &'static str,
}

impl Curve {
    pub fn new(name: &'static str) -> Self {
        Self { name, panels: Vec::new(), targets: Vec::new(), notes: Vec::new() }
    }

    pub fn target(&mut self, what: impl Into<String>, measured: f64, at_most: f64, unit: &'static str) {
        self.targets.push(Target { what: what.into(), measured, at_most, unit });
    }

    pub fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }

    pub fn write(&self, dir: &Path) -> Result<()> {
        fs::create_dir_all(dir)?;
        let panel = |it: &'_ Measured| -> Panel<'_> {
            let series =
                it.lines.iter().map(|line| Series { name: line.name, points: line.points.clone(), marked: true });
            let plot = Plot {
                x: it.x,
                y: it.y,
                logarithmic_x: it.logarithmic_x,
                logarithmic: it.logarithmic_y,
                series: series.collect(),
            };
            Panel { title: it.title, plot, caption: it.slopes.clone() }
        };
        let panels: Vec<Panel<'_>> = self.panels.iter().map(panel).collect();
        let at = |end: &str| dir.join(format!("scale-{}.{end}", self.name));
        fs::write(at("svg"), file(&panels)).with_context(|| format!("{}", at("svg").display()))?;
        fs::write(at("json"), serde_json::to_string_pretty(self)? + "\n")?;
        Ok(())
    }

    /// Rows of Markdown, as docs/performance.md takes them.
    pub fn say(&self) {
        println!("\n### {}\n", self.name);
        for panel in &self.panels {
            let names: Vec<&str> = panel.lines.iter().map(|line| line.name).collect();
            println!(
                "{} ({})\n\n| {} | {} |\n|---{}|",
                panel.title,
                panel.y,
                panel.x,
                names.join(" | "),
                "|---".repeat(names.len())
            );
            let mut xs: Vec<f64> = panel.lines.iter().flat_map(|line| line.points.iter().map(|p| p.0)).collect();
            xs.sort_by(f64::total_cmp);
            xs.dedup();
            for x in xs {
                let at = |line: &Line| line.points.iter().find(|p| p.0 == x).map_or("-".into(), |p| short(p.1));
                println!("| {} | {} |", short(x), panel.lines.iter().map(at).collect::<Vec<_>>().join(" | "));
            }
            println!();
            panel.slopes.iter().for_each(|slope| println!("- {slope}"));
            println!();
        }
        for it in &self.targets {
            let met = if it.measured <= it.at_most { "met" } else { "**missed**" };
            println!(
                "- target: {}: {} of at most {} {}: {met}",
                it.what,
                short(it.measured),
                short(it.at_most),
                it.unit
            );
        }
        self.notes.iter().for_each(|note| println!("- {note}"));
    }
}

impl Measured {
    /// Over steps that multiply: a logarithmic x axis.
    pub fn new(title: &'static str, x: &'static str, y: &'static str) -> Self {
        let (lines, slopes) = (Vec::new(), Vec::new());
        Self { title, x, y, logarithmic_x: true, logarithmic_y: true, lines, slopes }
    }

    pub fn linear(self) -> Self {
        Self { logarithmic_x: false, logarithmic_y: false, ..self }
    }

    pub fn linear_y(self) -> Self {
        Self { logarithmic_y: false, ..self }
    }

    fn add(&mut self, name: &'static str, points: Vec<(f64, f64)>) -> &Line {
        let line = fit::line(&points);
        let exponent = fit::exponent(&points);
        let (each, base, r2) = (line.map(|l| l.each), line.map(|l| l.base), line.map(|l| l.r2));
        self.lines.push(Line { name, points, exponent, each, base, r2 });
        self.lines.last().expect("just pushed")
    }

    /// Named by its exponent: 0 is flat.
    pub fn power(mut self, name: &'static str, points: Vec<(f64, f64)>) -> Self {
        if let Some(exponent) = self.add(name, points).exponent {
            let word = fit::word(exponent);
            self.slopes.push(format!("{name}: grows as x to the power of {exponent:.2} ({word})"));
        }
        self
    }

    /// A line that is no measurement.
    pub fn limit(mut self, name: &'static str, points: Vec<(f64, f64)>) -> Self {
        self.lines.push(Line { name, points, exponent: None, each: None, base: None, r2: None });
        self
    }

    /// Named by what each one more costs, times `scale`, in `unit`.
    pub fn unit_cost(mut self, name: &'static str, points: Vec<(f64, f64)>, scale: f64, unit: &str) -> Self {
        let line = self.add(name, points);
        if let (Some(each), Some(base), Some(r2)) = (line.each, line.base, line.r2) {
            let words =
                format!("{name}: {} {unit}, and {} {} at none (r² {r2:.4})", short(each * scale), short(base), self.y);
            self.slopes.push(words);
        }
        self
    }
}
