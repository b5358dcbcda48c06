//! The sandbox's books: idempotent operations, exact totals, the same references after a restart, bounds.

use super::*;
use crate::testing::eur;

fn payment(n: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(n))
}

fn order() -> OrderId {
    OrderId(Uuid::from_u128(77))
}

fn refund(n: u128) -> RefundId {
    RefundId(Uuid::from_u128(n))
}

fn authorized(ledger: &mut Ledger, n: u128, amount: i64) -> String {
    let done = ledger.authorize(payment(n), order(), eur(amount), Status::Authorized, Instant::now()).unwrap();
    assert_eq!(done.status, Status::Authorized);
    reference(payment(n))
}

#[tokio::test]
async fn every_operation_is_idempotent_and_the_totals_say_what_was_taken() {
    let mut ledger = Ledger::default();
    let reference = authorized(&mut ledger, 1, 1000);
    authorized(&mut ledger, 1, 1000);
    let capture = |l: &mut Ledger| {
        let done = l.capture(&reference, eur(1000)).unwrap();
        (done.news, done.changed)
    };
    assert_eq!(capture(&mut ledger), (ProviderEvent::Captured, true));
    assert_eq!(capture(&mut ledger), (ProviderEvent::Captured, false));
    for changed in [true, false] {
        let done = ledger.refund(&reference, refund(1), eur(400)).unwrap();
        assert_eq!((done.news, done.changed), (ProviderEvent::Refunded { refund: refund(1) }, changed));
    }
    let totals = Totals { charges: 1, authorized: 1000, voided: 0, captured: 1000, refunded: 400 };
    assert_eq!(ledger.totals(), totals);
    assert_eq!(ledger.totals_by_order(), BTreeMap::from([(Some(order()), totals)]));
}

#[tokio::test]
async fn money_is_neither_taken_nor_given_twice() {
    let mut ledger = Ledger::default();
    let reference = authorized(&mut ledger, 1, 1000);
    let capture_failed = |code: &str| ProviderEvent::CaptureFailed { code: code.to_owned() };
    let refund_failed = |code: &str| ProviderEvent::RefundFailed { refund: refund(1), code: code.to_owned() };
    assert_eq!(ledger.capture(&reference, eur(1001)).unwrap().news, capture_failed("amount_too_large"));
    assert_eq!(ledger.refund(&reference, refund(1), eur(1)).unwrap().news, refund_failed("not_captured"));
    assert_eq!(ledger.capture(&reference, eur(900)).unwrap().news, ProviderEvent::Captured);
    assert_eq!(ledger.void(&reference).unwrap().news, capture_failed("already_captured"));
    assert_eq!(ledger.refund(&reference, refund(1), eur(901)).unwrap().news, refund_failed("amount_too_large"));
    let other = authorized(&mut ledger, 2, 500);
    assert_eq!(ledger.void(&other).unwrap().news, ProviderEvent::Voided);
    assert_eq!(ledger.capture(&other, eur(500)).unwrap().news, capture_failed("voided"));
    assert!(ledger.authorize(payment(2), order(), eur(501), Status::Authorized, Instant::now()).is_err());
    let expected = Totals { charges: 2, authorized: 1500, voided: 500, captured: 900, refunded: 0 };
    assert_eq!(ledger.totals(), expected);
}

#[tokio::test]
async fn after_a_restart_references_are_the_same_and_taken_at_their_word() {
    let old = authorized(&mut Ledger::default(), 1, 1000);
    let mut fresh = Ledger::default();
    assert_eq!(fresh.capture(&old, eur(1000)).unwrap().news, ProviderEvent::Captured);
    assert_eq!(authorized(&mut Ledger::default(), 1, 1000), old);
    let again = fresh.authorize(payment(1), order(), eur(1000), Status::Authorized, Instant::now()).unwrap();
    assert_eq!(again.news(""), ProviderEvent::Authorized { reference: old.clone() });
    assert_eq!(fresh.totals().captured, 1000);
    let mut fresh = Ledger::default();
    assert_eq!(fresh.void(&old).unwrap().news, ProviderEvent::Voided);
    assert_eq!(fresh.void(&old).unwrap().news, ProviderEvent::Voided);
    let mut fresh = Ledger::default();
    for n in [1, 2] {
        let news = fresh.refund(&old, refund(n), eur(300)).unwrap().news;
        assert_eq!(news, ProviderEvent::Refunded { refund: refund(n) });
    }
    assert_eq!((fresh.totals().captured, fresh.totals().refunded), (600, 600));
    assert!(fresh.capture("ch_of_another_provider", eur(1)).is_err());
}

#[tokio::test]
async fn the_books_are_bounded_and_open_charges_stay_longest() {
    let mut ledger = Ledger::default();
    let open = authorized(&mut ledger, 0, 1);
    for n in 1..=CHARGES_MAX as u128 + 100 {
        let declined = Status::Declined { code: "x".to_owned() };
        ledger.authorize(payment(n), order(), eur(1), declined, Instant::now()).unwrap();
    }
    assert_eq!((ledger.charges.len(), ledger.age.len()), (CHARGES_MAX, CHARGES_MAX));
    assert!(ledger.charge(payment_of(&open).unwrap()).is_some());
    assert!(ledger.charge(payment(1)).is_none());
}

#[tokio::test]
async fn where_others_keep_books_too_a_refund_of_what_they_captured_is_paid() {
    let refused = |code: &str| ProviderEvent::RefundFailed { refund: refund(1), code: code.to_owned() };
    let mut alone = Ledger::new(false);
    let reference = authorized(&mut alone, 1, 1000);
    assert_eq!(alone.refund(&reference, refund(1), eur(400)).unwrap().news, refused("not_captured"));
    let mut ledger = Ledger::new(true);
    authorized(&mut ledger, 1, 1000);
    for (n, amount) in [(1, 400), (2, 600)] {
        let done = ledger.refund(&reference, refund(n), eur(amount)).unwrap();
        assert_eq!((done.news, done.changed), (ProviderEvent::Refunded { refund: refund(n) }, true));
    }
    let more = ledger.refund(&reference, refund(3), eur(1)).unwrap().news;
    assert_eq!(more, ProviderEvent::RefundFailed { refund: refund(3), code: "amount_too_large".to_owned() });
    assert_eq!((ledger.totals().captured, ledger.totals().refunded), (1000, 1000));
    // The customer's decision reached another node.
    let asked = ledger.authorize(payment(2), order(), eur(500), Status::RequiresAction, Instant::now()).unwrap();
    assert_eq!(asked.status, Status::RequiresAction);
    let captured = ledger.capture(&super::reference(payment(2)), eur(500)).unwrap();
    assert_eq!((captured.news, ledger.totals().captured), (ProviderEvent::Captured, 1500));
    // A charge that ended here has ended everywhere.
    let declined = Status::Declined { code: "card_declined".to_owned() };
    ledger.authorize(payment(3), order(), eur(500), declined, Instant::now()).unwrap();
    let capture = ledger.capture(&super::reference(payment(3)), eur(500)).unwrap();
    assert_eq!(capture.news, ProviderEvent::CaptureFailed { code: "not_authorized".to_owned() });
}
