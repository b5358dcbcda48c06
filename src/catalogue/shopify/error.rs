//! The errors of a file, line by line, and of an import.

use std::fmt;

use crate::catalogue::LoadError;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadLine {
    /// Counted from 1, as editors do; where a record spans lines, its first.
    pub line: u64,
    /// As the file calls it; empty where the whole line is meant.
    pub column: String,
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
    total: usize,
}

impl BadFile {
    pub const KEPT_MAX: usize = 1_000;

    pub(super) fn add(&mut self, line: u64, column: &str, why: impl Into<String>) {
        self.total += 1;
        if self.lines.len() < Self::KEPT_MAX {
            self.lines.push(BadLine { line, column: column.to_owned(), why: why.into() });
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
        self.total
    }
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} problems in the file, nothing was imported", self.total)?;
        if self.total > self.lines.len() {
            write!(f, " (the first {} are listed)", self.lines.len())?;
        }
        self.lines.iter().try_for_each(|bad| write!(f, "\n  {bad}"))
    }
}

impl std::error::Error for BadFile {}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    BadFile(#[from] BadFile),
    #[error("{path}: {source}")]
    Io { path: String, source: std::io::Error },
    /// The file is good; running the import again finishes it.
    #[error("the import stopped half-way, run it again to finish it: {0}")]
    Load(#[from] LoadError),
}
