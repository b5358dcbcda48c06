//! Are these servers fit to hold a shop? Asked at every start, before the first claim.
//!
//! What cannot be read over the protocol (whether a server syncs before it confirms) is the operator's
//! word, and only believed of servers that have such a setting (2.10 and newer).

use std::sync::Arc;

use async_nats::jetstream::stream::{Config, StorageType};
use serde::Serialize;
use uuid::Uuid;

use super::{
    JetStreamError, JetStreamOptions,
    api::{Api, NotStored, StreamInfo},
    open::patiently,
};

/// Two racing appends a round; one must win each.
const ROUNDS: u64 = 32;
/// The oldest server whose whole-stream expectations were measured to hold.
const OLDEST: (u64, u64) = (2, 9);
/// The first with `sync_interval: always`.
const SYNCS: (u64, u64) = (2, 10);

#[derive(Clone, Debug, Serialize)]
pub struct ProbeReport {
    pub server_version: String,
    pub replicas: usize,
    /// Servers that hold the scratch stream, its leader included.
    pub copies: usize,
    /// Racing appends of which exactly one was stored.
    pub races: u64,
    /// `replicated-unsynced` or `replicated-synced`.
    pub durability: &'static str,
}

/// `synced`: the operator says that the servers run with `sync_interval: always`.
///
/// # Errors
/// When the servers are too old, hold fewer copies than asked for, or accept two writers at one place.
pub async fn probe(
    client: async_nats::Client,
    options: &JetStreamOptions,
    synced: bool,
) -> Result<ProbeReport, JetStreamError> {
    let server_version = client.server_info().version;
    let refuse = |why: String| JetStreamError::Unsafe(why);
    let version = parse(&server_version).ok_or_else(|| refuse(format!("version {server_version:?} is not known")))?;
    if version < OLDEST {
        return Err(refuse(format!("nats-server {server_version}: {}.{} or newer is needed", OLDEST.0, OLDEST.1)));
    }
    if synced && version < SYNCS {
        return Err(refuse(format!(
            "cluster.synced is set, and nats-server {server_version} has no sync_interval: {}.{} or newer is needed",
            SYNCS.0, SYNCS.1
        )));
    }
    let api = Api::new(client, options.request_timeout);
    let name = format!("{}_probe_{}", options.name, &Uuid::new_v4().simple().to_string()[..8]);
    let subject = format!("{}.probe.{}", options.name, &Uuid::new_v4().simple().to_string()[..8]);
    let config = Config {
        name: name.clone(),
        subjects: vec![subject.clone()],
        storage: StorageType::File,
        num_replicas: options.replicas,
        max_age: std::time::Duration::from_secs(600),
        ..Config::default()
    };
    let body = serde_json::to_string(&config).map_err(|error| refuse(error.to_string()))?;
    // The same stream asked for twice is the same stream: servers that have just started are asked again.
    let create = format!("STREAM.CREATE.{name}");
    let made: Result<StreamInfo, _> = patiently(async || api.ask(&create, body.clone()).await).await;
    let made =
        made.map_err(|error| refuse(format!("a stream with {} replicas cannot be made: {error}", options.replicas)))?;
    let tested = race(&api, &subject).await;
    // A scratch stream that cannot be removed goes by its age.
    let _: Result<serde_json::Value, _> = api.ask(&format!("STREAM.DELETE.{name}"), String::new()).await;
    tested.map_err(refuse)?;
    let copies = made.cluster.map_or(1, |cluster| cluster.replicas.len() + usize::from(cluster.leader.is_some()));
    if made.config.num_replicas != options.replicas || copies < options.replicas {
        return Err(refuse(format!("{} replicas were asked for, {copies} are held", options.replicas)));
    }
    let durability = if synced { "replicated-synced" } else { "replicated-unsynced" };
    Ok(ProbeReport { server_version, replicas: options.replicas, copies, races: ROUNDS, durability })
}

/// The compare-and-set self-test. Rounds whose outcome is open do not count, and too many of them are a refusal.
async fn race(api: &Api, subject: &str) -> Result<(), String> {
    const TRIES: u64 = 3 * ROUNDS;
    let (mut end, mut won) = (0, 0);
    for _ in 0..TRIES {
        let one = |writer: &'static str| api.publish(subject.to_owned(), end, writer.into());
        match futures::future::join(one("a"), one("b")).await {
            (Ok(_), Ok(_)) => return Err(format!("two appends after message {end} were both accepted")),
            (Ok(seq), Err(NotStored::WrongEnd)) | (Err(NotStored::WrongEnd), Ok(seq)) => {
                (end, won) = (seq, won + 1);
                if won == ROUNDS {
                    return Ok(());
                }
            }
            (a, b) => {
                tracing::debug!(?a, ?b, "an open round of the self-test");
                // The end is not known: read it where the leader has it.
                end = api.last_of(subject).await.unwrap_or(end);
            }
        }
    }
    Err(format!("the self-test had a definite winner in {won} of {TRIES} rounds only"))
}

impl Api {
    async fn last_of(&self, subject: &str) -> Option<u64> {
        #[derive(serde::Deserialize)]
        struct Names {
            streams: Option<Vec<Arc<str>>>,
        }
        let body = serde_json::json!({ "subject": subject }).to_string();
        let names: Names = self.ask("STREAM.NAMES", body).await.ok()?;
        let name = names.streams?.into_iter().next()?;
        self.info(&name).await.ok().map(|info| info.state.last_seq)
    }
}

fn parse(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("2.9.10"), Some((2, 9)));
        assert_eq!(parse("2.12.1-RC.2"), Some((2, 12)));
        assert_eq!(parse("v3.0.0"), Some((3, 0)));
        assert_eq!(parse("latest"), None);
    }
}
