//! Sends webhooks over HTTP: each after its delay, again with growing pauses until it is accepted.
//!
//! One task owns what is pending. Bounds: 256 events on the way to it and 10,000 pending (beyond that `post` refuses),
//! 16 requests at once, 5 s a request, 8 attempts over about a minute, after which the event is dropped and counted.
//! The task ends with the last handle, and pending events with it: a restart forgets them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    actors::ports::Clock,
    connectors::signature::{HEADER, WebhookKey},
};

use super::SandboxEvent;

const INBOX_MAX: usize = 256;
const PENDING_MAX: usize = 10_000;
const IN_FLIGHT_MAX: usize = 16;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS_MAX: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many webhooks are waiting to be sent")]
pub struct OutboxFull;

/// Takes events for delivery after a delay. The simulation has its own, without HTTP.
pub trait Outbox: Send + Sync + 'static {
    fn post(&self, event: SandboxEvent, after: Duration) -> Result<(), OutboxFull>;
}

pub struct HttpOutbox {
    inbox: mpsc::Sender<Pending>,
}

struct Pending {
    due: Instant,
    attempt: u32,
    event: SandboxEvent,
}

impl HttpOutbox {
    /// `base_url`: where this server listens, e.g. `http://127.0.0.1:8080`. Starts the task on the current runtime.
    pub fn start(base_url: &str, key: WebhookKey, clock: Arc<dyn Clock>) -> Result<Self, hyper::http::uri::InvalidUri> {
        let target = format!("{}/api/payments/webhooks/{}", base_url.trim_end_matches('/'), super::NAME).parse()?;
        let (inbox, events) = mpsc::channel(INBOX_MAX);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IN_FLIGHT_MAX).build_http();
        let courier = Arc::new(Courier { client, target, key, clock });
        tokio::spawn(run(events, courier));
        Ok(Self { inbox })
    }
}

impl Outbox for HttpOutbox {
    fn post(&self, event: SandboxEvent, after: Duration) -> Result<(), OutboxFull> {
        let pending = Pending { due: Instant::now() + after, attempt: 1, event };
        self.inbox.try_send(pending).map_err(|_| OutboxFull)
    }
}

async fn run(mut inbox: mpsc::Receiver<Pending>, courier: Arc<Courier>) {
    // By due time; the counter keeps two of one moment apart, in order.
    let mut waiting: BTreeMap<(Instant, u64), Pending> = BTreeMap::new();
    let mut count = 0;
    let mut in_flight = FuturesUnordered::new();
    loop {
        let next = waiting.first_key_value().map(|((due, _), _)| *due);
        tokio::select! {
            event = inbox.recv(), if waiting.len() + in_flight.len() < PENDING_MAX => match event {
                Some(pending) => {
                    count += 1;
                    waiting.insert((pending.due, count), pending);
                }
                None => return,
            },
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() && in_flight.len() < IN_FLIGHT_MAX => {
                if let Some((_, pending)) = waiting.pop_first() {
                    in_flight.push(courier.clone().attempt(pending));
                }
            }
            Some(again) = in_flight.next(), if !in_flight.is_empty() => if let Some(pending) = again {
                count += 1;
                waiting.insert((pending.due, count), pending);
            },
        }
    }
}

struct Courier {
    client: Client<HttpConnector, Full<Bytes>>,
    target: Uri,
    key: WebhookKey,
    clock: Arc<dyn Clock>,
}

impl Courier {
    /// `Some`: to be tried again.
    async fn attempt(self: Arc<Self>, pending: Pending) -> Option<Pending> {
        let Pending { attempt, event, .. } = pending;
        let result =
            timeout(REQUEST_TIMEOUT, self.send(&event)).await.unwrap_or_else(|_| Err("no answer in time".into()));
        let reason = match result {
            Ok(status) if status.is_success() => return None,
            Ok(status) => format!("answered {status}"),
            Err(error) => error.to_string(),
        };
        if attempt >= ATTEMPTS_MAX {
            metrics::counter!("souk_sandbox_webhooks_dropped_total").increment(1);
            tracing::warn!(event = event.id, attempt, reason, "a sandbox webhook was given up");
            return None;
        }
        tracing::debug!(event = event.id, attempt, reason, "a sandbox webhook will be sent again");
        let due = Instant::now() + FIRST_PAUSE * 2_u32.pow(attempt - 1);
        Some(Pending { due, attempt: attempt + 1, event })
    }

    async fn send(&self, event: &SandboxEvent) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let body = serde_json::to_vec(event)?;
        let request = Request::post(self.target.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(HEADER, self.key.sign(&body, self.clock.now()))
            .body(Full::new(Bytes::from(body)))?;
        let (head, body) = self.client.request(request).await?.into_parts();
        // Read to the end, so that the connection is used again.
        Limited::new(body, ANSWER_BYTES_MAX).collect().await?;
        Ok(head.status)
    }
}
