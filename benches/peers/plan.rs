//! The plan of a run: `peers [PEER..] [--seconds N] [--json FILE] [--sockets N,N]`, by `benches/peers/run.sh` or after
//! `cargo bench --bench peers --`.
//!
//! Without names it is the short list of what starts in a moment, as far as it is installed; nothing is ever installed here.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::common::load;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Peer {
    Redis,
    Postgresql,
    Ws,
    SocketIo,
    Vendure,
}

const ALL: [(&str, Peer); 5] = [
    ("redis", Peer::Redis),
    ("postgresql", Peer::Postgresql),
    ("ws", Peer::Ws),
    ("socket.io", Peer::SocketIo),
    ("vendure", Peer::Vendure),
];
const QUICK: [Peer; 3] = [Peer::Redis, Peer::Postgresql, Peer::Ws];
/// A run that only proves that it runs.
const SMOKE_SECONDS: f64 = 1.0;

#[derive(Clone, Copy, Debug)]
pub struct Audience {
    pub sockets: usize,
    /// A second.
    pub changes: f64,
}

/// As many frames a second to few and to many sockets, then ten times as many, which two cores do not carry.
const AUDIENCES: [(usize, f64); 3] = [(1_000, 20.0), (10_000, 2.0), (10_000, 20.0)];
const SMOKE_AUDIENCE: (usize, f64) = (200, 20.0);

pub struct Plan {
    peers: Vec<Peer>,
    pub seconds: f64,
    pub json: Option<PathBuf>,
    /// Of the fan-out.
    pub audiences: Vec<Audience>,
}

impl Plan {
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self { peers: Vec::new(), seconds: load::seconds(), json: None, audiences: Vec::new() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                // Cargo says it to every bench.
                "--bench" => {}
                // The other benches' option for a single pass.
                "--test" => plan.seconds = 0.2,
                "--seconds" => plan.seconds = value()?.parse()?,
                "--json" => plan.json = Some(value()?.into()),
                "--sockets" => {
                    for count in value()?.split(',') {
                        plan.audiences.push(Audience { sockets: count.parse()?, changes: 20.0 });
                    }
                }
                name => match ALL.iter().find(|(known, _)| *known == name) {
                    Some((_, peer)) => plan.peers.push(*peer),
                    None => bail!("no peer {name:?}; there are {}", ALL.map(|(name, _)| name).join(", ")),
                },
            }
        }
        ensure!((0.05..=600.0).contains(&plan.seconds), "0.05 to 600 seconds, not {}", plan.seconds);
        if plan.peers.is_empty() {
            plan.peers = QUICK.into();
        }
        if plan.audiences.is_empty() {
            let usual = if plan.seconds <= SMOKE_SECONDS { &[SMOKE_AUDIENCE][..] } else { &AUDIENCES };
            plan.audiences =
                usual.iter().map(|(sockets, changes)| Audience { sockets: *sockets, changes: *changes }).collect();
        }
        ensure!(plan.audiences.iter().all(|of| (1..=20_000).contains(&of.sockets)), "1 to 20,000 sockets");
        Ok(plan)
    }

    pub fn wants(&self, peer: Peer) -> bool {
        self.peers.contains(&peer)
    }
}
