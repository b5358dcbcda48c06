//! Joining, leaving, dying, flapping and a watch that stands still, with hand-made heartbeats.

use super::*;

const BEAT: Duration = Duration::from_millis(500);
const TIMES: MembershipTimes = MembershipTimes {
    dead_after: Duration::from_secs(4),
    settle: Duration::from_secs(2),
    echo_gap_max: Duration::from_millis(1_500),
};

fn node(name: &str) -> NodeId {
    NodeId(name.into())
}

/// A membership of `me` with a clock: each step is one heartbeat of everybody named.
struct Watch {
    membership: Membership,
    now: Instant,
    counter: u64,
}

impl Watch {
    fn new() -> Self {
        Self { membership: Membership::new(node("me"), None, TIMES), now: Instant::now(), counter: 0 }
    }

    fn sees(&mut self, name: &str, counter: u64, draining: bool) {
        let (node, ends) = (node(name), Default::default());
        self.membership.see(Beat { node, counter, draining, url: None, at: None, stored: None, ends }, self.now);
    }

    fn step(&mut self, others: &[&str]) {
        self.now += BEAT;
        self.counter += 1;
        for name in ["me"].iter().chain(others) {
            self.sees(name, self.counter, false);
        }
    }

    fn steps(&mut self, count: u32, others: &[&str]) {
        (0..count).for_each(|_| self.step(others));
    }

    #[track_caller]
    fn is(&self, alive: &[&str], placed: Option<&[&str]>) {
        let named = |names: &[&str]| names.iter().map(|name| node(name)).collect::<Vec<_>>();
        assert_eq!((self.membership.alive(), self.membership.placed()), (named(alive), placed.map(named)));
    }
}

#[test]
fn nothing_is_placed_before_this_node_has_watched_for_a_while() {
    let mut watch = Watch::new();
    watch.is(&["me"], None);
    watch.steps(4, &["a"]);
    watch.is(&["a", "me"], None);
    watch.step(&["a"]);
    watch.is(&["a", "me"], Some(&["a", "me"]));
}

#[test]
fn a_newcomer_settles_first() {
    let mut watch = Watch::new();
    watch.steps(10, &[]);
    watch.steps(4, &["a"]);
    watch.is(&["a", "me"], Some(&["me"]));
    watch.step(&["a"]);
    watch.is(&["a", "me"], Some(&["a", "me"]));
}

#[test]
fn a_dead_nodes_last_word_in_the_bucket_is_waited_out_and_given_nothing() {
    let mut watch = Watch::new();
    watch.sees("ghost", 77, false);
    watch.steps(6, &[]);
    // Perhaps alive, so no node takes over its shards; but it receives no shards either.
    watch.is(&["ghost", "me"], Some(&["me"]));
    watch.steps(3, &[]);
    watch.is(&["me"], Some(&["me"]));
}

#[test]
fn silence_is_death_after_its_time() {
    let mut watch = Watch::new();
    watch.steps(10, &["a"]);
    watch.steps(7, &[]);
    watch.is(&["a", "me"], Some(&["a", "me"]));
    watch.step(&[]);
    watch.is(&["me"], Some(&["me"]));
}

#[test]
fn a_repeated_or_older_beat_is_no_sign_of_life() {
    let mut watch = Watch::new();
    watch.steps(10, &["a"]);
    for _ in 0..8 {
        watch.step(&[]);
        watch.sees("a", 10, false);
        watch.sees("a", 3, false);
    }
    watch.is(&["me"], Some(&["me"]));
}

#[test]
fn who_drains_is_alive_and_given_nothing_from_the_same_moment() {
    let mut watch = Watch::new();
    watch.steps(10, &["a"]);
    watch.sees("a", 11, true);
    watch.is(&["a", "me"], Some(&["me"]));
    watch.membership.gone(&node("a"));
    watch.is(&["me"], Some(&["me"]));
}

#[test]
fn a_draining_node_places_everything_on_the_others() {
    let mut watch = Watch::new();
    watch.steps(10, &["a"]);
    watch.membership.drain();
    watch.is(&["a", "me"], Some(&["a"]));
}

#[test]
fn who_comes_back_from_the_dead_settles_again() {
    let mut watch = Watch::new();
    watch.steps(10, &["a"]);
    watch.steps(8, &[]);
    watch.steps(4, &["a"]);
    watch.is(&["a", "me"], Some(&["me"]));
    watch.step(&["a"]);
    watch.is(&["a", "me"], Some(&["a", "me"]));
}

#[test]
fn a_watch_that_stood_still_kills_nobody() {
    let mut watch = Watch::new();
    watch.steps(10, &["a", "b"]);
    watch.now += Duration::from_secs(600);
    watch.is(&["a", "b", "me"], Some(&["a", "b", "me"]));
    // The first heartbeat received afterwards is this node's own, before all others.
    watch.step(&[]);
    watch.is(&["a", "b", "me"], Some(&["a", "b", "me"]));
    watch.step(&["a", "b"]);
    watch.is(&["a", "b", "me"], Some(&["a", "b", "me"]));
}

#[test]
fn a_crowd_of_dead_incarnations_is_forgotten_oldest_first() {
    let mut watch = Watch::new();
    (0..MEMBERS_MAX).for_each(|n| watch.sees(&format!("n{n}"), 1, false));
    watch.sees("late", 1, false);
    assert!(!watch.membership.alive().contains(&node("late")), "nobody is dead yet, so there is no room");
    watch.steps(9, &[]);
    watch.sees("late", 2, false);
    assert!(watch.membership.alive().contains(&node("late")));
    assert_eq!(watch.membership.others.len(), MEMBERS_MAX);
}
