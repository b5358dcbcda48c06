//! Threads of their own for the sockets of the live feed.
//!
//! One change to ten thousand sockets wakes ten thousand tasks. On the engine's runtime every step of every command (a
//! request, its shard, its entity, the committer, the tail) would wait behind all of them; here they wait behind
//! each other only, and the kernel shares the cores.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// Ends with this value, without waiting for its tasks: a graceful end has closed the sockets before.
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    pub(super) fn start(name: &str) -> io::Result<Self> {
        Builder::new_multi_thread().thread_name(name).enable_all().build().map(|runtime| Self(Some(runtime)))
    }

    /// `None` only while it ends.
    pub(super) fn handle(&self) -> Option<&Handle> {
        self.0.as_ref().map(Runtime::handle)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime must not be waited for on another one's thread.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
