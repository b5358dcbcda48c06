//! The breaker under paused time: when it opens, what its probe decides, and that a given-up call counts.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::*;

/// Answers what it is told to, and counts the calls that reach it.
#[derive(Default)]
struct Provider {
    sick: std::sync::atomic::AtomicBool,
    calls: AtomicU32,
}

impl PaymentGateway for Provider {
    fn name(&self) -> &str {
        "test"
    }
    fn call(&self, _: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ProviderFault>> {
        self.calls.fetch_add(1, Relaxed);
        let sick = self.sick.load(Relaxed);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if sick { Err(ProviderFault::TimedOut) } else { Ok(ProviderEvent::Declined { code: "x".to_owned() }) }
        })
    }
}

fn setup() -> (Arc<Provider>, Breaker) {
    let provider = Arc::new(Provider::default());
    let settings = BreakerSettings { open_after: 3, probe_after_ms: 1_000 };
    (provider.clone(), Breaker::new(provider, settings))
}

fn call(breaker: &Breaker) -> BoxFuture<'_, Result<ProviderEvent, ProviderFault>> {
    let operation = ProviderOperation::Void { reference: "r".to_owned() };
    breaker.call(ProviderCall { payment: Default::default(), provider: "test".to_owned(), operation })
}

#[tokio::test(start_paused = true)]
async fn opens_after_faults_in_a_row_and_closes_after_one_good_probe() {
    let (provider, breaker) = setup();
    provider.sick.store(true, Relaxed);
    assert!(call(&breaker).await.is_err());
    assert!(call(&breaker).await.is_err());
    provider.sick.store(false, Relaxed);
    assert!(call(&breaker).await.is_ok(), "an answer, though a decline, ends the row");
    provider.sick.store(true, Relaxed);
    for _ in 0..3 {
        assert!(matches!(call(&breaker).await, Err(ProviderFault::TimedOut)));
    }
    assert!(matches!(call(&breaker).await, Err(ProviderFault::Unavailable(_))));
    assert_eq!(provider.calls.load(Relaxed), 6, "the refused call did not reach the provider");
    tokio::time::advance(Duration::from_millis(1_000)).await;
    assert!(matches!(call(&breaker).await, Err(ProviderFault::TimedOut)), "the probe");
    assert!(matches!(call(&breaker).await, Err(ProviderFault::Unavailable(_))), "open again");
    tokio::time::advance(Duration::from_millis(1_000)).await;
    provider.sick.store(false, Relaxed);
    let (probe, other) = tokio::join!(call(&breaker), call(&breaker));
    assert!(probe.is_ok() && other.is_err(), "one probe at a time");
    assert!(call(&breaker).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_is_a_fault_and_a_probe_given_up_is_followed_by_another() {
    let (provider, breaker) = setup();
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(1), call(&breaker)).await.is_err());
    }
    assert!(matches!(call(&breaker).await, Err(ProviderFault::Unavailable(_))));
    tokio::time::advance(Duration::from_millis(1_000)).await;
    assert!(tokio::time::timeout(Duration::from_millis(1), call(&breaker)).await.is_err());
    tokio::time::advance(Duration::from_millis(1_000)).await;
    assert!(call(&breaker).await.is_ok());
    assert_eq!(provider.calls.load(Relaxed), 5);
}
