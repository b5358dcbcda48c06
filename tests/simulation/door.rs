//! A client's way into the shop: the only node, or any of several, picked for each try.
//!
//! Each node of a cluster is a runtime of its own, and a request is handled there, as by its HTTP server. A node that
//! crashes takes its requests with it, and one that is frozen lets them wait until the client gives up.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use souk::{
    actors::gateway::{AskError, Asked, Call, Gateway},
    domain::kinds::EntityType,
};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use crate::rng::Rng;

/// How much longer than the shop's own deadline a client waits for a node that says nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Milliseconds within which a client hears that its connection broke; more than there are requests at once.
const BROKEN_OFF_MAX: u64 = 199;

/// One node as clients see it.
#[derive(Clone)]
pub struct Way {
    pub gateway: Gateway,
    /// `None`: the client's own runtime.
    pub runtime: Option<Handle>,
}

#[derive(Clone)]
pub struct Door {
    ways: Arc<Mutex<Vec<Way>>>,
    rng: Option<Rng>,
    /// Counts what passes between runtimes: the cluster's clock goes in small steps meanwhile.
    traffic: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
}

impl Door {
    pub fn here(gateway: Gateway) -> Self {
        let ways = Arc::new(Mutex::new(vec![Way { gateway, runtime: None }]));
        Self { ways, rng: None, traffic: Arc::default(), requests: Arc::default() }
    }

    /// No node yet.
    pub fn of_many(rng: Rng, traffic: Arc<AtomicU64>) -> Self {
        Self { ways: Arc::default(), rng: Some(rng), traffic, requests: Arc::default() }
    }

    /// The nodes that clients know of from now on.
    pub fn set(&self, ways: Vec<Way>) {
        *self.ways.lock().unwrap() = ways;
    }

    fn pick(&self) -> Option<Way> {
        let ways = self.ways.lock().unwrap();
        let n = self.rng.as_ref().map_or(0, |rng| rng.below(ways.len() as u64));
        ways.get(n as usize).cloned()
    }

    pub async fn ask<E: EntityType>(&self, id: &str, command: E::Command, call: Call) -> Asked<E> {
        let (id, within) = (id.to_owned(), call.within);
        let asked = self.through(within, |gateway| async move { gateway.ask::<E>(&id, command, call).await }).await;
        asked.unwrap_or(Err(AskError::TimedOut))
    }

    /// The owner's newest committed view.
    pub async fn read<E: EntityType>(&self, id: &str, within: Duration) -> Asked<E> {
        let id = id.to_owned();
        let read = self.through(within, |gateway| async move { gateway.read::<E>(&id, within).await }).await;
        read.unwrap_or(Err(AskError::TimedOut))
    }

    /// The version in the node's own view, after the node has folded everything durable at the time of the call.
    /// `None`: it has not.
    pub async fn glance<E: EntityType>(&self, id: &str, within: Duration) -> Option<u64> {
        let id = id.to_owned();
        let glance = |gateway: Gateway| async move { gateway.read_local_after_writes::<E>(&id, within).await };
        let local = self.through(within, glance).await?.ok().filter(|local| local.is_current)?;
        Some(local.answer.map_or(0, |answer| answer.version))
    }

    /// `None`: no node, or the node ended or is frozen; the request's outcome is unknown.
    async fn through<F>(&self, within: Duration, request: impl FnOnce(Gateway) -> F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let way = self.pick()?;
        let Some(node) = way.runtime else { return Some(request(way.gateway).await) };
        self.traffic.fetch_add(1, Ordering::Relaxed);
        let (request, traffic) = (request(way.gateway), self.traffic.clone());
        let handled = node.spawn(async move {
            let answer = request.await;
            traffic.fetch_add(1, Ordering::Relaxed);
            answer
        });
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        match timeout(within + PATIENCE, handled).await.ok()? {
            Ok(answer) => Some(answer),
            Err(_) => {
                // The scheduler ends a crashed node's tasks in an order of its own, by numbers that go on from run to
                // run. So each client notices the end at a moment of its own.
                sleep(Duration::from_millis(1 + number % BROKEN_OFF_MAX)).await;
                None
            }
        }
    }
}
