//! The hub under paused time: rate, order, resume, bounds, slow and silent clients.

use std::{collections::HashMap, net::IpAddr, sync::Mutex, time::Duration};

use futures::future::{BoxFuture, join_all};
use serde_json::{Value, json};
use tokio::time::{Instant, advance, timeout};

use super::*;
use crate::live::{
    Audience, Closing, Current, Listeners, Out, Refused, Session, Topic, lock,
    testing::{audience, thing, topics},
};

/// The committed views; the tests write and publish them, in the tail's order. Things that are named `late` are never
/// folded.
#[derive(Default)]
struct Shop(Mutex<HashMap<EntityKey, Committed>>);

impl Current for Shop {
    fn current(&self, topic: &Topic) -> Vec<Committed> {
        let shop = lock(&self.0);
        match topic.entity() {
            Some(key) => shop.get(key).cloned().into_iter().collect(),
            None => shop.values().cloned().collect(),
        }
    }

    fn await_folded(&self, key: &EntityKey) -> BoxFuture<'_, ()> {
        match &*key.id {
            "late" => Box::pin(std::future::pending()),
            _ => Box::pin(std::future::ready(())),
        }
    }
}

struct Rig {
    shop: Arc<Shop>,
    hub: Hub,
    listeners: Listeners,
}

impl Rig {
    fn new(limits: Live) -> Self {
        let shop = Arc::new(Shop::default());
        let hub = Hub::start(limits, topics());
        Self { listeners: Listeners::start(hub.clone(), shop.clone()), hub, shop }
    }

    fn store(&self, change: Committed) {
        lock(&self.shop.0).insert(change.key.clone(), change);
    }

    fn commit(&self, change: Committed) {
        self.store(change.clone());
        self.hub.publish(&[change]);
    }

    fn connect(&self, staff: bool) -> Session {
        self.listeners.connect(address(1), audience(staff)).expect("room")
    }
}

fn address(n: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, n])
}

async fn listening(rig: &Rig, staff: bool, topic: &str) -> Session {
    let mut session = rig.connect(staff);
    session.subscribe(&[topic], &HashMap::new()).await;
    session
}

fn json(out: Out) -> Value {
    match out {
        Out::Frame(frame) => serde_json::from_slice(frame.text.as_bytes()).expect("json"),
        Out::Control(text) => serde_json::from_slice(text.as_bytes()).expect("json"),
        other => panic!("a text was expected, not {other:?}"),
    }
}

/// The next text, within ten seconds of paused time.
async fn text(session: &Session) -> Value {
    json(timeout(Duration::from_secs(10), session.next()).await.expect("a frame"))
}

async fn versions(session: &Session, n: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    for _ in 0..n {
        seen.push(text(session).await["version"].as_u64().expect("a version"));
    }
    seen
}

async fn silent(session: &Session, ms: u64) -> bool {
    timeout(Duration::from_millis(ms), session.next()).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn the_current_view_comes_first_and_changes_follow() {
    let rig = Rig::new(Live::default());
    rig.commit(thing("A", 17, 9));
    let session = listening(&rig, false, "thing.A").await;
    assert_eq!(text(&session).await["version"], 17);
    rig.commit(thing("A", 18, 3));
    assert_eq!(text(&session).await["view"], json!({"id": "A", "units": 3}));
}

#[tokio::test(start_paused = true)]
async fn since_skips_what_the_client_has() {
    let rig = Rig::new(Live::default());
    rig.commit(thing("A", 17, 9));
    for (since, first) in [(16, Some(17)), (17, None), (18, None)] {
        let mut session = rig.connect(false);
        session.subscribe(&["thing.A"], &HashMap::from([("thing.A".to_owned(), since)])).await;
        let got = timeout(Duration::from_secs(1), session.next()).await.ok().map(|out| json(out)["version"].as_u64());
        assert_eq!(got, first.map(Some), "since {since}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_first_event_is_shown_empty_and_moves_with_the_first() {
    let rig = Rig::new(Live::default());
    let session = listening(&rig, false, "thing.NEW").await;
    assert_eq!(text(&session).await, json!({"topic": "thing.NEW", "version": 0, "view": {"id": "NEW", "units": 0}}));
    rig.commit(thing("NEW", 1, 9));
    assert_eq!(text(&session).await["view"]["units"], 9);
}

#[tokio::test(start_paused = true)]
async fn a_topic_speaks_at_once_then_once_an_interval_and_always_says_the_last_word() {
    let rig = Rig::new(Live::default());
    let session = listening(&rig, false, "thing.A").await;
    assert_eq!(text(&session).await["version"], 0);
    let start = Instant::now();
    rig.commit(thing("A", 1, 9));
    assert_eq!(versions(&session, 1).await, [1]);
    assert_eq!(start.elapsed().as_millis(), 0, "the leading edge does not wait");
    for version in 2..=1_000 {
        rig.commit(thing("A", version, 9));
    }
    assert_eq!(versions(&session, 1).await, [1_000], "one frame for the whole interval, the newest");
    assert!((50..=52).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert!(silent(&session, 1_000).await);
    rig.commit(thing("A", 1_001, 9));
    let start = Instant::now();
    assert_eq!(versions(&session, 1).await, [1_001]);
    assert_eq!(start.elapsed().as_millis(), 0, "after a quiet interval the edge leads again");
}

#[tokio::test(start_paused = true)]
async fn a_version_never_goes_back() {
    let rig = Rig::new(Live::default());
    // The store is ahead of what is published, as it may be between the tail's two steps.
    rig.store(thing("A", 9, 9));
    let session = listening(&rig, false, "thing.A").await;
    rig.hub.publish(&[thing("A", 8, 9)]);
    assert_eq!(versions(&session, 1).await, [9]);
    rig.hub.publish(&[thing("A", 9, 9)]);
    assert!(silent(&session, 500).await, "9 was sent");
    rig.hub.publish(&[thing("A", 11, 9), thing("A", 10, 9)]);
    assert_eq!(versions(&session, 1).await, [11]);
    assert!(silent(&session, 500).await);
}

#[tokio::test(start_paused = true)]
async fn a_topic_of_many_starts_with_what_is_there_and_tells_what_leaves() {
    let rig = Rig::new(Live::default());
    rig.commit(thing("A", 4, 1));
    rig.commit(thing("B", 9, 0));
    let session = listening(&rig, true, "shelf").await;
    let first = text(&session).await;
    assert_eq!((&first["key"], &first["version"]), (&json!("A"), &json!(4)));
    assert!(silent(&session, 500).await, "what is gone is in no snapshot");
    rig.commit(thing("A", 5, 0));
    assert_eq!(text(&session).await["gone"], true);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_has_its_bound_and_what_is_gone_does_not_count() {
    let rig = Rig::new(Live { snapshot_entities_max: 2, ..Live::default() });
    for n in 0..3 {
        rig.commit(thing(&format!("G{n}"), 1, 0));
        rig.commit(thing(&format!("A{n}"), 1, 1));
    }
    let session = listening(&rig, false, "shelf").await;
    assert_eq!(versions(&session, 2).await, [1, 1]);
    assert!(silent(&session, 500).await);
}

/// Two families of many and two of one, all fed by the same kind: each has feeds of its own.
#[tokio::test(start_paused = true)]
async fn every_family_gets_its_own_frames_and_no_other() {
    let rig = Rig::new(Live::default());
    let mut sessions = Vec::new();
    for topic in ["thing", "shelf", "thing.A", "rival.A"] {
        sessions.push((topic, listening(&rig, true, topic).await));
    }
    let mut many = sessions.iter().filter(|(topic, _)| !topic.contains('.'));
    assert!(many.all(|(_, session)| session.try_next().is_none()), "nothing is there yet");
    rig.commit(thing("A", 1, 7));
    for (topic, session) in &sessions {
        let newest = async {
            loop {
                let frame = text(session).await;
                assert_eq!(frame["topic"], *topic);
                if frame["version"] == 1 {
                    return frame;
                }
            }
        };
        assert_eq!(newest.await["view"]["units"], 7);
        assert!(silent(session, 500).await, "{topic}");
    }
    rig.commit(thing("B", 1, 7));
    for (topic, session) in &sessions {
        assert_eq!(silent(session, 500).await, topic.contains('.'), "{topic}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_gets_one_frame_the_newest() {
    let rig = Rig::new(Live::default());
    let session = listening(&rig, false, "thing.A").await;
    for version in 1..=200 {
        rig.commit(thing("A", version, 9));
        advance(Duration::from_millis(60)).await;
    }
    let waiting: Vec<u64> = std::iter::from_fn(|| session.try_next())
        .filter_map(|out| if let Out::Frame(frame) = out { Some(frame.version) } else { None })
        .collect();
    assert_eq!(waiting, [200]);
}

#[tokio::test(start_paused = true)]
async fn a_client_too_slow_for_its_keys_starts_over_and_converges() {
    let rig = Rig::new(Live { outbox_frames_max: 10, ..Live::default() });
    let session = listening(&rig, true, "thing").await;
    for n in 0..11 {
        rig.commit(thing(&format!("S{n}"), 1, 9));
    }
    // The eleventh does not fit: the topic's frames are dropped and a fresh snapshot is due.
    let Out::Resync(feed) = timeout(Duration::from_secs(1), session.next()).await.expect("resync") else {
        panic!("the topic was not dropped")
    };
    lock(&rig.shop.0).retain(|key, _| ["S3", "S4"].contains(&&*key.id));
    session.resync(feed).await;
    assert_eq!(text(&session).await, json!({"op": "reset", "topic": "thing"}));
    let mut keys = [text(&session).await["key"].clone(), text(&session).await["key"].clone()];
    keys.sort_by_key(ToString::to_string);
    assert_eq!(keys, [json!("S3"), json!("S4")]);
    rig.commit(thing("S3", 2, 1));
    assert_eq!(text(&session).await["version"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_keys_between_two_frames_is_bounded_too() {
    let rig = Rig::new(Live { pending_keys_max: 10, ..Live::default() });
    let session = listening(&rig, true, "thing").await;
    for n in 0..50 {
        rig.commit(thing(&format!("S{n}"), 1, 9));
    }
    let out = timeout(Duration::from_secs(1), session.next()).await.expect("something");
    let Out::Resync(feed) = out else { panic!("a resync was expected, not {out:?}") };
    session.resync(feed).await;
    assert_eq!(text(&session).await["op"], "reset");
    assert_eq!(versions(&session, 50).await, [1; 50]);
}

#[tokio::test(start_paused = true)]
async fn wrong_topics_are_told_and_the_right_ones_still_work() {
    let rig = Rig::new(Live { topics_max: 2, ..Live::default() });
    let mut session = rig.connect(false);
    let topics = ["nonsense", "thing", "mine.A", "thing.A", "thing.B", "thing.C", "thing.A"];
    for topic in topics {
        session.subscribe(&[topic], &HashMap::new()).await;
    }
    let mut codes = Vec::new();
    let mut things = Vec::new();
    for _ in 0..6 {
        let frame = text(&session).await;
        match frame["code"].as_str() {
            Some(code) => codes.push((frame["topic"].as_str().unwrap().to_owned(), code.to_owned())),
            None => things.push(frame["view"]["id"].as_str().unwrap().to_owned()),
        }
    }
    let told =
        [("nonsense", "bad_topic"), ("thing", "staff_only"), ("mine.A", "not_found"), ("thing.C", "too_many_topics")];
    assert_eq!(codes, told.map(|(topic, code)| (topic.to_owned(), code.to_owned())));
    things.sort();
    assert_eq!(things, ["A", "B"], "a repeated topic is sent anew, once");
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_bounded_in_all_and_in_one_message() {
    let rig = Rig::new(Live { subscriptions_max: 3, topics_max: 2, ..Live::default() });
    let mut one = rig.connect(false);
    one.subscribe(&["thing.A", "thing.A", "thing.A", "thing.A"], &HashMap::new()).await;
    let mut two = rig.connect(false);
    assert_eq!(text(&one).await["code"], "too_many_topics", "what one message asks beyond the bound is not looked at");
    one.subscribe(&["thing.B"], &HashMap::new()).await;
    two.subscribe(&["thing.A", "thing.B"], &HashMap::new()).await;
    assert_eq!((&text(&two).await["topic"], &text(&two).await["topic"]), (&json!("thing.B"), &json!("thing.A")));
    drop(one);
    two.subscribe(&["thing.B"], &HashMap::new()).await;
    assert_eq!(text(&two).await["version"], 0, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_asks_for_what_is_not_there_keeps_no_snapshot_waiting() {
    let rig = Rig::new(Live::default());
    rig.commit(thing("A", 1, 9));
    let crowd = join_all((0..100).map(|_| listening(&rig, false, "mine.late")));
    let staff = timeout(Duration::from_secs(60), async {
        tokio::select! {
            biased;
            _ = crowd => unreachable!("it waits for ever"),
            staff = async { tokio::task::yield_now().await; listening(&rig, true, "thing").await } => staff,
        }
    });
    assert_eq!(text(&staff.await.expect("a snapshot")).await["version"], 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_anything_after_unsubscribing_or_hanging_up() {
    let rig = Rig::new(Live::default());
    let mut session = listening(&rig, false, "thing.A").await;
    rig.commit(thing("A", 1, 9));
    session.unsubscribe(&["thing.A"]);
    assert!(silent(&session, 500).await, "what waited is forgotten too");
    let other = listening(&rig, false, "thing.A").await;
    drop((session, other));
    assert!(rig.hub.inner.feeds.are_empty());
}

#[tokio::test(start_paused = true)]
async fn connections_are_bounded_in_all_and_for_each_address() {
    let rig = Rig::new(Live { connections_max: 3, connections_per_address_max: 2, ..Live::default() });
    let connect = |n| rig.listeners.connect(address(n), Audience::default());
    let (_a, b) = (connect(1).expect("room"), connect(1).expect("room"));
    assert_eq!(connect(1).err(), Some(Refused::TooManyOfAddress { max: 2 }));
    let _c = connect(2).expect("room");
    assert_eq!(connect(3).err(), Some(Refused::TooManyConnections { max: 3 }));
    drop(b);
    assert!(connect(1).is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_silent_the_idle_and_the_expired_are_closed_and_the_others_pinged() {
    let rig = Rig::new(Live::default());
    let idle = rig.connect(false);
    let silent = listening(&rig, false, "thing.A").await;
    let alive = listening(&rig, false, "thing.A").await;
    let ending = Audience { valid_for: Some(Duration::from_secs(30)), ..Audience::default() };
    let mut expiring = rig.listeners.connect(address(1), ending).expect("room");
    expiring.subscribe(&["thing.A"], &HashMap::new()).await;
    let mut pings = 0;
    for second in 1..=130 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        alive.heard();
        idle.heard();
        while let Some(out) = alive.try_next() {
            pings += u32::from(matches!(out, Out::Ping));
            assert!(!matches!(out, Out::Close(_)), "closed at {second} s");
        }
    }
    assert!((5..=6).contains(&pings), "{pings} pings in 130 s");
    assert_eq!(idle.closing().await, Closing::Idle);
    assert_eq!(silent.closing().await, Closing::Idle);
    assert_eq!(expiring.closing().await, Closing::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_drain_says_goodbye_and_waits_for_the_last_to_go() {
    let rig = Rig::new(Live::default());
    let session = listening(&rig, false, "thing.A").await;
    let listeners = rig.listeners.clone();
    let drain = tokio::spawn(async move { listeners.close_all(Duration::from_secs(60)).await });
    assert_eq!(session.closing().await, Closing::Draining);
    assert!(!drain.is_finished());
    assert_eq!(rig.listeners.connect(address(1), Audience::default()).err(), Some(Refused::Draining));
    drop(session);
    let start = Instant::now();
    drain.await.expect("drained");
    assert_eq!(start.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_shown_is_shown_to_nobody() {
    let rig = Rig::new(Live::default());
    let session = listening(&rig, false, "thing.A").await;
    rig.listeners.show(true);
    assert!(!matches!(session.try_next(), Some(Out::Close(_))));
    rig.listeners.show(false);
    assert_eq!(session.closing().await, Closing::Unshown);
    assert_eq!(rig.listeners.connect(address(1), Audience::default()).err(), Some(Refused::Unshown));
    rig.listeners.show(true);
    assert!(rig.listeners.connect(address(1), Audience::default()).is_ok());
}
