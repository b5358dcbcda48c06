//! One node's part in the membership: sends heartbeats, watches the others, and computes the hint of each shard's
//! owner.
//!
//! Heartbeats overlap: an unconfirmed heartbeat never delays the next. `Notify` wakes waiters in their order of
//! arrival, and every choice is biased, so that a seeded simulation over a simulated [`Heartbeats`] repeats itself.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    clocks::Clocks,
    cluster_clock::ClusterClock,
    heartbeats::{Beat, BeatError, Heartbeats, Sign},
    membership::{Membership, MembershipTimes},
    rendezvous,
};
use crate::actors::ports::{
    Clock, Hint, MemberLine, Placement,
    journal::{NodeId, Seq, Shard},
};

#[derive(Clone, Copy, Debug)]
pub struct MemberTimes {
    pub heartbeat: Duration,
    /// Silence after which a member counts as dead.
    pub dead_after: Duration,
    /// Time from a member's first heartbeat until shards are placed on the member; holds for this node as well.
    pub settle: Duration,
    /// Time from the start of a confirmed heartbeat during which this node counts itself as connected.
    pub lease: Duration,
}

/// Heartbeats in flight at once. Each ends within a bounded time, so at the bound NATS is slow, and another heartbeat
/// would not help: it is skipped.
const BEATS_MAX: usize = 16;
/// Positions in one heartbeat, at most: it must fit into a message of the bucket.
const ENDS_MAX: usize = 64;
/// Heartbeats between two echoes of this node's own that still count as observed time, at most.
const ECHO_GAP_BEATS: u32 = 3;

pub struct Members {
    shared: Arc<Shared>,
    _running: DropGuard,
}

struct Shared {
    me: NodeId,
    url: Option<Arc<str>>,
    shards: u16,
    times: MemberTimes,
    heartbeats: Arc<dyn Heartbeats>,
    clock: Arc<ClusterClock>,
    /// By shard: what this node's appends reached, and what others told. They only grow.
    acknowledged: Vec<AtomicU64>,
    told: Vec<AtomicU64>,
    state: Mutex<State>,
    changed: Notify,
    joined: Notify,
    stop: CancellationToken,
}

struct State {
    membership: Membership,
    clocks: Clocks,
    hint: Arc<Hint>,
    /// The members that `hint` was computed from.
    placed: Option<Vec<NodeId>>,
    counter: u64,
    draining: bool,
    /// When the newest confirmed heartbeat began.
    confirmed: Option<Instant>,
}

impl Members {
    /// Watches the others; sends no heartbeat before [`Members::join`].
    pub fn start(
        heartbeats: Arc<dyn Heartbeats>,
        me: NodeId,
        url: Option<Arc<str>>,
        shards: u16,
        times: MemberTimes,
        wall: Arc<dyn Clock>,
    ) -> Self {
        let membership_times = MembershipTimes {
            dead_after: times.dead_after,
            settle: times.settle,
            echo_gap_max: times.heartbeat * ECHO_GAP_BEATS,
        };
        let owners = vec![None; usize::from(shards)];
        let state = State {
            membership: Membership::new(me.clone(), url.clone(), membership_times),
            clocks: Clocks::new(me.clone()),
            hint: Arc::new(Hint { generation: 1, owners, alive: vec![me.clone()] }),
            placed: None,
            counter: 0,
            draining: false,
            confirmed: None,
        };
        let (changed, joined, clock) = (Notify::new(), Notify::new(), Arc::new(ClusterClock::new(wall)));
        let (state, stop) = (Mutex::new(state), CancellationToken::new());
        let zeros = || (0..shards).map(|_| AtomicU64::new(0)).collect();
        let shared = Arc::new(Shared {
            me,
            url,
            shards,
            times,
            heartbeats,
            clock,
            acknowledged: zeros(),
            told: zeros(),
            state,
            changed,
            joined,
            stop: stop.clone(),
        });
        tokio::spawn(shared.clone().run());
        Self { shared, _running: stop.drop_guard() }
    }

    /// The cluster's time, by which this node's entities decide.
    pub fn clock(&self) -> Arc<ClusterClock> {
        self.shared.clock.clone()
    }

    /// From now on this node sends heartbeats, and receives shards once it has settled.
    pub fn join(&self) {
        self.shared.joined.notify_one();
    }

    /// A node's last step: heartbeats stop and the newest one is removed. Other nodes remove the member at once.
    pub async fn gone(&self) {
        self.shared.stop.cancel();
        let gone = self.shared.heartbeats.gone(self.shared.me.clone());
        match timeout(self.shared.times.lease, gone).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the others learn of this node's end by its silence"),
            Err(_) => tracing::warn!("not confirmed in time; the others learn of this node's end by its silence"),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>) {
        let mut signs = self.heartbeats.watch();
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                () = self.joined.notified() => break,
                Some(sign) = signs.next() => self.heard(sign),
            }
        }
        let mut every = interval(self.times.heartbeat);
        // The last time that another server was asked for.
        let mut turned = Instant::now();
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                _ = every.tick() => {
                    match under_way.len() < BEATS_MAX {
                        true => under_way.push(self.clone().beat()),
                        false => metrics::counter!("souk_heartbeats_unconfirmed_total").increment(1),
                    }
                    let silent = self.connected_until().is_some_and(|until| until <= Instant::now());
                    if silent && turned.elapsed() >= self.times.lease {
                        turned = Instant::now();
                        tokio::spawn(self.heartbeats.turn_away());
                    }
                }
                Some(outcome) = under_way.next() => if let Err(error) = outcome {
                    metrics::counter!("souk_heartbeats_unconfirmed_total").increment(1);
                    tracing::debug!(%error, "a sign of life was not confirmed");
                },
                Some(sign) = signs.next() => self.heard(sign),
            }
        }
    }

    async fn beat(self: Arc<Self>) -> Result<(), BeatError> {
        let (beat, begun) = {
            let mut state = self.state();
            state.counter += 1;
            let (counter, draining) = (state.counter, state.draining);
            let (node, url, at) = (self.me.clone(), self.url.clone(), Some(self.clock.wall()));
            let ends = self.ends(counter);
            (Beat { node, counter, draining, url, at, stored: None, ends }, Instant::now())
        };
        self.heartbeats.beat(beat).await?;
        let mut state = self.state();
        state.confirmed = state.confirmed.max(Some(begun));
        Ok(())
    }

    fn heard(&self, sign: Sign) {
        let mut state = self.state();
        match sign {
            Sign::Beat(mut beat) => {
                let own = beat.node == self.me;
                let ends = std::mem::take(&mut beat.ends);
                state.clocks.see(&beat);
                if state.membership.see(beat, Instant::now()) {
                    self.hear_ends(&ends);
                }
                if own {
                    self.compare_clocks(&mut state);
                }
            }
            Sign::Gone(node) => state.membership.gone(&node),
        }
        self.recompute(&mut state);
    }

    fn compare_clocks(&self, state: &mut State) {
        let alive = state.membership.alive();
        state.clocks.keep(&alive);
        let corrected = state.clocks.judge();
        if let Some(skew_ms) = state.clocks.skew(&self.me) {
            metrics::gauge!("souk_clock_skew_ms").set(skew_ms as f64);
        }
        let Some(correction_ms) = corrected else { return };
        match correction_ms {
            0 => tracing::info!("this node's clock agrees with the others' again"),
            _ => tracing::warn!(
                correction_ms,
                "this node's clock differs from the others'; it decides by theirs. Set the clock, and see to its NTP"
            ),
        }
        self.clock.correct(correction_ms);
    }

    /// Positions for one heartbeat. Where this node has written to more shards than fit, heartbeats take turns.
    fn ends(&self, counter: u64) -> BTreeMap<u16, Seq> {
        let known = (0..self.shards).zip(&self.acknowledged).map(|(shard, seq)| (shard, seq.load(Ordering::Acquire)));
        let known: Vec<(u16, Seq)> = known.filter(|(_, seq)| *seq > 0).collect();
        let turn = counter % known.len().div_ceil(ENDS_MAX).max(1) as u64;
        known.into_iter().skip(turn as usize * ENDS_MAX).take(ENDS_MAX).collect()
    }

    fn hear_ends(&self, ends: &BTreeMap<u16, Seq>) {
        for (shard, seq) in ends {
            if let Some(told) = self.told.get(usize::from(*shard)) {
                told.fetch_max(*seq, Ordering::AcqRel);
            }
        }
    }

    fn recompute(&self, state: &mut State) {
        let (alive, placed) = (state.membership.alive(), state.membership.placed());
        if alive == state.hint.alive && placed == state.placed {
            return;
        }
        let owners = match &placed {
            Some(nodes) => rendezvous::owners(nodes, self.shards),
            None => vec![None; usize::from(self.shards)],
        };
        let names = |nodes: &[NodeId]| nodes.iter().map(|node| node.0.as_ref()).collect::<Vec<_>>().join(" ");
        let given = placed.as_deref().map(&names);
        tracing::info!(alive = names(&alive), placed = given, "the cluster's members");
        metrics::gauge!("souk_members_alive").set(alive.len() as f64);
        state.hint = Arc::new(Hint { generation: state.hint.generation + 1, owners, alive });
        state.placed = placed;
        self.changed.notify_waiters();
    }

    /// Until when this node counts itself as connected.
    fn connected_until(&self) -> Option<Instant> {
        self.state().confirmed.map(|begun| begun + self.times.lease)
    }
}

impl Placement for Members {
    fn hint(&self) -> Arc<Hint> {
        self.shared.state().hint.clone()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let shared = self.shared.clone();
        Box::pin(async move {
            loop {
                let mut changed = std::pin::pin!(shared.changed.notified());
                // Registered before the check, so that no change falls between the two.
                changed.as_mut().enable();
                if shared.state().hint.generation != seen {
                    return;
                }
                changed.await;
            }
        })
    }

    fn connected(&self) -> bool {
        self.shared.connected_until().is_some_and(|until| Instant::now() < until)
    }

    fn cut_off(&self) -> BoxFuture<'static, ()> {
        let shared = self.shared.clone();
        Box::pin(async move {
            // A heartbeat confirmed meanwhile moves the end, so the end is checked again when it is reached.
            while let Some(until) = shared.connected_until().filter(|until| Instant::now() < *until) {
                sleep_until(until).await;
            }
        })
    }

    fn leave(&self) -> BoxFuture<'static, ()> {
        let shared = self.shared.clone();
        {
            let mut state = shared.state();
            state.draining = true;
            state.membership.drain();
            shared.recompute(&mut state);
        }
        Box::pin(async move {
            let told = async {
                while let Err(error) = shared.clone().beat().await {
                    tracing::debug!(%error, "that this node leaves was not confirmed");
                    sleep(shared.times.heartbeat).await;
                }
            };
            // A node that was not notified by then detects this node's silence instead.
            if timeout(shared.times.dead_after, told).await.is_err() {
                tracing::warn!("the others could not be told that this node leaves");
            }
        })
    }

    fn members(&self) -> Vec<MemberLine> {
        let state = self.shared.state();
        let lines = state.membership.lines(Instant::now());
        lines.into_iter().map(|line| MemberLine { clock_skew_ms: state.clocks.skew(&line.node), ..line }).collect()
    }

    fn acknowledged(&self, shard: Shard, seq: Seq) {
        if let Some(acknowledged) = self.shared.acknowledged.get(usize::from(shard.0)) {
            acknowledged.fetch_max(seq, Ordering::AcqRel);
        }
    }

    fn told(&self, shard: Shard) -> Seq {
        self.shared.told.get(usize::from(shard.0)).map_or(0, |told| told.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests;
