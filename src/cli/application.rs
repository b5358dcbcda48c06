//! The command line's requirements on the composition root, as a trait: `app` implements it, tests script it.
//!
//! Arguments are parsed values, results are plain data; nothing here prints. A file that is opened by another process,
//! is corrupt or does not fit is a [`Failure`] with a hint.

use std::{
    future::Future,
    io::{BufRead, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::{Failure, ImportOptions, Progress};
use crate::{
    actors::ports::journal::Commit,
    config::Config,
    domain::{key::EntityKey, kinds::Kind},
};

type Answer<T> = Result<T, Failure>;

pub trait Application: Sync {
    /// Runs until SIGTERM, SIGINT or SIGHUP has drained it. Calls `ready` once, when the server can respond to the
    /// first request.
    fn serve(
        &self,
        config: Config,
        sample: bool,
        ready: impl FnOnce(Endpoints) + Send,
    ) -> impl Future<Output = Answer<()>>;

    /// Imports Shopify's product CSV into the data directory: whole, or nothing where a line is bad, unless the options
    /// say otherwise.
    fn import(
        &self,
        config: Config,
        csv: PathBuf,
        options: ImportOptions,
        progress: &Progress,
    ) -> impl Future<Output = Answer<Imported>>;

    /// Checks every record and folds every entity. Broken invariants are a result, not a failure.
    fn verify(&self, config: Config, progress: &Progress) -> impl Future<Output = Answer<Verified>>;

    /// Every record as a line of JSON; with `salvage` those of a damaged journal that can be read.
    fn export(
        &self,
        config: Config,
        salvage: bool,
        to: &mut (impl Write + Send),
        progress: &Progress,
    ) -> impl Future<Output = Answer<Copied>>;

    /// The reverse, into an empty data directory only.
    fn restore(
        &self,
        config: Config,
        from: &mut (impl BufRead + Send),
        progress: &Progress,
    ) -> impl Future<Output = Answer<Copied>>;

    /// From the data directory's journal into the cluster's that `config.cluster` names; continues where an earlier run
    /// ended.
    fn copy(&self, config: Config, shards: Option<u16>, progress: &Progress) -> impl Future<Output = Answer<Moved>>;

    /// The keys of personal data into an empty directory; their name.
    fn keys(&self, config: Config, to: &Path) -> impl Future<Output = Answer<String>>;

    /// All commits of one entity, oldest first; none: it never existed.
    fn history(&self, config: Config, key: EntityKey) -> impl Future<Output = Answer<Vec<Commit>>>;

    /// The OpenAPI 3.1 document as JSON.
    fn openapi(&self) -> Answer<String>;
}

/// Where a server that is ready can be reached.
#[derive(Clone, Debug)]
pub struct Endpoints {
    pub address: SocketAddr,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The generated password of `admin@souk.local`, at the first start without one given: shown once.
    pub superadmin_password: Option<String>,
    /// `local-synced`, ...: the meaning of an acknowledgement.
    pub durability: String,
    /// The outbox has a page, for whoever tries the shop out.
    pub mail_page: bool,
    /// One line: which cluster, as which node, on which servers. `None`: one machine.
    pub cluster: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Imported {
    pub products: u64,
    pub variants: u64,
    /// Products, SKUs and carts that were created or changed; the others were equal already.
    pub changed: u64,
    /// False for a dry run, and where a bad line stopped it.
    pub imported: bool,
    /// The first of them.
    pub bad: Vec<BadLine>,
    pub bad_total: u64,
    /// How many bad lines of each kind.
    pub bad_kinds: Vec<(&'static str, u64)>,
    /// What was decided without asking.
    pub notes: Vec<ImportNote>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportNote {
    /// As the end of a sentence that begins with the count.
    pub what: &'static str,
    pub count: u64,
    pub examples: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1, as an editor counts.
    pub line: u64,
    pub column: String,
    pub why: String,
}

#[derive(Clone, Debug, Default)]
pub struct Verified {
    pub records: u64,
    pub commits: u64,
    pub kinds: Vec<KindCount>,
    pub invariants: Vec<Invariant>,
    /// Records whose cause is missing because its log ends before: the logs were cut at different moments.
    pub cut: u64,
}

/// What a check of a whole journal found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sound,
    /// Whole, but not of one moment: everything that is broken lies between logs that end at different moments.
    NotOneMoment {
        records: u64,
    },
    Broken {
        violations: usize,
    },
}

impl Verified {
    pub fn verdict(&self) -> Verdict {
        let broken = |between: bool| {
            let of = self.invariants.iter().filter(|invariant| invariant.between == between);
            of.map(|invariant| invariant.broken.len()).sum::<usize>()
        };
        match (broken(false), broken(true), self.cut) {
            (0, 0, 0) => Verdict::Sound,
            (0, _, records @ 1..) => Verdict::NotOneMoment { records },
            (alone, between, _) => Verdict::Broken { violations: alone + between },
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct KindCount {
    pub kind: Kind,
    pub entities: u64,
    pub events: u64,
}

#[derive(Clone, Debug)]
pub struct Invariant {
    /// As a sentence: `no two orders have the same number`.
    pub name: String,
    pub checked: u64,
    /// The violations, with keys and numbers.
    pub broken: Vec<String>,
    /// Compares several entities: their logs may have been cut at different moments.
    pub between: bool,
}

impl Invariant {
    pub fn of_one(name: &str, checked: u64, broken: Vec<String>) -> Self {
        Self { name: name.to_owned(), checked, broken, between: false }
    }

    pub fn between(name: &str, checked: u64, broken: Vec<String>) -> Self {
        Self { between: true, ..Self::of_one(name, checked, broken) }
    }
}

/// The result of a copy into another journal.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    pub entities: u64,
    pub commits: u64,
    /// Written by this run; earlier runs wrote the rest.
    pub copied: u64,
    pub shards: u16,
    /// Of the copy, folded again.
    pub invariants: Vec<Invariant>,
}

#[derive(Clone, Debug, Default)]
pub struct Copied {
    pub records: u64,
    pub commits: u64,
    pub bytes: u64,
    /// What a salvage left out, a sentence for each shard.
    pub left_out: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_logs_can_be_the_cut() {
        let verdict = |alone: usize, between: usize, cut| {
            let lines = |n| (0..n).map(|n| format!("{n}")).collect();
            let invariants = vec![Invariant::of_one("a", 1, lines(alone)), Invariant::between("b", 1, lines(between))];
            Verified { invariants, cut, ..Verified::default() }.verdict()
        };
        assert_eq!(verdict(0, 0, 0), Verdict::Sound);
        assert_eq!(verdict(0, 2, 7), Verdict::NotOneMoment { records: 7 });
        assert_eq!(verdict(0, 2, 0), Verdict::Broken { violations: 2 });
        assert_eq!(verdict(1, 2, 7), Verdict::Broken { violations: 3 });
    }
}
