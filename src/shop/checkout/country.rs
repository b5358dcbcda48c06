//! Countries, and the parts that an address of each must have. Deliberately absent: the shapes of postal codes, which
//! change faster than programs; a parcel service checks them better.

use iso_currency::Country;

/// One line for each country: `DE ACZ`.
const FIELDS: &str = include_str!("../../../config/address-fields.txt");
/// Kosovo has no code of ISO; post and parcel services use this one, which ISO keeps free for such use.
const KOSOVO: &str = "XK";

/// Beside name and street, which every address has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    pub city: bool,
    pub region: bool,
    pub postal_code: bool,
}

/// `None`: no country has this code (`UK` is Great Britain's domain, its code is `GB`; `ZZ` is nobody's).
pub fn needs(code: &str) -> Option<Needs> {
    // The library has one more, without a code.
    let known = code == KOSOVO || (code.len() == 2 && code.parse::<Country>().is_ok());
    known.then(|| {
        let listed = FIELDS.lines().find_map(|line| line.strip_prefix(code)?.strip_prefix(' '));
        let fields = listed.unwrap_or("AC");
        Needs { city: fields.contains('C'), region: fields.contains('S'), postal_code: fields.contains('Z') }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_of_countries_and_parts_alone() {
        let lines: Vec<&str> = FIELDS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() > 240 && lines.is_sorted(), "{} countries", lines.len());
        for line in lines {
            let (code, fields) = line.split_once(' ').unwrap();
            assert!(code.len() == 2 && fields.starts_with('A') && fields.chars().all(|c| "ACSZ".contains(c)), "{line}");
        }
    }

    #[test]
    fn each_country_has_its_own_needs() {
        let of = |code: &str| needs(code).map(|needs| (needs.city, needs.region, needs.postal_code));
        for (code, wanted) in [
            ("DE", Some((true, false, true))),
            ("US", Some((true, true, true))),
            ("HK", Some((false, true, false))),
            ("AE", Some((false, true, false))),
            ("QA", Some((true, false, false))),
            ("PA", Some((true, false, false))),
            ("SG", Some((false, false, true))),
            ("XK", Some((true, false, false))),
            ("ZZ", None),
            ("UK", None),
            ("XX", None),
            ("de", None),
        ] {
            assert_eq!(of(code), wanted, "{code}");
        }
    }
}
