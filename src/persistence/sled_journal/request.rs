//! The writer thread's requests and replies.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::actors::ports::journal::{AppendError, Claim, JournalError, NodeId, Record, Seq, Shard};

pub struct Request {
    pub ask: Ask,
    /// Released with the request's reply: this bounds the queue.
    pub _permit: OwnedSemaphorePermit,
}

pub enum Ask {
    /// The shop's record, whole. Replied to when it is durable.
    ShopRecord {
        bytes: Vec<u8>,
        answer: oneshot::Sender<Result<(), JournalError>>,
    },
    /// The end: replied to when every earlier request is durable and the witness file is written.
    Close {
        answer: oneshot::Sender<()>,
    },
    Claim {
        shard: Shard,
        node: NodeId,
        answer: oneshot::Sender<Result<Claim, JournalError>>,
    },
    /// A batch or a release: the record as it will stand in the log, and its bytes.
    Write {
        record: Arc<Record>,
        bytes: Vec<u8>,
        answer: oneshot::Sender<Result<Seq, AppendError>>,
    },
    /// Replied to when every earlier request is refused or durable.
    Settle {
        answer: oneshot::Sender<()>,
    },
}
