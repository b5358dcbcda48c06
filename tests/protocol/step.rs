//! One step of the model: a node acts, the log stores, a node receives.

use std::time::Duration;

use souk::actors::{
    ownership::{OwnershipStep, Situation, decide, wait_before_serving},
    ports::{Hint, journal::Shard},
};

use crate::{
    rules::Rules,
    state::{Flight, Kind, Name, Node, Op, Phase, Rec, State},
};

const TICK: Duration = Duration::from_secs(1);
/// In ticks.
pub const LEASE: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Tick,
    Land(Flight),
    /// The node receives the log's reply to its append.
    Hear(u8),
    /// It hears nothing, and finds out.
    Doubt(u8),
    Claim(u8),
    Yield(u8),
    Stop(u8),
    Serve(u8),
    Write(u8),
    /// A strong read outside the lease.
    Barrier(u8),
    Crash(u8),
}

impl Rules {
    /// Every possible decision of the node: by any prefix of the log, any placement and any set of living nodes.
    pub fn moves(&self, state: &State, node: &Node) -> Vec<OwnershipStep> {
        let me = node.name.id();
        let names = (0..self.nodes).flat_map(|node| (0..=self.crashes).map(move |life| Name { node, life }.id()));
        let others: Vec<_> = names.filter(|name| *name != me).collect();
        let all = others.iter().cloned().chain([me.clone()]).collect::<Vec<_>>();
        let mut owners: Vec<_> = (0..=state.log.len()).map(|len| self.owner(&state.log[..len])).collect();
        owners.dedup();
        let serving = (node.phase == Phase::Serving).then_some(u64::from(node.epoch));
        let mut moves = Vec::new();
        for placed in [None, Some(me.clone()), others.first().cloned()] {
            for alive in [vec![me.clone()], all.clone()] {
                let hint = Hint { generation: 1, owners: vec![placed.clone()], alive };
                for log in &owners {
                    let now = Situation {
                        me: &me,
                        shard: Shard(0),
                        hint: &hint,
                        connected: true,
                        log: log.as_ref(),
                        serving,
                    };
                    let next = decide(&now);
                    if !moves.contains(&next) {
                        moves.push(next);
                    }
                }
            }
        }
        moves
    }

    pub fn step(&self, state: &mut State, action: Action) {
        match action {
            Action::Tick => state.clock += 1,
            Action::Land(flight) => self.land(state, flight),
            Action::Hear(n) => self.hear(state, usize::from(n)),
            Action::Doubt(n) => self.doubt(state, usize::from(n)),
            Action::Claim(n) => {
                let node = &mut state.nodes[usize::from(n)];
                node.phase = Phase::Claiming;
                node.epoch = state.log.last().map_or(0, |rec| rec.epoch) + 1;
                node.after = state.log.len() as u8;
                append(state, usize::from(n), Kind::Claim, None);
            }
            Action::Yield(n) => {
                state.nodes[usize::from(n)].phase = Phase::Yielding;
                append(state, usize::from(n), Kind::Release, None);
            }
            Action::Stop(n) => state.nodes[usize::from(n)].stand_by(),
            Action::Serve(n) => state.nodes[usize::from(n)].phase = Phase::Serving,
            Action::Write(n) => {
                append(state, usize::from(n), Kind::Write(state.writes), None);
                state.writes += 1;
            }
            Action::Barrier(n) => append(state, usize::from(n), Kind::Empty, None),
            Action::Crash(n) => {
                let node = &mut state.nodes[usize::from(n)];
                *node = Node::new(node.name.node, node.name.life + 1);
                state.crashes += 1;
            }
        }
    }

    fn land(&self, state: &mut State, flight: Flight) {
        state.flying.retain(|other| *other != flight);
        let stored = !self.compare || state.log.len() == usize::from(flight.after);
        if stored {
            state.log.push(flight.rec);
        }
        let op = state.nodes.iter_mut().filter_map(|node| node.op.as_mut()).find(|op| op.flight == flight);
        if let Some(op) = op {
            op.answer = Some(stored);
        }
    }

    fn hear(&self, state: &mut State, n: usize) {
        let Some(op) = state.nodes[n].op.take() else { return };
        match (op.answer == Some(true), op.resolves) {
            (true, None) => self.stored(state, n, &op),
            (true, Some(lost)) => not_stored(state, n, lost),
            (false, None) => state.nodes[n].stand_by(),
            (false, Some(lost)) => self.look(state, n, Op { flight: Flight { rec: lost, ..op.flight }, ..op }),
        }
    }

    /// The append's place in the log tells; while it is empty, it is filled.
    fn look(&self, state: &mut State, n: usize, op: Op) {
        match state.log.get(usize::from(op.flight.after)) {
            Some(rec) if *rec == op.flight.rec => self.stored(state, n, &op),
            Some(_) => not_stored(state, n, op.flight.rec),
            None if self.barrier => append(state, n, Kind::Empty, Some(op.flight.rec)),
            None => not_stored(state, n, op.flight.rec),
        }
    }

    fn doubt(&self, state: &mut State, n: usize) {
        let Some(op) = state.nodes[n].op.take() else { return };
        match op.flight.rec.kind {
            // The next evaluation of the log decides.
            Kind::Claim | Kind::Release => state.nodes[n].stand_by(),
            // The barrier itself is in doubt: the generation ends, the next claim decides.
            Kind::Empty if op.resolves.is_some() => state.nodes[n].stand_by(),
            Kind::Write(_) | Kind::Empty => self.look(state, n, op),
        }
    }

    fn stored(&self, state: &mut State, n: usize, op: &Op) {
        let seq = usize::from(op.flight.after) + 1;
        let (clock, logged) = (state.clock, state.logged(seq.min(state.log.len())));
        let owner = self.owner(&state.log[..seq.min(state.log.len())]);
        let node = &mut state.nodes[n];
        node.after = seq as u8;
        node.confirmed = op.started;
        match op.flight.rec.kind {
            Kind::Claim => {
                let lease = Some(TICK * u32::from(LEASE));
                let claim = owner.filter(|_| self.wait);
                let wait = claim.map_or(Duration::ZERO, |claim| wait_before_serving(&node.name.id(), &claim, lease));
                node.value = logged;
                // No clock but this one tells when it is over: the next whole tick.
                node.phase = Phase::Waiting(clock + wait.as_millis().div_ceil(TICK.as_millis()) as u8);
            }
            Kind::Release => node.stand_by(),
            Kind::Write(id) => {
                node.value |= 1 << id;
                state.acked |= 1 << id;
            }
            Kind::Empty => state.stale |= op.floor & !node.value != 0,
        }
    }
}

fn not_stored(state: &mut State, n: usize, lost: Rec) {
    if let Kind::Write(id) = lost.kind {
        state.denied |= 1 << id;
    }
    state.nodes[n].stand_by();
}

fn append(state: &mut State, n: usize, kind: Kind, resolves: Option<Rec>) {
    let (clock, acked) = (state.clock, state.acked);
    let node = &mut state.nodes[n];
    let rec = Rec { kind, epoch: node.epoch, by: node.name, token: node.tokens };
    node.tokens += 1;
    let flight = Flight { rec, after: node.after };
    node.op = Some(Op { flight, started: clock, floor: acked, answer: None, resolves });
    state.flying.push(flight);
    state.flying.sort_unstable();
    state.appends += 1;
}
