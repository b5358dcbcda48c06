//! Small journals, whole and broken: what each invariant finds, and what it leaves alone.

use std::{num::NonZeroU32, sync::Arc};

use uuid::Uuid;

use super::*;
use crate::{
    domain::{
        ids::{CommandId, UserId},
        money::Money,
        order::OrderEvent,
        payment::PaymentEvent,
        stock::StockEvent,
        time::Timestamp,
    },
    testing::{an_order, sku},
};

const SKU: &str = "TEE-RED-M";

fn order() -> OrderId {
    OrderId(Uuid::from_u128(1))
}

fn order_key() -> EntityKey {
    EntityKey::new(Kind::Order, order().to_string())
}

#[derive(Default)]
struct Journal {
    fold: FoldAll,
    versions: HashMap<EntityKey, u64>,
}

impl Journal {
    fn write(mut self, key: EntityKey, by: &str, event: AnyEvent) -> Self {
        let version = self.versions.entry(key.clone()).or_default();
        *version += 1;
        let events = vec![event];
        let events_json = Commit::encode(&events).unwrap();
        let (version, by, command_id) = (*version, by.into(), CommandId::default());
        let commit = Commit { key, version, command_id, fingerprint: None, by, at: Timestamp(0), events, events_json };
        self.fold.commit(&commit).unwrap();
        self
    }

    fn order(self, events: impl IntoIterator<Item = OrderEvent>) -> Self {
        events.into_iter().fold(self, |it, event| it.write(order_key(), "system", AnyEvent::Order(event)))
    }

    fn stock(self, by: &str, events: impl IntoIterator<Item = StockEvent>) -> Self {
        let key = EntityKey::new(Kind::Stock, SKU);
        events.into_iter().fold(self, |it, event| it.write(key.clone(), by, AnyEvent::Stock(event)))
    }

    fn payment(self, events: impl IntoIterator<Item = PaymentEvent>) -> Self {
        let key = EntityKey::new(Kind::Payment, payment().to_string());
        events.into_iter().fold(self, |it, event| it.write(key.clone(), "system", AnyEvent::Payment(event)))
    }

    /// The names of the broken invariants, each with its first violation.
    fn broken(&self) -> Vec<(String, String)> {
        let broken = self.fold.invariants().into_iter();
        broken.filter_map(|found| Some((found.name, found.broken.into_iter().next()?))).collect()
    }
}

fn payment() -> PaymentId {
    PaymentId(Uuid::from_u128(5))
}

fn two() -> NonZeroU32 {
    NonZeroU32::new(2).unwrap()
}

fn received() -> StockEvent {
    StockEvent::Received { units: two(), reference: None }
}

fn held() -> StockEvent {
    StockEvent::Held { order: order(), units: two(), until: Timestamp(9), attempt: 1 }
}

fn placed() -> Vec<OrderEvent> {
    let placement = Arc::new(an_order().id(order()).snapshot());
    vec![OrderEvent::Placed { placement, at: Timestamp(0) }]
}

fn begun() -> OrderEvent {
    OrderEvent::PaymentBegun { payment: payment(), provider: "sandbox".into(), token: "tok_ok".into() }
}

fn captured() -> Vec<PaymentEvent> {
    let amount: Money = an_order().snapshot().totals.total;
    vec![
        PaymentEvent::Opened {
            payment: payment(),
            order: order(),
            user: UserId::default(),
            amount,
            provider: "sandbox".into(),
            token: "tok_ok".into(),
            at: Timestamp(0),
        },
        PaymentEvent::Authorized { reference: "r".into() },
        PaymentEvent::CaptureAsked,
        PaymentEvent::Captured,
    ]
}

fn owned() -> Vec<OrderEvent> {
    let sku = sku(SKU);
    [placed(), vec![OrderEvent::HoldGranted { sku: sku.clone() }, OrderEvent::HoldCommitted { sku }]].concat()
}

#[test]
fn a_sale_that_adds_up_breaks_nothing() {
    let by = order_key().to_string();
    let committed = StockEvent::Committed { order: order() };
    let journal = Journal::default().stock("user:1", [received()]).stock(&by, [held(), committed]);
    let journal = journal.order(owned()).order([begun()]).payment(captured());
    assert_eq!(journal.broken(), []);
}

#[test]
fn sold_units_that_their_stock_does_not_know_are_found() {
    let journal = Journal::default().stock("user:1", [received()]).order(owned());
    let broken = journal.broken();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].0.contains("has committed the units") && broken[0].1.contains("owns 2 of TEE-RED-M"));
}

#[test]
fn captured_money_without_its_order_is_found() {
    for orders in [vec![], placed()] {
        let broken = Journal::default().order(orders).payment(captured()).broken();
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].0.starts_with("money") && broken[0].1.contains("does not know it"), "{broken:?}");
    }
    // Known, given up, at rest: the money should have gone back.
    let gone =
        [placed(), vec![begun(), OrderEvent::PaymentOpened { payment: payment() }, OrderEvent::Rejected]].concat();
    let at_rest = gone
        .into_iter()
        .chain([OrderEvent::HoldReleased { sku: sku(SKU) }, OrderEvent::UnwindAsked { payment: payment() }]);
    let heard = PaymentEvent::OrderNotified { status: crate::domain::order::PaymentStatus::Captured, refunded: 0 };
    let broken = Journal::default().order(at_rest).payment(captured()).payment([heard]).broken();
    assert!(broken.iter().any(|(_, line)| line.contains("is not sold, and at rest")), "{broken:?}");
}

#[test]
fn a_hold_for_nobody_is_found_and_one_by_hand_is_none() {
    let by = order_key().to_string();
    for (by, broken) in [(by.as_str(), 1), ("user:1", 0)] {
        let journal = Journal::default().stock("user:1", [received()]).stock(by, [held()]);
        assert_eq!(journal.broken().len(), broken, "by {by}");
    }
    // Committed for an order that has given the units back.
    let committed = StockEvent::Committed { order: order() };
    let given_back = [placed(), vec![OrderEvent::Rejected, OrderEvent::HoldReleased { sku: sku(SKU) }]].concat();
    let journal = Journal::default().stock("user:1", [received()]).stock(&by, [held(), committed]).order(given_back);
    let broken = journal.broken();
    assert!(broken.len() == 1 && broken[0].1.contains("has given them back"), "{broken:?}");
}
