//! Several nodes over a simulated bucket, in paused time: they start, leave, die, freeze and are cut off.

use std::collections::BTreeMap;

use futures::stream::BoxStream;
use tokio::sync::mpsc;

use super::*;
use crate::{
    actors::ports::journal::Shard,
    domain::time::Timestamp,
    testing::{EPOCH, FixedClock},
};

const TIMES: MemberTimes = MemberTimes {
    heartbeat: Duration::from_millis(500),
    dead_after: Duration::from_secs(4),
    settle: Duration::from_secs(2),
    lease: Duration::from_secs(2),
};
const SHARDS: u16 = 16;

/// The bucket: every node's newest heartbeat, and the watchers.
#[derive(Default)]
struct Bucket {
    signs: BTreeMap<NodeId, Beat>,
    watchers: Vec<(NodeId, mpsc::UnboundedSender<Sign>)>,
    /// Nodes whose heartbeats fail.
    mute: Vec<NodeId>,
    /// Nodes that receive nothing.
    deaf: Vec<NodeId>,
    /// How often a node asked for another server.
    turned: u32,
}

impl Bucket {
    fn tell(&self, sign: &Sign) {
        for (_, watcher) in self.watchers.iter().filter(|(node, _)| !self.deaf.contains(node)) {
            let _ = watcher.send(sign.clone());
        }
    }
}

#[derive(Clone)]
struct Simulated {
    me: NodeId,
    bucket: Arc<Mutex<Bucket>>,
}

impl Simulated {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap()
    }
}

impl Heartbeats for Simulated {
    fn beat(&self, beat: Beat) -> BoxFuture<'static, Result<(), BeatError>> {
        let this = self.clone();
        Box::pin(async move {
            sleep(Duration::from_millis(3)).await;
            let mut bucket = this.bucket();
            if bucket.mute.contains(&beat.node) {
                return Err(BeatError("no answer".into()));
            }
            let beat = Beat { stored: Some(EPOCH), ..beat };
            bucket.signs.insert(beat.node.clone(), beat.clone());
            bucket.tell(&Sign::Beat(beat));
            Ok(())
        })
    }

    fn watch(&self) -> BoxStream<'static, Sign> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let mut bucket = self.bucket();
        for beat in bucket.signs.values() {
            sender.send(Sign::Beat(beat.clone())).unwrap();
        }
        bucket.watchers.push((self.me.clone(), sender));
        Box::pin(futures::stream::poll_fn(move |cx| receiver.poll_recv(cx)))
    }

    fn turn_away(&self) -> BoxFuture<'static, ()> {
        self.bucket().turned += 1;
        Box::pin(async {})
    }

    fn gone(&self, node: NodeId) -> BoxFuture<'static, Result<(), BeatError>> {
        let mut bucket = self.bucket();
        bucket.signs.remove(&node);
        bucket.tell(&Sign::Gone(node));
        Box::pin(async { Ok(()) })
    }
}

#[derive(Clone, Default)]
struct World(Arc<Mutex<Bucket>>);

impl World {
    fn node(&self, name: &str) -> Members {
        self.node_with(name, EPOCH)
    }

    /// With a clock of its own.
    fn node_with(&self, name: &str, now: Timestamp) -> Members {
        let me = NodeId(name.into());
        let heartbeats = Simulated { me: me.clone(), bucket: self.0.clone() };
        let wall = Arc::new(FixedClock::at(now));
        let members = Members::start(Arc::new(heartbeats), me, None, SHARDS, TIMES, wall);
        members.join();
        members
    }

    fn set(&self, change: impl FnOnce(&mut Bucket)) {
        change(&mut self.0.lock().unwrap());
    }
}

async fn pass(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// Every node that receives a shard, by this node's hint.
fn given(members: &Members) -> Vec<String> {
    let hint = members.hint();
    let mut names: Vec<String> = hint.owners.iter().flatten().map(|node| node.0.to_string()).collect();
    names.sort();
    names.dedup();
    names
}

fn node(name: &str) -> NodeId {
    NodeId(name.into())
}

#[tokio::test(start_paused = true)]
async fn nodes_that_start_together_agree_before_anything_is_placed() {
    let world = World::default();
    let (a, b) = (world.node("a"), world.node("b"));
    pass(1_900).await;
    assert_eq!((given(&a), a.connected()), (Vec::new(), true));
    pass(800).await;
    assert_eq!(given(&a), ["a", "b"]);
    assert_eq!(a.hint().owners, b.hint().owners);
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_clock_is_off_goes_by_the_others_and_everybody_knows() {
    let world = World::default();
    let minutes = 600_000;
    let (a, b) = (world.node("a"), world.node_with("b", EPOCH.plus_ms(minutes)));
    let c = world.node("c");
    // Before a shard is placed on any of them.
    pass(1_600).await;
    assert!(given(&b).is_empty());
    for members in [&a, &b, &c] {
        assert_eq!(members.clock().now(), EPOCH);
        let skews: Vec<_> = members.members().iter().map(|line| line.clock_skew_ms).collect();
        assert_eq!(skews, [Some(0), Some(minutes), Some(0)]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_not_joined_watches_and_is_not_seen() {
    let world = World::default();
    let a = world.node("a");
    let me = node("b");
    let b = Simulated { me: me.clone(), bucket: world.0.clone() };
    let b = Members::start(Arc::new(b), me.clone(), None, SHARDS, TIMES, Arc::new(FixedClock::default()));
    pass(10_000).await;
    assert_eq!((given(&a), a.hint().is_alive(&me)), (vec!["a".to_owned()], false));
    assert_eq!((b.hint().is_alive(&node("a")), b.connected(), given(&b)), (true, false, Vec::new()));
    b.join();
    pass(3_000).await;
    assert_eq!((given(&a), given(&b)), (vec!["a".to_owned(), "b".to_owned()], vec!["a".to_owned(), "b".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_is_placed_once_it_has_settled_and_moves_only_what_it_takes() {
    let world = World::default();
    let a = world.node("a");
    pass(10_000).await;
    let before = a.hint();
    let _b = world.node("b");
    pass(1_500).await;
    assert_eq!((a.hint().owners.clone(), a.hint().alive.len()), (before.owners.clone(), 2));
    pass(1_500).await;
    assert_eq!(given(&a), ["a", "b"]);
    let moved = a.hint().owners.iter().zip(&before.owners).filter(|(now, then)| now != then).count();
    let to_b = a.hint().owners.iter().flatten().filter(|owner| **owner == node("b")).count();
    assert_eq!(moved, to_b);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_unplaced_at_once_and_stays_alive_until_it_is_gone() {
    let world = World::default();
    let (a, b) = (world.node("a"), world.node("b"));
    pass(5_000).await;
    b.leave().await;
    assert_eq!(given(&b), ["a"]);
    pass(1).await;
    assert_eq!(given(&a), ["a"]);
    assert!(a.hint().is_alive(&node("b")));
    pass(20_000).await;
    assert!(a.hint().is_alive(&node("b")) && a.members()[1].draining);
    b.gone().await;
    pass(1).await;
    assert!(!a.hint().is_alive(&node("b")));
    pass(5_000).await;
    assert_eq!(a.members().len(), 1, "no beat came after the end");
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_noticed_after_its_time() {
    let world = World::default();
    let (a, b) = (world.node("a"), world.node("b"));
    pass(5_000).await;
    drop(b);
    let (seen, since) = (a.hint().generation, Instant::now());
    a.changed(seen).await;
    let waited = since.elapsed();
    assert!(waited > Duration::from_millis(3_400) && waited < Duration::from_millis(4_600), "{waited:?}");
    assert_eq!((given(&a), a.hint().is_alive(&node("b"))), (vec!["a".to_owned()], false));
    assert!(!a.members()[1].alive && a.members()[1].seen_ms_ago >= 3_400);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_watch_moves_nothing() {
    let world = World::default();
    let (a, b) = (world.node("a"), world.node("b"));
    pass(5_000).await;
    let before = (a.hint(), b.hint());
    world.set(|bucket| bucket.deaf.push(node("a")));
    pass(60_000).await;
    world.set(|bucket| bucket.deaf.clear());
    pass(5_000).await;
    assert_eq!((a.hint(), b.hint()), before);
    assert!(a.connected());
}

#[tokio::test(start_paused = true)]
async fn a_flapping_node_must_settle_each_time() {
    let world = World::default();
    let (a, _b) = (world.node("a"), world.node("b"));
    pass(5_000).await;
    for _ in 0..3 {
        world.set(|bucket| bucket.mute.push(node("b")));
        pass(6_000).await;
        assert_eq!(given(&a), ["a"]);
        world.set(|bucket| bucket.mute.clear());
        pass(1_500).await;
        assert_eq!((given(&a), a.hint().alive.len()), (vec!["a".to_owned()], 2));
        pass(1_500).await;
        assert_eq!(given(&a), ["a", "b"]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_knows_it_before_others_take_over() {
    let world = World::default();
    let (a, b) = (world.node("a"), world.node("b"));
    pass(5_000).await;
    world.set(|bucket| bucket.mute.push(node("b")));
    let (hint, since) = (a.hint().generation, Instant::now());
    b.cut_off().await;
    assert!(!b.connected() && since.elapsed() <= TIMES.lease, "{:?}", since.elapsed());
    assert!(a.hint().is_alive(&node("b")));
    a.changed(hint).await;
    assert!(since.elapsed() > TIMES.lease + TIMES.heartbeat);
    // Its hint stands still: a node that is cut off cannot know which others are.
    assert!(b.hint().is_alive(&node("a")));
    world.set(|bucket| bucket.mute.clear());
    pass(600).await;
    assert!(b.connected());
}

#[tokio::test(start_paused = true)]
async fn nobody_dies_of_an_outage_of_the_bucket() {
    let world = World::default();
    let (a, b) = (world.node("a"), world.node("b"));
    pass(5_000).await;
    let before = (a.hint(), b.hint());
    world.set(|bucket| bucket.mute.extend([node("a"), node("b")]));
    pass(30_000).await;
    assert!(!a.connected() && !b.connected());
    world.set(|bucket| bucket.mute.clear());
    pass(5_000).await;
    assert_eq!((a.hint(), b.hint(), a.connected(), b.connected()), (before.0, before.1, true, true));
}

#[tokio::test(start_paused = true)]
async fn leaving_without_anybody_to_tell_ends_all_the_same() {
    let world = World::default();
    let a = world.node("a");
    pass(5_000).await;
    assert_eq!(a.hint().owner(Shard(0)), Some(&node("a")));
    world.set(|bucket| bucket.mute.push(node("a")));
    a.leave().await;
    assert_eq!(given(&a), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn positions_travel_with_heartbeats_of_the_living() {
    let world = World::default();
    let a = world.node("a");
    a.acknowledged(Shard(3), 40);
    a.acknowledged(Shard(3), 39);
    pass(1_200).await;
    let b = world.node("b");
    pass(3).await;
    assert_eq!(b.told(Shard(3)), 0, "it may be a dead node's last heartbeat");
    pass(1_200).await;
    assert_eq!((b.told(Shard(3)), b.told(Shard(4)), a.told(Shard(3))), (40, 0, 0));
    a.acknowledged(Shard(3), 41);
    pass(600).await;
    assert_eq!(b.told(Shard(3)), 41);
}

#[tokio::test(start_paused = true)]
async fn positions_of_more_shards_than_fit_take_turns() {
    let world = World::default();
    let many = u16::try_from(ENDS_MAX).unwrap() * 2 + 3;
    let members = |name: &str| {
        let me = node(name);
        let heartbeats = Simulated { me: me.clone(), bucket: world.0.clone() };
        let members = Members::start(Arc::new(heartbeats), me, None, many, TIMES, Arc::new(FixedClock::default()));
        members.join();
        members
    };
    let (a, b) = (members("a"), members("b"));
    (0..many).for_each(|shard| a.acknowledged(Shard(shard), u64::MAX - u64::from(shard)));
    pass(3_000).await;
    let told = |shard: u16| b.told(Shard(shard)) == u64::MAX - u64::from(shard);
    assert!((0..many).all(told));
    // The longest heartbeat fits into a message of the bucket.
    let ends = a.shared.ends(0);
    let url = Some(format!("https://{}.example", "a".repeat(200)).into());
    let (node, at) = (node(&"n".repeat(72)), Some(Timestamp(i64::MAX)));
    let beat = Beat { node, counter: u64::MAX, draining: false, url, at, stored: None, ends };
    assert!(serde_json::to_vec(&beat).unwrap().len() < 4_096);
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_heartbeats_are_not_confirmed_asks_for_another_server() {
    let world = World::default();
    let a = world.node("a");
    pass(1_200).await;
    assert_eq!(world.0.lock().unwrap().turned, 0);
    world.set(|bucket| bucket.mute.push(node("a")));
    pass(1_500).await;
    assert_eq!(world.0.lock().unwrap().turned, 0, "its lease is not over");
    pass(6_000).await;
    let turned = world.0.lock().unwrap().turned;
    assert!((2..=4).contains(&turned), "once in a lease: {turned}");
    assert!(!a.connected());
}
