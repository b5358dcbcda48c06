//! How much is left of a SKU, as the shop shows it, and the cell that holds it.
//!
//! A [`Level`] is written by one tail (its SKU's shard) and read by everyone; atomics, so that a sale needs no write lock.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::domain::stock::StockView;

/// Sorted best first: a product shows the smallest of its variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    InStock,
    Low,
    Out,
}

impl Availability {
    /// `Out` at none, `Low` up to the larger of the SKU's threshold and the shop's mark.
    pub fn of(available: u64, threshold: u32, low_mark: u32) -> Self {
        match available {
            0 => Self::Out,
            few if few <= u64::from(threshold.max(low_mark)) => Self::Low,
            _ => Self::InStock,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::InStock => 0,
            Self::Low => 1,
            Self::Out => 2,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::InStock,
            1 => Self::Low,
            _ => Self::Out,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StockLevel {
    pub version: u64,
    pub available: u64,
    pub threshold: u32,
    pub availability: Availability,
}

/// Version 0: no stock entity yet, which the shop shows as out.
pub(super) struct Level {
    version: AtomicU64,
    available: AtomicU64,
    threshold: AtomicU32,
    class: AtomicU8,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            version: AtomicU64::new(0),
            available: AtomicU64::new(0),
            threshold: AtomicU32::new(0),
            class: AtomicU8::new(Availability::Out.code()),
        }
    }
}

impl Level {
    /// Takes a newer view; answers whether the class changed.
    pub fn set(&self, version: u64, view: &StockView, low_mark: u32) -> bool {
        if self.version.fetch_max(version, Ordering::AcqRel) >= version {
            return false;
        }
        let class = Availability::of(view.available, view.threshold, low_mark).code();
        self.available.store(view.available, Ordering::Release);
        self.threshold.store(view.threshold, Ordering::Release);
        self.class.swap(class, Ordering::AcqRel) != class
    }

    pub fn available(&self) -> u64 {
        self.available.load(Ordering::Acquire)
    }

    pub fn availability(&self) -> Availability {
        Availability::from_code(self.class.load(Ordering::Acquire))
    }

    pub fn get(&self) -> Option<StockLevel> {
        match self.version.load(Ordering::Acquire) {
            0 => None,
            version => Some(StockLevel {
                version,
                available: self.available(),
                threshold: self.threshold.load(Ordering::Acquire),
                availability: self.availability(),
            }),
        }
    }
}
