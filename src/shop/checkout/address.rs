//! Addresses and e-mails: parsed at the edge, with bounds, trusted inside.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{domain::order::Address, http::Problem};

/// Characters of one line of an address.
pub const TEXT_MAX: usize = 120;
/// RFC 5321's longest path.
pub const EMAIL_MAX: usize = 254;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Address)]
pub struct AddressBody {
    #[schema(max_length = 120, example = "Ada Lovelace")]
    pub name: String,
    #[schema(max_length = 120, example = "12 St James's Square")]
    pub line1: String,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub line2: Option<String>,
    #[schema(max_length = 120, example = "London")]
    pub city: String,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub region: Option<String>,
    #[schema(max_length = 120, example = "SW1Y 4JH")]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: String,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub phone: Option<String>,
}

impl AddressBody {
    /// `at` names the address in a refusal: `shipping_address`.
    pub fn parse(self, at: &str) -> Result<Address, Problem> {
        let text = |field: &str, value: String| line(&format!("{at}.{field}"), value);
        let optional = |field: &str, value: Option<String>| match value.filter(|value| !value.trim().is_empty()) {
            Some(value) => text(field, value).map(Some),
            None => Ok(None),
        };
        let country = self.country.trim().to_ascii_uppercase();
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Problem::field(&format!("{at}.country"), "a country is two letters, such as DE"));
        }
        Ok(Address {
            name: text("name", self.name)?,
            line1: text("line1", self.line1)?,
            line2: optional("line2", self.line2)?,
            city: text("city", self.city)?,
            region: optional("region", self.region)?,
            postal_code: text("postal_code", self.postal_code)?,
            country,
            phone: optional("phone", self.phone)?,
        })
    }
}

impl From<Address> for AddressBody {
    fn from(address: Address) -> Self {
        Self {
            name: address.name,
            line1: address.line1,
            line2: address.line2,
            city: address.city,
            region: address.region,
            postal_code: address.postal_code,
            country: address.country,
            phone: address.phone,
        }
    }
}

/// One line of text: trimmed, 1 to [`TEXT_MAX`] characters, none of them a control character.
pub fn line(field: &str, value: String) -> Result<String, Problem> {
    let value = value.trim();
    match value.chars().count() {
        1..=TEXT_MAX if !value.chars().any(char::is_control) => Ok(value.to_owned()),
        _ => Err(Problem::field(field, format!("1 to {TEXT_MAX} characters on one line")).with("max", TEXT_MAX)),
    }
}

/// Something before and after one `@`, and a dot in the domain: only a message that arrives proves more.
pub fn email(value: &str) -> Result<String, Problem> {
    let value = value.trim();
    let legal = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    let looks_right = value.split_once('@').is_some_and(|(local, domain)| {
        let dotted = domain.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty());
        !local.is_empty() && dotted && local.chars().chain(domain.chars()).all(legal)
    });
    match looks_right && value.len() <= EMAIL_MAX {
        true => Ok(value.to_owned()),
        false => Err(Problem::field("email", "an e-mail reads name@domain.tld").with("max", EMAIL_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> AddressBody {
        let text = str::to_owned;
        AddressBody {
            name: text(" Ada "),
            line1: text("1 Row"),
            line2: Some(text("  ")),
            city: text("London"),
            region: None,
            postal_code: text("SW1"),
            country: text("gb"),
            phone: None,
        }
    }

    #[test]
    fn an_address_is_tidied() {
        let parsed = address().parse("shipping_address").unwrap();
        assert_eq!((parsed.name.as_str(), parsed.line2, parsed.country.as_str()), ("Ada", None, "GB"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |change: fn(&mut AddressBody)| {
            let mut body = address();
            change(&mut body);
            body.parse("a").unwrap_err()
        };
        let at = |field: &str, problem: Problem| assert_eq!(problem, problem.clone().with("field", field));
        at("a.name", wrong(|body| body.name = String::new()));
        at("a.city", wrong(|body| body.city = "x".repeat(121)));
        at("a.line1", wrong(|body| body.line1 = "two\nlines".to_owned()));
        at("a.country", wrong(|body| body.country = "Germany".to_owned()));
    }

    #[test]
    fn emails() {
        assert_eq!(email(" ada@example.org ").unwrap(), "ada@example.org");
        for bad in ["", "ada", "ada@", "@example.org", "a@b", "a@.b", "a b@c.d", "a@b@c.d", "a@b.c\r\nbcc:x"] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert!(email(&format!("{}@example.org", "x".repeat(250))).is_err());
    }
}
