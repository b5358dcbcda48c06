//! Work on a data directory while no shop runs on it: verify, export, restore, history.

mod invariants;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use self::invariants::FoldAll;
use super::{
    engine,
    nats::{self, Role},
};
use crate::{
    actors::ports::{Journal, journal::Commit},
    cli::{Copied, Failure, Invariant, Moved, Progress, Verified},
    config::Config,
    domain::key::EntityKey,
    persistence::{
        SledJournal,
        jetstream::{JetStreamJournal, JetStreamOptions, KeyStream, probe},
        private_dir,
        sled_journal::{OpenError, Salvage},
        tools::{self, Unreadable},
        vault::{Item, Kept, KeyStore, Keyring, VaultError, dir::KeyDir},
    },
};

pub(super) const DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// An error of the start, with advice.
pub(super) fn explain(error: &impl std::error::Error, config: &Config) -> Failure {
    let text = error.to_string();
    let failure = Failure::new(text.clone());
    if text.contains("cannot listen") {
        return failure.hint("choose another address: --listen 127.0.0.1:0 takes a free port");
    }
    failure.hint(format!("the data directory is {}", config.data.dir.display()))
}

/// A journal to read: the cluster's if one is configured, else the data directory's.
enum Opened {
    Sled(SledJournal),
    JetStream(JetStreamJournal),
    Salvage(Salvage),
}

impl Opened {
    fn journal(&self) -> &dyn Journal {
        match self {
            Self::Sled(journal) => journal,
            Self::JetStream(journal) => journal,
            Self::Salvage(journal) => journal,
        }
    }

    fn close(self) {
        match self {
            Self::Sled(journal) => journal.close(),
            Self::JetStream(_) | Self::Salvage(_) => {}
        }
    }
}

async fn open(config: &Config) -> Result<Opened, Failure> {
    match config.cluster.is_on() {
        true => cluster(config, nats::jetstream(config).shards, false).await.map(Opened::JetStream),
        false => open_dir(config).map(Opened::Sled),
    }
}

fn open_dir(config: &Config) -> Result<SledJournal, Failure> {
    SledJournal::open(&existing(config)?, config.into()).map_err(|error| explain(&error, config))
}

/// Only an existing journal: reading a directory must not create one.
fn existing(config: &Config) -> Result<PathBuf, Failure> {
    let dir = engine::journal_dir(&config.data.dir);
    match dir.is_dir() {
        true => Ok(dir),
        false => Err(Failure::new(format!("{}: there is no journal", dir.display()))
            .hint("name the data directory with --data-dir")),
    }
}

fn salvage(config: &Config) -> Result<Salvage, Failure> {
    Salvage::open(&existing(config)?).map_err(|error| explain(&error, config))
}

async fn cluster(config: &Config, shards: u16, create: bool) -> Result<JetStreamJournal, Failure> {
    let failure = |error: &dyn std::error::Error| Failure::new(format!("cluster: {error}"));
    let client = nats::connect(&config.cluster, "tool", Role::Log).await.map_err(|error| failure(&error))?;
    let options = JetStreamOptions { shards, create, ..nats::jetstream(config) };
    if create {
        probe(client.clone(), &options, config.cluster.synced).await.map_err(|error| failure(&error))?;
    }
    JetStreamJournal::open(client, options).await.map_err(|error| failure(&error))
}

pub(super) async fn copy(config: &Config, shards: Option<u16>, progress: &Progress) -> Result<Moved, Failure> {
    let failure = |error: &dyn std::error::Error| Failure::new(error.to_string());
    let from = open_dir(config)?;
    let to = cluster(config, shards.unwrap_or(nats::jetstream(config).shards), true).await?;
    let copied = tools::copy(&from, &to, &mut steps(progress)).await;
    let report = copied.map_err(|error| {
        failure(&error).hint("what was copied stays: run it again to go on, or give the copy another cluster.name")
    })?;
    copy_keys(config, &to).await.map_err(|error| failure(&error))?;
    from.close();
    let mut fold = FoldAll::default();
    let verified = tools::verify(&to, &mut |_, commit| fold.commit(commit), &mut |_| {}).await;
    let verified = verified.map_err(|error| failure(&error))?;
    let mut invariants = vec![records(&verified), causes(&verified)];
    invariants.extend(fold.invariants());
    let tools::CopyReport { commits, entities, copied, shards } = report;
    Ok(Moved { entities, commits, copied, shards, invariants })
}

pub(super) async fn keys(config: &Config, to: &Path) -> Result<String, Failure> {
    let failure = |error: &dyn std::error::Error| Failure::new(error.to_string());
    // Opened first: nobody else has the directory, and nobody changes its keys.
    let journal = open(config).await?;
    let store: Box<dyn KeyStore> = match &journal {
        Opened::JetStream(journal) => Box::new(KeyStream::of(journal)),
        Opened::Sled(_) | Opened::Salvage(_) => Box::new(KeyDir::new(&engine::keys_dir(&config.data.dir))),
    };
    let kept = store.all().await.map_err(|error| failure(&error))?;
    let name = Keyring::read(&kept.items).map_err(|error| failure(&error))?.name();
    if to.exists() && to.read_dir().map_err(|error| failure(&error))?.next().is_some() {
        return Err(Failure::new(format!("{} is not empty", to.display())).hint("name a directory that is to be made"));
    }
    let copy = KeyDir::new(to);
    // Trees before the roots, without which they are nobody's.
    for (item, bytes) in kept.items.into_iter().rev() {
        copy.put(item, bytes, 0).await.map_err(|error| failure(&error))?;
    }
    journal.close();
    Ok(name)
}

/// The keys of personal data go along: without them the copy's would read as blank.
async fn copy_keys(config: &Config, to: &JetStreamJournal) -> Result<(), VaultError> {
    let kept = KeyDir::new(&engine::keys_dir(&config.data.dir)).all().await?;
    let stream = KeyStream::of(to);
    let found = stream.all().await?;
    let own =
        |kept: &Kept| kept.items.get(&Item::Roots).and_then(|_| Keyring::read(&kept.items).ok()).map(|keys| keys.id);
    if kept.items.is_empty() || own(&found) == own(&kept) {
        return Ok(());
    }
    if own(&found).is_some() {
        return Err(VaultError::Bad(format!("{} has another shop's", stream.name()).into()));
    }
    // Trees before the roots, without which they are nobody's.
    let mut end = found.revision;
    for (item, bytes) in kept.items.into_iter().rev() {
        end = stream.put(item, bytes, end).await?.ok_or(VaultError::Contended)?;
    }
    Ok(())
}

fn records(report: &tools::Report) -> Invariant {
    let line =
        |problem: &tools::Problem| format!("shard {} record {}: {}", problem.shard.0, problem.seq, problem.problem);
    let broken = report.problems.iter().map(line).collect();
    Invariant::of_one("each record is whole, in order, and by a newer or the same claim", report.counts.records, broken)
}

/// A record of which only the cause's log was cut breaks this, too; what is lost from the midst of a log is damage, and
/// breaks more than what lies between logs.
fn causes(report: &tools::Report) -> Invariant {
    let line = |missing: &tools::Missing| {
        let tools::Missing { shard, seq, key, of, cut, .. } = missing;
        let why = if *cut { "whose log ends before" } else { "though its log goes on: it is lost" };
        format!("shard {} record {seq}: {key} rests on a record of {of}, {why}", shard.0)
    };
    let name = "each record rests on records that are here";
    let lost = report.missing.iter().any(|missing| !missing.cut);
    let broken = report.missing.iter().take(tools::Report::PROBLEMS_MAX).map(line).collect();
    Invariant { between: !lost, ..Invariant::between(name, report.rests, broken) }
}

/// Turns a tool's absolute progress into the bar's steps.
fn steps(progress: &Progress) -> impl FnMut(tools::Progress) + Send {
    let (mut seen, mut total) = (0, None);
    move |now: tools::Progress| {
        if now.total != total {
            total = now.total;
            progress.total(now.total.unwrap_or(0));
        }
        progress.advance(now.done.saturating_sub(seen));
        seen = now.done;
    }
}

pub(super) async fn verify(config: &Config, progress: &Progress) -> Result<Verified, Failure> {
    if !config.cluster.is_on() {
        match SledJournal::open(&existing(config)?, config.into()) {
            Ok(journal) => return verify_opened(Opened::Sled(journal), progress).await,
            Err(why @ (OpenError::Damaged { .. } | OpenError::Shortened { .. })) => {
                return extent(&salvage(config)?, &why, progress).await;
            }
            Err(error) => return Err(explain(&error, config)),
        }
    }
    verify_opened(open(config).await?, progress).await
}

async fn verify_opened(journal: Opened, progress: &Progress) -> Result<Verified, Failure> {
    let mut fold = FoldAll::default();
    let report = tools::verify(journal.journal(), &mut |_, commit| fold.commit(commit), &mut steps(progress)).await;
    let report = report
        .map_err(|error| Failure::new(error.to_string()).hint("restore the newest backup: souk journal import"))?;
    journal.close();
    let mut invariants = vec![records(&report), causes(&report)];
    invariants.extend(fold.invariants());
    let tools::Counts { records, commits, .. } = report.counts;
    let cut = report.missing.iter().filter(|missing| missing.cut).count() as u64;
    Ok(Verified { records, commits, kinds: fold.kinds(), invariants, cut })
}

/// Of the damage: which records cannot be read. Nothing is folded, since an entity without some of its commits breaks
/// every rule.
async fn extent(journal: &Salvage, why: &OpenError, progress: &Progress) -> Result<Verified, Failure> {
    let report = tools::verify(journal, &mut |_, _| Ok(()), &mut steps(progress)).await;
    let report = report.map_err(|error| Failure::new(error.to_string()))?;
    let opens = Invariant::of_one("the journal opens", 1, vec![why.to_string()]);
    let (records, commits) = (report.counts.records, report.counts.commits);
    Ok(Verified { records, commits, kinds: Vec::new(), invariants: vec![opens, self::records(&report)], cut: 0 })
}

/// Counts the written bytes.
struct Counted<'a, W> {
    inner: &'a mut W,
    bytes: u64,
}

impl<W: io::Write> io::Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

pub(super) async fn export(
    config: &Config,
    salvaged: bool,
    to: &mut (impl io::Write + Send),
    progress: &Progress,
) -> Result<Copied, Failure> {
    let (journal, unreadable) = match salvaged {
        false => (open(config).await?, Unreadable::Refuse),
        true if config.cluster.is_on() => {
            return Err(Failure::usage("--salvage reads a data directory, and a cluster is configured")
                .hint("export without it: an odd copy of a log is replaced by the leader's"));
        }
        true => (Opened::Salvage(salvage(config)?), Unreadable::CutShard),
    };
    let mut counted = Counted { inner: to, bytes: 0 };
    let exported = tools::export(journal.journal(), unreadable, &mut counted, &mut steps(progress)).await;
    let exported = exported.map_err(|error| {
        Failure::new(error.to_string()).hint("the export is not complete: do not keep it as a backup")
    })?;
    let bytes = counted.bytes;
    journal.close();
    let left_out = |cut: &tools::Cut| {
        let tools::Cut { shard, seq, problem, left_out } = cut;
        format!("shard {} from record {seq} on, {left_out} records: record {seq} is {problem}", shard.0)
    };
    let left_out = exported.cut.iter().map(left_out).collect();
    Ok(Copied { records: exported.records, commits: exported.commits, bytes, left_out })
}

pub(super) async fn restore(
    config: &Config,
    from: &mut (impl io::BufRead + Send),
    progress: &Progress,
) -> Result<Copied, Failure> {
    let dir = engine::journal_dir(&config.data.dir);
    private_dir::make(&config.data.dir)
        .map_err(|error| Failure::new(format!("{}: {error}", config.data.dir.display())))?;
    let imported =
        tools::import(&dir, from, None, &mut steps(progress)).map_err(|error| Failure::new(error.to_string()))?;
    Ok(Copied {
        records: imported.counts.records,
        commits: imported.counts.commits,
        bytes: imported.bytes,
        left_out: Vec::new(),
    })
}

/// From the log itself, not from an index: works without the state store.
pub(super) async fn history(config: &Config, key: &EntityKey) -> Result<Vec<Commit>, Failure> {
    use futures::StreamExt;

    use crate::actors::ports::journal::{Entry, Shard};
    let journal = open(config).await?;
    let shard = Shard(key.shard_of(journal.journal().shards()));
    let end = journal.journal().end(shard).await.map_err(|error| Failure::new(error.to_string()))?;
    let mut commits = Vec::new();
    let mut records = journal.journal().read_range(shard, 1, end);
    while let Some(record) = records.next().await {
        let record = record.map_err(|error| Failure::new(error.to_string()))?;
        if let Entry::Batch(batch) = &record.entry {
            commits.extend(batch.commits.iter().filter(|commit| commit.key == *key).cloned());
        }
    }
    drop(records);
    journal.close();
    Ok(commits)
}
