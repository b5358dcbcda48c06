//! Commands and heartbeats over real nats-servers: delivery, loss, and the state after a restart.

#[path = "common/nats.rs"]
mod nats;

use std::{
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture};
use nats::NatsServers;
use souk::{
    actors::ports::{
        CommandEnvelope, Delivery, Placement, Reply, Transport, TransportError,
        journal::{NodeId, Shard},
    },
    domain::{
        cart::CartCommand,
        ids::{CommandId, Sku},
        key::EntityKey,
        kinds::{AnyCommand, Kind},
        time::Timestamp,
    },
    testing::FixedClock,
    transport::{
        members::{Beat, Heartbeats, MemberTimes, Members, Sign, nats::NatsBeats},
        nats::{NatsOptions, NatsTransport},
    },
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

const SHARD: Shard = Shard(3);
const WITHIN: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// A node's shards behind the transport: replies with its `name`, and may wait for a release.
#[derive(Default)]
struct Local {
    name: u64,
    got: AtomicU64,
    serves: std::sync::atomic::AtomicBool,
    held: Option<Arc<Notify>>,
}

impl Delivery for Local {
    fn deliver(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        assert_eq!(shard, SHARD);
        self.got.fetch_add(1, Ordering::SeqCst);
        let (name, held, serves) = (self.name, self.held.clone(), self.serves.load(Ordering::SeqCst));
        Box::pin(async move {
            if let Some(held) = held {
                held.notified().await;
            }
            if envelope.by.as_ref() == "lose" {
                return Err(TransportError::Lost("the entity restarted".into()));
            }
            Ok(match serves {
                true => Reply::VersionConflict { expected: envelope.expected_version.unwrap_or(0), actual: name },
                false => Reply::Unavailable { retry_after_ms: 1, reason: "moved".into(), retry: true },
            })
        })
    }
}

fn local(name: u64) -> Arc<Local> {
    Arc::new(Local { name, serves: true.into(), ..Local::default() })
}

async fn node(servers: &NatsServers, local: Arc<Local>, inflight_max: usize) -> NatsTransport {
    let options = NatsOptions { name: "t".into(), shards: 8, lost_after: Duration::from_secs(2), inflight_max };
    NatsTransport::start(servers.client().await, &options, local)
}

fn envelope(by: &str, version: u64) -> Arc<CommandEnvelope> {
    let command = AnyCommand::Cart(CartCommand::RemoveLine { sku: Sku::parse("TEE-M-RED").expect("a SKU") });
    let key = EntityKey::new(Kind::Cart, "c1");
    Arc::new(CommandEnvelope {
        expected_version: Some(version),
        fingerprint: NonZeroU64::new(u64::MAX),
        ..CommandEnvelope::client(key, CommandId(uuid::Uuid::new_v4()), by.into(), command)
    })
}

/// Like the gateway: a lost command, or one that was not ready, is sent again.
async fn until_answered(transport: &NatsTransport, envelope: &Arc<CommandEnvelope>) -> Reply {
    let repeated = async {
        loop {
            match transport.send(SHARD, envelope.clone(), WITHIN).await {
                Ok(Reply::Unavailable { retry: true, .. }) | Err(TransportError::Lost(_)) => {
                    sleep(Duration::from_millis(5)).await;
                }
                Ok(reply) => return reply,
            }
        }
    };
    timeout(DEADLINE, repeated).await.expect("answered")
}

fn from(reply: Reply) -> (u64, u64) {
    match reply {
        Reply::VersionConflict { expected, actual } => (actual, expected),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_reaches_the_owner_and_its_reply_comes_back() {
    let servers = NatsServers::start(1).await;
    let (a, b) = (local(1), local(2));
    let (asker, owner) = (node(&servers, a.clone(), 8).await, node(&servers, b.clone(), 8).await);
    let lost = asker.send(SHARD, envelope("x", 7), WITHIN).await;
    assert!(matches!(&lost, Err(TransportError::Lost(why)) if why.contains("nobody serves")), "{lost:?}");
    owner.serving(SHARD, true);
    assert_eq!(from(until_answered(&asker, &envelope("x", 7)).await), (2, 7));
    assert_eq!(from(until_answered(&owner, &envelope("x", 8)).await), (2, 8));
    // A command that the owner loses is reported at once, without a time-out.
    let lost = asker.send(SHARD, envelope("lose", 7), WITHIN).await;
    assert!(matches!(&lost, Err(TransportError::Lost(why)) if why.contains("restarted")), "{lost:?}");
    assert_eq!(a.got.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_command_too_large_for_the_servers_is_refused_with_its_size() {
    let servers = NatsServers::start(1).await;
    let asker = node(&servers, local(1), 8).await;
    let reply = asker.send(SHARD, envelope(&"x".repeat(2 * 1_024 * 1_024), 0), WITHIN).await;
    let Ok(Reply::TooLarge { bytes, max }) = reply else { panic!("{reply:?}") };
    assert!(bytes > 2 * 1_024 * 1_024 && max == 1_024 * 1_024, "{bytes} of {max}");
}

#[tokio::test]
async fn of_two_subscribers_one_gets_each_command() {
    let servers = NatsServers::start(1).await;
    let (a, b, asker) = (local(1), local(2), node(&servers, local(3), 8).await);
    let owners = [node(&servers, a.clone(), 64).await, node(&servers, b.clone(), 64).await];
    owners.iter().for_each(|owner| owner.serving(SHARD, true));
    // The server knows both subscriptions once both have replied.
    let both = async {
        while a.got.load(Ordering::SeqCst) == 0 || b.got.load(Ordering::SeqCst) == 0 {
            until_answered(&asker, &envelope("x", 0)).await;
        }
    };
    timeout(DEADLINE, both).await.expect("both take part");
    let before = a.got.load(Ordering::SeqCst) + b.got.load(Ordering::SeqCst);
    for n in 0..100 {
        assert_eq!(from(until_answered(&asker, &envelope("x", n)).await).1, n);
    }
    assert_eq!(a.got.load(Ordering::SeqCst) + b.got.load(Ordering::SeqCst), before + 100);
}

#[tokio::test]
async fn beyond_its_room_a_node_answers_busy_at_once() {
    let servers = NatsServers::start(1).await;
    let held = Arc::new(Notify::new());
    let slow = Arc::new(Local { name: 1, serves: true.into(), held: Some(held.clone()), ..Local::default() });
    let (owner, asker) = (node(&servers, slow.clone(), 1).await, Arc::new(node(&servers, local(2), 1).await));
    owner.serving(SHARD, true);
    let first = tokio::spawn({
        let asker = asker.clone();
        async move { until_answered(&asker, &envelope("x", 1)).await }
    });
    let taken = async {
        while slow.got.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(DEADLINE, taken).await.expect("taken");
    let second = asker.send(SHARD, envelope("x", 2), WITHIN).await;
    assert!(matches!(second, Ok(Reply::Busy { .. })), "{second:?}");
    held.notify_one();
    assert_eq!(from(first.await.expect("no panic")), (1, 1));
}

/// A frozen process keeps its place in the queue group until its server misses it.
#[tokio::test]
async fn a_frozen_subscriber_swallows_no_more_than_a_few_commands() {
    let servers = NatsServers::start(1).await;
    let frozen = servers.client().await;
    let _frozen = frozen.queue_subscribe("t.cmd.03", "owner".to_owned()).await.expect("subscribed");
    frozen.flush().await.expect("known to the server");
    let (owner, asker) = (node(&servers, local(2), 64).await, node(&servers, local(3), 8).await);
    owner.serving(SHARD, true);
    let mut lost = 0;
    for n in 0..64 {
        let envelope = envelope("x", n);
        let answered = async {
            loop {
                match asker.send(SHARD, envelope.clone(), WITHIN).await {
                    Ok(reply) => return reply,
                    Err(TransportError::Lost(_)) => lost += 1,
                }
            }
        };
        assert_eq!(from(timeout(DEADLINE, answered).await.expect("answered")), (2, n));
    }
    assert!((1..=2).contains(&lost), "of 64 commands {lost} were swallowed");
}

/// The shard moves to and fro under load: every command gets its reply in the end, from the node that serves then.
#[tokio::test]
async fn moving_a_shard_loses_nothing_that_is_asked_again() {
    let servers = NatsServers::start(1).await;
    let locals = [local(1), local(2)];
    let owners = [node(&servers, locals[0].clone(), 512).await, node(&servers, locals[1].clone(), 512).await];
    let asker = Arc::new(node(&servers, local(3), 8).await);
    let serve = |n: usize, serves: bool| {
        locals[n].serves.store(serves, Ordering::SeqCst);
        owners[n].serving(SHARD, serves);
    };
    serve(0, true);
    serve(1, false);
    let clients: Vec<_> = (0..16_u64)
        .map(|client| {
            let asker = asker.clone();
            tokio::spawn(async move {
                for n in 0..50 {
                    assert_eq!(
                        from(until_answered(&asker, &envelope("x", client * 1_000 + n)).await).1,
                        client * 1_000 + n
                    );
                }
            })
        })
        .collect();
    for round in 0..6 {
        let (gives, takes) = (round % 2, (round + 1) % 2);
        let taken = locals[takes].got.load(Ordering::SeqCst);
        serve(gives, false);
        serve(takes, true);
        let moved = async {
            while locals[takes].got.load(Ordering::SeqCst) < taken + 20 && !clients.iter().all(|c| c.is_finished()) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(DEADLINE, moved).await.expect("the new owner is asked");
    }
    for client in clients {
        timeout(DEADLINE, client).await.expect("in time").expect("every answer is its own");
    }
}

fn times() -> MemberTimes {
    MemberTimes {
        heartbeat: Duration::from_millis(100),
        dead_after: Duration::from_millis(1_500),
        settle: Duration::from_millis(400),
        lease: Duration::from_millis(1_000),
    }
}

async fn member(servers: &NatsServers, name: &str, replicas: usize) -> Members {
    let client = servers.client().await;
    let heartbeats = NatsBeats::open(client, "t", replicas, Duration::from_secs(2)).await.expect("a bucket");
    let wall = Arc::new(FixedClock::default());
    let members = Members::start(Arc::new(heartbeats), NodeId(name.into()), None, 16, times(), wall);
    members.join();
    members
}

/// Waits until the hint gives shards to exactly these.
async fn given(members: &Members, names: &[&str]) {
    let end = Instant::now() + DEADLINE;
    loop {
        let hint = members.hint();
        let mut owners: Vec<&str> = hint.owners.iter().flatten().map(|node| node.0.as_ref()).collect();
        owners.sort_unstable();
        owners.dedup();
        if owners == names {
            return;
        }
        assert!(
            timeout(end - Instant::now(), members.changed(hint.generation)).await.is_ok(),
            "{owners:?} for {names:?}"
        );
    }
}

async fn members_come_and_go(replicas: usize) {
    let servers = NatsServers::start(replicas).await;
    let (a, b) = (member(&servers, "a.x#00000001", replicas).await, member(&servers, "b#00000002", replicas).await);
    given(&a, &["a.x#00000001", "b#00000002"]).await;
    given(&b, &["a.x#00000001", "b#00000002"]).await;
    assert_eq!(a.hint().owners, b.hint().owners);
    assert!(a.connected() && b.connected());
    let c = member(&servers, "c#00000003", replicas).await;
    given(&a, &["a.x#00000001", "b#00000002", "c#00000003"]).await;
    // One leaves in good order, one just ends.
    b.leave().await;
    given(&a, &["a.x#00000001", "c#00000003"]).await;
    assert!(a.hint().is_alive(&NodeId("b#00000002".into())));
    b.gone().await;
    let seen = a.hint();
    if seen.is_alive(&NodeId("b#00000002".into())) {
        timeout(DEADLINE, a.changed(seen.generation)).await.expect("forgotten");
    }
    assert_eq!(a.members().len(), 2);
    drop(c);
    given(&a, &["a.x#00000001"]).await;
    assert!(!a.hint().is_alive(&NodeId("c#00000003".into())));
}

#[tokio::test]
async fn members_come_and_go_on_one_server() {
    members_come_and_go(1).await;
}

#[tokio::test]
async fn members_come_and_go_on_three_servers() {
    members_come_and_go(3).await;
}

#[tokio::test]
async fn the_watch_goes_on_after_a_restart_of_the_server() {
    let mut servers = NatsServers::start(1).await;
    let (a, b) = (member(&servers, "a#00000001", 1).await, member(&servers, "b#00000002", 1).await);
    given(&a, &["a#00000001", "b#00000002"]).await;
    let before = a.hint();
    servers.kill(0);
    timeout(DEADLINE, a.cut_off()).await.expect("cut off");
    assert!(!a.connected());
    servers.restart(0).await;
    let back = async {
        while !(a.connected() && b.connected()) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, back).await.expect("connected again");
    // The outage itself made no node dead; and a node that ends now is detected, so the watch still works.
    assert_eq!(a.hint(), before);
    drop(b);
    given(&a, &["a#00000001"]).await;
}

#[tokio::test]
async fn one_of_three_servers_may_fail() {
    let mut servers = NatsServers::start(3).await;
    let (a, b) = (member(&servers, "a#00000001", 3).await, member(&servers, "b#00000002", 3).await);
    given(&a, &["a#00000001", "b#00000002"]).await;
    for n in 0..3 {
        servers.kill(n);
        servers.restart(n).await;
    }
    let c = member(&servers, "c#00000003", 3).await;
    given(&a, &["a#00000001", "b#00000002", "c#00000003"]).await;
    given(&b, &["a#00000001", "b#00000002", "c#00000003"]).await;
    assert!(c.connected());
}

#[tokio::test]
async fn a_new_watcher_is_told_of_everybody_and_then_of_changes() {
    let servers = NatsServers::start(1).await;
    let heartbeats = NatsBeats::open(servers.client().await, "t", 1, WITHIN).await.expect("a bucket");
    let at = Some(Timestamp(7));
    let sign = |counter| {
        let (node, url) = (NodeId("n#1".into()), Some("http://n".into()));
        Beat { node, counter, draining: false, url, at, stored: None, ends: Default::default() }
    };
    heartbeats.beat(sign(1)).await.expect("written");
    heartbeats.beat(sign(2)).await.expect("written");
    let mut watch = heartbeats.watch();
    let next = async |watch: &mut futures::stream::BoxStream<'static, Sign>| match timeout(DEADLINE, watch.next())
        .await
        .expect("in time")
        .expect("for ever")
    {
        Sign::Beat(beat) => {
            let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis()).expect("a time");
            let late = beat.stored.map(|stored| now - stored.0);
            assert!(late.is_some_and(|ms| ms.abs() < 60_000), "the server's time: {late:?}");
            Sign::Beat(Beat { stored: None, ..beat })
        }
        gone => gone,
    };
    assert_eq!(next(&mut watch).await, Sign::Beat(sign(2)));
    heartbeats.beat(sign(3)).await.expect("written");
    assert_eq!(next(&mut watch).await, Sign::Beat(sign(3)));
    heartbeats.gone(NodeId("n#1".into())).await.expect("taken away");
    assert_eq!(next(&mut watch).await, Sign::Gone(NodeId("n#1".into())));
}
