//! `[http.tls]`: whether the listener speaks HTTPS, and with which certificate.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::check::{Checks, DAY_MS};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file of the certificate, and after it of those between it and its authority; empty: plain HTTP. Default empty.
    pub certificate: PathBuf,
    /// PEM file of the certificate's private key (PKCS #8, PKCS #1 or SEC1). Default empty.
    pub key: PathBuf,
    /// Milliseconds between two looks at both files: new content that fits together is shown to the next connections,
    /// other content is refused and the certificate stays. Default 10,000.
    pub reload_interval_ms: u64,
    /// Milliseconds that a client has for its handshake; then its connection is closed. Default 10,000.
    pub handshake_timeout_ms: u64,
    /// Handshakes of one client address under way at once, at most; the next connection is closed at once. Default 128.
    pub handshakes_per_address_max: usize,
    /// Address and port of a second listener, which answers plain HTTP with a redirect to HTTPS; empty: none. Default empty.
    pub redirect_listen: String,
    /// Port that the redirect names; 0: the port of `http.listen`. Default 0.
    pub redirect_port: u16,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            reload_interval_ms: 10_000,
            handshake_timeout_ms: 10_000,
            handshakes_per_address_max: 128,
            redirect_listen: String::new(),
            redirect_port: 0,
        }
    }
}

impl Tls {
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }

    pub const fn reload_interval(&self) -> Duration {
        Duration::from_millis(self.reload_interval_ms)
    }

    pub const fn handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.handshake_timeout_ms)
    }

    /// Where plain HTTP is answered with a redirect, if anywhere.
    pub fn redirect_from(&self) -> Option<SocketAddr> {
        self.redirect_listen.parse().ok()
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        let (certificate, key) = (!self.certificate.as_os_str().is_empty(), !self.key.as_os_str().is_empty());
        let both = "a file, as the other one of http.tls.certificate and http.tls.key is given";
        checks.that("http.tls.certificate", self.certificate.display(), certificate || !key, both);
        checks.that("http.tls.key", self.key.display(), key || !certificate, both);
        checks.range("http.tls.reload_interval_ms", self.reload_interval_ms, 100, DAY_MS, "milliseconds");
        checks.range("http.tls.handshake_timeout_ms", self.handshake_timeout_ms, 100, 60_000, "milliseconds");
        let handshakes = self.handshakes_per_address_max;
        checks.range("http.tls.handshakes_per_address_max", handshakes, 1, 1_000_000, "handshakes");
        let (redirect, given) = (&self.redirect_listen, !self.redirect_listen.is_empty());
        let legal = !given || self.redirect_from().is_some();
        checks.that("http.tls.redirect_listen", redirect, legal, "an IP address and a port, such as 0.0.0.0:80");
        let expected = "empty without http.tls.certificate: there is no HTTPS to lead to";
        checks.that("http.tls.redirect_listen", redirect, !given || self.is_on(), expected);
    }
}
