//! What the writer thread is asked, and how it answers.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::actors::ports::journal::{AppendError, Claim, JournalError, NodeId, Record, Seq, Shard};

pub struct Request {
    pub ask: Ask,
    /// Given back when the request is answered: this bounds the queue.
    pub _permit: OwnedSemaphorePermit,
}

pub enum Ask {
    /// The end: answered when everything before it is durable and the witness file says so.
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
    /// Answered when everything before it is refused or durable.
    Settle {
        answer: oneshot::Sender<()>,
    },
}
