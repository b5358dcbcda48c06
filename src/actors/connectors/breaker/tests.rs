//! The breaker under paused time: its opening, its probe's decision, and the effect of a dropped call.

use super::*;

const REST: Duration = Duration::from_secs(1);

fn breaker() -> Breaker {
    Breaker::new("test", BreakerSettings { failures: 3, rest: REST })
}

/// One call that ends at once, to a party that is unwell; returns whether it was admitted.
fn call(breaker: &Breaker, fault: bool) -> bool {
    let admitted = breaker.admit();
    let admitted = admitted.map(|admitted| admitted.settle(fault).into_iter().for_each(|doubt| doubt.confirm(false)));
    admitted.is_ok()
}

#[tokio::test(start_paused = true)]
async fn faults_of_a_party_that_is_well_never_open_the_circuit() {
    let breaker = breaker();
    let mut asked = 0;
    for _ in 0..9 {
        if let Some(doubt) = breaker.admit().unwrap().settle(true) {
            asked += 1;
            doubt.confirm(true);
        }
    }
    assert_eq!(asked, 3, "once for each row of three");
    (0..3).for_each(|_| assert!(call(&breaker, true)));
    tokio::time::advance(REST).await;
    let probe = breaker.admit().unwrap().settle(true).expect("a probe that fails is doubtful");
    assert!(breaker.admit().is_err(), "not decided yet");
    probe.confirm(true);
    assert!(breaker.admit().is_ok(), "the call failed, the party did not");
}

#[tokio::test(start_paused = true)]
async fn opens_after_faults_in_a_row_and_closes_after_one_good_probe() {
    let breaker = breaker();
    assert!(call(&breaker, true) && call(&breaker, true));
    assert!(call(&breaker, false), "an answer ends the row");
    assert!(call(&breaker, true) && call(&breaker, true) && call(&breaker, true));
    assert_eq!(breaker.admit().err(), Some(REST));
    tokio::time::advance(REST).await;
    assert!(call(&breaker, true), "the probe");
    assert_eq!(breaker.admit().err(), Some(REST), "open again");
    tokio::time::advance(REST).await;
    let probe = breaker.admit().unwrap();
    assert_eq!(breaker.admit().err(), Some(Duration::ZERO), "one probe at a time");
    assert!(probe.settle(false).is_none());
    assert!(call(&breaker, false));
}

#[tokio::test(start_paused = true)]
async fn a_call_from_before_the_circuit_opened_does_not_close_it() {
    let breaker = breaker();
    let (early, late) = (breaker.admit().unwrap(), breaker.admit().unwrap());
    (0..3).for_each(|_| assert!(call(&breaker, true)));
    assert!(early.settle(false).is_none());
    assert!(breaker.admit().is_err());
    tokio::time::advance(REST).await;
    let probe = breaker.admit().unwrap();
    assert!(late.settle(false).is_none());
    assert!(breaker.admit().is_err(), "the probe decides");
    assert!(probe.settle(false).is_none());
    assert!(breaker.admit().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_no_fault_and_a_dropped_probe_is_followed_by_another() {
    let breaker = breaker();
    for _ in 0..10 {
        drop(breaker.admit().unwrap());
    }
    assert!(call(&breaker, true) && call(&breaker, true));
    drop(breaker.admit().unwrap());
    assert!(call(&breaker, true), "a drop did not end the row either");
    assert!(breaker.admit().is_err());
    tokio::time::advance(REST).await;
    drop(breaker.admit().unwrap());
    drop(breaker.admit().unwrap().settle(true));
    assert!(call(&breaker, false), "the next call is the probe");
    assert!(call(&breaker, false));
}
