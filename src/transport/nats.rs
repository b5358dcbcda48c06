//! Commands over core NATS: a request on `<name>.cmd.<shard>`, answered by the one node that serves the shard.
//!
//! The owner subscribes after its claim, in the queue group `owner`, so routing needs no table; where nobody does,
//! NATS says so at once and the gateway asks again. At most once: a lost request or answer is repeated by the gateway
//! with the same command id. A shard of this node's own is reached without NATS. Absent on purpose: any judgement who
//! the owner is; an owner that is none any more is fenced by the journal.

mod serve;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, Request, client::RequestErrorKind};
use futures::future::BoxFuture;
use metrics::{Counter, Histogram, counter, histogram};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::actors::ports::{Delivery, Envelope, Reply, Transport, TransportError, journal::Shard};

/// Commands of other nodes under way here, at most; one more is answered `Busy`.
const SERVED_MAX: usize = 16_384;
/// A request without an answer is lost after this long, however long its sender can wait: the owner may have gone.
const LOST_AFTER: Duration = Duration::from_secs(2);

pub struct NatsTransport {
    shared: Arc<Shared>,
    lines: Vec<Line>,
}

struct Shared {
    client: Client,
    local: Arc<dyn Delivery>,
    room: Arc<Semaphore>,
    meter: Meter,
}

struct Meter {
    sent: Counter,
    lost: Counter,
    seconds: Histogram,
    served: Counter,
    refused: Counter,
}

struct Line {
    subject: String,
    ours: Arc<AtomicBool>,
    /// The subscription's task, while this node serves. A lock, for a change that is rare.
    serving: Mutex<Option<DropGuard>>,
}

impl NatsTransport {
    pub fn new(client: Client, name: &str, shards: u16, local: Arc<dyn Delivery>) -> Self {
        let meter = Meter {
            sent: counter!("souk_remote_commands_total"),
            lost: counter!("souk_remote_commands_lost_total"),
            seconds: histogram!("souk_remote_command_seconds"),
            served: counter!("souk_remote_commands_served_total"),
            refused: counter!("souk_permits_refused_total", "scope" => "remote"),
        };
        let line = |shard| Line {
            subject: format!("{name}.cmd.{shard:02}"),
            ours: Arc::new(AtomicBool::new(false)),
            serving: Mutex::new(None),
        };
        let shared = Shared { client, local, room: Arc::new(Semaphore::new(SERVED_MAX)), meter };
        Self { shared: Arc::new(shared), lines: (0..shards).map(line).collect() }
    }
}

impl Transport for NatsTransport {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<Envelope>,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let lost = |why: String| TransportError::Lost(why.into());
        let Some(line) = self.lines.get(usize::from(shard.0)) else {
            return Box::pin(async move { Err(lost(format!("there is no shard {}", shard.0))) });
        };
        if line.ours.load(Ordering::Acquire) {
            return self.shared.local.deliver(shard, envelope);
        }
        let (shared, subject) = (self.shared.clone(), line.subject.clone());
        Box::pin(async move {
            let payload = serde_json::to_vec(&*envelope).map_err(|error| lost(error.to_string()))?;
            let bytes = payload.len();
            let request = Request::new().payload(payload.into()).timeout(Some(within.min(LOST_AFTER)));
            shared.meter.sent.increment(1);
            let started = Instant::now();
            match shared.client.send_request(subject, request).await {
                Ok(answer) => {
                    shared.meter.seconds.record(started.elapsed().as_secs_f64());
                    serde_json::from_slice(&answer.payload).map_err(|error| lost(format!("an answer: {error}")))
                }
                Err(error) if error.kind() == RequestErrorKind::MaxPayloadExceeded => {
                    Ok(Reply::TooLarge { bytes, max: shared.client.server_info().max_payload })
                }
                Err(error) => {
                    shared.meter.lost.increment(1);
                    Err(lost(error.to_string()))
                }
            }
        })
    }

    fn serving(&self, shard: Shard, serves: bool) {
        let Some(line) = self.lines.get(usize::from(shard.0)) else { return };
        let mut serving = line.serving.lock().unwrap_or_else(PoisonError::into_inner);
        line.ours.store(serves, Ordering::Release);
        if !serves {
            // Dropped: the task unsubscribes and ends; what it had taken is still answered.
            *serving = None;
        } else if serving.is_none() {
            let stop = CancellationToken::new();
            tokio::spawn(serve::serve(self.shared.clone(), shard, line.subject.clone(), stop.clone()));
            *serving = Some(stop.drop_guard());
        }
    }
}
