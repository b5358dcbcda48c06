//! Work on a data directory while no shop runs on it: verify, export, restore, history.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    time::Duration,
};

use super::{engine, settings};
use crate::{
    actors::ports::journal::Commit,
    cli::{Copied, Failure, Invariant, KindCount, Progress, Verified},
    config::Config,
    domain::{
        key::EntityKey,
        model::{AnyView, Kind, Model},
        order::{HoldState, OrderView},
        stock::StockView,
    },
    persistence::{SledJournal, tools},
};

pub(super) const DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// An error of the start, with what to do about it.
pub(super) fn explain(error: &impl std::error::Error, config: &Config) -> Failure {
    let text = error.to_string();
    let failure = Failure::new(text.clone());
    if text.contains("cannot listen") {
        return failure.hint("choose another address: --listen 127.0.0.1:0 takes a free port");
    }
    failure.hint(format!("the data directory is {}", config.data.dir.display()))
}

/// Only an existing journal: looking at a directory must not make one.
fn open(config: &Config) -> Result<SledJournal, Failure> {
    let dir = engine::journal_dir(&config.data.dir);
    if !dir.is_dir() {
        return Err(Failure::new(format!("{}: there is no journal", dir.display()))
            .hint("name the data directory with --data-dir"));
    }
    SledJournal::open(&dir, settings::journal(config)).map_err(|error| explain(&error, config))
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
    let journal = open(config)?;
    let mut fold = FoldAll::default();
    let report = tools::verify(&journal, &mut |_, commit| fold.commit(commit), &mut steps(progress)).await;
    let report = report
        .map_err(|error| Failure::new(error.to_string()).hint("restore the newest backup: souk journal import"))?;
    journal.close();
    let line =
        |problem: &tools::Problem| format!("shard {} record {}: {}", problem.shard.0, problem.seq, problem.problem);
    let mut invariants = vec![Invariant {
        name: "each record is whole, in order, and by a newer or the same claim".into(),
        checked: report.counts.records,
        broken: report.problems.iter().map(line).collect(),
    }];
    invariants.extend(fold.invariants());
    Ok(Verified { records: report.counts.records, commits: report.counts.commits, kinds: fold.kinds(), invariants })
}

/// Every entity, folded from its events, and what is checked on the way.
#[derive(Default)]
struct FoldAll {
    models: HashMap<EntityKey, Model>,
    events: HashMap<Kind, u64>,
    equations: u64,
    off_balance: Vec<String>,
}

/// Broken things listed for each invariant, at most.
const LISTED_MAX: usize = 100;

impl FoldAll {
    fn commit(&mut self, commit: &Commit) -> Result<(), String> {
        let model = self.models.entry(commit.key.clone()).or_insert_with(|| Model::new(commit.key.kind));
        commit.events.iter().for_each(|event| model.apply(event));
        *self.events.entry(commit.key.kind).or_default() += commit.events.len() as u64;
        if let Model::Stock(_) = model
            && let AnyView::Stock(stock) = model.view()
        {
            self.equations += 1;
            if !balanced(&stock) && self.off_balance.len() < LISTED_MAX {
                self.off_balance.push(format!("{} at version {}: {stock:?}", commit.key, commit.version));
            }
        }
        Ok(())
    }

    fn kinds(&self) -> Vec<KindCount> {
        let count = |kind: &Kind| KindCount {
            kind: *kind,
            entities: self.models.keys().filter(|key| key.kind == *kind).count() as u64,
            events: self.events.get(kind).copied().unwrap_or(0),
        };
        Kind::ALL.iter().map(count).filter(|count| count.entities > 0).collect()
    }

    fn invariants(&self) -> Vec<Invariant> {
        let views = self.models.iter().filter_map(|(key, model)| match model.view() {
            AnyView::Order(order) => Some((key, order)),
            _ => None,
        });
        let orders: Vec<(&EntityKey, OrderView)> = views.collect();
        vec![
            Invariant {
                name: "available + held + committed + shipped = received + adjusted, after every event".into(),
                checked: self.equations,
                broken: self.off_balance.clone(),
            },
            self.owned(&orders),
            Invariant {
                name: "an order that is not sold, and at rest, keeps no stock".into(),
                checked: orders.len() as u64,
                broken: orders
                    .iter()
                    .filter(|(_, order)| keeps_stock_unsold(order))
                    .map(|(key, _)| key.to_string())
                    .take(LISTED_MAX)
                    .collect(),
            },
            Invariant {
                name: "no two orders have the same number".into(),
                checked: orders.len() as u64,
                broken: same_numbers(&orders),
            },
        ]
    }

    /// Committed units belong to orders: nothing is kept for nobody.
    fn owned(&self, orders: &[(&EntityKey, OrderView)]) -> Invariant {
        let mut owned: BTreeMap<String, u64> = BTreeMap::new();
        for line in orders.iter().flat_map(|(_, order)| &order.stock) {
            if matches!(line.state, HoldState::Committed | HoldState::Shipped) {
                *owned.entry(line.sku.to_string()).or_default() += u64::from(line.units);
            }
        }
        let mut invariant = Invariant {
            name: "each SKU has committed or shipped at least what its orders own".into(),
            checked: owned.len() as u64,
            broken: Vec::new(),
        };
        for (sku, units) in owned {
            let view = self.models.get(&EntityKey::new(Kind::Stock, &sku)).map(Model::view);
            let given = match view {
                Some(AnyView::Stock(stock)) => stock.committed + stock.shipped,
                _ => 0,
            };
            if given < units && invariant.broken.len() < LISTED_MAX {
                invariant.broken.push(format!("{sku}: orders own {units}, the stock gave {given}"));
            }
        }
        invariant
    }
}

fn balanced(stock: &StockView) -> bool {
    let out =
        i128::from(stock.available) + i128::from(stock.held) + i128::from(stock.committed) + i128::from(stock.shipped);
    out == i128::from(stock.received) + i128::from(stock.adjusted)
}

fn keeps_stock_unsold(order: &OrderView) -> bool {
    let kept = |state: HoldState| matches!(state, HoldState::Held | HoldState::Committed | HoldState::Shipped);
    order.lifecycle.is_given_up() && order.settled && order.stock.iter().any(|line| kept(line.state))
}

fn same_numbers(orders: &[(&EntityKey, OrderView)]) -> Vec<String> {
    let mut owners: BTreeMap<u64, &EntityKey> = BTreeMap::new();
    let twice = orders.iter().filter_map(|(key, order)| {
        let number = order.number?;
        owners.insert(number, key).map(|other| format!("{number}: {other} and {key}"))
    });
    twice.take(LISTED_MAX).collect()
}

/// Counts what is written through it.
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
    to: &mut (impl io::Write + Send),
    progress: &Progress,
) -> Result<Copied, Failure> {
    let journal = open(config)?;
    let mut commits = 0;
    let mut counted = Counted { inner: to, bytes: 0 };
    let records = tools::export(&journal, &mut counted, &mut steps(progress)).await;
    let records = records.map_err(|error| {
        Failure::new(error.to_string()).hint("the export is not complete: do not keep it as a backup")
    })?;
    let bytes = counted.bytes;
    journal_commits(&journal, &mut commits).await;
    journal.close();
    Ok(Copied { records, commits, bytes })
}

async fn journal_commits(journal: &SledJournal, commits: &mut u64) {
    if let Ok(report) = tools::verify(journal, &mut |_, _| Ok(()), &mut |_| {}).await {
        *commits = report.counts.commits;
    }
}

pub(super) async fn restore(
    config: &Config,
    from: &mut (impl io::BufRead + Send),
    progress: &Progress,
) -> Result<Copied, Failure> {
    let dir = engine::journal_dir(&config.data.dir);
    std::fs::create_dir_all(&config.data.dir)
        .map_err(|error| Failure::new(format!("{}: {error}", config.data.dir.display())))?;
    let imported =
        tools::import(&dir, from, None, &mut steps(progress)).map_err(|error| Failure::new(error.to_string()))?;
    Ok(Copied { records: imported.counts.records, commits: imported.counts.commits, bytes: imported.bytes })
}

/// From the log itself, not from an index: it also answers when the state store is gone.
pub(super) async fn history(config: &Config, key: &EntityKey) -> Result<Vec<Commit>, Failure> {
    use futures::StreamExt;

    use crate::actors::ports::{
        Journal,
        journal::{Entry, Shard},
    };
    let journal = open(config)?;
    let shard = Shard(key.shard_of(journal.shards()));
    let end = journal.end(shard).await.map_err(|error| Failure::new(error.to_string()))?;
    let mut commits = Vec::new();
    let mut records = journal.read_range(shard, 1, end);
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
