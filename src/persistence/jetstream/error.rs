//! Why a journal on JetStream cannot be opened, with the found and the expected value.

use std::sync::Arc;

#[derive(Clone, Debug, thiserror::Error)]
pub enum JetStreamError {
    #[error("nats: {0}")]
    Io(Arc<str>),
    #[error("stream {stream}: {setting} is {found}, {expected} expected")]
    Setting { stream: String, setting: &'static str, found: String, expected: String },
    #[error(
        "stream {stream}: this journal has {found} shards, {asked} were asked for; the number is fixed when a journal is made (`souk journal copy` can change it)"
    )]
    Shards { stream: String, found: u16, asked: u16 },
    #[error("there is no journal named {0} on these servers")]
    Missing(String),
    #[error(
        "stream {0} is missing, and the journal's record says that it was made: it was deleted, or lost with its servers; restore it from NATS' backup, or the shop from its newest export"
    )]
    Gone(String),
    #[error("stream {stream}: its record of the journal cannot be read: {problem}")]
    Meta { stream: String, problem: String },
    #[error("cluster name {0:?}: 1 to 32 characters of a-z, 0-9 and - expected")]
    Name(String),
    #[error("the servers take messages of {found} bytes, {expected} are needed: raise max_payload")]
    Payload { found: usize, expected: usize },
    #[error("these servers are refused: {0}")]
    Unsafe(String),
    #[error("nats-server {found} is too old, {needed} or newer is needed: {why}")]
    Old { found: String, needed: String, why: &'static str },
}
