//! Who is alive, as one node judges by what it has seen: pure, given the time of each sign.
//!
//! Other machines' clocks are not believed, and neither is silence alone: when the watch stands still, everybody is
//! silent. So time counts only while our own heartbeats come back through the same watch, in which all heartbeats stand in one
//! order: this is the observed time. A watch that froze, a NATS server that was down, or a pause of this very process
//! adds next to nothing to it, and nobody is thought dead for it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::heartbeats::Beat;
use crate::actors::ports::{MemberLine, journal::NodeId};

/// Members remembered, dead ones too; past it the longest silent dead one is forgotten, or the newcomer not noticed.
const MEMBERS_MAX: usize = 512;

#[derive(Clone, Copy, Debug)]
pub struct RosterTimes {
    /// Of silence, until a member counts as dead.
    pub dead_after: Duration,
    /// From the first sight of a member until shards are placed on it.
    pub settle: Duration,
    /// Between two echoes of our own beat, as much as counts as observed.
    pub echo_gap_max: Duration,
}

struct Member {
    counter: u64,
    draining: bool,
    url: Option<Arc<str>>,
    /// Observed time of its first sign, or of its first one after it was dead.
    since: Duration,
    /// Observed time of its newest sign.
    heard: Duration,
    heard_at: Instant,
    /// At least two different counters: what stands in the bucket may be a dead node's last word.
    moved: bool,
}

pub struct Membership {
    me: NodeId,
    url: Option<Arc<str>>,
    times: RosterTimes,
    draining: bool,
    /// Our own newest echo: its counter and when it came.
    echo: Option<(u64, Instant)>,
    observed: Duration,
    others: BTreeMap<NodeId, Member>,
}

impl Membership {
    pub fn new(me: NodeId, url: Option<Arc<str>>, times: RosterTimes) -> Self {
        let (observed, others) = (Duration::ZERO, BTreeMap::new());
        Self { me, url, times, draining: false, echo: None, observed, others }
    }

    /// A beat came in. Repeated and older ones change nothing.
    pub fn see(&mut self, beat: Beat, now: Instant) {
        if beat.node == self.me {
            return self.echoed(beat.counter, now);
        }
        let (observed, dead_after) = (self.observed, self.times.dead_after);
        if let Some(member) = self.others.get_mut(&beat.node) {
            if beat.counter > member.counter {
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
            return;
        }
        if self.others.len() >= MEMBERS_MAX && !self.forget_one() {
            tracing::warn!(node = %beat.node.0, max = MEMBERS_MAX, "too many members: this one is not noticed");
            return;
        }
        let (counter, draining, url) = (beat.counter, beat.draining, beat.url);
        let member = Member { counter, draining, url, since: observed, heard: observed, heard_at: now, moved: false };
        self.others.insert(beat.node, member);
    }

    fn echoed(&mut self, counter: u64, now: Instant) {
        match self.echo {
            Some((known, _)) if counter <= known => return,
            Some((_, before)) => self.observed += now.saturating_duration_since(before).min(self.times.echo_gap_max),
            None => {}
        }
        self.echo = Some((counter, now));
    }

    /// It left in good order.
    pub fn gone(&mut self, node: &NodeId) {
        self.others.remove(node);
    }

    /// From now on this node is given nothing more.
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

    /// The nodes that shards are placed on, sorted. `None`: this node has not watched for long enough to say.
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
        };
        let others = self.others.iter().map(|(node, member)| MemberLine {
            node: node.clone(),
            url: member.url.clone(),
            draining: member.draining,
            alive: self.is_alive(member),
            seen_ms_ago: ago(member.heard_at),
        });
        let mut lines: Vec<MemberLine> = others.chain([me]).collect();
        lines.sort_by(|a, b| a.node.cmp(&b.node));
        lines
    }

    fn is_alive(&self, member: &Member) -> bool {
        self.observed.saturating_sub(member.heard) < self.times.dead_after
    }

    /// False when nobody is dead.
    fn forget_one(&mut self) -> bool {
        let dead = self.others.iter().filter(|(_, member)| !self.is_alive(member));
        let oldest = dead.min_by_key(|(_, member)| member.heard).map(|(node, _)| node.clone());
        oldest.is_some_and(|node| self.others.remove(&node).is_some())
    }
}

#[cfg(test)]
mod tests;
