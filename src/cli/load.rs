//! `souk load`: measures a shop under load, and checks that it kept its word.
//!
//! Exit codes: 0 measured and sound, however slow; 1 an invariant is broken, or the run failed; 2 wrong parameters.

mod arguments;
mod table;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use self::arguments::Scenario;
use super::{Failure, Progress, table::styled};
use crate::load::{LoadError, Report, Watch};

/// Measure a shop under load (one of its own, or --url), and check that it kept its word
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    subcommand_value_name = "SCENARIO",
    subcommand_help_heading = "Scenarios",
    after_help = "Without --url the run starts a server of its own: the sample shop, in a temporary directory.
Operations start when they are due, whether or not the earlier ones are answered; latency counts from
then. A slow shop is no failure, a broken invariant is. docs/load.md explains what is measured.

Examples:
  souk load checkout --rate 500 --seconds 30 --html checkout.html
  souk load browse --rate 500 --sweep         on, until the shop no longer keeps up
  souk load flash-sale --shoppers 2000 --units 100
  SOUK_SUPERADMIN_PASSWORD=.. souk load fanout --url http://127.0.0.1:8080 --sockets 5000"
)]
pub struct Load {
    #[command(subcommand)]
    scenario: Scenario,
}

impl Load {
    pub(super) async fn run(self, config: Option<PathBuf>, out: &mut impl Write) -> Result<(), Failure> {
        let common = self.scenario.common();
        let (json, html) = (common.json.clone(), common.html.clone());
        // Reported now, not after the run.
        for file in [&json, &html].into_iter().flatten() {
            writable(file)?;
        }
        let shown = Shown::default();
        let report = {
            // A signal drops the run at once; the run's server ends with it.
            tokio::select! {
                report = self.scenario.run(config, &shown) => report?,
                () = interrupted() => {
                    shown.end();
                    return Err(Failure::new("interrupted: nothing was checked"));
                }
            }
        };
        shown.end();
        out.write_all(table::render(&report, styled(&io::stdout())).as_bytes())?;
        if let Some(file) = &json {
            let text = serde_json::to_string_pretty(&report).map_err(|e| Failure::new(format!("the report: {e}")))?;
            write(file, &text)?;
        }
        if let Some(file) = &html {
            write(file, &crate::load::report::html::page(&report))?;
        }
        verdict(&report)
    }
}

fn verdict(report: &Report) -> Result<(), Failure> {
    let broken: Vec<_> = report.invariants.iter().filter(|one| one.broken > 0).collect();
    let Some(first) = broken.first() else { return Ok(()) };
    let example = first.examples.first().map(String::as_str).unwrap_or_default();
    let message = format!("{} of {} invariants are broken: {}", broken.len(), report.invariants.len(), first.name);
    Err(Failure::new(format!("{message}: {example}")).hint("every broken one is in the table above and in --json"))
}

fn writable(file: &Path) -> Result<(), Failure> {
    let opened = std::fs::File::options().create(true).append(true).open(file);
    opened.map(drop).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|e| Failure::new(format!("{}: {e}", file.display())))
}

async fn interrupted() {
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    match (interrupt, terminate) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        }
        // Without handlers a signal ends the process.
        (Err(_), _) | (_, Err(_)) => std::future::pending().await,
    }
}

/// The bar of the current phase.
#[derive(Default)]
struct Shown(Mutex<Option<(Progress, u64)>>);

impl Shown {
    fn with(&self, act: impl FnOnce(&mut Option<(Progress, u64)>)) {
        if let Ok(mut bar) = self.0.lock() {
            act(&mut bar);
        }
    }

    fn end(&self) {
        self.with(|bar| *bar = None);
    }
}

impl Watch for Shown {
    fn phase(&self, what: &'static str) {
        self.with(|bar| {
            // The old one first: two bars at once tear each other.
            *bar = None;
            *bar = Some((Progress::start(what, "ms"), 0));
        });
    }

    fn total(&self, seconds: f64) {
        self.with(|bar| {
            if let Some((progress, _)) = bar {
                progress.total((seconds * 1e3) as u64);
            }
        });
    }

    fn at(&self, seconds: f64) {
        self.with(|bar| {
            if let Some((progress, done)) = bar {
                let now = (seconds * 1e3) as u64;
                progress.advance(now.saturating_sub(*done));
                *done = now.max(*done);
            }
        });
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Usage(words) => Self::usage(words).hint("`souk load --help` and docs/load.md"),
            LoadError::Failed(words) => Self::new(words),
        }
    }
}
