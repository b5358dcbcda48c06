//! The one table of a run, for people and as JSON: each row is one side doing one work, ours first.
//!
//! A ratio above 1 means that Souk is better, only between rows of the same work: of the rates in closed loops, of the
//! 99th percentiles under a given load.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::drive::Driven;
use crate::common::report::time;

pub const SOUK: &str = "souk";

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Rate,
    P99,
}

pub struct Row {
    /// `hot SKU, 64 connections`: what rows with the same text have in common is the work.
    pub work: String,
    pub side: String,
    /// The figure for the comparison.
    pub by: By,
    /// A second; `None` where a rate says nothing.
    pub rate: Option<f64>,
    pub unit: &'static str,
    pub p50_us: u64,
    pub p99_us: u64,
    /// Of the server, for each of the unit.
    pub cpu_us: f64,
    /// Further figures of the work: `("sold", 100.0)`.
    pub more: Vec<(&'static str, f64)>,
}

impl Row {
    pub fn driven(work: &str, side: &str, unit: &'static str, driven: &Driven) -> Self {
        let figures = driven.figures;
        Self {
            work: work.to_owned(),
            side: side.to_owned(),
            by: By::Rate,
            rate: Some(figures.rate),
            unit,
            p50_us: figures.p50_us,
            p99_us: figures.p99_us,
            cpu_us: driven.cpu_us,
            more: Vec::new(),
        }
    }
}

#[derive(Default)]
pub struct Rows {
    pub rows: Vec<Row>,
    pub versions: Vec<String>,
    /// Comparisons that were skipped, with the reason.
    pub skipped: Vec<String>,
    /// Of those: a peer that is there and did not do its work. The others are compared, and the run ends badly.
    pub failed: bool,
}

impl Rows {
    /// Beside the rows of the same work.
    pub fn push(&mut self, row: Row) {
        println!("  {}: {}: {}", row.work, row.side, said(&row));
        let after = self.rows.iter().rposition(|other| other.work == row.work);
        self.rows.insert(after.map_or(self.rows.len(), |last| last + 1), row);
    }

    pub fn skip(&mut self, peer: &str, why: impl std::fmt::Display) {
        let why = format!("{peer}: {why}");
        println!("PEER SKIPPED, {why}");
        self.skipped.push(why);
    }

    pub fn fail(&mut self, peer: &str, why: &anyhow::Error) {
        self.skip(peer, format!("failed: {why:#}"));
        self.failed = true;
    }

    pub fn version(&mut self, version: String) {
        if !self.versions.contains(&version) {
            println!("peer: {version}");
            self.versions.push(version);
        }
    }

    fn ratio(&self, row: &Row) -> Option<f64> {
        let ours = self.rows.iter().find(|other| other.work == row.work && other.side == SOUK)?;
        let ratio = match row.by {
            By::Rate => ours.rate? / row.rate?,
            By::P99 => row.p99_us as f64 / ours.p99_us as f64,
        };
        (row.side != SOUK).then_some(ratio)
    }

    pub fn print(&self) {
        println!("\nbeside its peers; {}", self.versions.join(", "));
        for why in &self.skipped {
            println!("  not compared: {why}");
        }
        let width = |of: fn(&Row) -> &str| self.rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(4);
        let (work, side) = (width(|row| &row.work), width(|row| &row.side));
        println!(
            "  {:<work$}  {:<side$} {:>18} {:>9} {:>9} {:>12} {:>12}  besides",
            "work", "side", "rate", "p50", "p99", "server CPU", "souk better"
        );
        let mut before = None;
        for row in &self.rows {
            let rate = row.rate.map_or("-".to_owned(), |rate| format!("{} {}/s", figure(rate), row.unit));
            let ratio = self.ratio(row).map_or(String::new(), |ratio| format!("{ratio:.2}"));
            let name = if before == Some(&row.work) { "" } else { &row.work };
            before = Some(&row.work);
            println!(
                "  {name:<work$}  {:<side$} {rate:>18} {:>9} {:>9} {:>9} us {ratio:>12}  {}",
                row.side,
                time(row.p50_us),
                time(row.p99_us),
                figure(row.cpu_us),
                besides(row)
            );
        }
    }

    pub fn write(&self, file: &Path, seconds: f64) -> Result<()> {
        let rows = self.rows.iter().map(|row| {
            let more: serde_json::Map<String, Value> =
                row.more.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            let by = match row.by {
                By::Rate => "rate",
                By::P99 => "p99",
            };
            json!({"work": row.work, "side": row.side, "by": by, "rate": row.rate, "unit": row.unit, "p50_us": row.p50_us,
                "p99_us": row.p99_us, "cpu_us": row.cpu_us, "souk_better": self.ratio(row), "more": more})
        });
        let whole = json!({"format": "souk-peers/1", "seconds": seconds, "versions": self.versions,
            "skipped": self.skipped, "rows": rows.collect::<Vec<_>>()});
        std::fs::write(file, serde_json::to_vec_pretty(&whole)?)?;
        Ok(())
    }
}

fn said(row: &Row) -> String {
    let rate = row.rate.map_or(String::new(), |rate| format!("{} {}/s, ", figure(rate), row.unit));
    format!("{rate}p50 {}, p99 {} {}", time(row.p50_us), time(row.p99_us), besides(row))
}

fn besides(row: &Row) -> String {
    row.more.iter().map(|(name, value)| format!("{name} {}", figure(*value))).collect::<Vec<_>>().join(", ")
}

/// Whole from a hundred on, else with one decimal where it has any.
fn figure(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
