//! What the shop's own proxies tell of a request: the client's address, and the scheme and the host that it asked for.
//!
//! Each proxy appends an entry for whom it heard. So with N proxies the N-th entry from the right is the last one that a
//! proxy of ours has written of somebody else, and all further left are the client's own words. Entries are found from
//! the right by commas alone: a quote that a client leaves open to the left of them hides none. Deliberately absent:
//! `by`, and names of hosts instead of addresses.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, uri::Authority};

use crate::{
    config::{ForwardedHeader, Http, Network, without_brackets},
    network::Bucket,
};

#[derive(Clone, Debug)]
pub struct Proxies {
    hops: usize,
    header: ForwardedHeader,
    networks: Vec<Network>,
}

/// `None` in each place: nothing legible was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told<'a> {
    pub client: Option<IpAddr>,
    pub https: Option<bool>,
    pub host: Option<&'a str>,
}

impl Proxies {
    pub fn new(limits: &Http) -> Self {
        let networks = limits.trusted_proxies.clone();
        Self { hops: limits.trusted_hops.into(), header: limits.forwarded_header, networks }
    }

    /// Whom the bounds of each address count a connection for; `None`: it is a proxy's, which carries many clients.
    pub fn counted(&self, peer: IpAddr) -> Option<Bucket> {
        (!self.include(Some(peer))).then(|| Bucket::of(peer))
    }

    fn include(&self, peer: Option<IpAddr>) -> bool {
        let in_one = |peer| self.networks.iter().any(|network| network.contains(peer));
        self.hops > 0 && (self.networks.is_empty() || peer.is_some_and(in_one))
    }

    /// `peer`: of the connection; `None`: the server told none.
    pub fn told<'a>(&self, headers: &'a HeaderMap, peer: Option<IpAddr>) -> Told<'a> {
        if !self.include(peer) {
            return Told::default();
        }
        match self.header {
            ForwardedHeader::XForwardedFor => Told {
                client: entries(headers, "x-forwarded-for").nth(self.hops - 1).and_then(address),
                https: self.widest(headers, "x-forwarded-proto").and_then(is_https),
                host: self.widest(headers, "x-forwarded-host").filter(legible),
            },
            ForwardedHeader::Forwarded => {
                let of_client = entries(headers, "forwarded").nth(self.hops - 1);
                let value = |name: &str| of_client.and_then(|element| parameter(element, name));
                Told {
                    client: value("for").and_then(address),
                    https: value("proto").and_then(is_https),
                    host: value("host").filter(legible),
                }
            }
        }
    }

    /// Of a header that some proxies append to and others replace: the entry of the proxy nearest to the client.
    fn widest<'a>(&self, headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
        entries(headers, name).take(self.hops).last()
    }
}

/// The entries of all lines of a header, from the right. One that is no text is empty: it keeps its place.
fn entries<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev();
    lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')).map(|entry| {
        // Checked by hand and not by the header's own `to_str`: one odd byte of a client must not hide its neighbours.
        std::str::from_utf8(entry).unwrap_or_default().trim()
    })
}

fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim().trim_matches('"'))
}

/// With or without a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn address(node: &str) -> Option<IpAddr> {
    without_brackets(node).parse().ok().or_else(|| node.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

fn is_https(scheme: &str) -> Option<bool> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") => Some(true),
        _ if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("ws") => Some(false),
        _ => None,
    }
}

fn legible(host: &&str) -> bool {
    host.parse::<Authority>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "10.0.0.1";

    fn proxies(hops: u8, header: ForwardedHeader) -> Proxies {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Proxies::new(&Http { trusted_hops: hops, forwarded_header: header, trusted_proxies, ..Http::default() })
    }

    fn headers(lines: &[(&'static str, &[u8])]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.to_vec().try_into().unwrap())).collect()
    }

    /// What is told of the client by proxies of `X-Forwarded-For`.
    fn client(hops: u8, peer: &str, lines: &[&[u8]]) -> Option<String> {
        let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let told = proxies(hops, ForwardedHeader::XForwardedFor).told(&headers(&lines), peer.parse().ok()).client;
        told.map(|client| client.to_string())
    }

    #[test]
    fn the_client_is_counted_from_the_right() {
        let said: &[&[u8]] = &[b"6.6.6.6, 1.1.1.1", b"2.2.2.2"];
        assert_eq!(client(1, PEER, said).as_deref(), Some("2.2.2.2"));
        assert_eq!(client(2, PEER, said).as_deref(), Some("1.1.1.1"));
        assert_eq!(client(0, PEER, said), None, "no proxy is trusted");
        assert_eq!(client(1, "192.0.2.1", said), None, "the connection is not the proxy's");
        assert_eq!(client(4, PEER, said), None, "fewer entries than proxies");
        assert_eq!(client(1, PEER, &[b"\xff\xfe, 1.1.1.1"]).as_deref(), Some("1.1.1.1"), "odd bytes hide nothing");
        assert_eq!(client(1, PEER, &[b"1.1.1.1, unknown"]), None, "and are never passed over to the next");
        for form in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"] {
            assert_eq!(client(1, PEER, &[form.as_bytes()]).as_deref(), Some("2001:db8::1"), "{form}");
        }
        assert_eq!(client(1, PEER, &[b"192.0.2.1:4711"]).as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn one_header_is_read_and_not_the_other() {
        let both = headers(&[("x-forwarded-for", b"1.1.1.1"), ("forwarded", b"for=2.2.2.2")]);
        let told = |header| proxies(1, header).told(&both, PEER.parse().ok()).client.unwrap().to_string();
        assert_eq!(told(ForwardedHeader::XForwardedFor), "1.1.1.1");
        assert_eq!(told(ForwardedHeader::Forwarded), "2.2.2.2");
    }

    #[test]
    fn rfc_7239_is_read_from_the_right_too() {
        let lines = headers(&[
            ("forwarded", b"for=\"6.6.6.6, for=7.7.7.7;proto=http"),
            ("forwarded", b"For=\"[2001:db8:cafe::17]:4711\";Proto=HTTPS;host=\"shop.example\", for=_inner;proto=http"),
        ]);
        let told = |hops| proxies(hops, ForwardedHeader::Forwarded).told(&lines, PEER.parse().ok());
        let client = "2001:db8:cafe::17".parse().ok();
        assert_eq!(told(2), Told { client, https: Some(true), host: Some("shop.example") });
        assert_eq!(told(1), Told { client: None, https: Some(false), host: None });
        assert_eq!(told(3).client, "7.7.7.7".parse().ok(), "an open quote of the client hides no entry");
    }

    #[test]
    fn scheme_and_host_are_the_outermost_proxys() {
        let lines = headers(&[("x-forwarded-proto", b"http, https, http"), ("x-forwarded-host", b"shop.example")]);
        let told = |hops| proxies(hops, ForwardedHeader::XForwardedFor).told(&lines, PEER.parse().ok());
        assert_eq!((told(1).https, told(2).https), (Some(false), Some(true)));
        assert_eq!(told(2).host, Some("shop.example"), "replaced by one proxy, and passed on by the other");
        let odd = headers(&[("x-forwarded-proto", b"gopher"), ("x-forwarded-host", b"a b")]);
        assert_eq!(proxies(1, ForwardedHeader::XForwardedFor).told(&odd, PEER.parse().ok()), Told::default());
    }
}
