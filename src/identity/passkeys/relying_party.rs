//! Which site the shop is to an authenticator: a domain, to which every passkey belongs for good, and the origins whose
//! pages may ask for one.

use std::net::IpAddr;

/// What a browser counts as safe without TLS, and this machine's own name.
const LOCALHOST: &str = "localhost";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// A domain without scheme and port.
    pub id: String,
    origins: Vec<String>,
}

impl RelyingParty {
    /// `shop`: the shop's address, such as `https://www.shop.example`. `trusted`: other origins, which count where they are
    /// of the domain. `domain`: the address's host, or a domain above it; empty: the host. `None`: there is no domain, or
    /// no browser would give a passkey to such an address.
    pub fn new(shop: &str, trusted: &[String], domain: &str) -> Option<Self> {
        let (scheme, host, port) = parts(shop)?;
        let is_here = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        // An address by number has no passkeys; browsers of this machine have a name for it.
        let host = if is_here { LOCALHOST } else { host };
        let by_number = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        let id = if domain.is_empty() { host } else { domain }.to_ascii_lowercase();
        let own = format!("{scheme}://{}{port}", host.to_ascii_lowercase());
        let counts = |origin: &str| is_safe(origin) && is_of(origin, &id);
        if by_number || !counts(&own) {
            return None;
        }
        let others = trusted.iter().map(|origin| origin.to_ascii_lowercase()).filter(|origin| counts(origin));
        let origins = std::iter::once(own.clone()).chain(others).collect();
        Some(Self { id, origins })
    }

    pub fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|ours| ours == origin)
    }
}

/// Scheme, host, and port with its colon.
fn parts(origin: &str) -> Option<(&str, &str, &str)> {
    let (scheme, authority) = origin.split_once("://")?;
    let authority = authority.trim_end_matches('/');
    let port = authority.rfind(':').filter(|at| !authority[*at..].contains(']')).unwrap_or(authority.len());
    let (host, port) = authority.split_at(port);
    (!host.is_empty()).then_some((scheme, host, port))
}

fn is_of(origin: &str, domain: &str) -> bool {
    parts(origin).is_some_and(|(_, host, _)| {
        host == domain || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
    })
}

fn is_safe(origin: &str) -> bool {
    let local = |host: &str| host == LOCALHOST || host.ends_with(".localhost");
    parts(origin).is_some_and(|(scheme, host, _)| scheme == "https" || local(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(shop: &str, trusted: &[&str], domain: &str) -> Option<(String, Vec<String>)> {
        let trusted: Vec<String> = trusted.iter().map(|origin| (*origin).to_owned()).collect();
        RelyingParty::new(shop, &trusted, domain).map(|party| (party.id, party.origins))
    }

    #[test]
    fn the_domain_is_the_shops_host_or_one_above_it() {
        let trusted = ["https://m.shop.example", "https://other.example", "http://plain.shop.example"];
        let (id, origins) = party("https://Shop.example", &trusted, "").unwrap();
        assert_eq!(
            (id.as_str(), &origins[..]),
            ("shop.example", &["https://shop.example", "https://m.shop.example"].map(String::from)[..])
        );
        let (id, origins) = party("https://www.shop.example:8443/", &trusted, "shop.example").unwrap();
        assert_eq!((id.as_str(), origins[0].as_str()), ("shop.example", "https://www.shop.example:8443"));
        for domain in ["other.example", "hop.example", "m.shop.example"] {
            assert_eq!(party("https://shop.example", &[], domain), None, "{domain}");
        }
    }

    #[test]
    fn this_machine_has_a_name_and_an_address_by_number_has_no_passkeys() {
        for shop in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"] {
            let (id, origins) = party(shop, &[], "").unwrap();
            assert_eq!((id.as_str(), origins), ("localhost", vec!["http://localhost:8080".to_owned()]), "{shop}");
        }
        for shop in ["https://192.0.2.1", "https://[2001:db8::1]:8443", "http://shop.example", "shop.example", ""] {
            assert_eq!(party(shop, &[], ""), None, "{shop}");
        }
    }

    #[test]
    fn an_origin_is_taken_word_by_word() {
        let party = RelyingParty::new("https://shop.example", &[], "").unwrap();
        assert!(party.has_origin("https://shop.example"));
        for other in [
            "https://shop.example:8443",
            "http://shop.example",
            "https://shop.example.evil",
            "https://shop.example/",
            "null",
        ] {
            assert!(!party.has_origin(other), "{other}");
        }
    }
}
