//! Real nats-servers for the cluster's benches: the tests' program, files on the real disk, one or three on loopback.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use async_nats::{
    HeaderMap,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, pull},
        stream::Config as StreamConfig,
    },
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use souk::config::Config;
use tokio::runtime::Runtime;

#[path = "../../tests/common/nats.rs"]
mod servers;

pub use servers::NatsServers;

/// Shards of the shops here: enough to spread over three nodes.
pub const SHARDS: u16 = 6;

/// `None`, and a line that says so, where there is no nats-server.
pub fn start(runtime: &Runtime, count: usize) -> Result<Option<NatsServers>> {
    if Command::new(souk::testing::nats_server()).arg("--version").output().is_err() {
        println!("SKIPPED: no nats-server is installed (make setup)");
        return Ok(None);
    }
    let dir = tempfile::Builder::new().prefix("nats-").tempdir_in(super::disk()?)?;
    Ok(Some(runtime.block_on(NatsServers::start_in(dir, count, ""))))
}

/// The settings of one node on these servers, as shipped but for the number of shards.
pub fn config(servers: &NatsServers, node: &str) -> Config {
    let mut config = Config::default();
    config.actors.shards = SHARDS;
    config.cluster.urls = (0..servers.len()).map(|n| servers.url(n)).collect();
    config.cluster.node = node.to_owned();
    config.cluster.replicas = servers.len() as u8;
    config
}

pub fn stream_of(shard: u16) -> String {
    format!("souk_ev_{shard:02}")
}

/// One log, as a client of NATS sees it.
pub struct Log {
    client: async_nats::Client,
    context: jetstream::Context,
    name: String,
}

impl Log {
    pub async fn of(servers: &NatsServers, shard: u16) -> Self {
        let client = servers.client().await;
        Self { context: jetstream::new(client.clone()), client, name: stream_of(shard) }
    }

    pub async fn end(&self) -> Result<u64> {
        Ok(self.context.get_stream(&self.name).await?.cached_info().state.last_sequence)
    }

    /// Messages `from..=to`, in order.
    pub async fn read(&self, from: u64, to: u64) -> Result<Vec<Bytes>> {
        let stream = self.context.get_stream(&self.name).await?;
        let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: from };
        let config = pull::OrderedConfig { deliver_policy, ..pull::OrderedConfig::default() };
        let messages = stream.create_consumer(config).await?.messages().await?;
        let count = usize::try_from(to + 1 - from)?;
        Ok(messages.take(count).map_ok(|message| message.payload.clone()).try_collect().await?)
    }

    /// An empty stream with the same settings.
    pub async fn like(&self, name: &str) -> Result<Bare> {
        let found = self.context.get_stream(&self.name).await?.cached_info().config.clone();
        let config = StreamConfig { name: name.to_owned(), subjects: vec![name.to_owned()], ..found };
        self.context.create_stream(config).await?;
        Ok(Bare { client: self.client.clone(), subject: name.to_owned(), end: 0 })
    }
}

/// The peer: a client that appends finished bytes, each at the place where it expects the end, one in flight.
pub struct Bare {
    client: async_nats::Client,
    subject: String,
    end: u64,
}

impl Bare {
    pub async fn append(&mut self, bytes: Bytes) -> Result<()> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Last-Sequence", self.end.to_string());
        let answer = self.client.request_with_headers(self.subject.clone(), headers, bytes).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload)?;
        self.end += 1;
        let stored = answer["seq"].as_u64().with_context(|| answer.to_string())?;
        ensure!(stored == self.end, "stored at {stored} instead of {}", self.end);
        Ok(())
    }
}
