//! From one journal into another: `souk journal copy`, for a shop that outgrows its machine.
//!
//! Every commit is routed again, so the other journal may have another number of shards; an entity's commits keep their
//! order, ids and times, and nothing depends on more. Claims are not copied: they belong to the source's nodes. After
//! an interruption at any point, the next run reads the target and continues after its last commit. Memory: one entry
//! for each entity, on both sides.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU64,
    sync::Arc,
};

use crc32fast::Hasher;
use futures::StreamExt;
use uuid::Uuid;

use super::{PROGRESS_EVERY, Progress};
use crate::{
    actors::ports::journal::{
        AppendError, Batch, BatchId, Claim, Commit, Entry, Journal, JournalError, NodeId, Record, Resolution, Seq,
        Shard,
    },
    domain::key::EntityKey,
};

/// The writer's name in the copy's records.
const COPIER: &str = "journal-copy";
/// Commits in one append: far below a journal's limit, so that one lost reply costs little.
const COMMITS_MAX: usize = 512;
const BYTES_MAX: usize = 128 * 1024;
/// Tries of one append whose reply was lost, and of a claim that raced another run's last append.
const TRIES: usize = 8;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyReport {
    /// Commits of the source.
    pub commits: u64,
    pub entities: u64,
    /// Commits written by this run; earlier runs wrote the others.
    pub copied: u64,
    /// Shards of the target.
    pub shards: u16,
}

#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("append: {0}")]
    Append(#[from] AppendError),
    #[error("the target is in use: its shard {} was written by {}; a copy goes into an empty journal", shard.0, node.0)]
    InUse { shard: Shard, node: NodeId },
    #[error("the target is no copy of this journal: {0}")]
    NotACopy(String),
    #[error("the copy differs from its source: {0}")]
    Differs(String),
}

/// An entity's newest version, and a digest of its history.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Tip {
    version: u64,
    digest: u32,
}

impl Tip {
    fn after(self, commit: &Commit) -> Self {
        let mut sum = Hasher::new();
        sum.update(&self.digest.to_be_bytes());
        sum.update(&commit.version.to_be_bytes());
        sum.update(commit.command_id.0.as_bytes());
        sum.update(&commit.fingerprint.map_or(0, NonZeroU64::get).to_be_bytes());
        sum.update(&commit.at.0.to_be_bytes());
        sum.update(commit.by.as_bytes());
        sum.update(commit.events_json.as_bytes());
        Self { version: commit.version, digest: sum.finalize() }
    }
}

type Tips = HashMap<EntityKey, Tip>;

/// Copies the missing commits, then reads the whole target again and compares it with the source.
///
/// # Errors
/// When another writer wrote to the target, or the target is not a prefix of this journal. Copied commits stay.
pub async fn copy(
    from: &dyn Journal,
    to: &dyn Journal,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<CopyReport, CopyError> {
    refuse_in_use(to).await?;
    // The claim precedes the reading: of two copies at once, the older one's next append is fenced.
    let mut writer = Writer::claim(to).await?;
    let there = tips_of_copy(to).await?;
    let mut source = Tips::new();
    let (mut done, mut copied, mut commits) = (0, 0, 0);
    let mut total = 0;
    for shard in (0..from.shards()).map(Shard) {
        total += from.end(shard).await?;
    }
    for shard in (0..from.shards()).map(Shard) {
        let mut records = from.read_range(shard, 1, from.end(shard).await?);
        while let Some(record) = records.next().await {
            if let Entry::Batch(batch) = &record?.entry {
                for commit in &batch.commits {
                    let tip = advance(&mut source, commit).map_err(CopyError::Differs)?;
                    commits += 1;
                    match there.get(&commit.key) {
                        Some(known) if tip.version < known.version => {}
                        Some(known) if tip.version == known.version && tip == *known => {}
                        Some(known) if tip.version == known.version => {
                            return Err(CopyError::NotACopy(format!("{} at version {}", commit.key, tip.version)));
                        }
                        Some(_) | None => {
                            copied += 1;
                            writer.put(commit.clone()).await?;
                        }
                    }
                }
            }
            done += 1;
            if done % PROGRESS_EVERY == 0 {
                progress(Progress { done, total: Some(total) });
            }
        }
    }
    if let Some((key, tip)) =
        there.iter().find(|(key, tip)| source.get(*key).is_none_or(|own| own.version < tip.version))
    {
        return Err(CopyError::NotACopy(format!("it has {key} at version {}", tip.version)));
    }
    writer.finish().await?;
    let copy = tips_of_copy(to).await?;
    let differs = |key: &&EntityKey| copy.get(*key) != source.get(*key);
    let keys: HashSet<&EntityKey> = copy.keys().chain(source.keys()).collect();
    if let Some(key) = keys.into_iter().find(differs) {
        return Err(CopyError::Differs(key.to_string()));
    }
    progress(Progress { done, total: Some(total) });
    Ok(CopyReport { commits, entities: source.len() as u64, copied, shards: to.shards() })
}

/// The entity's next commit; a commit that does not follow its predecessor is damage.
fn advance(tips: &mut Tips, commit: &Commit) -> Result<Tip, String> {
    let tip = tips.entry(commit.key.clone()).or_default();
    if commit.version != tip.version + 1 {
        return Err(format!("{}: version {} follows {}", commit.key, commit.version, tip.version));
    }
    *tip = tip.after(commit);
    Ok(*tip)
}

/// Called before the claim: a claim would fence a running shop.
async fn refuse_in_use(to: &dyn Journal) -> Result<(), CopyError> {
    for shard in (0..to.shards()).map(Shard) {
        let end = to.end(shard).await?;
        if end == 0 {
            continue;
        }
        if let Some(last) = to.read_range(shard, end, end).next().await {
            refuse_foreign(&*last?)?;
        }
    }
    Ok(())
}

fn refuse_foreign(record: &Record) -> Result<(), CopyError> {
    match &*record.node.0 == COPIER {
        true => Ok(()),
        false => Err(CopyError::InUse { shard: record.shard, node: record.node.clone() }),
    }
}

/// The target's entities, which only this tool may have written.
async fn tips_of_copy(to: &dyn Journal) -> Result<Tips, CopyError> {
    let mut tips = Tips::new();
    for shard in (0..to.shards()).map(Shard) {
        let mut records = to.read_range(shard, 1, to.end(shard).await?);
        while let Some(record) = records.next().await {
            let record = record?;
            refuse_foreign(&record)?;
            if let Entry::Batch(batch) = &record.entry {
                for commit in &batch.commits {
                    if commit.key.shard_of(to.shards()) != shard.0 {
                        return Err(CopyError::NotACopy(format!("{} stands in shard {}", commit.key, shard.0)));
                    }
                    advance(&mut tips, commit).map_err(CopyError::NotACopy)?;
                }
            }
        }
    }
    Ok(tips)
}

struct Writer<'a> {
    to: &'a dyn Journal,
    shards: Vec<Waiting>,
}

struct Waiting {
    claim: Claim,
    end: Seq,
    commits: Vec<Commit>,
    bytes: usize,
}

impl<'a> Writer<'a> {
    async fn claim(to: &'a dyn Journal) -> Result<Self, CopyError> {
        let mut shards = Vec::new();
        for shard in (0..to.shards()).map(Shard) {
            let mut tries = 0;
            let claim = loop {
                tries += 1;
                match to.claim(shard, NodeId(COPIER.into())).await {
                    Err(JournalError::LostRace) if tries < TRIES => {}
                    claimed => break claimed?,
                }
            };
            shards.push(Waiting { end: claim.seq, claim, commits: Vec::new(), bytes: 0 });
        }
        Ok(Self { to, shards })
    }

    async fn put(&mut self, commit: Commit) -> Result<(), CopyError> {
        let at = usize::from(commit.key.shard_of(self.to.shards()));
        let Some(waiting) = self.shards.get_mut(at) else { return Ok(()) };
        let bytes = commit.events_json.len() + 256;
        if waiting.commits.len() >= COMMITS_MAX || waiting.bytes + bytes > BYTES_MAX {
            waiting.write(self.to).await?;
        }
        waiting.bytes += bytes;
        waiting.commits.push(commit);
        Ok(())
    }

    async fn finish(mut self) -> Result<(), CopyError> {
        for waiting in &mut self.shards {
            waiting.write(self.to).await?;
            self.to.release(waiting.claim.clone(), waiting.end).await?;
        }
        Ok(())
    }
}

impl Waiting {
    async fn write(&mut self, to: &dyn Journal) -> Result<(), CopyError> {
        self.bytes = 0;
        if self.commits.is_empty() {
            return Ok(());
        }
        let commits = std::mem::take(&mut self.commits);
        for _ in 0..TRIES {
            let id = BatchId(Uuid::new_v4());
            let batch = Arc::new(Batch { id, commits: commits.clone() });
            match to.append(self.claim.clone(), self.end, batch).await {
                Ok(seq) => {
                    self.end = seq;
                    return Ok(());
                }
                Err(AppendError::Ambiguous(_)) => match to.resolve(self.claim.clone(), self.end, id).await? {
                    Resolution::Stored(seq) => {
                        self.end = seq;
                        return Ok(());
                    }
                    // A barrier may be the newest record now.
                    Resolution::NotStored => self.end = to.end(self.claim.shard).await?,
                },
                Err(error) => return Err(error.into()),
            }
        }
        Err(AppendError::Io("too many answers were lost".into()).into())
    }
}
