//! The command line's application: the running shop, and the offline work on a data directory.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{engine::Engine, offline, routes, serve::serve};
use crate::{
    actors::ports::journal::Commit,
    catalogue::shopify::{self, Asked, ImportReport, Told},
    cli::{
        self, Application, BadLine, Copied, Endpoints, Failure, ImportNote, ImportOptions, Imported, Moved, Progress,
        Verified,
    },
    config::Config,
    domain::key::EntityKey,
};

/// Runs the command line with this process's arguments and environment. Here and not in the binary's crate: generic
/// code is then compiled once, with the library.
pub fn main() -> ExitCode {
    // Before anything else: connections to NATS ask for it too. Refused only where one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::main(std::env::args_os(), std::env::vars_os(), &App)
}

pub struct App;

fn shown(report: ImportReport) -> Imported {
    let line = |bad: &shopify::BadLine| BadLine { line: bad.line, column: bad.column.clone(), why: bad.why.clone() };
    let note = |(told, note): (Told, &shopify::Note)| ImportNote {
        what: told.words(),
        count: note.count,
        examples: note.examples.clone(),
    };
    Imported {
        products: report.products as u64,
        variants: report.skus as u64,
        changed: report.changed as u64,
        imported: report.imported,
        bad: report.bad.lines().iter().map(line).collect(),
        bad_total: report.bad.total() as u64,
        bad_kinds: report.bad.kinds().iter().map(|(fault, count)| (fault.words(), *count as u64)).collect(),
        notes: report.notes.iter().map(note).collect(),
    }
}

impl Application for App {
    async fn serve(&self, config: Config, sample: bool, ready: impl FnOnce(Endpoints) + Send) -> Result<(), Failure> {
        serve(config, sample, ready).await
    }

    async fn import(
        &self,
        config: Config,
        csv: PathBuf,
        options: ImportOptions,
        progress: &Progress,
    ) -> Result<Imported, Failure> {
        let asked = Asked {
            derive_skus: options.derive_skus,
            skip_bad: options.skip_bad,
            backorder: options.backorder,
            ..Asked::new(config.shop.currency)
        };
        if options.dry_run {
            return shopify::dry_run(&csv, &asked).map(shown).map_err(|error| Failure::new(error.to_string()));
        }
        let engine = Engine::without_connectors(&config).await.map_err(|error| offline::explain(&error, &config))?;
        let advance = |done: usize, total: usize| {
            if done <= 1 {
                progress.total(total as u64);
            }
            progress.advance(1);
        };
        let imported = shopify::import(&engine.gateway, &csv, asked, "import".into(), advance).await;
        engine.hand_over(offline::DRAIN_WITHIN).await;
        engine.drain(offline::DRAIN_WITHIN).await;
        imported.map(shown).map_err(|error| Failure::new(error.to_string()))
    }

    async fn verify(&self, config: Config, progress: &Progress) -> Result<Verified, Failure> {
        offline::verify(&config, progress).await
    }

    async fn export(
        &self,
        config: Config,
        salvage: bool,
        to: &mut (impl io::Write + Send),
        progress: &Progress,
    ) -> Result<Copied, Failure> {
        offline::export(&config, salvage, to, progress).await
    }

    async fn keys(&self, config: Config, to: &Path) -> Result<String, Failure> {
        offline::keys(&config, to).await
    }

    async fn restore(
        &self,
        config: Config,
        from: &mut (impl io::BufRead + Send),
        progress: &Progress,
    ) -> Result<Copied, Failure> {
        offline::restore(&config, from, progress).await
    }

    async fn copy(&self, config: Config, shards: Option<u16>, progress: &Progress) -> Result<Moved, Failure> {
        offline::copy(&config, shards, progress).await
    }

    async fn history(&self, config: Config, key: EntityKey) -> Result<Vec<Commit>, Failure> {
        offline::history(&config, &key).await
    }

    fn openapi(&self) -> Result<String, Failure> {
        routes::openapi().to_pretty_json().map_err(|error| Failure::new(error.to_string()))
    }
}
