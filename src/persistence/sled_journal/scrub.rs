//! The scrub: a running shop reads its old records again, slowly, one shard after another, and says what it cannot read.
//!
//! An old record that nobody reads keeps a flipped bit until the day on which it is needed: for a history, an export, or
//! a state store that is made anew. Found early, it costs a restore of a backup that is still there. Every record is read
//! through sled (its page's checksum), then its own checksum, place and sequence are compared. Damage stops nothing: the
//! folded states do not rest on the old record any more. Deliberately absent: a repair, because the log has one copy;
//! pages that sled has in its cache are not read from the disk again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use metrics::{counter, gauge};
use tokio::time::sleep;

use super::{layout, reader, shard_log::Shared};
use crate::actors::ports::journal::{Damage, JournalError, Seq, Shard};

/// From the end of one pass over all records to the next one.
const BETWEEN_PASSES: Duration = Duration::from_secs(3_600);
/// Of one step, at most; one record more than the bytes say. The hot path waits for a disk's head no longer.
const STEP_RECORDS_MAX: usize = 64;
const STEP_BYTES_MAX: usize = 64 << 10;
/// Damaged records that are told apart: more of them are the same news.
const DAMAGED_MAX: usize = 1_024;

/// What the scrub has found since the start.
#[derive(Default)]
pub struct Findings(Mutex<Found>);

#[derive(Default)]
struct Found {
    first: Option<Damage>,
    known: BTreeSet<(Shard, Seq)>,
}

impl Findings {
    pub fn damage(&self) -> Option<Damage> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.first.clone().map(|first| Damage { records: found.known.len(), ..first })
    }

    /// Whether any of them is news.
    fn add(&self, shard: Shard, damaged: &[(Seq, Arc<str>)]) -> bool {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = found.known.len();
        for (seq, problem) in damaged {
            if found.known.len() < DAMAGED_MAX && found.known.insert((shard, *seq)) && found.first.is_none() {
                found.first = Some(Damage { shard, seq: *seq, problem: problem.clone(), records: 0 });
            }
        }
        gauge!("souk_journal_damaged_records").set(found.known.len() as f64);
        found.known.len() > before
    }
}

/// For ever, at most so many bytes a second.
pub async fn run(shared: Arc<Shared>, bytes_per_second: u64) {
    loop {
        if let Err(error) = pass(&shared, bytes_per_second).await {
            return tracing::debug!(%error, "the scrub ends with the journal");
        }
        sleep(BETWEEN_PASSES).await;
    }
}

/// Once over every record that is there at its beginning.
///
/// # Errors
/// When the journal is closed or has failed.
pub async fn pass(shared: &Arc<Shared>, bytes_per_second: u64) -> Result<(), JournalError> {
    let scrubbed = counter!("souk_journal_scrubbed_bytes_total");
    for shard in (0..shared.shards()).map(Shard) {
        let (mut next, end) = (1, shared.log(shard)?.end()?);
        while next <= end {
            // Fails when the writer has stopped: nothing that is read afterwards says anything.
            shared.log(shard)?.end()?;
            let log = shared.log.clone();
            let step = tokio::task::spawn_blocking(move || step(&log, shard, next, end)).await;
            let step = step.map_err(|error| JournalError::Io(error.to_string().into()))?;
            told(shared, shard, &step.damaged);
            next = step.next;
            scrubbed.increment(step.bytes);
            sleep(Duration::from_secs_f64(step.bytes as f64 / bytes_per_second.max(1) as f64)).await;
        }
    }
    Ok(())
}

fn told(shared: &Shared, shard: Shard, damaged: &[(Seq, Arc<str>)]) {
    let [(first, problem), ..] = damaged else { return };
    if shared.findings.add(shard, damaged) {
        tracing::error!(
            shard = shard.0,
            seq = first,
            records = damaged.len(),
            %problem,
            "old records of the journal are damaged: the shop goes on from its folded states, but their history is not \
             readable and the state store cannot be made anew. Keep the data directory and the newest backup, stop the \
             shop when it suits, see the extent with `souk journal verify`, then restore the backup with `souk journal \
             import`; `souk journal export --salvage` writes what can still be read"
        );
    }
}

struct Step {
    next: Seq,
    bytes: u64,
    damaged: Vec<(Seq, Arc<str>)>,
}

/// Some records from `from` on; where they cannot be read together, each alone.
fn step(log: &sled::Tree, shard: Shard, from: Seq, end: Seq) -> Step {
    match read(log, shard, from, end, STEP_RECORDS_MAX) {
        Ok((next, bytes)) => Step { next, bytes, damaged: Vec::new() },
        Err(_) => {
            let next = end.min(from + STEP_RECORDS_MAX as Seq - 1) + 1;
            let mut step = Step { next, bytes: STEP_BYTES_MAX as u64, damaged: Vec::new() };
            for seq in from..next {
                if let Err(problem) = read(log, shard, seq, seq, 1) {
                    step.damaged.push((seq, problem));
                }
            }
            step
        }
    }
}

/// Where the next step begins, and the bytes that were read.
fn read(log: &sled::Tree, shard: Shard, from: Seq, to: Seq, count: usize) -> Result<(Seq, u64), Arc<str>> {
    let found = layout::scan(log, shard, from..to.saturating_add(1), count, STEP_BYTES_MAX)?;
    let mut next = from;
    for (seq, bytes) in &found {
        if *seq != next {
            return Err(format!("record {next} is missing").into());
        }
        reader::check(shard, *seq, bytes).map_err(|error| error.to_string())?;
        next += 1;
    }
    match next == from {
        true => Err(format!("record {from} is missing").into()),
        false => Ok((next, found.iter().map(|(_, bytes)| bytes.len() as u64).sum())),
    }
}
