//! The NATS configuration of `cluster/nats`, on three real servers: a node has the permissions that it needs, and no
//! client has more.
//!
//! `tests/make_cluster.rs` runs whole nodes on the same files.

#[path = "common/shipped.rs"]
mod shipped;

use std::{path::Path, process::Command, sync::Arc};

use futures::StreamExt;
use shipped::{PASSWORDS, PATIENCE, Shipped, folder};
use souk::{
    actors::ports::journal::{Batch, BatchId, Entry, Journal, NodeId, Shard},
    domain::{
        ids::UserId,
        personal::{Subject, Vault},
    },
    persistence::{
        jetstream::{JetStreamJournal, JetStreamOptions, KeyStream, probe},
        vault::{KeyStore, PersonKeys},
    },
    testing::nats_server,
    transport::members::{Beat, Heartbeats, Sign, nats::NatsBeats},
};
use tokio::time::timeout;
use uuid::Uuid;

const RECORDS: u64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_user_can_do_its_work_and_no_more() {
    let servers = Shipped::start();
    let mut node = servers.client("node", "pnode", "_INBOX").await;
    journal(&node.client).await;
    members(&node.client).await;
    commands(&node.client).await;
    keys(&node.client).await;
    node.unrefused().await;
    for subject in [
        "STREAM.DELETE.souk_ev_00",
        "STREAM.PURGE.souk_ev_00",
        "STREAM.UPDATE.souk_ev_00",
        "STREAM.MSG.DELETE.souk_ev_00",
        "STREAM.DELETE.souk_keys",
        "ACCOUNT.PURGE.SOUK",
    ] {
        node.may_not_publish(&format!("$JS.API.{subject}")).await;
    }
    for subject in ["other.ev.00", "souk.ev.00.deeper", "$KV.other_members.a", "$SYS.REQ.SERVER.PING"] {
        node.may_not_publish(subject).await;
    }
    // Not outside the queue group: that would be to listen in.
    for subject in ["souk.cmd.00", "souk.cmd.*", "souk.ev.*", ">"] {
        node.may_not_subscribe(subject).await;
    }

    let mut monitor = servers.client("monitor", "pmonitor", "_INBOX_monitor").await;
    let answer = monitor.client.request("$JS.API.STREAM.INFO.souk_ev_00", "".into()).await.expect("an answer");
    assert!(String::from_utf8_lossy(&answer.payload).contains("\"num_replicas\":3"), "{:?}", answer.payload);
    monitor.unrefused().await;
    for subject in
        ["$JS.API.STREAM.MSG.GET.souk_ev_00", "$JS.API.CONSUMER.CREATE.souk_ev_00", "souk.ev.00", "souk.cmd.00"]
    {
        monitor.may_not_publish(subject).await;
    }
    for subject in ["_INBOX.>", "souk.cmd.*"] {
        monitor.may_not_subscribe(subject).await;
    }
}

/// Every request that the journal sends to the servers.
async fn journal(client: &async_nats::Client) {
    let options = JetStreamOptions { shards: 2, ..JetStreamOptions::default() };
    let report = probe(client.clone(), &options, false).await.expect("fit servers");
    assert_eq!((report.replicas, report.copies), (3, 3));
    let again = probe(client.clone(), &options, false).await.expect("fit servers");
    assert_eq!(again.races, report.races, "the scratch stream of the first start serves the second");
    let journal = JetStreamJournal::open(client.clone(), options).await.expect("a journal");
    let claim = journal.claim(Shard(0), NodeId("a".into())).await.expect("a claim");
    let mut end = claim.seq;
    for _ in 1..RECORDS {
        let batch = Arc::new(Batch { id: BatchId(Uuid::new_v4()), commits: Vec::new() });
        end = journal.append(claim.clone(), end, batch).await.expect("an append");
    }
    journal.release(claim, end).await.expect("a release");
    // More than are fetched one by one, so by a consumer, then live.
    let records: Vec<_> = journal.read(Shard(0), 1).take(RECORDS as usize + 1).collect().await;
    assert!(matches!(records.last(), Some(Ok(record)) if record.entry == Entry::Released), "{:?}", records.last());
}

/// The keys of personal data: made once, forgotten one by one, and then on no server any more.
async fn keys(client: &async_nats::Client) {
    let options = JetStreamOptions { shards: 2, ..JetStreamOptions::default() };
    let journal = JetStreamJournal::open(client.clone(), options).await.expect("a journal");
    let store = || Arc::new(KeyStream::of(&journal));
    let (one, two) = tokio::join!(PersonKeys::create(store()), PersonKeys::create(store()));
    let (one, two) = (one.expect("keys"), two.expect("keys"));
    assert_eq!(one.name(), two.name(), "of two that make them at once one wins");
    let [gone, stays] = [1, 2].map(|n| Subject::User(UserId(Uuid::from_u128(n))));
    let sealed = one.seal(gone, b"Ada").expect("sealed");
    let other = one.seal(stays, b"Bob").expect("sealed");
    assert_eq!(two.open(&sealed).as_deref(), Some(&b"Ada"[..]));
    one.forget(gone).await.expect("forgotten");
    two.refresh().await.expect("asked");
    let again = PersonKeys::open(store()).await.expect("read").expect("keys");
    for keys in [&one, &two, &again] {
        assert!(keys.open(&sealed).is_none() && keys.is_forgotten(gone));
        assert_eq!(keys.open(&other).as_deref(), Some(&b"Bob"[..]));
    }
    let kept = KeyStream::of(&journal).all().await.expect("read");
    assert_eq!(kept.items.len(), 2, "the roots and one tree");
    let info = client.request("$JS.API.STREAM.INFO.souk_keys", "".into()).await.expect("an answer");
    let info: serde_json::Value = serde_json::from_slice(&info.payload).expect("JSON");
    assert_eq!(info["state"]["messages"], 2, "what was replaced is erased: {info}");
}

async fn members(client: &async_nats::Client) {
    let heartbeats = NatsBeats::open(client.clone(), "souk", 3, PATIENCE).await.expect("a bucket");
    let (node, ends) = (NodeId("a#1".into()), Default::default());
    let beat = Beat { node, counter: 1, draining: false, url: None, at: None, stored: None, ends };
    let mut watch = heartbeats.watch();
    heartbeats.beat(beat.clone()).await.expect("a beat");
    let sign = timeout(PATIENCE, watch.next()).await.expect("a sign");
    // Watchers also learn when the server stored it.
    let Some(Sign::Beat(seen)) = sign else { panic!("{sign:?}") };
    assert_eq!(Beat { stored: None, ..seen }, beat);
    heartbeats.gone(beat.node.clone()).await.expect("gone");
    let sign = timeout(PATIENCE, watch.next()).await.expect("a sign");
    assert_eq!(sign, Some(Sign::Gone(beat.node)));
}

async fn commands(client: &async_nats::Client) {
    let mut owner = client.queue_subscribe("souk.cmd.00", "owner".into()).await.expect("subscribed");
    let asked = tokio::spawn({
        let client = client.clone();
        async move { client.request("souk.cmd.00", "hold".into()).await }
    });
    let message = timeout(PATIENCE, owner.next()).await.expect("a command").expect("a command");
    client.publish(message.reply.expect("a way back"), "held".into()).await.expect("sent");
    let answer = timeout(PATIENCE, asked).await.expect("in time").expect("it ends").expect("an answer");
    let _everybody = client.subscribe("souk.cmd.00.all").await.expect("subscribed");
    client.publish("souk.cmd.00.all", "hold".into()).await.expect("sent");
    assert_eq!(&answer.payload[..], b"held");
}

/// The files that the TLS includes name, made by openssl; one certificate serves both ends and both uses.
fn certificates(dir: &Path) {
    std::fs::create_dir(dir).expect("a directory");
    let line = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
                -subj /CN=nats-1 -addext subjectAltName=DNS:nats-1";
    let made = Command::new("openssl").args(line.split_whitespace()).current_dir(dir).output().expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for (from, to) in ["server", "route"]
        .map(|name| [("cert.pem", format!("{name}.pem")), ("key.pem", format!("{name}-key.pem"))])
        .into_iter()
        .flatten()
    {
        std::fs::copy(dir.join(from), dir.join(to)).expect("a copy");
    }
    std::fs::copy(dir.join("cert.pem"), dir.join("ca.pem")).expect("a copy");
}

/// `nats-server -t` on a copy in which the include is switched on and the certificates are there.
fn check(include: &str) -> (bool, String) {
    let copy = tempfile::tempdir().expect("a directory");
    let tls = copy.path().join("tls");
    certificates(&tls);
    for file in std::fs::read_dir(folder()).expect("the folder").flatten() {
        if file.path().is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(file.path()).expect("text");
        let text = text.replace("/etc/nats/tls", &tls.to_string_lossy());
        let text = text.replace(&format!("# include ./{include}"), &format!("include ./{include}"));
        let text = if include == "sync-always.conf" { text.replace("./sync.conf", "./sync-always.conf") } else { text };
        std::fs::write(copy.path().join(file.file_name()), text).expect("written");
    }
    let mut command = Command::new(nats_server());
    command.arg("-t").arg("-c").arg(copy.path().join("nats-1.conf")).envs(PASSWORDS);
    command.env("NATS_STORE_DIR", copy.path().join("store")).env("NATS_HTTP", "127.0.0.1:8222");
    let output = command.output().expect("nats-server runs");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn every_include_is_what_this_server_understands() {
    assert!(check("nothing").0, "{}", check("nothing").1);
    for include in ["sync-always.conf", "tls-clients.conf", "tls-routes.conf"] {
        assert!(check(include).0, "{include}: {}", check(include).1);
    }
}
