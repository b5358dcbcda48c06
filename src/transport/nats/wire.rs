//! An owner's answer: the reply, or the notice that there is none. JSON, like the envelope.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::actors::ports::Reply;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Reply(Box<Reply>),
    /// The owner took the command and lost it: sent at once, so that the sender does not wait for the time-out.
    Lost(Arc<str>),
}

/// Nodes of two versions, or a foreign message: sending the command again would not help.
pub(super) fn unreadable(what: &str, error: &serde_json::Error) -> Reply {
    tracing::warn!(what, %error, "a message between nodes cannot be read");
    let reason = format!("a {what} between nodes cannot be read: {error}").into();
    Reply::Unavailable { retry_after_ms: 1_000, reason, retry: false }
}

/// The bytes to send for `answer`; a substitute where it is larger than a message may be.
pub(super) fn encode(answer: &Answer, max: usize) -> Vec<u8> {
    let reason = match serde_json::to_vec(answer) {
        Ok(bytes) if bytes.len() <= max => return bytes,
        Ok(bytes) => format!("the answer of {} bytes is larger than NATS carries ({max})", bytes.len()),
        Err(error) => format!("the answer does not encode: {error}"),
    };
    tracing::error!(reason, "an answer could not be sent to another node");
    let instead = Reply::Unavailable { retry_after_ms: 1_000, reason: reason.into(), retry: false };
    // A few plain fields: the substitute encodes.
    serde_json::to_vec(&Answer::Reply(Box::new(instead))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_too_large_is_replaced_by_one_that_says_so() {
        let answer = Answer::Lost("x".repeat(2_000).into());
        assert!(encode(&answer, 4_096).len() > 2_000);
        let instead: Answer = serde_json::from_slice(&encode(&answer, 1_000)).expect("readable");
        let Answer::Reply(reply) = instead else { panic!("a reply") };
        let Reply::Unavailable { reason, retry, .. } = *reply else { panic!("unavailable") };
        assert!(!retry && reason.contains("larger than NATS carries (1000)"), "{reason}");
    }
}
