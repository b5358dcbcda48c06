//! The connection to NATS: credentials, TLS, the time limit of the first connection, and the handling of its events.
//!
//! A node has two: one for logs and one for heartbeats and commands, so that a log read from its beginning never delays
//! a heartbeat. Secrets go only into the client.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    config::{Cluster, Config, file},
    persistence::jetstream::JetStreamOptions,
};

#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    #[error("cluster.urls: {url:?} is not a server's address: {why}")]
    BadUrl { url: String, why: String },
    #[error("{key} {path}: {why}", path = path.display())]
    File { key: &'static str, path: PathBuf, why: String },
    #[error(
        "NATS at {urls} refuses this node's credentials: {why}; see cluster.user, nkey_seed_file and credentials_file"
    )]
    Refused { urls: String, why: String },
    #[error("no TLS connection to NATS at {urls}: {why}; see cluster.tls_ca_file and cluster.tls_required")]
    Tls { urls: String, why: String },
    #[error("NATS at {urls} was not reached within {waited:?}: {why}; check cluster.urls, and that the servers run")]
    Unreachable { urls: String, waited: Duration, why: String },
}

/// Time limit of the first connection: machines that start together need not start in order.
const FIRST_WITHIN: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// One server's time to accept a connection, before the next server is tried.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// A frozen server is detected after three of these without a pong, so before this node counts as dead.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Pause between two reconnects, at most. Tried for ever: waiting requests have their own deadlines.
const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(1);
/// Messages that wait for the connection, at most; the next sender waits. Waiting messages are sent after a reconnect,
/// perhaps by a node that is no longer the owner: the journal fences them.
const WAITING_MAX: usize = 256;
/// A seed or a JWT is a few lines.
const FILE_BYTES_MAX: u64 = 64 * 1_024;

/// The purpose of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Log,
    Control,
}

impl Role {
    /// Distinguishes a node's connections in the servers' lists.
    const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Control => "control",
        }
    }

    /// Messages of one subscription that wait to be taken; further ones are dropped and requested again. A log comes in
    /// bursts of many small records; commands and heartbeats are taken at once.
    const fn subscription_max(self) -> usize {
        match self {
            Self::Log => 65_536,
            Self::Control => 8_192,
        }
    }
}

pub(super) async fn connect(cluster: &Cluster, node: &str, role: Role) -> Result<Client, NatsError> {
    let urls = cluster.urls.join(", ");
    let servers: Vec<ServerAddr> = cluster.urls.iter().map(|url| server(url)).collect::<Result<_, _>>()?;
    let give_up = Instant::now() + FIRST_WITHIN;
    let mut told = false;
    loop {
        let error = match options(cluster, node, role)?.connect(&servers[..]).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        let why = error.to_string();
        match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                return Err(NatsError::Refused { urls, why });
            }
            ConnectErrorKind::Tls => return Err(NatsError::Tls { urls, why }),
            // The client reports a failed handshake as an I/O error; a retry would fail as well.
            ConnectErrorKind::Io if handshake(&why) => return Err(NatsError::Tls { urls, why }),
            ConnectErrorKind::ServerParse
            | ConnectErrorKind::Dns
            | ConnectErrorKind::TimedOut
            | ConnectErrorKind::Io
            | ConnectErrorKind::MaxReconnects => {}
        }
        if Instant::now() + FIRST_PAUSE >= give_up {
            return Err(NatsError::Unreachable { urls, waited: FIRST_WITHIN, why });
        }
        if !std::mem::replace(&mut told, true) {
            tracing::warn!(%urls, %why, within = ?FIRST_WITHIN, "waiting for NATS");
        }
        sleep(FIRST_PAUSE).await;
    }
}

/// What each configured server says of its version, by its address; a server that does not answer now is left out. Each
/// is asked over a connection of its own, because a client meets one of them and may later be sent to another.
pub(super) async fn versions(cluster: &Cluster, node: &str) -> Result<Vec<(String, String)>, NatsError> {
    let asked = cluster.urls.iter().map(async |url| {
        let connected = options(cluster, node, Role::Control)?.connect(server(url)?);
        match timeout(CONNECT_WITHIN, connected).await {
            Ok(Ok(client)) => Ok::<_, NatsError>(Some((url.clone(), client.server_info().version))),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    });
    let answers: Vec<Option<(String, String)>> = futures::future::try_join_all(asked).await?;
    Ok(answers.into_iter().flatten().collect())
}

/// In rustls' words: `invalid peer certificate: UnknownIssuer`, `received fatal alert: CertificateRequired`.
fn handshake(why: &str) -> bool {
    ["peer certificate", "fatal alert"].iter().any(|words| why.contains(words))
}

fn server(url: &str) -> Result<ServerAddr, NatsError> {
    url.parse().map_err(|error: std::io::Error| NatsError::BadUrl { url: url.to_owned(), why: error.to_string() })
}

fn options(cluster: &Cluster, node: &str, role: Role) -> Result<ConnectOptions, NatsError> {
    let mut options = ConnectOptions::new()
        .name(format!("souk {} {node} {}", cluster.name, role.name()))
        .subscription_capacity(role.subscription_max())
        .ping_interval(PING_EVERY)
        .connection_timeout(CONNECT_WITHIN)
        .request_timeout(Some(Duration::from_millis(cluster.request_timeout_ms)))
        .client_capacity(WAITING_MAX)
        .max_reconnects(None)
        .reconnect_delay_callback(reconnect_pause)
        .event_callback(move |event| async move { tell(role.name(), &event) })
        .require_tls(cluster.tls_required);
    if !cluster.user.is_empty() {
        options = options.user_and_password(cluster.user.clone(), cluster.password.expose().to_owned());
    }
    if given(&cluster.nkey_seed_file) {
        options = options.nkey(read("cluster.nkey_seed_file", &cluster.nkey_seed_file)?.trim().to_owned());
    }
    if given(&cluster.credentials_file) {
        let (key, path) = ("cluster.credentials_file", &cluster.credentials_file);
        // The parser's own error might quote the file.
        options = options.credentials(&read(key, path)?).map_err(|_| NatsError::File {
            key,
            path: path.clone(),
            why: "a JWT and an nkey's seed expected, as nsc writes them".into(),
        })?;
    }
    if given(&cluster.tls_ca_file) {
        read("cluster.tls_ca_file", &cluster.tls_ca_file)?;
        options = options.add_root_certificates(cluster.tls_ca_file.clone());
    }
    if given(&cluster.tls_cert_file) {
        read("cluster.tls_cert_file", &cluster.tls_cert_file)?;
        read("cluster.tls_key_file", &cluster.tls_key_file)?;
        options = options.add_client_certificate(cluster.tls_cert_file.clone(), cluster.tls_key_file.clone());
    }
    Ok(options)
}

fn given(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}

fn read(key: &'static str, path: &Path) -> Result<String, NatsError> {
    let wrong = |why: String| NatsError::File { key, path: path.into(), why };
    file::read_text(path, FILE_BYTES_MAX).map_err(|error| wrong(error.to_string()))
}

/// The first try follows at once, then 20, 40, 80 ms and so on.
fn reconnect_pause(attempts: usize) -> Duration {
    let doubled = 10_u64 << attempts.clamp(1, 16);
    if attempts <= 1 { Duration::ZERO } else { Duration::from_millis(doubled / 2).min(RECONNECT_PAUSE_MAX) }
}

fn tell(role: &'static str, event: &Event) {
    let connected = metrics::gauge!("souk_nats_connected", "role" => role);
    match event {
        Event::Connected => {
            connected.set(1.0);
            tracing::info!(role, "connected to NATS");
        }
        Event::Disconnected => {
            connected.set(0.0);
            metrics::counter!("souk_nats_disconnects_total", "role" => role).increment(1);
            tracing::warn!(role, "the connection to NATS is lost and is made anew");
        }
        Event::SlowConsumer(_) => {
            metrics::counter!("souk_nats_slow_consumer_total", "role" => role).increment(1);
            tracing::warn!(
                role,
                "messages from NATS came faster than they were taken; some were dropped and are asked for again"
            );
        }
        Event::ServerError(error) => tracing::warn!(role, %error, "NATS reports an error"),
        // Each failed reconnect is one such event; the loss of the connection was logged already.
        Event::ClientError(error) => tracing::debug!(role, %error, "the NATS client reports an error"),
        Event::LameDuckMode | Event::Draining | Event::Closed => tracing::info!(role, %event, "NATS"),
    }
}

/// The logs as `[cluster]` and `[actors]` have them.
pub(super) fn jetstream(config: &Config) -> JetStreamOptions {
    JetStreamOptions {
        name: config.cluster.name.clone(),
        shards: config.actors.shards().unwrap_or(JetStreamOptions::SHARDS),
        replicas: usize::from(config.cluster.replicas),
        request_timeout: Duration::from_millis(config.cluster.request_timeout_ms),
        create: true,
        allow_old_servers: config.cluster.allow_old_servers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound() {
        let pauses: Vec<u128> = [0, 1, 2, 3, 4, 100].map(|n| reconnect_pause(n).as_millis()).to_vec();
        assert_eq!(pauses, [0, 0, 20, 40, 80, 1_000]);
    }

    #[test]
    fn a_missing_seed_is_named_with_its_key() {
        let cluster = Cluster { nkey_seed_file: "/no/such/seed".into(), ..Cluster::default() };
        let error = options(&cluster, "a", Role::Log).map(|_| ()).expect_err("refused").to_string();
        assert!(error.starts_with("cluster.nkey_seed_file /no/such/seed: No such file"), "{error}");
    }

    #[test]
    fn a_file_without_an_end_is_refused() {
        let cluster = Cluster { tls_ca_file: "/dev/zero".into(), ..Cluster::default() };
        let error = options(&cluster, "a", Role::Log).map(|_| ()).expect_err("refused").to_string();
        assert_eq!(error, "cluster.tls_ca_file /dev/zero: more than 65536 bytes");
    }

    #[test]
    fn credentials_that_do_not_parse_are_not_shown() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("creds");
        std::fs::write(&path, "hunter2").expect("written");
        let cluster = Cluster { credentials_file: path, ..Cluster::default() };
        let error = options(&cluster, "a", Role::Log).map(|_| ()).expect_err("refused").to_string();
        assert!(error.contains("nsc writes") && !error.contains("hunter2"), "{error}");
    }
}
