//! Variables that Kubernetes puts into every pod beside a Service, in the shape of Docker's old links.
//!
//! A Service named `souk` makes `SOUK_PORT=tcp://10.96.12.7:80` and seven more, and one named `souk-nodes` makes
//! `SOUK_NODES_..`. They are nobody's settings. Only this exact shape, in name and value, is taken for a link: a
//! mistyped key of ours is refused as ever.

use std::net::{IpAddr, SocketAddr};

pub fn is_link(name: &str, text: &str) -> bool {
    let port = || text.parse::<u16>().is_ok();
    let host = || text.parse::<IpAddr>().is_ok();
    let url = || {
        let (protocol, address) = text.split_once("://").unwrap_or_default();
        is_protocol(protocol) && address.parse::<SocketAddr>().is_ok()
    };
    if name.ends_with("_SERVICE_HOST") {
        return host();
    }
    if name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return port();
    }
    // `.._PORT`, or `.._PORT_80_TCP` and what may follow it.
    let Some((_, rest)) = name.rsplit_once("_PORT_").filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
    else {
        return match name.strip_suffix("_PORT") {
            // `.._PORT_80_TCP_PORT` ends so, too.
            Some(before) if ends_in_port_and_protocol(before) => port(),
            Some(_) => url(),
            None => false,
        };
    };
    let mut parts = rest.split('_');
    let numbered = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
    let named = parts.next().is_some_and(|protocol| is_protocol(&protocol.to_ascii_lowercase()));
    numbered
        && named
        && match (parts.next(), parts.next()) {
            (None, None) => url(),
            (Some("PROTO"), None) => is_protocol(text),
            (Some("PORT"), None) => port(),
            (Some("ADDR"), None) => host(),
            (Some(_), _) | (None, Some(_)) => false,
        }
}

fn ends_in_port_and_protocol(name: &str) -> bool {
    let mut parts = name.rsplit('_');
    parts.next().is_some_and(|protocol| is_protocol(&protocol.to_ascii_lowercase()))
        && parts.next().is_some_and(|number| number.parse::<u16>().is_ok())
        && parts.next() == Some("PORT")
}

fn is_protocol(text: &str) -> bool {
    ["tcp", "udp", "sctp"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SERVICE_LINKS;

    #[test]
    fn links_are_told_from_mistyped_keys() {
        let udp = ("SOUK_NODES_PORT_8080_UDP", "udp://[fd00::1]:8080");
        for (name, text) in SERVICE_LINKS.into_iter().chain([udp]) {
            assert!(is_link(name, text), "{name}={text}");
        }
        for (name, text) in [
            ("SOUK_PORT", "8080"),
            ("SOUK_HTTP_PORT", "8080"),
            ("SOUK_PORT", "http://10.96.12.7:80"),
            ("SOUK_SERVICE_HOST", "shop.example"),
            ("SOUK_PORT_80_TCP_NAME", "tcp"),
            ("SOUK_PORT_X_TCP", "tcp://10.96.12.7:80"),
            ("SOUK_HTTP__LISTEN", "10.96.12.7"),
        ] {
            assert!(!is_link(name, text), "{name}={text}");
        }
    }
}
