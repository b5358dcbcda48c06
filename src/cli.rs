//! The command line: its arguments, and the rendering of results on a terminal and in a pipe.
//!
//! Each subcommand has its own file with its arguments and its rendering; the work itself is done by an
//! [`Application`], which `app` implements. Results go to standard output, logs, progress and errors to standard error.
//! Exit codes: 0 done, 1 failed or unsound, 2 wrong usage or configuration.

mod application;
mod config;
mod failure;
mod history;
mod import;
mod journal;
mod load;
mod logs;
mod openapi;
mod printable;
mod progress;
mod serve;
mod table;

use std::{ffi::OsString, future::Future, io, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, builder::styling};

pub use application::{
    Application, BadLine, Copied, Endpoints, ImportNote, Imported, Invariant, KindCount, Moved, Verdict, Verified,
};
pub use failure::{Exit, Failure};
pub use import::ImportOptions;
pub use progress::Progress;

use crate::config::{Config, Override, service_links};

const STYLES: styling::Styles = styling::Styles::styled()
    .header(styling::AnsiColor::Green.on_default().bold())
    .usage(styling::AnsiColor::Green.on_default().bold())
    .literal(styling::AnsiColor::Cyan.on_default().bold())
    .placeholder(styling::AnsiColor::Cyan.on_default());

/// Souk, a live commerce engine: every cart, order and SKU is an actor, every change an event in a journal.
#[derive(Debug, Parser)]
#[command(name = "souk", version, styles = STYLES, max_term_width = 100, subcommand_required = true)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  souk serve --sample                          the sample shop on http://127.0.0.1:8080
  souk serve --data-dir /var/lib/souk --listen 0.0.0.0:80 --log-format json
  souk import products.csv                     a Shopify product export into the data directory
  souk journal export --out backup.jsonl       a backup that everyday tools read
  souk history stock TEE-M-RED --at 2026-11-20T18:00
  souk load flash-sale --html sale.html        how fast a shop of its own sells out, and whether it kept its word

Every key of the configuration is in config/default.toml; SOUK_HTTP__LISTEN=.. overrides [http] listen.";

#[derive(Debug, Args)]
struct Common {
    /// Configuration file (TOML); only what differs from the defaults needs to be in it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of the journal [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// Shape of the logs on standard error [default: text]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"])]
    log_format: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Import(import::Import),
    Journal(journal::Journal),
    History(history::History),
    Config(config::ConfigCommand),
    Load(Box<load::Load>),
    Openapi(openapi::Openapi),
}

/// Parses, loads the configuration, starts the logs, runs the command and prints an error in words.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    app: &impl Application,
) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(help_or_usage) => {
            // Help goes to standard output with 0, wrong usage to standard error with 2; a closed pipe is no error.
            let _ = help_or_usage.print();
            return ExitCode::from(u8::try_from(help_or_usage.exit_code()).unwrap_or(Exit::Usage as u8));
        }
    };
    match run(cli, environment, app) {
        Ok(()) => ExitCode::from(Exit::Done as u8),
        Err(failure) => {
            eprintln!("{}", printable::printable(&failure.render(table::styled(&io::stderr()))));
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(
    cli: Cli,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    app: &impl Application,
) -> Result<(), Failure> {
    let environment: Vec<_> = environment.into_iter().collect();
    let config = Config::load(cli.common.config.as_deref(), environment.iter().cloned(), &cli.overrides())?;
    // `serve` is the one command whose logs are its output; the others log only warnings and errors.
    logs::init(&config.log, matches!(cli.command, Command::Serve(_)))?;
    let links = service_links(&environment);
    if let Some(first) = links.first() {
        tracing::info!(count = links.len(), first, "variables of Kubernetes' service links are not settings: ignored");
    }
    dispatch(cli, config, app, &mut printable::Printable::new(io::stdout()))
}

fn dispatch(cli: Cli, config: Config, app: &impl Application, out: &mut impl io::Write) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => block_on(args.run(config, app))?,
        Command::Import(args) => block_on(args.run(config, app, out))?,
        Command::Journal(args) => block_on(args.run(config, app, out))?,
        Command::History(args) => block_on(args.run(config, app, out))?,
        Command::Config(args) => args.run(&config, out),
        Command::Load(args) => block_on(args.run(cli.common.config, out))?,
        Command::Openapi(args) => args.run(app, out),
    }
}

impl Cli {
    /// The options that set keys, by name, key and value.
    fn overrides(&self) -> Vec<Override> {
        let (listen, sample) = match &self.command {
            Command::Serve(args) => (args.listen.as_ref(), args.sample.then(|| "true".to_owned())),
            Command::Import(_)
            | Command::Journal(_)
            | Command::History(_)
            | Command::Config(_)
            | Command::Load(_)
            | Command::Openapi(_) => (None, None),
        };
        let options = [
            ("--data-dir", "data.dir", self.common.data_dir.as_ref()),
            ("--log-format", "log.format", self.common.log_format.as_ref()),
            ("--listen", "http.listen", listen),
            // Nobody could buy in the sample shop without it.
            ("--sample", "payments.sandbox.enabled", sample.as_ref()),
        ];
        options.into_iter().filter_map(|(option, key, text)| Some((option, key, text?.clone()))).collect()
    }
}

/// A runtime made explicitly: as many workers as cores, with a name of their own.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().thread_name("souk").build();
    let runtime = runtime.map_err(|e| Failure::new(format!("the runtime does not start: {e}")))?;
    Ok(runtime.block_on(work))
}

#[cfg(test)]
mod tests;
