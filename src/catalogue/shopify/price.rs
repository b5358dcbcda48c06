//! Decimal prices to minor units, without floats.

use crate::domain::money::Currency;

/// Decimal places of a currency (ISO 4217); two unless listed.
fn places(currency: Currency) -> usize {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// `19.9` is 1990 cents. Refuses signs, group marks, and decimals that the currency does not have (zeros are fine).
pub(super) fn minor_units(text: &str, currency: Currency) -> Result<i64, String> {
    let places = places(currency);
    let why =
        || format!("a price like 19.90 in {currency} expected, {:?} found", text.chars().take(40).collect::<String>());
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return Err(why());
    }
    let (kept, dropped) = decimals.split_at(decimals.len().min(places));
    if dropped.bytes().any(|b| b != b'0') {
        return Err(why());
    }
    // At most 15 digits: far above any price, far below the end of 63 bits.
    match format!("{whole}{kept:0<places$}").trim_start_matches('0') {
        "" => Ok(0),
        digits if digits.len() <= 15 => digits.parse().map_err(|_| why()),
        _ => Err(why()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_shops_write() {
        let eur = |text| minor_units(text, Currency::EUR).ok();
        assert_eq!(
            [eur("19.90"), eur("19.9"), eur("19"), eur("0"), eur("7.5000")],
            [1990, 1990, 1900, 0, 750].map(Some)
        );
        assert_eq!(minor_units("1200.00", Currency::parse("JPY").unwrap()), Ok(1200));
        assert_eq!(minor_units("1.5", Currency::parse("KWD").unwrap()), Ok(1500));
    }

    #[test]
    fn refuses_what_is_no_price() {
        for text in ["", ".", ".5", "-1", "+1", "1,50", "1 000", "12.345", "1.2.3", "€5", "9999999999999999"] {
            assert!(minor_units(text, Currency::EUR).is_err(), "{text}");
        }
    }
}
