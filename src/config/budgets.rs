//! `[budgets]`: how much shoppers may write. A change of a cart, a checkout or a payment costs one unit, and one more for
//! each 256 bytes of its body, 64 at most. A checkout also costs one for each line of its cart, 64 at most.

use serde::{Deserialize, Serialize};

use super::check::Checks;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// Whether these bounds hold; beyond one the answer is 429 `over_budget` with `Retry-After`. Staff has none. Default true.
    pub enforced: bool,
    /// Units a second of one guest, on average. Default 2.
    pub guest_per_second: u32,
    /// Units that one guest may use at once before the average counts. Default 200.
    pub guest_burst: u32,
    /// Units a second of all guests of one client address (IPv6: one /64), on average; and as many, apart from them, of its
    /// signed-in shoppers. Default 100.
    pub address_per_second: u32,
    /// Units of one address at once before the average counts. Default 10,000.
    pub address_burst: u32,
    /// Units a second of all guests together at one node, on average. Signed-in shoppers do not count. Default 1,000.
    pub guests_per_second: u32,
    /// Units of all guests at once before the average counts. Default 50,000.
    pub guests_burst: u32,
    /// Units a second of one signed-in shopper, on average. Default 10.
    pub account_per_second: u32,
    /// Units of one signed-in shopper at once before the average counts. Default 1,000.
    pub account_burst: u32,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            enforced: true,
            guest_per_second: 2,
            guest_burst: 200,
            address_per_second: 100,
            address_burst: 10_000,
            guests_per_second: 1_000,
            guests_burst: 50_000,
            account_per_second: 10,
            account_burst: 1_000,
        }
    }
}

impl Budgets {
    pub(super) fn check(&self, checks: &mut Checks) {
        const MAX: u32 = 1_000_000;
        checks.range("budgets.guest_per_second", self.guest_per_second, 1, MAX, "units");
        checks.range("budgets.address_per_second", self.address_per_second, 1, MAX, "units");
        checks.range("budgets.guests_per_second", self.guests_per_second, 1, MAX, "units");
        checks.range("budgets.account_per_second", self.account_per_second, 1, MAX, "units");
        // A burst below the cost of one change would refuse it for ever.
        checks.range("budgets.guest_burst", self.guest_burst, 100, MAX, "units");
        checks.range("budgets.address_burst", self.address_burst, 100, MAX, "units");
        checks.range("budgets.guests_burst", self.guests_burst, 100, MAX, "units");
        checks.range("budgets.account_burst", self.account_burst, 100, MAX, "units");
    }
}
