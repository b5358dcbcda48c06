//! Money in minor units, checked. Invariant: parts made of a whole always sum to it.

use std::{fmt, num::NonZeroU32, sync::Arc};

use serde::{Deserialize, Serialize};

/// ISO 4217 code, three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const EUR: Self = Self(*b"EUR");

    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError::BadCurrency(text.chars().take(16).collect::<String>().into())),
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the point (ISO 4217); those not listed have two.
    pub const fn exponent(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self::EUR
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in minor units (cents) of one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    pub amount: i64,
    pub currency: Currency,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyError {
    #[error("{0:?} is not a currency code of three capital letters")]
    BadCurrency(Arc<str>),
    #[error("{0} and {1} do not add up")]
    CurrencyMismatch(Currency, Currency),
    #[error("the amount does not fit in 63 bits of minor units")]
    Overflow,
    #[error("an amount cannot be shared among nobody")]
    NoParts,
}

impl Money {
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// # Errors
    /// `CurrencyMismatch`, `Overflow`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_add)
    }

    /// # Errors
    /// `CurrencyMismatch`, `Overflow`.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_sub)
    }

    /// `units` times this amount.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn checked_mul(self, units: u32) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(i64::from(units)).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The sum, zero of `currency` when there is nothing to add.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `Overflow`.
    pub fn sum(currency: Currency, parts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        parts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    fn with(self, other: Self, operation: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let amount = operation(self.amount, other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// Shares the amount in proportion to `weights` by the largest remainder (Hamilton's method): the
    /// parts sum to the whole, and no part is a minor unit or more off its exact share. Equal remainders
    /// go to the earlier part; weights that are all zero count as equal.
    ///
    /// # Errors
    /// `NoParts` when `weights` is empty.
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        if weights.is_empty() {
            return Err(MoneyError::NoParts);
        }
        let equal = weights.iter().all(|weight| *weight == 0);
        let weight = |n: usize| if equal { 1 } else { u128::from(weights[n]) };
        let total: u128 = (0..weights.len()).map(weight).sum();
        // Magnitudes, so that a debt is shared like a claim. 2^63 * (2^64 - 1) fits in 127 bits.
        let whole = u128::from(self.amount.unsigned_abs());
        let mut parts: Vec<u128> = (0..weights.len()).map(|n| whole * weight(n) / total).collect();
        let left = whole - parts.iter().sum::<u128>();
        let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
        by_remainder.sort_by_key(|n| std::cmp::Reverse(whole * weight(*n) % total));
        // Each share lost less than one unit, so fewer than `weights.len()` units are left.
        for n in by_remainder.into_iter().take(left as usize) {
            parts[n] += 1;
        }
        let sign = if self.amount < 0 { -1 } else { 1 };
        // No part exceeds the whole, which was an i64.
        Ok(parts.into_iter().map(|part| Self { amount: (sign * part as i128) as i64, ..self }).collect())
    }

    /// `parts` shares that differ by one minor unit at most, the larger ones first.
    pub fn split(self, parts: NonZeroU32) -> Vec<Self> {
        self.allocate(&vec![1; parts.get() as usize]).unwrap_or_default()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, amount) = (if self.amount < 0 { "-" } else { "" }, self.amount.unsigned_abs());
        match self.currency.exponent() {
            0 => write!(f, "{sign}{amount} {}", self.currency),
            places => {
                let unit = 10_u64.pow(places);
                write!(
                    f,
                    "{sign}{}.{:0width$} {}",
                    amount / unit,
                    amount % unit,
                    self.currency,
                    width = places as usize
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::EUR)
    }

    /// The tests run in the profile that is shipped.
    #[test]
    #[should_panic = "overflow"]
    fn a_sum_that_wraps_stops_in_the_shipped_profile_too() {
        let one_too_many = std::hint::black_box(i64::MAX) + std::hint::black_box(1);
        unreachable!("{one_too_many}");
    }

    #[test]
    fn reads_like_a_price() {
        assert_eq!(eur(1999).to_string(), "19.99 EUR");
        assert_eq!(eur(-5).to_string(), "-0.05 EUR");
        assert_eq!(Money::new(1500, Currency(*b"JPY")).to_string(), "1500 JPY");
        assert_eq!(Money::new(1500, Currency(*b"KWD")).to_string(), "1.500 KWD");
        assert_eq!(eur(i64::MIN).to_string(), "-92233720368547758.08 EUR");
    }

    #[test]
    fn its_json_is_frozen() {
        assert_eq!(serde_json::to_string(&eur(1999)).unwrap(), r#"{"amount":1999,"currency":"EUR"}"#);
        assert!(serde_json::from_str::<Money>(r#"{"amount":1,"currency":"eur"}"#).is_err());
    }

    #[test]
    fn refuses_what_it_cannot_count() {
        let usd = Currency::parse("USD").unwrap();
        assert_eq!(eur(1).checked_add(Money::new(1, usd)), Err(MoneyError::CurrencyMismatch(Currency::EUR, usd)));
        assert_eq!(eur(i64::MAX).checked_add(eur(1)), Err(MoneyError::Overflow));
        assert_eq!(eur(i64::MIN).checked_sub(eur(1)), Err(MoneyError::Overflow));
        assert_eq!(eur(i64::MAX).checked_mul(2), Err(MoneyError::Overflow));
        assert_eq!(eur(1).allocate(&[]), Err(MoneyError::NoParts));
        assert_eq!(Currency::parse("EURO"), Err(MoneyError::BadCurrency("EURO".into())));
    }

    #[test]
    fn the_odd_cent_goes_to_the_largest_remainder() {
        assert_eq!(eur(100).split(NonZeroU32::new(3).unwrap()), [eur(34), eur(33), eur(33)]);
        assert_eq!(eur(100).allocate(&[1, 5, 0]).unwrap(), [eur(17), eur(83), eur(0)]);
        assert_eq!(eur(-100).allocate(&[0, 0]).unwrap(), [eur(-50), eur(-50)]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            amount in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -1000..1000_i64],
            weights in prop::collection::vec(prop_oneof![any::<u64>(), Just(u64::MAX), 0..10_u64], 1..40),
        ) {
            let parts = eur(amount).allocate(&weights).unwrap();
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().map(|part| i128::from(part.amount)).sum::<i128>(), i128::from(amount));
            let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| total > 0) {
                let exact = i128::from(amount) * i128::from(*weight) / total;
                prop_assert!((i128::from(part.amount) - exact).abs() <= 1);
            }
        }
    }
}
