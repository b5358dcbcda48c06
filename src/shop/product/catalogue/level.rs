//! The cell with a SKU's available units and availability class.
//!
//! A [`Level`] is written by one tail (its SKU's shard) and read by all requests; atomics, so that a sale needs no
//! write lock.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use serde::Serialize;

use crate::domain::stock::{Availability, StockView};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StockLevel {
    pub version: u64,
    /// Units that can be had; `None`: without a bound.
    pub available: Option<u64>,
    pub threshold: u32,
    pub availability: Availability,
}

/// In [`Level::available`]: without a bound.
const UNBOUNDED: u64 = u64::MAX;

/// Version 0: no stock entity yet, shown as out of stock.
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
            class: AtomicU8::new(code(Availability::Out)),
        }
    }
}

impl Level {
    /// Takes a newer view; returns whether the class changed.
    pub fn set(&self, version: u64, view: &StockView) -> bool {
        if self.version.fetch_max(version, Ordering::AcqRel) >= version {
            return false;
        }
        let class = code(view.availability());
        self.available.store(view.for_sale().unwrap_or(UNBOUNDED), Ordering::Release);
        self.threshold.store(view.threshold, Ordering::Release);
        self.class.swap(class, Ordering::AcqRel) != class
    }

    /// Units that can be had; `None`: without a bound.
    pub fn available(&self) -> Option<u64> {
        Some(self.available.load(Ordering::Acquire)).filter(|units| *units != UNBOUNDED)
    }

    pub fn availability(&self) -> Availability {
        from_code(self.class.load(Ordering::Acquire))
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

/// Its place in the list of all.
const fn code(availability: Availability) -> u8 {
    availability as u8
}

fn from_code(code: u8) -> Availability {
    Availability::ALL.get(usize::from(code)).copied().unwrap_or(Availability::Out)
}
