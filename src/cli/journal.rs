//! `souk journal verify|export|import|keys|copy`: check the log, back it up, restore a backup, and move to a cluster.

mod output;
mod report;

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use self::output::Output;
use super::{
    Application, Copied, Failure, Progress, Verdict,
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
    /// Check every record, fold every entity and print the invariants; exit code 1 where one is broken, or where the
    /// shards were cut at different moments
    #[command(after_help = "Reads only. Run it on a copy, or while the server is stopped.")]
    Verify,
    /// Write every record as a line of JSON: a backup
    #[command(after_help = "A running cluster is exported as of one moment, about that of the command's start.
Examples:
  souk journal export --out backup.jsonl
  souk journal export | gzip > backup.jsonl.gz
  souk journal export --out >(gzip > backup.jsonl.gz)
  souk journal export --salvage --out rest.jsonl    of a journal that does not open: what can be read")]
    Export {
        /// File to write, readable by its owner only; a pipe or a device is written to; `-` is standard output
        #[arg(long, value_name = "FILE", default_value = "-")]
        out: PathBuf,
        /// Read a damaged journal, and write each shard up to its first unreadable record; changes nothing in the directory
        #[arg(long)]
        salvage: bool,
    },
    /// Restore an export into an empty data directory
    #[command(after_help = "Examples:
  souk journal import backup.jsonl --data-dir /var/lib/souk-restored
  gunzip -c backup.jsonl.gz | souk journal import -")]
    Import {
        /// File to read; `-` is standard input
        file: PathBuf,
    },
    /// Copy the keys of personal data, of the data directory or the configured cluster, into a directory
    #[command(
        after_help = "An export is sealed without them. Keep the newest copy only, apart from the exports, and put it
beside a restored journal as `keys/`: an older export then brings nobody back who was erased since.
Examples:
  souk journal keys --out /backup/keys-new"
    )]
    Keys {
        /// Directory to make; an existing one must be empty
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Move a shop from its data directory to a cluster's NATS servers; run again, it goes on where it was interrupted
    #[command(after_help = "Stop the shop first. Credentials and TLS come from [cluster] of the configuration.
Examples:
  souk journal copy --from /var/lib/souk --to nats://10.0.0.1:4222,nats://10.0.0.2:4222
  souk journal copy --from /var/lib/souk --to nats://10.0.0.1:4222 --shards 64")]
    Copy {
        /// Data directory of the shop on one machine
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// NATS servers, with commas between
        #[arg(long, value_name = "URLS", value_delimiter = ',', required = true)]
        to: Vec<String>,
        /// Shards of the new journal [default: actors.shards, or 16]
        #[arg(long, value_name = "N")]
        shards: Option<u16>,
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
                match verified.verdict() {
                    Verdict::Sound => Ok(()),
                    Verdict::NotOneMoment { records } => Err(Failure::new(format!(
                        "not one moment: {records} records rest on records behind the end of another shard's log"
                    ))
                    .hint(
                        "nothing in it is damaged, but its shards were cut at different moments: do not start a shop on \
                         it; use another export (older versions took such ones)",
                    )),
                    Verdict::Broken { violations } => Err(Failure::new(format!("violations found: {violations}")).hint(
                        "keep the directory as it is, restore the newest good export beside it, and report this",
                    )),
                }
            }
            JournalCommand::Export { out: path, salvage } => {
                let progress = Progress::start("exporting", "records");
                let copied = if path == Path::new("-") {
                    // Not the caller's lock: that may not cross threads.
                    app.export(config, salvage, &mut BufWriter::new(io::stdout()), &progress).await?
                } else {
                    export_to(&path, config, salvage, app, &progress).await?
                };
                drop(progress);
                // Standard output may be the export itself.
                for left_out in &copied.left_out {
                    eprintln!("left out: {left_out}");
                }
                eprintln!("exported {}", summary(&copied));
                Ok(())
            }
            JournalCommand::Keys { out: path } => {
                let name = app.keys(config, &path).await?;
                eprintln!("copied the keys {name}");
                Ok(())
            }
            JournalCommand::Copy { from, to, shards } => {
                let mut config = config;
                (config.data.dir, config.cluster.urls) = (from, to);
                if let Some(problem) = config.problems().into_iter().find(|p| p.key.starts_with("cluster.")) {
                    return Err(Failure::usage(problem.to_string()));
                }
                let progress = Progress::start("copying", "records");
                let moved = app.copy(config, shards, &progress).await?;
                drop(progress);
                write!(out, "{}", report::moved(&moved, styled(&io::stdout())))?;
                match moved.invariants.iter().map(|invariant| invariant.broken.len()).sum::<usize>() {
                    0 => Ok(()),
                    n => Err(Failure::new(format!("violations found in the copy: {n}"))
                        .hint("do not start the cluster on it; verify the source: souk journal verify")),
                }
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
                eprintln!("restored {}", summary(&copied));
                Ok(())
            }
        }
    }
}

async fn export_to(
    path: &Path,
    config: Config,
    salvage: bool,
    app: &impl Application,
    progress: &Progress,
) -> Result<Copied, Failure> {
    let wrong = |e: io::Error| Failure::new(format!("{}: {e}", path.display()));
    let mut output = Output::open(path).map_err(wrong)?;
    let copied = app.export(config, salvage, &mut output, progress).await?;
    output.finish().map_err(wrong)?;
    Ok(copied)
}

fn summary(Copied { records, commits, bytes, left_out: _ }: &Copied) -> String {
    format!("{} records with {} commits, {} bytes", count(*records), count(*commits), count(*bytes))
}
