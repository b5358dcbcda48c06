//! Reads every record of every shard and reports all problems in one pass.

use std::{collections::HashMap, sync::Arc};

use futures::StreamExt;

use super::{
    PROGRESS_EVERY, Progress,
    check::{Checker, Counts},
};
use crate::actors::ports::journal::{Commit, Entry, Journal, JournalError, Record, Seq, Shard};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub shard: Shard,
    pub seq: Seq,
    pub problem: String,
}

#[derive(Clone, Debug, Default)]
pub struct Report {
    pub counts: Counts,
    /// The first [`Report::PROBLEMS_MAX`]; `problem_count` has all.
    pub problems: Vec<Problem>,
    pub problem_count: u64,
    /// Each shard's end, by shard.
    pub ends: HashMap<Shard, Seq>,
}

impl Report {
    pub const PROBLEMS_MAX: usize = 1000;

    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }

    fn add(&mut self, shard: Shard, seq: Seq, problem: String) {
        self.problem_count += 1;
        if self.problems.len() < Self::PROBLEMS_MAX {
            self.problems.push(Problem { shard, seq, problem });
        }
    }
}

/// `on_commit` sees each commit in its shard's order, for folding entities; its refusal is a problem too. A shard is
/// read up to its first unreadable record, the other shards are read whole.
///
/// # Errors
/// When a shard's end is not known. Damage is not an error here but an entry of the report.
pub async fn verify(
    journal: &dyn Journal,
    on_commit: &mut (dyn FnMut(&Record, &Commit) -> Result<(), String> + Send),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, JournalError> {
    let (mut checker, mut report) = (Checker::new(journal.shards()), Report::default());
    for shard in (0..journal.shards()).map(Shard) {
        report.ends.insert(shard, journal.end(shard).await?);
    }
    let total = Some(report.ends.values().sum());
    let mut done = 0;
    for shard in (0..journal.shards()).map(Shard) {
        let end = report.ends[&shard];
        let mut records = journal.read_range(shard, 1, end);
        let mut seq = 0;
        while let Some(read) = records.next().await {
            let record: Arc<Record> = match read {
                Ok(record) => record,
                Err(JournalError::Corrupt { shard, seq, problem }) => {
                    report.add(shard, seq, problem.to_string());
                    break;
                }
                Err(error) => {
                    report.add(shard, seq + 1, error.to_string());
                    break;
                }
            };
            seq = record.seq;
            checker.check(&record).into_iter().for_each(|problem| report.add(shard, seq, problem));
            if let Entry::Batch(batch) = &record.entry {
                for commit in &batch.commits {
                    if let Err(problem) = on_commit(&record, commit) {
                        report.add(shard, seq, problem);
                    }
                }
            }
            done += 1;
            if done % PROGRESS_EVERY == 0 {
                progress(Progress { done, total });
            }
        }
    }
    progress(Progress { done, total });
    report.counts = checker.counts();
    Ok(report)
}
