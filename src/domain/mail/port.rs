//! The mail's port to the outside world.
//!
//! The mail's id is the idempotency key: a connector that knows a mail as accepted answers so again and sends nothing.
//! Whether another try makes sense, and when, is the connector's to say: it has the bounds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Letter;
use crate::domain::{ids::MailId, time::Timestamp};

/// The connector that every mail goes to; what stands behind it is configuration.
pub const MAIL_CONNECTOR: &str = "mail";

#[derive(Clone, Debug, PartialEq)]
pub struct MailCall {
    pub mail: MailId,
    /// Tries that a server has put off before this one.
    pub attempt: u32,
    pub queued_at: Timestamp,
    pub letter: Arc<Letter>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailAnswer {
    Accepted,
    /// For good.
    Refused {
        code: String,
    },
    /// Not now: again after `pause_ms`.
    PutOff {
        code: String,
        pause_ms: u64,
    },
    /// Put off too often or for too long.
    GivenUp {
        code: String,
    },
}
