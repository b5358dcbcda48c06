//! Reads every record of every shard and reports all problems in one pass.

use std::{collections::HashMap, sync::Arc};

use futures::StreamExt;

use super::{
    PROGRESS_EVERY, Progress,
    check::{Checker, Counts},
    cut::Cut,
    rests::{Missing, Rests},
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
    /// Causes of records that were looked for in other records.
    pub rests: u64,
    /// Those that are not in the journal; a journal of one moment has none.
    pub missing: Vec<Missing>,
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

/// What a verification has seen.
struct Verifier<'a> {
    checker: Checker,
    rests: Rests,
    report: Report,
    on_commit: OnCommit<'a>,
    progress: &'a mut (dyn FnMut(Progress) + Send),
    done: u64,
    total: u64,
}

type OnCommit<'a> = &'a mut (dyn FnMut(&Record, &Commit) -> Result<(), String> + Send);

/// `on_commit` sees each commit in its shard's order, for folding entities; its refusal is a problem too. A shard is
/// read up to its first unreadable record, the other shards are read whole. A journal that is being written is read up
/// to one moment.
///
/// # Errors
/// When a shard's end is not known. Damage is not an error here but an entry of the report.
pub async fn verify(
    journal: &dyn Journal,
    on_commit: OnCommit<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, JournalError> {
    let mut cut = Cut::begin(journal).await?;
    let (checker, rests, total) = (Checker::new(journal.shards()), Rests::new(journal.shards()), cut.from.iter().sum());
    let mut verifier = Verifier { checker, rests, report: Report::default(), on_commit, progress, done: 0, total };
    for (shard, end) in (0..).map(Shard).zip(cut.from.clone()) {
        verifier.report.ends.insert(shard, end);
        let mut records = journal.read_range(shard, 1, end);
        let mut seq = 0;
        while let Some(read) = records.next().await {
            let record: Arc<Record> = match read {
                Ok(record) => record,
                // A journal's stream ends by it; one that is read for salvage goes on behind it.
                Err(JournalError::Corrupt { shard, seq, problem }) => {
                    verifier.report.add(shard, seq, problem.to_string());
                    continue;
                }
                Err(error) => {
                    verifier.report.add(shard, seq + 1, error.to_string());
                    break;
                }
            };
            seq = record.seq;
            cut.passed(&record);
            verifier.look(&record);
        }
    }
    for record in cut.end().map_err(|error| JournalError::Io(error.to_string().into()))? {
        verifier.report.ends.insert(record.shard, record.seq);
        verifier.look(&record);
    }
    Ok(verifier.end())
}

impl Verifier<'_> {
    fn look(&mut self, record: &Record) {
        let (shard, seq) = (record.shard, record.seq);
        self.checker.check(record).into_iter().for_each(|problem| self.report.add(shard, seq, problem));
        if let Entry::Batch(batch) = &record.entry {
            for commit in &batch.commits {
                self.rests.next(record, commit);
                if let Err(problem) = (self.on_commit)(record, commit) {
                    self.report.add(shard, seq, problem);
                }
            }
        }
        self.done += 1;
        if self.done.is_multiple_of(PROGRESS_EVERY) {
            (self.progress)(Progress { done: self.done, total: Some(self.total.max(self.done)) });
        }
    }

    fn end(self) -> Report {
        let Self { checker, rests, mut report, progress, done, .. } = self;
        progress(Progress { done, total: Some(done) });
        report.counts = checker.counts();
        (report.rests, report.missing) = rests.end();
        report
    }
}
