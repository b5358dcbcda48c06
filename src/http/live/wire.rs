//! The bytes that a connection has sent, counted where they are read.
//!
//! The WebSocket library hands over whole messages: what it skips on the way to one (empty fragments, 6 bytes each)
//! costs time and is seen by nobody above it. The server counts every byte here, and the rate limit charges for it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Shared by the connection's stream and its socket's task; the server puts it into the request's extensions.
#[derive(Clone, Debug, Default)]
pub struct Wire(Arc<AtomicU64>);

impl Wire {
    pub fn count(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
