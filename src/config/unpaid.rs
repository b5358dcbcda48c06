//! `[unpaid]`: what one buyer, and one network address, may keep waiting for a payment, and how long those wait who let
//! it expire.
//!
//! A buyer is a guest's session or an account. Staff is not bounded. Addresses are counted by each node for itself, and
//! neither 127.0.0.1 nor ::1 is counted: there stands a proxy of the shop's own, or nobody but the machine.

use serde::{Deserialize, Serialize};

use super::check::{Checks, DAY_MS};
use crate::domain::stock::Share;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unpaid {
    /// Orders of one buyer that wait for their payment, at most; the next checkout is answered 429. A newer checkout of a
    /// cart takes its older order's place, so a buyer seldom has two. Default 5.
    pub orders_per_buyer_max: u32,
    /// Units of all of them, at most; a checkout beyond it is answered 429, one that is larger by itself 409. Default 500.
    pub units_per_buyer_max: u32,
    /// Orders of one client address (IPv6: one /64) that wait for their payment, at most. Default 100.
    pub orders_per_address_max: u32,
    /// Units of all of them, at most. Default 1,000.
    pub units_per_address_max: u32,
    /// Units of one SKU that a buyer, or an address, may keep unpaid in any case. Default 10.
    pub sku_units: u32,
    /// ... and of a larger stock this part of what is for sale, in hundredths, for a buyer; beyond it a checkout is answered
    /// 409. Default 25.
    pub sku_percent_per_buyer: u8,
    /// The same for a client address. Default 50.
    pub sku_percent_per_address: u8,
    /// Times to pay that a buyer may let pass, within `forgotten_ms`, without a pause. Default 1.
    pub lapses_free_per_buyer: u32,
    /// The same for a client address, whose buyers may be many. Default 20.
    pub lapses_free_per_address: u32,
    /// Milliseconds until the next checkout after the first lapse that is not free, counted from the lapse; doubles with
    /// each further one. 0: no pauses. Default 60,000.
    pub pause_ms: u64,
    /// Milliseconds of a pause, at most. Default 3,600,000.
    pub pause_ms_max: u64,
    /// Milliseconds after which a lapse is forgotten; a sale clears all at once. Default 21,600,000.
    pub forgotten_ms: u64,
}

impl Default for Unpaid {
    fn default() -> Self {
        Self {
            orders_per_buyer_max: 5,
            units_per_buyer_max: 500,
            orders_per_address_max: 100,
            units_per_address_max: 1_000,
            sku_units: 10,
            sku_percent_per_buyer: 25,
            sku_percent_per_address: 50,
            lapses_free_per_buyer: 1,
            lapses_free_per_address: 20,
            pause_ms: 60_000,
            pause_ms_max: 3_600_000,
            forgotten_ms: 21_600_000,
        }
    }
}

impl Unpaid {
    pub fn share_of_buyer(&self) -> Share {
        Share { units: self.sku_units, percent: self.sku_percent_per_buyer }
    }

    pub fn share_of_address(&self) -> Share {
        Share { units: self.sku_units, percent: self.sku_percent_per_address }
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        const COUNT_MAX: u32 = 1_000_000;
        checks.range("unpaid.orders_per_buyer_max", self.orders_per_buyer_max, 1, COUNT_MAX, "orders");
        checks.range("unpaid.units_per_buyer_max", self.units_per_buyer_max, 1, COUNT_MAX, "units");
        checks.range("unpaid.orders_per_address_max", self.orders_per_address_max, 1, COUNT_MAX, "orders");
        checks.range("unpaid.units_per_address_max", self.units_per_address_max, 1, COUNT_MAX, "units");
        checks.range("unpaid.sku_units", self.sku_units, 1, COUNT_MAX, "units");
        checks.range("unpaid.sku_percent_per_buyer", self.sku_percent_per_buyer, 0, 100, "hundredths");
        checks.range("unpaid.sku_percent_per_address", self.sku_percent_per_address, 0, 100, "hundredths");
        checks.range("unpaid.lapses_free_per_buyer", self.lapses_free_per_buyer, 0, 1_000, "lapses");
        checks.range("unpaid.lapses_free_per_address", self.lapses_free_per_address, 0, 1_000, "lapses");
        checks.range("unpaid.pause_ms", self.pause_ms, 0, DAY_MS, "milliseconds");
        checks.range("unpaid.pause_ms_max", self.pause_ms_max, 0, DAY_MS, "milliseconds");
        checks.range("unpaid.forgotten_ms", self.forgotten_ms, 1_000, 30 * DAY_MS, "milliseconds");
    }
}
