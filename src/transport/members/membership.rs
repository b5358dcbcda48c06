//! The living members, as one node judges them by the heartbeats that it received: pure, given each heartbeat's time.
//!
//! Other machines' clocks are not trusted, and neither is silence alone: while the watch stands still, every node is
//! silent. So time counts only while our own heartbeats come back through the same watch, in which all heartbeats stand
//! in one order: this is the observed time. A watch that froze, a NATS server that was down, or a pause of this very
//! process adds almost nothing to the observed time, and no member counts as dead because of it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::heartbeats::Beat;
use crate::actors::ports::{MemberLine, journal::NodeId};

/// Members remembered, dead ones too; past it the longest silent dead one is forgotten, or the newcomer not noticed.
const MEMBERS_MAX: usize = 512;

#[derive(Clone, Copy, Debug)]
pub struct MembershipTimes {
    /// Silence after which a member counts as dead.
    pub dead_after: Duration,
    /// Time from a member's first heartbeat until shards are placed on the member.
    pub settle: Duration,
    /// Time between two echoes of this node's heartbeat that counts as observed, at most.
    pub echo_gap_max: Duration,
}

struct Member {
    counter: u64,
    draining: bool,
    url: Option<Arc<str>>,
    /// Observed time of the member's first heartbeat, or of its first heartbeat after it was dead.
    since: Duration,
    /// Observed time of the newest heartbeat.
    heard: Duration,
    heard_at: Instant,
    /// At least two different counters: a heartbeat in the bucket may be a dead node's last one.
    moved: bool,
}

pub struct Membership {
    me: NodeId,
    url: Option<Arc<str>>,
    times: MembershipTimes,
    draining: bool,
    /// The newest echo of this node's heartbeat: counter and arrival.
    echo: Option<(u64, Instant)>,
    observed: Duration,
    others: BTreeMap<NodeId, Member>,
}

impl Membership {
    pub fn new(me: NodeId, url: Option<Arc<str>>, times: MembershipTimes) -> Self {
        let (observed, others) = (Duration::ZERO, BTreeMap::new());
        Self { me, url, times, draining: false, echo: None, observed, others }
    }

    /// Processes a heartbeat. Repeated and older heartbeats change nothing. True for one that shows another node alive:
    /// the first one of a node may be a dead node's last.
    pub fn see(&mut self, beat: Beat, now: Instant) -> bool {
        if beat.node == self.me {
            self.echoed(beat.counter, now);
            return false;
        }
        let (observed, dead_after) = (self.observed, self.times.dead_after);
        if let Some(member) = self.others.get_mut(&beat.node) {
            let moved = beat.counter > member.counter;
            if moved {
                if observed.saturating_sub(member.heard) >= dead_after {
                    member.since = observed;
                }
                *member = Member {
                    counter: beat.counter,
                    draining: beat.draining,
                    url: beat.url,
                    since: member.since,
                    heard: observed,
                    heard_at: now,
                    moved: true,
                };
            }
            return moved;
        }
        if self.others.len() >= MEMBERS_MAX && !self.forget_one() {
            tracing::warn!(node = %beat.node.0, max = MEMBERS_MAX, "too many members: this one is not noticed");
            return false;
        }
        let (counter, draining, url) = (beat.counter, beat.draining, beat.url);
        let member = Member { counter, draining, url, since: observed, heard: observed, heard_at: now, moved: false };
        self.others.insert(beat.node, member);
        false
    }

    fn echoed(&mut self, counter: u64, now: Instant) {
        match self.echo {
            Some((known, _)) if counter <= known => return,
            Some((_, before)) => self.observed += now.saturating_duration_since(before).min(self.times.echo_gap_max),
            None => {}
        }
        self.echo = Some((counter, now));
    }

    /// The node left in good order.
    pub fn gone(&mut self, node: &NodeId) {
        self.others.remove(node);
    }

    /// From now on this node receives no more shards.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Sorted, with this node.
    pub fn alive(&self) -> Vec<NodeId> {
        let others = self.others.iter().filter(|(_, member)| self.is_alive(member)).map(|(node, _)| node);
        let mut alive: Vec<NodeId> = others.chain([&self.me]).cloned().collect();
        alive.sort();
        alive
    }

    /// The nodes that shards are placed on, sorted. `None`: this node has not watched for long enough.
    pub fn placed(&self) -> Option<Vec<NodeId>> {
        let settled = self.echo.is_some() && self.observed >= self.times.settle;
        let fit = |member: &Member| {
            let known_for = self.observed.saturating_sub(member.since);
            self.is_alive(member) && member.moved && !member.draining && known_for >= self.times.settle
        };
        let others = self.others.iter().filter(|(_, member)| fit(member)).map(|(node, _)| node);
        let mut placed: Vec<NodeId> = others.chain((!self.draining).then_some(&self.me)).cloned().collect();
        placed.sort();
        settled.then_some(placed)
    }

    pub fn lines(&self, now: Instant) -> Vec<MemberLine> {
        let ago = |at: Instant| u64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(u64::MAX);
        let me = MemberLine {
            node: self.me.clone(),
            url: self.url.clone(),
            draining: self.draining,
            alive: true,
            seen_ms_ago: self.echo.map_or(0, |(_, at)| ago(at)),
            clock_skew_ms: None,
        };
        let others = self.others.iter().map(|(node, member)| MemberLine {
            node: node.clone(),
            url: member.url.clone(),
            draining: member.draining,
            alive: self.is_alive(member),
            seen_ms_ago: ago(member.heard_at),
            clock_skew_ms: None,
        });
        let mut lines: Vec<MemberLine> = others.chain([me]).collect();
        lines.sort_by(|a, b| a.node.cmp(&b.node));
        lines
    }

    fn is_alive(&self, member: &Member) -> bool {
        self.observed.saturating_sub(member.heard) < self.times.dead_after
    }

    /// False when no member is dead.
    fn forget_one(&mut self) -> bool {
        let dead = self.others.iter().filter(|(_, member)| !self.is_alive(member));
        let oldest = dead.min_by_key(|(_, member)| member.heard).map(|(node, _)| node.clone());
        oldest.is_some_and(|node| self.others.remove(&node).is_some())
    }
}

#[cfg(test)]
mod tests;
