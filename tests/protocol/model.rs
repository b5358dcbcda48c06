//! The model for stateright: the possible next steps, and the invariants.

use souk::actors::ownership::OwnershipStep;
use stateright::{Model, Property};

use crate::{
    rules::Rules,
    state::{Kind, Node, Phase, Rec, State},
    step::{Action, LEASE},
};

pub const ORDER: &str = "no record of an older epoch stands behind a newer claim";
pub const KEPT: &str = "an acknowledged write is in the log";
pub const FRESH: &str = "no strong read is stale";
pub const FINAL: &str = "what was resolved as not stored is never stored";

impl Rules {
    /// Whether the node would reply to a strong read now without the log. A paused node only does nothing for a while,
    /// so it counts: it may wake now.
    fn answers(&self, state: &State, node: &Node) -> bool {
        node.phase == Phase::Serving && (!self.lease || state.clock < node.confirmed + LEASE)
    }

    fn node_actions(&self, state: &State, node: &Node, actions: &mut Vec<Action>) {
        let n = node.name.node;
        if let Some(op) = &node.op {
            actions.extend(op.answer.map(|_| Action::Hear(n)));
            if op.resolves.is_some() || state.appends < self.appends || op.flight.rec.kind == Kind::Claim {
                actions.push(Action::Doubt(n));
            }
        }
        if state.crashes < self.crashes && node.phase != Phase::Standby {
            actions.push(Action::Crash(n));
        }
        let room = state.appends < self.appends;
        match node.phase {
            Phase::Claiming | Phase::Yielding => {}
            Phase::Waiting(until) => actions.extend((state.clock >= until).then_some(Action::Serve(n))),
            Phase::Standby | Phase::Serving => {
                let free = room && node.op.is_none();
                for next in self.moves(state, node) {
                    match next {
                        OwnershipStep::Stay => {}
                        OwnershipStep::Stop => actions.push(Action::Stop(n)),
                        OwnershipStep::Claim => actions.extend(free.then_some(Action::Claim(n))),
                        OwnershipStep::Yield => actions.extend(free.then_some(Action::Yield(n))),
                    }
                }
                if free && node.phase == Phase::Serving {
                    actions.extend((state.writes < self.writes).then_some(Action::Write(n)));
                    actions.extend((!self.answers(state, node)).then_some(Action::Barrier(n)));
                }
            }
        }
    }
}

/// Whether a node serves behind a claim for which `fits(log before that claim)` holds.
fn served(state: &State, fits: impl Fn(&Node, &[Rec]) -> bool) -> bool {
    state.nodes.iter().filter(|node| node.phase == Phase::Serving).any(|node| {
        let at = state.log.iter().position(|rec| rec.kind == Kind::Claim && rec.epoch == node.epoch);
        at.is_some_and(|at| fits(node, &state.log[..at]))
    })
}

impl Model for Rules {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        // Node 0 has just won the first claim: every history begins so, with any node.
        let mut nodes: Vec<_> = (0..self.nodes).map(|node| Node::new(node, 0)).collect();
        let first = &mut nodes[0];
        (first.phase, first.epoch, first.after, first.tokens) = (Phase::Serving, 1, 1, 1);
        let claim = Rec { kind: Kind::Claim, epoch: 1, by: first.name, token: 0 };
        vec![State {
            clock: 0,
            log: vec![claim],
            flying: Vec::new(),
            nodes,
            acked: 0,
            denied: 0,
            writes: 0,
            appends: 1,
            crashes: 0,
            stale: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.clock < self.clock {
            actions.push(Action::Tick);
        }
        actions.extend(state.flying.iter().map(|flight| Action::Land(*flight)));
        state.nodes.iter().for_each(|node| self.node_actions(state, node, actions));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.step(&mut state, action);
        // A message that can only be refused, without a waiter, has no future.
        let State { log, flying, nodes, .. } = &mut state;
        let awaited = |flight| nodes.iter().any(|node| node.op.as_ref().is_some_and(|op| op.flight == flight));
        flying.retain(|flight| !self.compare || usize::from(flight.after) >= log.len() || awaited(*flight));
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ORDER, |_: &Self, state: &State| {
                let owned = |pair: &[Rec]| match pair[1].kind {
                    Kind::Claim => pair[1].epoch > pair[0].epoch,
                    Kind::Write(_) | Kind::Empty => pair[1].epoch == pair[0].epoch && pair[1].by == pair[0].by,
                    Kind::Release => pair[1].epoch == pair[0].epoch && pair[1].by == pair[0].by,
                };
                state.log.windows(2).all(owned)
            }),
            Property::always(KEPT, |_: &Self, state: &State| state.acked & !state.logged(state.log.len()) == 0),
            Property::always(FRESH, |rules: &Self, state: &State| {
                let fresh = |node: &Node| !rules.answers(state, node) || state.acked & !node.value == 0;
                !state.stale && state.nodes.iter().all(fresh)
            }),
            Property::always(FINAL, |_: &Self, state: &State| state.denied & state.logged(state.log.len()) == 0),
            Property::sometimes("a released shard is served by another node", |_: &Self, state: &State| {
                let released = |node: &Node, before: &[Rec]| {
                    before.last().is_some_and(|last| last.kind == Kind::Release && last.by.node != node.name.node)
                };
                served(state, released)
            }),
            Property::sometimes("a dead owner's shard is served by another node", |_: &Self, state: &State| {
                let dead = |node: &Node, before: &[Rec]| {
                    let last = before.last().filter(|last| last.kind != Kind::Release);
                    last.is_some_and(|last| {
                        last.by.node != node.name.node && state.nodes[usize::from(last.by.node)].name != last.by
                    })
                };
                served(state, dead)
            }),
            Property::sometimes("a read barrier is confirmed", |_: &Self, state: &State| {
                state.nodes.iter().any(|node| node.phase == Phase::Serving && node.op.is_none())
                    && state.log.iter().any(|rec| rec.kind == Kind::Empty)
            }),
            Property::sometimes("an ambiguous write is resolved as not stored", |_: &Self, state: &State| {
                state.denied != 0
            }),
        ]
    }
}
