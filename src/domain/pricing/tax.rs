//! The tax contained in an amount, and its split over the parts.

use crate::domain::money::{Money, MoneyError};

/// `basis_points` is the rate on the net price (1900 for 19 %). The tax contained in `total` is
/// `total * rate / (10000 + rate)`, rounded half up.
pub fn contained(total: Money, basis_points: u32) -> Money {
    let (rate, base) = (i128::from(basis_points), 10_000 + i128::from(basis_points));
    // The rate over the base is below one, so the tax fits where the total did.
    let tax = (2 * i128::from(total.amount) * rate + base).div_euclid(2 * base);
    Money::new(tax as i64, total.currency)
}

/// Splits `tax` over parts of these amounts, so that the shares always sum to it.
pub fn split(tax: Money, parts: impl Iterator<Item = Money>) -> Result<Vec<Money>, MoneyError> {
    let weights: Vec<u64> = parts.map(|part| part.amount.unsigned_abs()).collect();
    tax.allocate(&weights)
}
