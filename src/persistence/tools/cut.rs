//! One moment of a journal that is being written: an end for each log, such that no record rests on one behind an end.
//!
//! The logs' ends cannot be read at once. So they are read three times, each time of all logs side by side: `from`,
//! `to`, `known`. Every cause is durable before its effect is, so
//!
//! * what a record up to `to` rests on stands at most at `known`, where it is seen;
//! * at the moment between the first and the second reading, the logs' true ends were a cut as it is wanted, and they
//!   lie between `from` and `to`.
//!
//! Cutting back starts at `to`: a record whose cause lies behind the cut goes, with all behind it in its log, until
//! nothing changes. This finds the largest such cut below `to`, so not less than the one of that moment: nothing that
//! was acknowledged before the export began is missing. What is pending in the cut is sent again by the restored shop,
//! since effects derive from states, and every target is idempotent.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::{StreamExt, future::try_join_all};

use super::{
    ToolError,
    trace::{Links, Token, Traces},
};
use crate::{
    actors::ports::journal::{Commit, Entry, Journal, JournalError, Record, Seq, Shard},
    domain::key::EntityKey,
};

/// Each log's end, by shard.
async fn ends(journal: &dyn Journal) -> Result<Vec<Seq>, JournalError> {
    try_join_all((0..journal.shards()).map(|shard| journal.end(Shard(shard)))).await
}

pub(super) struct Cut {
    /// What is inside at any rate.
    pub(super) from: Vec<Seq>,
    to: Vec<Seq>,
    /// The records behind `from`, up to the third reading, by shard. Memory: what the shop writes while the ends are
    /// read, some round trips' worth.
    recent: Vec<Vec<Arc<Record>>>,
    /// The entities of those records: only these need to be folded.
    touched: HashSet<EntityKey>,
    traces: Traces,
    /// Stated up to `from`, by the touched entities.
    earlier: HashSet<Token>,
    /// What the touched entities' records rest on: shard, record, statement.
    rests: Vec<(usize, Seq, Token)>,
}

impl Cut {
    pub(super) async fn begin(journal: &dyn Journal) -> Result<Self, JournalError> {
        let from = ends(journal).await?;
        let to = ends(journal).await?;
        let mut recent: Vec<Vec<Arc<Record>>> = vec![Vec::new(); from.len()];
        if from != to {
            let known = ends(journal).await?;
            for ((shard, from), (known, recent)) in (0..).map(Shard).zip(&from).zip(known.iter().zip(&mut recent)) {
                let mut records = journal.read_range(shard, from + 1, *known);
                while let Some(record) = records.next().await {
                    recent.push(record?);
                }
            }
        }
        let touched = recent.iter().flatten().flat_map(|record| commits(record)).map(|commit| commit.key.clone());
        let touched = touched.collect();
        Ok(Self { from, to, recent, touched, traces: Traces::default(), earlier: HashSet::new(), rests: Vec::new() })
    }

    /// Whether the logs stood still: their ends are one moment.
    fn is_still(&self) -> bool {
        self.recent.iter().all(Vec::is_empty)
    }

    /// A record up to `from`, each log's in order.
    pub(super) fn passed(&mut self, record: &Record) {
        if self.is_still() {
            return;
        }
        for commit in commits(record).iter().filter(|commit| self.touched.contains(&commit.key)) {
            let links = self.traces.next(commit);
            self.earlier.extend(links.states.iter().map(|stated| stated.exact));
            self.rests.extend(links.on(record));
        }
    }

    /// The records behind `from` that belong to the moment, after every record up to `from` has passed.
    ///
    /// # Errors
    /// When a record up to `from` would have to go: the ends that were read were not those of the logs.
    pub(super) fn end(mut self) -> Result<Vec<Arc<Record>>, ToolError> {
        let mut states: HashMap<Token, (usize, Seq)> = HashMap::new();
        for (shard, records) in self.recent.iter().enumerate() {
            for record in records {
                for commit in commits(record) {
                    let links = self.traces.next(commit);
                    self.rests.extend(links.on(record));
                    for stated in links.states {
                        states.entry(stated.exact).or_insert((shard, record.seq));
                    }
                }
            }
        }
        // The first of equal statements is the cause. One that nobody made lately is older, or was not needed.
        let causes = self.rests.into_iter().filter(|(_, _, token)| !self.earlier.contains(token));
        let causes = causes.filter_map(|(shard, seq, on)| Some((shard, seq, *states.get(&on)?)));
        let causes: Vec<_> = causes.filter(|(shard, _, (other, _))| shard != other).collect();
        let mut cut = self.to.clone();
        let mut changed = true;
        // Each round but the last moves an end back, so this ends.
        while std::mem::take(&mut changed) {
            for (shard, seq, (other, cause)) in &causes {
                if *seq <= cut[*shard] && *cause > cut[*other] {
                    cut[*shard] = seq - 1;
                    changed = true;
                }
            }
        }
        if cut.iter().zip(&self.from).any(|(cut, from)| cut < from) {
            return Err(ToolError::NoMoment);
        }
        let recent = self.recent.into_iter().zip(cut);
        let inside = recent.flat_map(|(records, end)| records.into_iter().take_while(move |record| record.seq <= end));
        Ok(inside.collect())
    }
}

impl Links {
    fn on(&self, record: &Record) -> impl Iterator<Item = (usize, Seq, Token)> {
        self.rests_on.iter().map(|rest| (usize::from(record.shard.0), record.seq, rest.on.exact))
    }
}

fn commits(record: &Record) -> &[Commit] {
    match &record.entry {
        Entry::Batch(batch) => &batch.commits,
        Entry::Claimed | Entry::Released => &[],
    }
}

#[cfg(test)]
mod tests;
