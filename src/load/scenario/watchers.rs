//! Many sockets at once: opened a few at a time, each read by a task of its own until the scenario ends.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::{task::JoinSet, time::sleep};

use crate::load::{
    error::{LoadError, Result},
    live::Listener,
    site::Site,
};

/// Handshakes in flight at once: the kernel's queue of a listener is short.
const OPENING: usize = 64;
/// How long the last frames may take after the last change.
const FRAMES_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The tasks end with this value.
#[derive(Default)]
pub struct Watchers {
    tasks: JoinSet<()>,
    broken: Arc<Mutex<Vec<String>>>,
    pub count: usize,
}

impl Watchers {
    /// `topics` and `watch` of each by its number; `watch` ends only where its socket does, with the reason.
    pub async fn open<F>(
        site: &Site,
        count: usize,
        staff: bool,
        topics: impl Fn(usize) -> Vec<String>,
        watch: impl Fn(usize, Listener) -> F,
    ) -> Result<Self>
    where
        F: Future<Output = LoadError> + Send + 'static,
    {
        let token = if staff { Some(site.token()?) } else { None };
        let address = site.address().ok_or_else(|| LoadError::failed("the server is down"))?;
        let open = |n: usize| {
            let (topics, host, token) = (topics(n), site.host.clone(), token.clone());
            async move { Ok::<_, LoadError>((n, Listener::open(address, &host, token.as_deref(), &topics).await?)) }
        };
        let mut all = Self { count, ..Self::default() };
        let mut opened = stream::iter((0..count).map(open)).buffer_unordered(OPENING);
        while let Some((n, listener)) = opened.try_next().await? {
            let (reading, broken) = (watch(n, listener), all.broken.clone());
            all.tasks.spawn(async move {
                let why = reading.await.to_string();
                broken.lock().unwrap_or_else(PoisonError::into_inner).push(why);
            });
        }
        Ok(all)
    }

    /// The reasons of sockets that ended early.
    pub fn broken(&self) -> Vec<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `seen` holds, or for `FRAMES_MAX`; the invariants report a miss.
    pub async fn until(&self, seen: impl Fn() -> bool) {
        let end = Instant::now() + FRAMES_MAX;
        while !seen() && Instant::now() < end {
            sleep(LOOK_EVERY).await;
        }
    }
}
