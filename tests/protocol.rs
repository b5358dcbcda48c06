//! The model check of ownership: claims, releases, leases and resolved appends (see docs/protocol.md).
//!
//! stateright walks through every interleaving within the bounds of [`rules::Rules`]; each rule that is left out must
//! give a counterexample, else the model would prove nothing. The decisions are the shop's own code.

#[path = "protocol/model.rs"]
mod kinds;
#[path = "protocol/rules.rs"]
mod rules;
#[path = "protocol/state.rs"]
mod state;
#[path = "protocol/step.rs"]
mod step;

use std::time::Instant;

use rules::Rules;
use stateright::{Checker, HasDiscoveries, Model};

fn holds(rules: Rules) {
    let started = Instant::now();
    let checked = rules.checker().threads(2).spawn_bfs().join();
    println!("{} states, depth {}, {:.1?}", checked.unique_state_count(), checked.max_depth(), started.elapsed());
    checked.assert_properties();
}

fn breaks(rules: Rules, property: &'static str) {
    let started = Instant::now();
    let found = HasDiscoveries::AnyOf([property].into());
    let checked = rules.checker().threads(2).finish_when(found).spawn_bfs().join();
    println!("{} states, {:.1?}", checked.unique_state_count(), started.elapsed());
    let path = checked.discovery(property);
    println!("{property}: {:?}", path.as_ref().map(|path| path.clone().into_actions()));
    assert!(path.is_some(), "the model does not see that a rule is missing");
}

#[test]
fn two_nodes_keep_every_promise() {
    holds(Rules::all());
}

#[test]
fn three_nodes_keep_every_promise() {
    holds(Rules { nodes: 3, appends: 4, clock: 3, ..Rules::all() });
}

#[test]
fn a_claim_over_ones_own_waits_for_the_owner_before() {
    breaks(Rules { carry: false, ..Rules::all() }, kinds::FRESH);
}

#[test]
fn without_the_wait_a_read_is_stale() {
    breaks(Rules { wait: false, ..Rules::all() }, kinds::FRESH);
}

#[test]
fn without_compare_and_set_a_dead_writer_writes() {
    breaks(Rules { compare: false, ..Rules::all() }, kinds::ORDER);
}

#[test]
fn without_a_barrier_nothing_is_final() {
    breaks(Rules { barrier: false, ..Rules::all() }, kinds::FINAL);
}

#[test]
fn without_a_lease_a_read_is_stale() {
    breaks(Rules { lease: false, ..Rules::all() }, kinds::FRESH);
}
