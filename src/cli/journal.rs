//! `souk journal verify|export|import`: is the log whole, a backup of it, and the way back.

mod report;

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::{
    Application, Copied, Failure, Progress,
    table::{count, styled},
};
use crate::config::Config;

/// Verify, back up or restore the journal of the data directory
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Journal {
    #[command(subcommand)]
    command: JournalCommand,
}

#[derive(Debug, Subcommand)]
enum JournalCommand {
    /// Check every record, fold every entity and print the invariants; exit code 1 where one is broken
    #[command(after_help = "Reads only. Run it on a copy, or while the server is stopped.")]
    Verify,
    /// Write every record as a line of JSON: a backup
    #[command(after_help = "Examples:
  souk journal export --out backup.jsonl
  souk journal export | gzip > backup.jsonl.gz")]
    Export {
        /// File to write; `-` is standard output
        #[arg(long, value_name = "FILE", default_value = "-")]
        out: PathBuf,
    },
    /// Restore an export into an empty data directory
    #[command(after_help = "Examples:
  souk journal import backup.jsonl --data-dir /var/lib/souk-restored
  gunzip -c backup.jsonl.gz | souk journal import -")]
    Import {
        /// File to read; `-` is standard input
        file: PathBuf,
    },
}

impl Journal {
    pub(super) async fn run(self, config: Config, app: &impl Application, out: &mut impl Write) -> Result<(), Failure> {
        match self.command {
            JournalCommand::Verify => {
                let progress = Progress::start("verifying", "records");
                let verified = app.verify(config, &progress).await?;
                drop(progress);
                write!(out, "{}", report::render(&verified, styled(&io::stdout())))?;
                match verified.invariants.iter().map(|invariant| invariant.broken.len()).sum::<usize>() {
                    0 => Ok(()),
                    n => Err(Failure::new(format!("violations found: {n}")).hint(
                        "keep the directory as it is, restore the newest good export beside it, and report this",
                    )),
                }
            }
            JournalCommand::Export { out: path } => {
                let progress = Progress::start("exporting", "records");
                let copied = if path == Path::new("-") {
                    // Not the caller's lock: that may not cross threads.
                    app.export(config, &mut BufWriter::new(io::stdout()), &progress).await?
                } else {
                    export_to(&path, config, app, &progress).await?
                };
                drop(progress);
                // Standard output may be the export itself.
                eprintln!("exported {}", summary(copied));
                Ok(())
            }
            JournalCommand::Import { file } => {
                let progress = Progress::start("restoring", "records");
                let copied = if file == Path::new("-") {
                    app.restore(config, &mut BufReader::new(io::stdin()), &progress).await?
                } else {
                    let from = File::open(&file).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))?;
                    app.restore(config, &mut BufReader::new(from), &progress).await?
                };
                drop(progress);
                eprintln!("restored {}", summary(copied));
                Ok(())
            }
        }
    }
}

/// Beside the target first, synced, then renamed: a backup that was cut short never has a backup's name.
async fn export_to(
    path: &Path,
    config: Config,
    app: &impl Application,
    progress: &Progress,
) -> Result<Copied, Failure> {
    let wrong = |e: io::Error| Failure::new(format!("{}: {e}", path.display()));
    let partial = path.with_added_extension("partial");
    let mut file = BufWriter::new(File::create(&partial).map_err(wrong)?);
    let copied = app.export(config, &mut file, progress).await?;
    let file = file.into_inner().map_err(|e| wrong(e.into_error()))?;
    file.sync_all().and_then(|()| std::fs::rename(&partial, path)).map_err(wrong)?;
    Ok(copied)
}

fn summary(Copied { records, commits, bytes }: Copied) -> String {
    format!("{} records with {} commits, {} bytes", count(records), count(commits), count(bytes))
}
