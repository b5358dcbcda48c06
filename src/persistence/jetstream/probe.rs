//! Checks at every start, before the first claim, that the servers are fit to hold a shop.
//!
//! Whether a server syncs before it confirms cannot be read over the protocol: the operator declares it, and the
//! declaration is accepted only for servers that have such a setting (2.10 and newer).

use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    JetStreamError, JetStreamOptions,
    advice::advice,
    api::{Api, ApiError, NotStored, STREAM_NOT_FOUND, StreamInfo},
    floor::fit_version,
    open::patiently,
};

/// Two racing appends a round; one must win each.
const ROUNDS: u64 = 32;
/// Time limit of all rounds: each takes milliseconds, but nodes that start together take turns.
const RACE_WITHIN: Duration = Duration::from_secs(20);

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

/// `synced`: the operator declares that the servers run with `sync_interval: always`.
///
/// # Errors
/// When the servers are too old, hold fewer copies than requested, or accept two writers at one place.
pub async fn probe(
    client: async_nats::Client,
    options: &JetStreamOptions,
    synced: bool,
) -> Result<ProbeReport, JetStreamError> {
    let server_version = client.server_info().version;
    let refuse = |why: String| JetStreamError::Unsafe(why);
    fit_version(&server_version, options.allow_old_servers, synced)?;
    let api = Api::new(client, options.request_timeout);
    // One stream for all nodes and starts: a permission to delete streams of any name would be one to delete the logs.
    let name = format!("{}_probe_{}", options.name, options.replicas);
    let subject = format!("{}.probe.{}", options.name, options.replicas);
    let config = Config {
        name: name.clone(),
        subjects: vec![subject.clone()],
        storage: StorageType::File,
        num_replicas: options.replicas,
        max_age: Duration::from_secs(600),
        ..Config::default()
    };
    let body = serde_json::to_string(&config).map_err(|error| refuse(error.to_string()))?;
    // The stream exists from the second start on. Its messages expire by age.
    let made = patiently(async || match api.info(&name).await {
        Err(ApiError::Server(error)) if error.err_code == STREAM_NOT_FOUND => {
            api.ask::<StreamInfo>(&format!("STREAM.CREATE.{name}"), body.clone()).await
        }
        found => found,
    });
    let made = made.await.map_err(|error| {
        refuse(format!("a stream with {} replicas cannot be made: {error}{}", options.replicas, advice(&error)))
    })?;
    race(&api, &name, &subject).await.map_err(refuse)?;
    let copies = made.cluster.map_or(1, |cluster| cluster.replicas.len() + usize::from(cluster.leader.is_some()));
    if made.config.num_replicas != options.replicas || copies < options.replicas {
        return Err(refuse(format!("{} replicas were asked for, {copies} are held", options.replicas)));
    }
    let durability = if synced { "replicated-synced" } else { "replicated-unsynced" };
    Ok(ProbeReport { server_version, replicas: options.replicas, copies, races: ROUNDS, durability })
}

/// The compare-and-set self-test. Rounds whose outcome is open do not count (another node that starts may have won
/// them), and too many of them are a refusal.
async fn race(api: &Api, stream: &str, subject: &str) -> Result<(), String> {
    let give_up = Instant::now() + RACE_WITHIN;
    let (mut end, mut won, mut tried) = (0, 0, 0);
    while Instant::now() < give_up {
        tried += 1;
        let one = |writer: &'static str| api.publish(subject.to_owned(), end, None, writer.into());
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
                // The end is unknown: read it from the leader.
                end = api.info(stream).await.map_or(end, |info| info.state.last_seq);
            }
        }
    }
    Err(format!("the self-test had a definite winner in {won} of {tried} rounds only, {ROUNDS} are needed"))
}
