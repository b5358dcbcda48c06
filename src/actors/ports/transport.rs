//! Commands between nodes. On one machine the loopback hands them to the local shards.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{CommandEnvelope, journal::Shard};
use crate::domain::kinds::{AnyCommand, AnyRejection, AnyView};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Command(AnyCommand),
    /// The newest committed view, by the owner.
    Read,
    /// A due alarm, or pending effects after a restart.
    Wake,
    /// How far the shard's log is acknowledged, by its owner: the reply's version is the position.
    Position(Proof),
}

/// How an owner proves that it still is the owner: the newest append that a majority confirmed began not long ago, else
/// one is made for the answer. The later variants ask for less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Within the lease: for a view that is shown as the newest.
    Lease,
    /// Within some leases: for lists, which would else write a record in every quiet shard in every lease.
    Recent,
    /// No append at all: for numbers that operators look at.
    Word,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Committed. `changed` is false when the command produced no event, or is a retry.
    Done {
        version: u64,
        changed: bool,
        /// `None` where the command was [`CommandEnvelope::omit_view`].
        view: Option<AnyView>,
    },
    Refused {
        version: u64,
        rejection: AnyRejection,
    },
    VersionConflict {
        expected: u64,
        actual: u64,
    },
    /// The command id was used with another content.
    IdConflict,
    Busy {
        retry_after_ms: u64,
    },
    /// This command killed its entity too often.
    Quarantined,
    /// One command's events are larger than a batch may be.
    TooLarge {
        bytes: usize,
        max: usize,
    },
    /// The shard cannot serve now (claiming, full, draining). `retry`: it will soon, so the gateway repeats the
    /// command.
    Unavailable {
        retry_after_ms: u64,
        reason: Arc<str>,
        retry: bool,
    },
    /// [`Work::New`](crate::domain::entity::Work::New), and only the journal's reserve is left.
    NoRoom {
        retry_after_ms: u64,
        reason: Arc<str>,
    },
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// No reply will come; the command may or may not have been executed. Safe to send again with the same id.
    #[error("the answer was lost: {0}")]
    Lost(Arc<str>),
}

/// The receiving end of a node: its local shards.
pub trait Delivery: Send + Sync + 'static {
    fn deliver(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
    ) -> BoxFuture<'static, Result<Reply, TransportError>>;
}

pub trait Transport: Send + Sync + 'static {
    /// Sends to the shard's owner, on any node, and awaits the reply for at most `within`.
    fn send(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>>;

    /// This node serves the shard from now on, or no longer: other nodes' commands for the shard come here, or go
    /// elsewhere. Called by the shard on each change, in order; must not block.
    fn serving(&self, _shard: Shard, _serves: bool) {}
}
