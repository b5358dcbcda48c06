//! Does this node still receive the logs? The owners' heartbeats say how far each log is acknowledged; a tail that has
//! not folded a position within a lease of its arrival stands still: its way to the logs leads to a server without a
//! majority, or the node is too slow. Such a node answers nothing from its views, like one that is cut off.
//!
//! The two ways to the cluster are separate connections, so that a dead one is noticed by the other. Deliberately
//! absent: the proof of a single read ([`position`]), which is exact and costs a question.
//!
//! [`position`]: super::gateway

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    ports::{Journal, Placement, journal::Seq},
    tail::Tail,
};

/// Why this node may not show its views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// No heartbeat of this node is confirmed.
    CutOff,
    /// Others' records do not arrive.
    Behind,
}

impl Standing {
    /// For callers; `None` where all is well.
    pub const fn why(self) -> Option<&'static str> {
        match self {
            Self::Current => None,
            Self::CutOff => Some("this node is cut off from the cluster"),
            Self::Behind => Some("this node does not receive the logs: its views are old"),
        }
    }
}

/// How often it is looked, in a lease.
const LOOKS: u32 = 8;
/// A lease may be nothing at all; looking must not take a core then.
const LOOK_MIN: Duration = Duration::from_millis(10);

pub(super) struct Freshness {
    pub(super) tails: Vec<Arc<Tail>>,
    pub(super) placement: Arc<dyn Placement>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) lease: Duration,
    pub(super) standing: watch::Sender<Standing>,
}

impl Freshness {
    /// Looks for as long as the runtime lives.
    pub(super) async fn run(self) {
        let mut debts = vec![Debt::default(); self.tails.len()];
        let mut turned_away: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let (mut behind, mut stuck) = (false, false);
            for (tail, debt) in self.tails.iter().zip(&mut debts) {
                let folded = tail.progress().folded;
                debt.look(folded, self.placement.told(tail.shard), now);
                let late = debt.older_than(self.lease, now);
                (behind, stuck) = (behind | late, stuck | (late && debt.stuck_at(folded)));
            }
            let standing = match (self.placement.connected(), behind) {
                (false, _) => Standing::CutOff,
                (true, true) => Standing::Behind,
                (true, false) => Standing::Current,
            };
            self.change(standing);
            // The server behind this connection may be cut off from the others: another one is tried, once in a lease.
            // A node that folds, and too slowly, would only lose time by it.
            if stuck && turned_away.is_none_or(|at| now.duration_since(at) >= self.lease) {
                turned_away = Some(now);
                self.journal.turn_away().await;
            }
            sleep((self.lease / LOOKS).max(LOOK_MIN)).await;
        }
    }

    fn change(&self, standing: Standing) {
        let changed = self.standing.send_if_modified(|known| std::mem::replace(known, standing) != standing);
        if changed {
            metrics::gauge!("souk_views_behind").set(f64::from(u8::from(standing == Standing::Behind)));
            match standing.why() {
                Some(why) => tracing::warn!(why, "views are not shown from now on"),
                None => tracing::info!("views are shown"),
            }
        }
    }
}

/// The oldest position that an owner told and this node has not folded.
#[derive(Clone, Copy, Default)]
struct Debt(Option<Owed>);

#[derive(Clone, Copy)]
struct Owed {
    seq: Seq,
    since: Instant,
    /// What was folded when the debt began.
    folded: Seq,
}

impl Debt {
    fn look(&mut self, folded: Seq, told: Seq, now: Instant) {
        if self.0.is_some_and(|owed| folded >= owed.seq) {
            self.0 = None;
        }
        if self.0.is_none() && told > folded {
            self.0 = Some(Owed { seq: told, since: now, folded });
        }
    }

    fn older_than(&self, within: Duration, now: Instant) -> bool {
        self.0.is_some_and(|owed| now.duration_since(owed.since) > within)
    }

    fn stuck_at(&self, folded: Seq) -> bool {
        self.0.is_some_and(|owed| owed.folded == folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_position_that_stays_unfolded_counts() {
        let (within, start, mut debt) = (Duration::from_secs(2), Instant::now(), Debt::default());
        let mut look = |ms, folded, told| {
            let now = start + Duration::from_millis(ms);
            debt.look(folded, told, now);
            (debt.older_than(within, now), debt.stuck_at(folded))
        };
        assert_eq!(look(0, 5, 5), (false, false));
        assert_eq!(look(100, 5, 9), (false, true), "it may be on its way");
        assert_eq!(look(2_100, 5, 40), (false, true), "for two seconds");
        assert_eq!(look(2_101, 5, 40), (true, true));
        assert_eq!(look(2_200, 8, 40), (true, false), "moving, and not there yet");
        assert_eq!(look(2_300, 9, 40), (false, true), "what was owed is here, and newer records are on their way");
        assert_eq!(look(4_400, 39, 60), (true, false));
        assert_eq!(look(4_500, 60, 60), (false, false));
    }
}
