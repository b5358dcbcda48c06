//! Prices contain their tax, parts sum to the whole, and wrong sums are detected.

use proptest::prelude::*;

use super::{tax::contained, *};
use crate::{domain::money::Currency, testing::eur};

fn line(sku: &str, quantity: u32, unit_price: i64) -> (Sku, String, u32, Money) {
    (Sku::parse(sku).unwrap(), sku.to_lowercase(), quantity, eur(unit_price))
}

#[test]
fn prices_contain_their_tax() {
    let Quote { lines, totals } = Basket::new([line("A", 2, 1999), line("B", 1, 500)], eur(499), 1900).quote().unwrap();
    // 49.97 EUR at 19 %: 7.978... is 7.98.
    assert_eq!(
        totals,
        Totals { items: eur(4498), shipping: eur(499), discount: eur(0), tax: eur(798), total: eur(4997) }
    );
    assert_eq!(lines.iter().map(|line| line.tax.amount).collect::<Vec<_>>(), [638, 80]);
    assert!(totals.sum_up(&lines));
}

#[test]
fn half_a_cent_rounds_up() {
    // 3 at 20 %: exactly half a cent.
    assert_eq!(contained(eur(3), 2000), eur(1));
    assert_eq!(contained(eur(i64::MAX), 0), eur(0));
}

#[test]
fn refuses_mixed_currencies_and_overflow() {
    let usd = Currency::parse("USD").unwrap();
    let mismatch = Basket::new([line("A", 1, 1)], Money::zero(usd), 0).quote();
    assert_eq!(mismatch, Err(MoneyError::CurrencyMismatch(usd, Currency::EUR)));
    assert_eq!(Basket::new([line("A", 2, i64::MAX)], eur(0), 0).quote(), Err(MoneyError::Overflow));
}

#[test]
fn totals_that_do_not_sum_are_noticed() {
    let Quote { lines, totals } = Basket::new([line("A", 2, 1999)], eur(499), 1900).quote().unwrap();
    let wrong = |change: fn(&mut Totals)| {
        let mut totals = totals;
        change(&mut totals);
        totals.sum_up(&lines)
    };
    assert!(!wrong(|totals| totals.items.amount += 1));
    assert!(!wrong(|totals| totals.total.amount -= 1));
    assert!(!wrong(|totals| totals.tax.amount = 0));
    assert!(!wrong(|totals| totals.discount.amount = 10_000));
    assert!(!wrong(|totals| totals.shipping.currency = Currency::parse("USD").unwrap()));
}

proptest! {
    #[test]
    fn whatever_is_priced_sums_up(
        lines in prop::collection::vec((1..1000_u32, 0..10_000_000_i64), 0..30),
        shipping in 0..100_000_i64,
        rate in 0..30_000_u32,
    ) {
        let lines: Vec<_> = lines.iter().map(|(quantity, price)| line("A", *quantity, *price)).collect();
        let Quote { lines, totals } = Basket::new(lines, eur(shipping), rate).quote().unwrap();
        prop_assert!(totals.sum_up(&lines));
        prop_assert!(totals.tax.amount <= totals.total.amount);
    }
}
