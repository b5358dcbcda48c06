//! What operators and probes are told of this node.

use std::sync::atomic::Ordering;

use serde::Serialize;

use super::Gateway;
use crate::actors::status::ShardPhase;

#[derive(Clone, Debug, Serialize)]
pub struct NodeStatus {
    pub node: String,
    pub shards: Vec<ShardLine>,
    /// Entities in memory.
    pub residents: usize,
    /// Owed steps under way.
    pub steps_under_way: usize,
    pub draining: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct ShardLine {
    pub shard: u16,
    pub serving: bool,
    pub epoch: u64,
    /// Records folded into this node's views.
    pub folded: u64,
    pub trouble: Option<String>,
}

impl Gateway {
    pub fn status(&self) -> NodeStatus {
        let core = &self.core;
        let line = |(tail, status): (
            &std::sync::Arc<crate::actors::tail::Tail>,
            &std::sync::Arc<crate::actors::status::ShardStatus>,
        )| {
            let progress = tail.progress();
            ShardLine {
                shard: tail.shard.0,
                serving: status.phase() == ShardPhase::Serving,
                epoch: status.epoch(),
                folded: progress.folded,
                trouble: progress.failed.map(|reason| reason.to_string()).or_else(|| status.why()),
            }
        };
        NodeStatus {
            node: core.settings.node.0.to_string(),
            shards: core.tails.iter().zip(&core.statuses).map(line).collect(),
            residents: core.residents.load(Ordering::Acquire),
            steps_under_way: core.effects.under_way(),
            draining: core.local.draining(),
        }
    }

    /// Calls to payment providers that wait for an answer; past the bound of steps no new payment should begin.
    pub fn payments_backed_up(&self) -> bool {
        self.core.effects.calling() >= self.core.settings.effects_inflight_max
    }

    /// Durable records that this node's views do not contain yet, over all shards.
    pub async fn tail_lag(&self) -> u64 {
        let mut lag = 0;
        for tail in &self.core.tails {
            let end = self.core.journal.end(tail.shard).await.unwrap_or(0);
            lag += end.saturating_sub(tail.progress().folded);
        }
        lag
    }

    /// `Ok` when every shard takes commands and the views follow; else why not.
    pub fn ready(&self) -> Result<(), String> {
        let status = self.status();
        if status.draining {
            return Err("the node is stopping".into());
        }
        match status.shards.iter().find(|line| !line.serving || line.trouble.is_some()) {
            None => Ok(()),
            Some(line) => {
                let why = line.trouble.as_deref().unwrap_or("its claim is under way");
                Err(format!("shard {} is not serving: {why}", line.shard))
            }
        }
    }
}
