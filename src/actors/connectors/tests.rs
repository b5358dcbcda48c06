//! The registry under paused time: budget, time-out and breaker belong to one connector alone.

use std::sync::atomic::Ordering::Relaxed;

use futures::future::{BoxFuture, join_all};
use tokio::time::sleep;

use super::*;
use crate::{
    actors::settings::{BreakerSettings, ConnectorSettings},
    domain::payment::{ProviderCall, ProviderEvent, ProviderOperation},
};

/// Returns `answer` after `takes`, and counts the calls in flight.
struct Party {
    name: &'static str,
    takes: Duration,
    answer: std::sync::Mutex<Result<AnyAnswer, ConnectorFault>>,
    /// What it says when it is asked; as its calls, unless told otherwise.
    well: bool,
    now: AtomicUsize,
    most: AtomicUsize,
    calls: AtomicUsize,
}

impl Connector for Party {
    fn name(&self) -> &str {
        self.name
    }

    fn call(&self, _: AnyCall) -> BoxFuture<'_, Result<AnyAnswer, ConnectorFault>> {
        Box::pin(async move {
            self.calls.fetch_add(1, Relaxed);
            self.most.fetch_max(self.now.fetch_add(1, Relaxed) + 1, Relaxed);
            sleep(self.takes).await;
            self.now.fetch_sub(1, Relaxed);
            self.answer.lock().unwrap().clone()
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(async {
            match self.well {
                true => Ok(()),
                false => Err(ConnectorFault::Unavailable("down".to_owned())),
            }
        })
    }
}

fn answered() -> Result<AnyAnswer, ConnectorFault> {
    Ok(AnyAnswer::Payment(ProviderEvent::Voided))
}

fn party(name: &'static str, takes_ms: u64) -> Arc<Party> {
    let (takes, answer) = (Duration::from_millis(takes_ms), answered().into());
    Arc::new(Party { name, takes, answer, well: false, now: 0.into(), most: 0.into(), calls: 0.into() })
}

fn registry(parties: &[&Arc<Party>]) -> Connectors {
    let settings = ConnectorSettings {
        in_flight_max: 4,
        timeout: Duration::from_millis(1_000),
        breaker: BreakerSettings { failures: 3, rest: Duration::from_millis(5_000) },
    };
    let entry = |party: &&Arc<Party>| ConnectorEntry { connector: Arc::clone(party) as _, settings: settings.clone() };
    Connectors::new(parties.iter().map(entry).collect())
}

fn void() -> AnyCall {
    let operation = ProviderOperation::Void { reference: "r".to_owned() };
    AnyCall::Payment(ProviderCall { payment: Default::default(), operation })
}

async fn call(connectors: &Connectors, name: &str) -> Result<AnyAnswer, NoAnswer> {
    connectors.get(name).unwrap().call(void()).await
}

#[tokio::test(start_paused = true)]
async fn a_slow_connector_never_has_more_calls_than_its_budget_and_delays_nobody_else() {
    let (slow, fast) = (party("slow", 500), party("fast", 1));
    let connectors = registry(&[&slow, &fast]);
    let begun = Instant::now();
    let many = join_all((0..20).map(|_| call(&connectors, "slow")));
    let other = async {
        sleep(Duration::from_millis(10)).await;
        let asked = Instant::now();
        call(&connectors, "fast").await.unwrap();
        asked.elapsed().as_millis()
    };
    let (all, waited) = tokio::join!(many, other);
    assert!(all.iter().all(Result::is_ok));
    assert_eq!((slow.most.load(Relaxed), slow.calls.load(Relaxed)), (4, 20));
    assert_eq!((begun.elapsed().as_millis(), waited), (5 * 500, 1), "in five turns, and the other at once");
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_by_its_caller_gives_its_place_back() {
    let slow = party("slow", 900);
    let connectors = registry(&[&slow]);
    for _ in 0..3 {
        let given_up = join_all((0..8).map(|_| call(&connectors, "slow")));
        assert!(timeout(Duration::from_millis(10), given_up).await.is_err());
    }
    let begun = Instant::now();
    assert!(join_all((0..4).map(|_| call(&connectors, "slow"))).await.iter().all(Result::is_ok));
    assert_eq!(begun.elapsed().as_millis(), 900, "and the circuit is closed: nothing spoke against the connector");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_given_up_and_counts_as_a_fault() {
    let (hung, well) = (party("hung", 3_600_000), party("well", 1));
    let connectors = registry(&[&hung, &well]);
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(call(&connectors, "hung").await, Err(NoAnswer::Fault(ConnectorFault::TimedOut)));
    }
    assert_eq!(begun.elapsed().as_millis(), 3 * 1_000);
    let open = NoAnswer::CircuitOpen { probe_in: Duration::from_millis(5_000) };
    assert_eq!(call(&connectors, "hung").await, Err(open));
    assert_eq!(hung.calls.load(Relaxed), 3, "the refused call did not reach it");
    assert!(call(&connectors, "well").await.is_ok(), "each has a breaker of its own");
    tokio::time::advance(Duration::from_millis(5_000)).await;
    assert_eq!(call(&connectors, "hung").await, Err(NoAnswer::Fault(ConnectorFault::TimedOut)), "the probe");
    tokio::time::advance(Duration::from_millis(5_000)).await;
    call(&connectors, "hung").await.unwrap_err();
    assert_eq!(hung.calls.load(Relaxed), 5, "a probe that timed out is followed by another");
}

/// A shopper whose bank is silent makes calls time out; the provider is well, and every other buyer pays.
#[tokio::test(start_paused = true)]
async fn calls_that_time_out_close_nobody_elses_way_while_the_party_is_well() {
    let slow = party("slow", 3_600_000);
    let slow = Arc::new(Party { well: true, ..Arc::into_inner(slow).unwrap() });
    let connectors = registry(&[&slow]);
    for _ in 0..3 {
        let burst = join_all((0..4).map(|_| call(&connectors, "slow"))).await;
        assert!(burst.iter().all(|answer| *answer == Err(NoAnswer::Fault(ConnectorFault::TimedOut))), "{burst:?}");
    }
    assert_eq!(slow.calls.load(Relaxed), 12, "none was refused by the circuit");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_our_own_mistake_does_not_open_the_circuit() {
    let strict = party("strict", 1);
    let connectors = registry(&[&strict]);
    let invalid = ConnectorFault::Invalid("no such account".to_owned());
    *strict.answer.lock().unwrap() = Err(invalid.clone());
    for _ in 0..10 {
        assert_eq!(call(&connectors, "strict").await, Err(NoAnswer::Fault(invalid.clone())));
    }
    *strict.answer.lock().unwrap() = answered();
    assert!(call(&connectors, "strict").await.is_ok());
}

#[tokio::test]
async fn what_is_pending_is_counted_for_each_connector() {
    let connectors = registry(&[&party("a", 1), &party("b", 1)]);
    let (a, b) = (connectors.get("a").unwrap(), connectors.get("b").unwrap());
    a.counter().fetch_add(3, Relaxed);
    assert!(!a.backed_up());
    a.counter().fetch_add(1, Relaxed);
    assert_eq!((a.backed_up(), b.backed_up(), connectors.pending()), (true, false, 4));
    assert!(connectors.get("c").is_none());
}
