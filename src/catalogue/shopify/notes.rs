//! What an import decided without being asked: what it left out, made up or took over. An import says what it did.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Encoding,
    Separator,
    Archived,
    Draft,
    Unlisted,
    Unpublished,
    OtherMarkets,
    GiftCard,
    Skipped,
    TakenDown,
    TakenOver,
    SkuMade,
    SkuAgain,
    Untracked,
    Backorder,
    Uncounted,
    Negative,
}

impl Told {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Encoding => "read in another encoding than UTF-8: look at the umlauts",
            Self::Separator => "cells are separated by semicolons or tabs",
            Self::Archived => "products left out: archived",
            Self::Draft => "products left out: draft",
            Self::Unlisted => "products left out: unlisted",
            Self::Unpublished => "products left out: not published",
            Self::OtherMarkets => "products left out: not in the primary market",
            Self::GiftCard => "products left out: gift cards, which Souk does not sell yet",
            Self::Skipped => "products left out: bad lines (--skip-bad)",
            Self::TakenDown => "products taken down that the shop sold until now",
            Self::TakenOver => "SKUs taken over from another product, which sells them no longer",
            Self::SkuMade => "SKUs made from handle and options: the file has none",
            Self::SkuAgain => "SKUs made from handle and options: the file's stand twice (--derive-skus)",
            Self::Untracked => "SKUs sold without counting: the file names no inventory tracker",
            Self::Backorder => "SKUs sold on when the house is empty, up to --backorder units each",
            Self::Uncounted => "SKUs with no units: the file has no quantity of them",
            Self::Negative => "SKUs with no units: the file's quantity is below zero",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Note {
    pub count: u64,
    /// The first of them, by name.
    pub examples: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Notes(BTreeMap<Told, Note>);

impl Notes {
    /// Names kept of each kind; the rest is counted.
    pub const EXAMPLES_MAX: usize = 5;

    pub(super) fn add(&mut self, told: Told, name: impl Into<String>) {
        let note = self.0.entry(told).or_default();
        note.count += 1;
        if note.examples.len() < Self::EXAMPLES_MAX {
            note.examples.push(name.into());
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (Told, &Note)> {
        self.0.iter().map(|(told, note)| (*told, note))
    }

    pub fn count(&self, told: Told) -> u64 {
        self.0.get(&told).map_or(0, |note| note.count)
    }
}
