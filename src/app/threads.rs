//! Threads of their own for the sockets of the live feed.
//!
//! One change to ten thousand sockets wakes ten thousand tasks. On the engine's runtime every step of every command (a
//! request, its shard, its entity, the committer, the tail) would wait behind all of them; here they wait behind
//! each other only, and the kernel shares the cores.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// Ends with this value, without waiting for its tasks: a graceful end has closed the sockets before.
pub(super) struct Threads {
    handle: Handle,
    /// Taken when it ends.
    runtime: Option<Runtime>,
}

impl Threads {
    pub(super) fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().thread_name(name).enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime must not be dropped with a wait on another runtime's thread.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
