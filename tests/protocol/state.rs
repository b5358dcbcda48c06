//! The model's state: one log, the messages in flight, and two or three nodes.
//!
//! Deliberately absent: each node's tail and membership view. A node may decide by any beginning of the log and any
//! view at every moment, which is more than real tails and heartbeats can get wrong, and costs no state.

use souk::actors::ports::journal::NodeId;

/// A set of writes: bit n is write n.
pub type Writes = u8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    pub node: u8,
    /// A restarted node is another node.
    pub life: u8,
}

impl Name {
    pub fn id(self) -> NodeId {
        NodeId(format!("{}#{}", self.node, self.life).into())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Claim,
    Release,
    Write(u8),
    /// A read barrier, or the barrier that makes an ambiguous append final.
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rec {
    pub kind: Kind,
    pub epoch: u8,
    pub by: Name,
    /// The writer's append, counted: the model's `BatchId`.
    pub token: u8,
}

/// An append in the air: it may land at any time, also long after its sender gave up, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flight {
    pub rec: Rec,
    /// How long the log must be, or it is refused.
    pub after: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Op {
    pub flight: Flight,
    pub started: u8,
    /// Writes that were acknowledged at its start: a read behind the barrier must see them.
    pub floor: Writes,
    /// The log's reply that the node has not received yet.
    pub answer: Option<bool>,
    /// This append is the barrier behind that ambiguous one.
    pub resolves: Option<Rec>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    Standby,
    Claiming,
    /// The claim is won; the previous owner may reply until then.
    Waiting(u8),
    Serving,
    Yielding,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub name: Name,
    pub phase: Phase,
    pub epoch: u8,
    /// The log's end as this owner knows it.
    pub after: u8,
    /// The writes that its committed state has.
    pub value: Writes,
    /// Start of the newest confirmed append.
    pub confirmed: u8,
    pub op: Option<Op>,
    pub tokens: u8,
}

impl Node {
    pub fn new(node: u8, life: u8) -> Self {
        let name = Name { node, life };
        Self { name, phase: Phase::Standby, epoch: 0, after: 0, value: 0, confirmed: 0, op: None, tokens: 0 }
    }

    /// Serves no longer, and forgets what it did for that.
    pub fn stand_by(&mut self) {
        *self = Self { tokens: self.tokens, ..Self::new(self.name.node, self.name.life) };
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub clock: u8,
    pub log: Vec<Rec>,
    /// Sorted, so that equal worlds are equal.
    pub flying: Vec<Flight>,
    pub nodes: Vec<Node>,
    pub acked: Writes,
    /// Writes of which a node was told for good that they are not stored.
    pub denied: Writes,
    pub writes: u8,
    pub appends: u8,
    pub crashes: u8,
    /// A read behind a barrier returned without a write that was acknowledged before the read began.
    pub stale: bool,
}

impl State {
    pub fn logged(&self, up_to: usize) -> Writes {
        let bit = |rec: &Rec| if let Kind::Write(id) = rec.kind { 1 << id } else { 0 };
        self.log[..up_to].iter().map(bit).fold(0, |all, bit| all | bit)
    }
}
