//! Addresses and e-mails: parsed at the edge, with bounds and by the rules of the country, trusted inside.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::country;
use crate::{
    domain::{order::Address, text},
    http::Problem,
};

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
    /// Not every country needs one.
    #[serde(default)]
    #[schema(max_length = 120, example = "London")]
    pub city: String,
    /// A state, province or emirate: needed where the country's addresses have one.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub region: Option<String>,
    /// Not every country has them.
    #[serde(default)]
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
        let Some(needs) = country::needs(&country) else {
            let why = "two letters of ISO 3166-1, such as DE, or GB for the United Kingdom";
            return Err(Problem::field(&format!("{at}.country"), why));
        };
        let by_country = |field: &str, value: Option<String>, needed: bool| match optional(field, value)? {
            None if needed => {
                Err(Problem::field(&format!("{at}.{field}"), format!("an address in {country} needs it")))
            }
            value => Ok(value),
        };
        Ok(Address {
            name: text("name", self.name)?,
            line1: text("line1", self.line1)?,
            line2: optional("line2", self.line2)?,
            city: by_country("city", Some(self.city), needs.city)?.unwrap_or_default(),
            region: by_country("region", self.region, needs.region)?,
            postal_code: by_country("postal_code", Some(self.postal_code), needs.postal_code)?.unwrap_or_default(),
            country: country.clone(),
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

/// One line of text: trimmed, 1 to [`TEXT_MAX`] characters, something of it to be seen, and none that commands a terminal
/// or turns the text around it.
pub fn line(field: &str, value: String) -> Result<String, Problem> {
    let value = value.trim();
    match text::is_line(value, TEXT_MAX) {
        true => Ok(value.to_owned()),
        false => {
            Err(Problem::field(field, format!("1 to {TEXT_MAX} visible characters on one line")).with("max", TEXT_MAX))
        }
    }
}

/// The same of what may be left out, or blank.
pub fn line_if_any(field: &str, value: Option<String>) -> Result<Option<String>, Problem> {
    value.filter(|value| !value.trim().is_empty()).map(|value| line(field, value)).transpose()
}

/// By the syntax of RFC 5321 and 5322, with a dot in the domain: only a message that arrives proves more.
pub fn email(value: &str) -> Result<String, Problem> {
    let value = value.trim();
    let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
    let looks_right = EmailAddress::parse_with_options(value, options).is_ok() && value.chars().all(text::is_seen);
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
            postal_code: text("SW1Y 4JH"),
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
        at("a.name", wrong(|body| body.name = "\u{200B}\u{2060}".to_owned()));
        at("a.name", wrong(|body| body.name = "Ada\u{202E}evolL".to_owned()));
        at("a.postal_code", wrong(|body| body.postal_code = " ".to_owned()));
        at("a.city", wrong(|body| body.city = String::new()));
        at("a.region", wrong(|body| body.country = "US".to_owned()));
        for country in ["Germany", "UK", "ZZ", "XX", "", "D"] {
            let body = AddressBody { country: country.to_owned(), ..address() };
            at("a.country", body.parse("a").unwrap_err());
        }
    }

    #[test]
    fn countries_without_postal_codes_need_none() {
        let body: AddressBody =
            serde_json::from_str(r#"{"name":"Ada","line1":"1 Nathan Road","region":"Kowloon","country":"HK"}"#)
                .unwrap();
        let parsed = body.parse("a").unwrap();
        assert_eq!((parsed.city.as_str(), parsed.postal_code.as_str()), ("", ""));
        for (country, region) in [("AE", Some("Dubai")), ("QA", None), ("PA", None)] {
            let (country, region) = (country.to_owned(), region.map(str::to_owned));
            let body = AddressBody { country, region, postal_code: String::new(), ..address() };
            assert!(body.parse("a").is_ok());
        }
    }

    #[test]
    fn emails() {
        assert_eq!(email(" ada@example.org ").unwrap(), "ada@example.org");
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "a@b",
            "a@.b",
            "a b@c.d",
            "a@b@c.d",
            "a@b.c\r\nbcc:x",
            "a@b..c",
            "a@b.c.",
            "a..b@c.de",
            "ada@[127.0.0.1]",
            "Ada <ada@example.org>",
            "a\u{200B}@example.org",
            "ada@-example.org",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert!(email(&format!("{}@example.org", "x".repeat(250))).is_err());
    }
}
