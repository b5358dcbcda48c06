//! Commands over NATS: a request on the shard's subject reaches its owner, who alone subscribes there.
//!
//! No table of owners is kept: the node that serves a shard subscribes in the queue group `owner`. Of two nodes that
//! both believe to be the owner, one receives the message, and the shard's log decides whether it may act. NATS
//! delivers a message at most once; the gateway sends a lost command again, with the same id.
//!
//! A frozen node stays subscribed until its server drops the connection, by default for minutes, and would swallow its
//! part of the commands. So after a command without a reply the next commands go to every subscriber for a while, and
//! the first reply counts: the id and the log make the duplicates harmless.

mod serve;
mod wire;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, Request, RequestErrorKind};
use futures::future::BoxFuture;
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

use self::{serve::Server, wire::Answer};
use crate::actors::ports::{CommandEnvelope, Delivery, Reply, Transport, TransportError, journal::Shard};

#[derive(Clone, Debug)]
pub struct NatsOptions {
    /// The cluster's name: the prefix of every subject.
    pub name: Arc<str>,
    pub shards: u16,
    /// Time after which a command without a reply counts as lost and is sent again.
    pub lost_after: Duration,
    /// Other nodes' commands in flight here, at most; the reply to the next one is `busy` at once.
    pub inflight_max: usize,
}

pub struct NatsTransport {
    client: Client,
    local: Arc<dyn Delivery>,
    lost_after: Duration,
    doors: Vec<Door>,
}

struct Door {
    /// The subject that reaches one of the subscribers.
    subject: Arc<str>,
    /// The subject that reaches all subscribers.
    everybody: Arc<str>,
    /// Until this time a subscriber may be frozen, and commands go to `everybody`.
    suspect: Arc<Mutex<Option<Instant>>>,
    /// Read by every send, so not behind the channel's lock.
    serves: AtomicBool,
    wanted: watch::Sender<bool>,
}

/// Of two nodes that both believe to own the shard, one receives each command.
const GROUP: &str = "owner";
/// How long commands go to every subscriber after a command without a reply.
const SUSPECT_FOR: Duration = Duration::from_secs(30);

impl NatsTransport {
    /// Commands for shards that this node serves go to `local`.
    pub fn start(client: Client, options: &NatsOptions, local: Arc<dyn Delivery>) -> Self {
        let room = Arc::new(Semaphore::new(options.inflight_max));
        let door = |number: u16| {
            let subject: Arc<str> = format!("{}.cmd.{number:02}", options.name).into();
            // A token of its own, so that a permission can name it: NATS knows no wildcard for half a token.
            let everybody: Arc<str> = format!("{subject}.all").into();
            let wanted = watch::Sender::new(false);
            for (subject, group) in [(&subject, Some(GROUP)), (&everybody, None)] {
                let server = Server {
                    client: client.clone(),
                    shard: Shard(number),
                    subject: subject.clone(),
                    group,
                    local: local.clone(),
                    room: room.clone(),
                };
                tokio::spawn(server.run(wanted.subscribe()));
            }
            Door { subject, everybody, suspect: Arc::default(), serves: AtomicBool::new(false), wanted }
        };
        let doors = (0..options.shards).map(door).collect();
        Self { client, local, lost_after: options.lost_after, doors }
    }
}

impl Door {
    fn subject_now(&self) -> Arc<str> {
        let suspect = *self.suspect.lock().unwrap_or_else(PoisonError::into_inner);
        match suspect {
            Some(until) if Instant::now() < until => self.everybody.clone(),
            Some(_) | None => self.subject.clone(),
        }
    }
}

impl Transport for NatsTransport {
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let Some(door) = self.doors.get(usize::from(shard.0)) else {
            let reason = "no such shard".into();
            return Box::pin(async { Ok(Reply::Unavailable { retry_after_ms: 1_000, reason, retry: false }) });
        };
        if door.serves.load(Ordering::Acquire) {
            return self.local.deliver(shard, envelope);
        }
        let (client, subject, suspect) = (self.client.clone(), door.subject_now(), door.suspect.clone());
        let within = within.min(self.lost_after);
        Box::pin(async move {
            let begun = Instant::now();
            metrics::counter!("souk_remote_commands_total").increment(1);
            let answer = ask(&client, &subject, &envelope, within, &suspect).await;
            metrics::histogram!("souk_remote_command_seconds").record(begun.elapsed().as_secs_f64());
            answer
        })
    }

    fn serving(&self, shard: Shard, serves: bool) {
        if let Some(door) = self.doors.get(usize::from(shard.0)) {
            door.serves.store(serves, Ordering::Release);
            door.wanted.send_replace(serves);
        }
    }
}

async fn ask(
    client: &Client,
    subject: &str,
    envelope: &CommandEnvelope,
    within: Duration,
    suspect: &Mutex<Option<Instant>>,
) -> Result<Reply, TransportError> {
    let payload = match serde_json::to_vec(envelope) {
        Ok(payload) => payload,
        Err(error) => return Ok(wire::unreadable("command", &error)),
    };
    let (bytes, max) = (payload.len(), client.max_payload());
    if bytes > max {
        return Ok(Reply::TooLarge { bytes, max });
    }
    let request = Request::new().payload(payload.into()).timeout(Some(within));
    let (kind, reason) = match client.send_request(subject.to_owned(), request).await {
        Ok(message) => {
            return match serde_json::from_slice(&message.payload) {
                Ok(Answer::Reply(reply)) => Ok(*reply),
                Ok(Answer::Lost(reason)) => Err(lost("owner", &reason)),
                Err(error) => Ok(wire::unreadable("reply", &error)),
            };
        }
        Err(error) => match error.kind() {
            // This try was not executed, but an earlier one may have been: the command counts as lost.
            RequestErrorKind::NoResponders => ("no_owner", "nobody serves the shard at this moment".to_owned()),
            RequestErrorKind::MaxPayloadExceeded => return Ok(Reply::TooLarge { bytes, max: client.max_payload() }),
            RequestErrorKind::TimedOut => {
                *suspect.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + SUSPECT_FOR);
                ("timeout", format!("no answer on {subject} within {within:?}"))
            }
            RequestErrorKind::InvalidSubject | RequestErrorKind::Other => ("connection", error.to_string()),
        },
    };
    Err(lost(kind, &reason))
}

fn lost(why: &'static str, reason: &str) -> TransportError {
    metrics::counter!("souk_remote_lost_total", "why" => why).increment(1);
    TransportError::Lost(reason.into())
}
