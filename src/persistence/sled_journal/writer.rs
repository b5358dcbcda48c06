//! The one thread that writes: takes all requests that wait, checks each against its log's end, writes their records in
//! order, makes them durable with one flush and one fdatasync, publishes, replies.
//!
//! Invariant: no request is acknowledged and no record published before the sync that covers it has returned.

use std::{
    fs::File,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    directory::{self, Ends},
    free_space::FreeSpace,
    layout,
    request::{Ask, Request},
    shard_log::{ShardLog, Shared},
};
use crate::{
    actors::ports::journal::{AppendError, Claim, Entry, JournalError, NodeId, Record, Seq, Shard},
    persistence::{
        envelope,
        guard::{guarded, text},
    },
};

/// Upper bound of one sync; the rest goes into the next one.
const GATHERED_REQUESTS_MAX: usize = 256;
const GATHERED_BYTES_MAX: usize = 4 << 20;
/// The witness file `journal.ends` is at most this far behind.
const WITNESS_EVERY: Duration = Duration::from_secs(1);

/// Where one shard's log stands.
pub struct Tip {
    pub end: Seq,
    pub epoch: u64,
}

pub struct Writer {
    shared: Arc<Shared>,
    db: sled::Db,
    /// Long lived: reopening per batch would cost a path walk and could hide an earlier write error.
    file: File,
    free: FreeSpace,
    tips: Vec<Tip>,
    dir: PathBuf,
    /// When the witness is due, if something was written since.
    witness_due: Option<Instant>,
    /// Callers that wait for the end.
    closing: Vec<oneshot::Sender<()>>,
}

/// One gathered group on its way to the disk.
#[derive(Default)]
struct Group {
    bytes: usize,
    commits: usize,
    records: Vec<Arc<Record>>,
    /// The bytes of each record, in the same order.
    encoded: Vec<Vec<u8>>,
    /// The shop's record, where one is to be written.
    note: Option<Vec<u8>>,
    answers: Vec<Answer>,
}

/// A reply that waits for the sync.
enum Answer {
    Claimed(oneshot::Sender<Result<Claim, JournalError>>, Claim),
    Written(oneshot::Sender<Result<Seq, AppendError>>, Seq),
    Noted(oneshot::Sender<Result<(), JournalError>>),
    /// Waits until every earlier request is durable.
    Settled(oneshot::Sender<()>),
}

impl Writer {
    pub fn new(shared: Arc<Shared>, db: sled::Db, file: File, free: FreeSpace, tips: Vec<Tip>, dir: PathBuf) -> Self {
        Self { shared, db, file, free, tips, dir, witness_due: None, closing: Vec::new() }
    }

    /// Runs until the handle is gone or the disk failed.
    pub fn run(mut self, incoming: &Receiver<Request>) {
        loop {
            let request = match self.witness_due {
                None => incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => incoming.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match request {
                Ok(first) => {
                    let gathered = gather(first, incoming);
                    if let Err(reason) = self.perform(gathered) {
                        return self.fail(reason);
                    }
                    if !self.closing.is_empty() {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.witness_due.is_some_and(|due| due <= Instant::now()) {
                self.write_witness();
            }
        }
        if self.witness_due.is_some() {
            self.write_witness();
        }
        self.shared.logs.iter().for_each(ShardLog::close);
        for waiting in self.closing {
            let _caller_left = waiting.send(());
        }
    }

    /// After an error the contents of the disk are unknown: requests without a reply are then dropped.
    fn perform(&mut self, gathered: Vec<Request>) -> Result<(), String> {
        let bytes: usize = gathered.iter().map(|request| size(&request.ask)).sum();
        if bytes > 0
            && let Err(reason) = self.free.admit(bytes as u64)
        {
            gathered.into_iter().for_each(|request| self.refuse(request.ask, JournalError::Full(reason.clone())));
            return Ok(());
        }
        let (mut group, mut permits) = (Group::default(), Vec::with_capacity(gathered.len()));
        for request in gathered {
            permits.push(request._permit);
            self.check(request.ask, &mut group)?;
        }
        if !group.records.is_empty() || group.note.is_some() {
            let started = Instant::now();
            if let Err(reason) = self.store(&group.records, std::mem::take(&mut group.encoded), group.note.take()) {
                // Published before the waiting callers are released, so that their next requests are refused.
                self.shared.failure.send_replace(Some(reason.as_str().into()));
                return Err(reason);
            }
            metrics::histogram!("souk_journal_append_seconds").record(started.elapsed().as_secs_f64());
            metrics::histogram!("souk_journal_batch_commits").record(group.commits as f64);
            metrics::counter!("souk_journal_bytes_total").increment(group.bytes as u64);
            self.witness_due.get_or_insert_with(|| Instant::now() + WITNESS_EVERY);
        }
        self.publish(group.records);
        group.answers.into_iter().for_each(answer);
        Ok(())
    }

    /// The order is the guarantee: everything into sled's log, out of its buffers, onto the disk.
    fn store(&self, records: &[Arc<Record>], encoded: Vec<Vec<u8>>, note: Option<Vec<u8>>) -> Result<(), String> {
        guarded(|| {
            if let Some(note) = note {
                layout::write_shop(&self.db, note).map_err(text)?;
            }
            for (record, bytes) in records.iter().zip(encoded) {
                layout::write(&self.shared.log, record.shard, record.seq, bytes).map_err(text)?;
            }
            self.db.flush().map_err(text)?;
            self.file.sync_data().map_err(|error| format!("fdatasync of journal/db: {error}"))
        })
    }

    fn check(&mut self, ask: Ask, group: &mut Group) -> Result<(), String> {
        match ask {
            Ask::Close { answer } => {
                self.closing.push(answer);
                Ok(())
            }
            Ask::Claim { shard, node, answer } => self.claim(shard, node, answer, group),
            Ask::ShopRecord { bytes, answer } => {
                group.note = Some(bytes);
                group.answers.push(Answer::Noted(answer));
                Ok(())
            }
            Ask::Write { record, bytes, answer } => {
                let tip = &mut self.tips[usize::from(record.shard.0)];
                // Fenced: an older claim, or one that does not know the log's end.
                if record.epoch != tip.epoch || record.seq != tip.end + 1 {
                    let _caller_left = answer.send(Err(AppendError::Fenced));
                    return Ok(());
                }
                if let Entry::Batch(batch) = &record.entry {
                    group.commits += batch.commits.len();
                }
                group.answers.push(Answer::Written(answer, record.seq));
                add(group, tip, record, bytes);
                Ok(())
            }
            Ask::Settle { answer } => {
                group.answers.push(Answer::Settled(answer));
                Ok(())
            }
        }
    }

    fn claim(
        &mut self,
        shard: Shard,
        node: NodeId,
        answer: oneshot::Sender<Result<Claim, JournalError>>,
        group: &mut Group,
    ) -> Result<(), String> {
        let tip = &mut self.tips[usize::from(shard.0)];
        tip.epoch += 1;
        let claim = Claim { shard, node: node.clone(), epoch: tip.epoch, seq: tip.end + 1 };
        let record = Record { shard, seq: claim.seq, epoch: claim.epoch, node, entry: Entry::Claimed, name: None };
        let bytes = envelope::encode(&record).map_err(text)?;
        group.answers.push(Answer::Claimed(answer, claim));
        add(group, tip, Arc::new(record), bytes);
        Ok(())
    }

    fn publish(&self, mut records: Vec<Arc<Record>>) {
        // Stable: each shard's records keep their order, and each shard's readers wake once.
        records.sort_by_key(|record| record.shard);
        for run in records.chunk_by(|a, b| a.shard == b.shard) {
            self.shared.logs[usize::from(run[0].shard.0)].publish(run.to_vec());
        }
    }

    /// Refuses a write; a request that only waits for earlier requests succeeds, because each of these is refused or
    /// durable.
    fn refuse(&mut self, ask: Ask, why: JournalError) {
        let _caller_left = match ask {
            Ask::Close { answer } => return self.closing.push(answer),
            Ask::Claim { answer, .. } => answer.send(Err(why)).is_err(),
            Ask::ShopRecord { answer, .. } => answer.send(Err(why)).is_err(),
            Ask::Write { answer, .. } => answer
                .send(Err(match why {
                    JournalError::Full(reason) => AppendError::Full(reason),
                    JournalError::LostRace
                    | JournalError::Io(_)
                    | JournalError::Corrupt { .. }
                    | JournalError::Refused(_) => AppendError::Io(why.to_string().into()),
                }))
                .is_err(),
            Ask::Settle { answer } => answer.send(()).is_err(),
        };
    }

    fn write_witness(&mut self) {
        self.witness_due = None;
        let ends = Ends::new(self.shared.id, self.tips.iter().map(|tip| tip.end).collect());
        if let Err(error) = directory::write_ends(&self.dir, &ends) {
            // The only consequence is a weaker check at the next opening.
            tracing::warn!(%error, dir = %self.dir.display(), "the journal's witness file was not written");
        }
    }

    fn fail(self, reason: String) {
        tracing::error!(%reason, dir = %self.dir.display(), "the journal failed and refuses everything from now on");
        metrics::counter!("souk_journal_failures_total").increment(1);
        self.shared.failure.send_replace(Some(reason.into()));
        // Never closed: sled syncs when it is dropped, and panics where the disk refuses. The process ends anyway, and
        // must not open the directory again before its end.
        let _never_dropped = std::mem::ManuallyDrop::new(self.db.clone());
        self.shared.logs.iter().for_each(ShardLog::close);
    }
}

fn gather(first: Request, incoming: &Receiver<Request>) -> Vec<Request> {
    let mut bytes = size(&first.ask);
    let mut gathered = vec![first];
    while gathered.len() < GATHERED_REQUESTS_MAX && bytes < GATHERED_BYTES_MAX {
        let Ok(request) = incoming.try_recv() else { break };
        bytes += size(&request.ask);
        gathered.push(request);
    }
    gathered
}

/// Bytes that a request writes to the disk; for a claim an estimate.
fn size(ask: &Ask) -> usize {
    match ask {
        Ask::Claim { .. } => 160,
        Ask::Write { bytes, .. } | Ask::ShopRecord { bytes, .. } => bytes.len(),
        Ask::Settle { .. } | Ask::Close { .. } => 0,
    }
}

fn add(group: &mut Group, tip: &mut Tip, record: Arc<Record>, bytes: Vec<u8>) {
    tip.end = record.seq;
    group.bytes += bytes.len();
    group.records.push(record);
    group.encoded.push(bytes);
}

/// A caller that is gone needs no reply: `resolve` gives the outcome later.
fn answer(answer: Answer) {
    let _caller_left = match answer {
        Answer::Claimed(to, claim) => to.send(Ok(claim)).is_err(),
        Answer::Written(to, seq) => to.send(Ok(seq)).is_err(),
        Answer::Noted(to) => to.send(Ok(())).is_err(),
        Answer::Settled(to) => to.send(()).is_err(),
    };
}
