//! `[cluster]`: this process as one of many nodes over NATS. Without `urls` it is one machine, and this section has no
//! effect.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{check::Checks, secret::Secret};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// NATS servers, such as `nats://10.0.0.1:4222`; any of them is enough to begin with. Empty: one machine. Default
    /// empty.
    pub urls: Vec<String>,
    /// The cluster's name: prefix of every stream and subject, so that two shops can share servers. Default `souk`.
    pub name: String,
    /// This node's name, unique in the cluster: for logs and ownership. Empty: the host's name. Default empty.
    pub node: String,
    /// The URL at which browsers reach this node, shown by `/api/cluster`. Empty: not shown. Default empty.
    pub public_url: String,
    /// Copies of each log among the NATS servers: 1, 3 or 5. With 3 one server may fail, with 5 two. Default 3.
    pub replicas: u8,
    /// Milliseconds between two heartbeats. Default 500.
    pub heartbeat_ms: u64,
    /// Milliseconds without a heartbeat after which a node counts as dead. Shorter: its shards are taken over faster,
    /// but a pause that long (a stopped machine, a slow network) moves them too. Default 4,000.
    pub member_dead_ms: u64,
    /// Milliseconds that a new node is watched before it receives shards: nodes that start together then see each other
    /// before anything moves. Default 2,000.
    pub settle_ms: u64,
    /// Milliseconds after its last confirmed heartbeat or append for which a node still replies. Below `member_dead_ms`
    /// less two heartbeats, so that it is silent before another takes its place. Default 2,000.
    pub lease_ms: u64,
    /// Milliseconds until a request to NATS or to another node counts as lost and is repeated. Default 2,000.
    pub request_timeout_ms: u64,
    /// The operator's declaration that the servers run with `sync_interval: always` (nats-server 2.10 and later; no
    /// client can read it). Changes only the reported durability. Default false.
    pub synced: bool,
    /// Whether nats-server older than 2.10.26 is taken. The copies of a log may part on such a server when links
    /// between servers fail, and nodes then end until a person renews a copy. Default false.
    pub allow_old_servers: bool,
    /// User name for NATS; empty: none. Default empty.
    pub user: String,
    /// The user's password, best given as `SOUK_CLUSTER__PASSWORD`. Default empty.
    pub password: Secret,
    /// File that holds an nkey's seed (`SU...`); empty: none. Default empty.
    pub nkey_seed_file: PathBuf,
    /// File with a JWT and its seed, as `nsc` makes it; empty: none. Default empty.
    pub credentials_file: PathBuf,
    /// PEM file of the authority that signed the servers' certificates; empty: the system's. Default empty.
    pub tls_ca_file: PathBuf,
    /// PEM file of this client's certificate; empty: none. Default empty.
    pub tls_cert_file: PathBuf,
    /// PEM file of that certificate's key; empty: none. Default empty.
    pub tls_key_file: PathBuf,
    /// Whether a server that offers no TLS is refused. Default false.
    pub tls_required: bool,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            name: "souk".into(),
            node: String::new(),
            public_url: String::new(),
            replicas: 3,
            heartbeat_ms: 500,
            member_dead_ms: 4_000,
            settle_ms: 2_000,
            lease_ms: 2_000,
            request_timeout_ms: 2_000,
            synced: false,
            allow_old_servers: false,
            user: String::new(),
            password: Secret::default(),
            nkey_seed_file: PathBuf::new(),
            credentials_file: PathBuf::new(),
            tls_ca_file: PathBuf::new(),
            tls_cert_file: PathBuf::new(),
            tls_key_file: PathBuf::new(),
            tls_required: false,
        }
    }
}

impl Cluster {
    /// Whether a cluster is configured.
    pub fn is_on(&self) -> bool {
        !self.urls.is_empty()
    }

    pub(super) fn check(&self, checks: &mut Checks, signing_key: &Secret) {
        for url in &self.urls {
            // A password in a URL would end up in logs; so such a URL is not shown here.
            let shown = if url.contains('@') { "a URL with credentials" } else { url };
            let host = url.strip_prefix("nats://").or_else(|| url.strip_prefix("tls://")).unwrap_or("");
            let legal = !host.is_empty() && !host.contains(['@', '/']) && !host.contains(char::is_whitespace);
            let expected = "nats://host:port or tls://host:port, with credentials in their own keys";
            checks.that("cluster.urls", shown, legal, expected);
        }
        let legal = word(&self.name, 32, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        checks.that("cluster.name", &self.name, legal, "1 to 32 of a-z, 0-9 and -");
        let legal = self.node.is_empty() || word(&self.node, 63, |c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        checks.that("cluster.node", &self.node, legal, "empty, or 1 to 63 letters, digits, -, _ and .");
        if !self.public_url.is_empty() {
            checks.origins("cluster.public_url", std::slice::from_ref(&self.public_url));
        }
        let replicas = self.replicas;
        checks.that("cluster.replicas", replicas, [1, 3, 5].contains(&replicas), "1, 3 or 5 copies");
        self.check_times(checks);
        self.check_credentials(checks);
        let legal = !self.is_on() || !signing_key.is_empty();
        let expected = "64 hex digits, the same on every node of the cluster (openssl rand -hex 32 makes them)";
        checks.that("identity.signing_key", "", legal, expected);
    }

    /// A node must fall silent before others may take its place, and one late heartbeat must not silence it.
    fn check_times(&self, checks: &mut Checks) {
        let beat = self.heartbeat_ms;
        checks.range("cluster.heartbeat_ms", beat, 20, 10_000, "milliseconds");
        checks.range("cluster.member_dead_ms", self.member_dead_ms, beat.saturating_mul(5), 300_000, "milliseconds");
        checks.range("cluster.settle_ms", self.settle_ms, beat.saturating_mul(2), 300_000, "milliseconds");
        let most = self.member_dead_ms.saturating_sub(beat.saturating_mul(2)).saturating_sub(1);
        let unit = "milliseconds (two heartbeats at least, and below member_dead_ms less two heartbeats)";
        checks.range("cluster.lease_ms", self.lease_ms, beat.saturating_mul(2), most, unit);
        checks.range("cluster.request_timeout_ms", self.request_timeout_ms, 50, 60_000, "milliseconds");
    }

    fn check_credentials(&self, checks: &mut Checks) {
        let set = |path: &Path| !path.as_os_str().is_empty();
        let kinds = [!self.user.is_empty(), set(&self.nkey_seed_file), set(&self.credentials_file)];
        let count = kinds.into_iter().filter(|given| *given).count();
        let expected = "one of user with password, nkey_seed_file and credentials_file";
        checks.that("cluster.user", format!("{count} of them"), count <= 1, expected);
        let legal = self.password.is_empty() || !self.user.is_empty();
        checks.that("cluster.password", "a password without a user", legal, "a user with it");
        let legal = set(&self.tls_cert_file) == set(&self.tls_key_file);
        checks.that("cluster.tls_cert_file", self.tls_cert_file.display(), legal, "certificate and key together");
    }
}

fn word(text: &str, max: usize, legal: impl Fn(char) -> bool) -> bool {
    (1..=max).contains(&text.len()) && text.chars().all(legal)
}
