//! One case's shop, and requests to the servers past the journal.

use std::time::Duration;

use async_nats::Client;
use futures::StreamExt;
use serde_json::Value;
use souk::{
    actors::ports::journal::{BatchId, Shard},
    persistence::jetstream::{JetStreamError, JetStreamJournal, JetStreamOptions},
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    make::{S, uuid},
    nats::{self, NatsServers, PATIENCE},
};

pub const SHARDS: u16 = 4;

pub struct Shop {
    pub options: JetStreamOptions,
    /// Past every proxy.
    pub direct: Client,
}

impl Shop {
    /// A name that no other case has, with as many copies as there are servers.
    pub async fn on(servers: &NatsServers) -> Self {
        let name = format!("j{}", uuid().as_u64_pair().1);
        let options = JetStreamOptions { name, shards: SHARDS, replicas: servers.len(), ..Default::default() };
        Self { options, direct: servers.client().await }
    }

    pub async fn open(&self, urls: &str) -> JetStreamJournal {
        self.open_as(urls, self.options.clone()).await.expect("the journal opens")
    }

    pub async fn open_as(&self, urls: &str, options: JetStreamOptions) -> Result<JetStreamJournal, JetStreamError> {
        JetStreamJournal::open(nats::client(urls).await, options).await
    }

    pub fn stream(&self, shard: Shard) -> String {
        format!("{}_ev_{:02}", self.options.name, shard.0)
    }

    pub fn meta(&self) -> String {
        format!("{}_meta", self.options.name)
    }

    pub async fn api(&self, what: &str, body: Value) -> Value {
        api(&self.direct, what, body).await
    }

    pub async fn info(&self, stream: &str) -> Value {
        self.api(&format!("STREAM.INFO.{stream}"), Value::Null).await
    }

    /// Configuration and end of every stream of the shop.
    pub async fn all_streams(&self) -> Vec<(Value, Value)> {
        let names = self.api("STREAM.NAMES", Value::Null).await;
        let mut names: Vec<String> = names["streams"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .filter(|name| name.starts_with(&format!("{}_", self.options.name)))
            .collect();
        names.sort();
        let mut all = Vec::new();
        for name in names {
            let mut info = self.info(&name).await;
            all.push((info["config"].take(), info["state"]["last_seq"].take()));
        }
        all
    }

    /// The server that leads the shard's stream.
    pub async fn leader(&self, shard: Shard) -> usize {
        if self.options.replicas == 1 {
            return 0;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let info = self.info(&self.stream(shard)).await;
            let leader = info["cluster"]["leader"].as_str().and_then(|name| name.strip_prefix('n'));
            if let Some(leader) = leader.and_then(|n| n.parse().ok()) {
                return leader;
            }
            assert!(Instant::now() < deadline, "no leader: {info}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until every copy of the shard's stream is current.
    pub async fn current(&self, shard: Shard) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let info = self.info(&self.stream(shard)).await;
            let current = |replica: &&Value| replica["current"] == true && replica["offline"] != true;
            let others = info["cluster"]["replicas"].as_array().map_or(0, |all| all.iter().filter(current).count());
            if info["config"].is_object() && others + 1 >= self.options.replicas {
                return;
            }
            assert!(Instant::now() < deadline, "not all copies are current: {info}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Receives every message for the log of `S` that reaches these servers, stored or not.
    pub async fn listen(&self, urls: &str) -> Passing {
        let client = nats::client(urls).await;
        let subject = format!("{}.ev.{:02}", self.options.name, S.0);
        let passing = client.subscribe(subject).await.expect("a subscription");
        client.flush().await.expect("the server knows of it");
        Passing(passing)
    }
}

pub struct Passing(async_nats::Subscriber);

impl Passing {
    /// Waits until the batch's message has come to the servers.
    pub async fn until(&mut self, batch: BatchId) {
        let id = batch.0.to_string();
        let found = async {
            while let Some(message) = self.0.next().await {
                if String::from_utf8_lossy(&message.payload).contains(&id) {
                    return;
                }
            }
            panic!("the subscription ended");
        };
        timeout(PATIENCE, found).await.expect("the held message arrives");
    }
}

/// A reply of JetStream; retried while servers elect a leader.
pub async fn api(client: &Client, what: &str, body: Value) -> Value {
    let deadline = Instant::now() + PATIENCE;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    loop {
        let request = async_nats::Request::new().payload(body.clone().into()).timeout(Some(Duration::from_secs(2)));
        match client.send_request(format!("$JS.API.{what}"), request).await {
            Ok(answer) => return serde_json::from_slice(&answer.payload).expect("JSON"),
            Err(error) => assert!(Instant::now() < deadline, "{what}: {error}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}
