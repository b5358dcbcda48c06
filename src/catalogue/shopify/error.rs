//! The errors of a file, line by line and by kind, and of an import.

use std::{collections::BTreeMap, fmt};

use crate::catalogue::LoadError;

/// What is wrong with a line: the kinds by which a report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The file as a whole: nothing of it can be trusted.
    File,
    Row,
    Missing,
    Status,
    Sku,
    SkuTwice,
    Price,
    Quantity,
    Options,
    Image,
    Product,
}

impl Fault {
    pub const fn words(self) -> &'static str {
        match self {
            Self::File => "the file cannot be read as it is",
            Self::Row => "a row does not fit the heading",
            Self::Missing => "a cell is empty",
            Self::Status => "status or publication is not known",
            Self::Sku => "a SKU cannot be one",
            Self::SkuTwice => "a SKU stands twice (--derive-skus makes new ones)",
            Self::Price => "a price cannot be read",
            Self::Quantity => "a quantity cannot be read",
            Self::Options => "the options of a product do not fit together",
            Self::Image => "an image cannot be used",
            Self::Product => "a product breaks the shop's own rules",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadLine {
    /// Counted from 1, as editors do; where a record spans lines, its first.
    pub line: u64,
    /// As the file calls it; empty where the whole line is meant.
    pub column: String,
    pub fault: Fault,
    pub why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column.is_empty() {
            true => write!(f, "line {}: {}", self.line, self.why),
            false => write!(f, "line {}, column {}: {}", self.line, self.column, self.why),
        }
    }
}

/// All problems of a file. Keeps the first [`BadFile::KEPT_MAX`] problems and counts the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct BadFile {
    lines: Vec<BadLine>,
    kinds: BTreeMap<Fault, usize>,
}

impl BadFile {
    pub const KEPT_MAX: usize = 1_000;

    pub(super) fn add(&mut self, line: u64, column: &str, fault: Fault, why: impl Into<String>) {
        *self.kinds.entry(fault).or_default() += 1;
        if self.lines.len() < Self::KEPT_MAX {
            self.lines.push(BadLine { line, column: column.to_owned(), fault, why: why.into() });
        }
    }

    pub(super) fn sort(&mut self) {
        self.lines.sort_by_key(|bad| bad.line);
    }

    pub fn lines(&self) -> &[BadLine] {
        &self.lines
    }

    /// With those that are not kept.
    pub fn total(&self) -> usize {
        self.kinds.values().sum()
    }

    /// How many of each kind, with those that are not kept.
    pub fn kinds(&self) -> &BTreeMap<Fault, usize> {
        &self.kinds
    }

    /// Nothing of the file may be imported, not even what looks good.
    pub fn is_fatal(&self) -> bool {
        self.kinds.contains_key(&Fault::File)
    }
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} problems in the file, nothing was imported", self.total())?;
        if self.total() > self.lines.len() {
            write!(f, " (the first {} are listed)", self.lines.len())?;
        }
        self.lines.iter().try_for_each(|bad| write!(f, "\n  {bad}"))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{path}: {source}")]
    Io { path: String, source: std::io::Error },
    /// The file is good; running the import again finishes it.
    #[error("the import stopped half-way, run it again to finish it: {0}")]
    Load(#[from] LoadError),
}
