//! Decimal prices to minor units, without floats.

use crate::domain::money::Currency;

/// `19.9` is 1990 cents, and so is `19,90` where the file's prices have a comma; `1,299.00` has a group mark. Refuses
/// signs, marks that could mean either, and decimals that the currency does not have (zeros are fine).
pub(super) fn minor_units(text: &str, currency: Currency, decimal_comma: bool) -> Result<i64, String> {
    let places = currency.exponent() as usize;
    let why =
        || format!("a price like 19.90 in {currency} expected, {:?} found", text.chars().take(40).collect::<String>());
    let (point, group) = if decimal_comma { (',', '.') } else { ('.', ',') };
    let (whole, decimals) = match text.split_once(point) {
        Some((whole, decimals)) => (ungrouped(whole, group).ok_or_else(why)?, decimals),
        // Without decimals a group mark could be a decimal one; a point in a file with commas is a point.
        None if decimal_comma => match text.split_once('.') {
            Some((whole, decimals)) if decimals.len() < 3 => (whole.to_owned(), decimals),
            Some(_) => return Err(why()),
            None => (text.to_owned(), ""),
        },
        None => (text.to_owned(), ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(&whole) || !digits(decimals) {
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

/// `1,299` without its marks; `None` where they do not stand before groups of three.
fn ungrouped(whole: &str, mark: char) -> Option<String> {
    let mut groups = whole.split(mark);
    let first = groups.next()?;
    let groups: Vec<&str> = groups.collect();
    let good = groups.is_empty() || (1..=3).contains(&first.len()) && groups.iter().all(|group| group.len() == 3);
    good.then(|| format!("{first}{}", groups.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_shops_write() {
        let eur = |text| minor_units(text, Currency::EUR, false).ok();
        assert_eq!(
            [eur("19.90"), eur("19.9"), eur("19"), eur("0"), eur("7.5000"), eur("1,299.00"), eur("1,234,567.00")],
            [1990, 1990, 1900, 0, 750, 129_900, 123_456_700].map(Some)
        );
        let comma = |text| minor_units(text, Currency::EUR, true).ok();
        assert_eq!([comma("9,90"), comma("9.90"), comma("9"), comma("1.299,00")], [990, 990, 900, 129_900].map(Some));
        assert_eq!(minor_units("1200.00", Currency::parse("JPY").unwrap(), false), Ok(1200));
        assert_eq!(minor_units("1.5", Currency::parse("KWD").unwrap(), false), Ok(1500));
    }

    #[test]
    fn refuses_what_is_no_price() {
        for text in [
            "",
            ".",
            ".5",
            "-1",
            "+1",
            "1,50",
            "1,299",
            "1 000",
            "12.345",
            "1.2.3",
            "€5",
            "9999999999999999",
            "1,29.00",
            ",299.00",
            "1,2990.00",
        ] {
            assert!(minor_units(text, Currency::EUR, false).is_err(), "{text}");
        }
        for text in ["1.299", "1,2,3", ",5", "12,345"] {
            assert!(minor_units(text, Currency::EUR, true).is_err(), "{text}");
        }
    }
}
