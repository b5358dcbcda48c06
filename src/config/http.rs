//! `[http]`: the listener and the bounds of one request. The WebSocket's own bounds are in `[live]`.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{
    check::{Checks, DAY_MS},
    network::Network,
    secret::Secret,
    tls::Tls,
};

const MIB_BYTES: usize = 1_024 * 1_024;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port to listen on; port 0 takes a free one and prints it. Default `127.0.0.1:8080`.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// Where customers reach the shop, such as `https://shop.example`: the links of mails begin with it. Empty: the address
    /// that this process listens on. Default empty.
    pub public_url: String,
    /// Bytes of a request's body, at most; more is answered 413. An address may keep `inflight_per_address_max` times as much
    /// in memory. Default 256 KiB.
    pub body_bytes_max: usize,
    /// Milliseconds until a request is answered 503 or 504, whatever it waits for. Default 10,000.
    pub request_timeout_ms: u64,
    /// Connections at once, at most; beyond it a small reserve answers health and staff, and the next one is closed at once.
    /// WebSockets count in `[live]`. Default 20,000.
    pub connections_max: u32,
    /// Connections of one client address (IPv6: one /64), at most; the next is treated as above. Those of a trusted proxy
    /// are not counted, for they are many clients'. Default 1,000.
    pub connections_per_address_max: usize,
    /// Bytes of a request's head, at most; more is answered 431. Default 16 KiB.
    pub head_bytes_max: usize,
    /// Milliseconds that a client has for the head of its next request; an idle connection ends by it too. Default 30,000.
    pub head_timeout_ms: u64,
    /// Milliseconds that a request's body may stand still; bytes that arrive earn time by `bytes_per_second_min`. Then 408.
    /// Default 5,000.
    pub body_timeout_ms: u64,
    /// Milliseconds that a client may leave a waiting response unread; bytes that it takes earn time by
    /// `bytes_per_second_min`. Then the connection is closed, live sockets and streams too. Default 20,000.
    pub write_timeout_ms: u64,
    /// Bytes a second at which a body must arrive, and a response must be taken, once the time above is used up. Default 1,024.
    pub bytes_per_second_min: u32,
    /// Requests under way at once, at most; the next is answered 503 with `Retry-After`. Health and staff do not count.
    /// Default 4,096.
    pub inflight_max: usize,
    /// Requests of one client address under way at once, at most; the next is answered 429 with `Retry-After`. Default 512.
    pub inflight_per_address_max: usize,
    /// Items of one page, at most; a larger `limit` is refused. Default 100, which is also the most: the API's document promises it.
    pub page_limit_max: usize,
    /// Items of one page where the caller names no `limit`. Default 24.
    pub page_limit_default: usize,
    /// Milliseconds that SIGTERM leaves to requests and sockets under way. Default 10,000.
    pub drain_timeout_ms: u64,
    /// Proxies of your own that each request passes, each of which appends whom it heard: the client is that entry from the
    /// right, never an earlier one, for a client can write those itself. With it the scheme and the host are the proxy's to
    /// tell. 0: the connection's own address, and no header is believed. Default 0.
    pub trusted_hops: u8,
    /// Networks that the nearest of those proxies connects from; the headers of other connections are not believed. Empty:
    /// every connection is taken for the proxy's, so nobody else may reach the listener. Default empty.
    pub trusted_proxies: Vec<Network>,
    /// The header that those proxies write. Only this one is read, for the other may come from the client.
    /// Default `x-forwarded-for` (and `-proto`, `-host`).
    pub forwarded_header: ForwardedHeader,
    /// Origins beside the shop's own whose pages may read, write and listen (CORS), such as `https://shop.example`; pages of
    /// all others may not. Default empty.
    pub trusted_origins: Vec<String>,
    /// Seconds for which a browser that came over HTTPS uses nothing else (`Strict-Transport-Security`); 0: not told.
    /// Default 31,536,000, a year.
    pub hsts_seconds: u32,
    /// Token that reads `/metrics` as `Authorization: Bearer ..`, 16 to 256 characters; empty: only staff's tokens do.
    /// Best given as `SOUK_HTTP__METRICS_TOKEN`. Default empty.
    pub metrics_token: Secret,
    /// HTTPS on this listener, with a section of its own.
    pub tls: Tls,
}

/// How a proxy tells of its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            body_bytes_max: 262_144,
            request_timeout_ms: 10_000,
            connections_max: 20_000,
            connections_per_address_max: 1_000,
            head_bytes_max: 16 * 1_024,
            head_timeout_ms: 30_000,
            body_timeout_ms: 5_000,
            write_timeout_ms: 20_000,
            bytes_per_second_min: 1_024,
            inflight_max: 4_096,
            inflight_per_address_max: 512,
            page_limit_max: 100,
            page_limit_default: 24,
            drain_timeout_ms: 10_000,
            trusted_hops: 0,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            trusted_origins: Vec::new(),
            hsts_seconds: 31_536_000,
            metrics_token: Secret::default(),
            tls: Tls::default(),
        }
    }
}

impl Http {
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    pub const fn head_timeout(&self) -> Duration {
        Duration::from_millis(self.head_timeout_ms)
    }

    pub const fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    pub const fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    pub const fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }

    /// Whether others than this machine can reach the listener, by itself or through a proxy.
    pub fn is_public(&self) -> bool {
        self.trusted_hops > 0 || !self.listen.ip().to_canonical().is_loopback()
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.range("http.body_bytes_max", self.body_bytes_max, 1_024, 256 * MIB_BYTES, "bytes");
        checks.range("http.request_timeout_ms", self.request_timeout_ms, 100, 300_000, "milliseconds");
        checks.range("http.connections_max", self.connections_max, 1, 1_000_000, "connections");
        let per_address = self.connections_per_address_max;
        checks.range("http.connections_per_address_max", per_address, 1, 1_000_000, "connections");
        checks.range("http.head_bytes_max", self.head_bytes_max, 1_024, MIB_BYTES / 4, "bytes");
        checks.range("http.body_timeout_ms", self.body_timeout_ms, 100, 300_000, "milliseconds");
        checks.range("http.write_timeout_ms", self.write_timeout_ms, 100, 600_000, "milliseconds");
        checks.range("http.bytes_per_second_min", self.bytes_per_second_min, 1, 1_048_576, "bytes");
        checks.range("http.inflight_per_address_max", self.inflight_per_address_max, 1, 1_000_000, "requests");
        checks.range("http.trusted_hops", self.trusted_hops, 0, 16, "proxies");
        let expected = "empty where http.trusted_hops is 0: no proxy is trusted";
        let count = format!("{} networks", self.trusted_proxies.len());
        checks.that("http.trusted_proxies", count, self.trusted_proxies.is_empty() || self.trusted_hops > 0, expected);
        checks.origins("http.trusted_origins", &self.trusted_origins);
        if !self.public_url.is_empty() {
            checks.origins("http.public_url", std::slice::from_ref(&self.public_url));
        }
        // The value never reaches an error.
        let length = self.metrics_token.expose().chars().count();
        let legal = length == 0 || (16..=256).contains(&length);
        checks.that("http.metrics_token", format!("{length} characters"), legal, "empty, or 16 to 256 characters");
        checks.range("http.head_timeout_ms", self.head_timeout_ms, 100, 600_000, "milliseconds");
        checks.range("http.inflight_max", self.inflight_max, 1, 1_000_000, "requests");
        checks.range("http.page_limit_max", self.page_limit_max, 1, 100, "items");
        checks.range("http.page_limit_default", self.page_limit_default, 1, self.page_limit_max, "items");
        checks.range("http.drain_timeout_ms", self.drain_timeout_ms, 0, DAY_MS, "milliseconds");
        self.tls.check(checks);
    }
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| {
        de::Error::invalid_value(de::Unexpected::Str(&text), &"an IP address and a port, such as 127.0.0.1:8080")
    })
}
