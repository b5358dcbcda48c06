//! A whole shop without its runtime: entities, a provider, and a host that performs pending effects in any order, loses
//! and repeats outcomes, and lets time jump. It does everything that the real host may do.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc};

use uuid::Uuid;

use super::provider::{Answer, Provider};
use crate::{
    domain::{
        cart::Item,
        effect::{Outcome, Request},
        erasure::ErasureAnswer,
        external::AnyCall,
        ids::{CartId, OrderId, PaymentId, Sku, UserId},
        key::EntityKey,
        kinds::{AnyCommand, AnyEffect, AnyEvent, AnyRejection, AnyState, AnyView, Kind},
        mail::MailAnswer,
        order::{CapturePolicy, CheckoutSnapshot, OrderCommand, OrderView},
        payment::{PaymentCommand, ProviderEvent},
        stock::{StockCommand, StockView},
        time::Timestamp,
    },
    testing::{an_order, eur},
};

pub const PAY_BY: Timestamp = Timestamp(600_000);
pub const SKUS: [&str; 2] = ["TEA", "CUP"];
const WANTED: [u32; 2] = [3, 2];

pub struct World {
    pub now: Timestamp,
    models: BTreeMap<EntityKey, AnyState>,
    history: BTreeMap<EntityKey, Vec<AnyEvent>>,
    pub provider: Provider,
    pub payments: Vec<PaymentId>,
    /// Commands that were delivered once and may be again.
    answers: Vec<(EntityKey, AnyCommand)>,
}

pub fn order() -> OrderId {
    OrderId(Uuid::from_u128(1))
}

pub fn order_key() -> EntityKey {
    EntityKey::new(Kind::Order, order().to_string())
}

fn cart() -> CartId {
    CartId(Uuid::from_u128(2))
}

fn user() -> UserId {
    UserId(Uuid::from_u128(3))
}

pub fn stock_key(sku: &str) -> EntityKey {
    EntityKey::new(Kind::Stock, sku)
}

pub fn payment_key(payment: PaymentId) -> EntityKey {
    EntityKey::new(Kind::Payment, payment.to_string())
}

pub fn placement(capture: CapturePolicy) -> CheckoutSnapshot {
    // TEA stands on two lines, which are one hold.
    let order = an_order().id(order()).user(user()).cart(cart()).pay_by(PAY_BY).capture(capture);
    order.line(SKUS[0], 1, 1000).line(SKUS[1], WANTED[1], 1000).line(SKUS[0], 2, 1000).snapshot()
}

impl World {
    /// A shop with `units` of each SKU, a cart, and a checkout that was just started.
    pub fn new(units: [u32; 2], capture: CapturePolicy) -> Self {
        Self::with(units, placement(capture))
    }

    pub fn with(units: [u32; 2], placement: CheckoutSnapshot) -> Self {
        let mut world = Self {
            now: Timestamp(0),
            models: BTreeMap::new(),
            history: BTreeMap::new(),
            provider: Provider::default(),
            payments: Vec::new(),
            answers: Vec::new(),
        };
        for (sku, units) in SKUS.iter().zip(units) {
            if let Some(units) = NonZeroU32::new(units) {
                world.accept(&stock_key(sku), AnyCommand::Stock(StockCommand::Receive { units, reference: None }));
            }
        }
        world.accept(&order_key(), AnyCommand::Order(OrderCommand::Place(Arc::new(placement))));
        world
    }

    #[track_caller]
    fn accept(&mut self, key: &EntityKey, command: AnyCommand) {
        assert!(self.send(key, &command).is_ok(), "{command:?}");
    }

    pub fn send(&mut self, key: &EntityKey, command: &AnyCommand) -> Result<AnyView, AnyRejection> {
        let now = self.now;
        let model = self.models.entry(key.clone()).or_insert_with(|| AnyState::new(key.kind));
        let events = model.decide(command, now)?;
        for event in events {
            model.apply(&event);
            self.history.entry(key.clone()).or_default().push(event);
        }
        Ok(model.view())
    }

    pub fn tell(&mut self, command: OrderCommand) -> Result<AnyView, AnyRejection> {
        self.send(&order_key(), &AnyCommand::Order(command))
    }

    pub fn pay(&mut self) {
        let payment = PaymentId(Uuid::from_u128(100 + self.payments.len() as u128));
        let (provider, token) = ("sandbox".to_owned(), "tok".to_owned());
        if self.tell(OrderCommand::BeginPayment { payment, provider, token }).is_ok() {
            self.payments.push(payment);
        }
    }

    pub fn pending_effects(&self) -> Vec<(EntityKey, AnyEffect)> {
        let owed =
            self.models.iter().map(|(key, model)| model.effects().into_iter().map(|effect| (key.clone(), effect)));
        owed.flatten().collect()
    }

    /// Performs an effect; `twice` delivers it twice, `lost` loses its outcome, so that it stays pending.
    pub fn perform(&mut self, (sender, effect): &(EntityKey, AnyEffect), luck: Luck) {
        for _ in 0..=u8::from(luck.twice) {
            let outcome = match effect.request() {
                Request::Entity(key, command) => match self.send(&key, &command) {
                    Ok(view) => Outcome::Accepted(effect.reads_view().then_some(view)),
                    Err(rejection) => Outcome::Refused(rejection),
                },
                Request::External(call) => Outcome::External(match call.port {
                    AnyCall::Payment(call) => self.provider.call(&call, luck.answer, luck.fail).into(),
                    AnyCall::Mail(_) => MailAnswer::Accepted.into(),
                    AnyCall::Erasure(_) => ErasureAnswer::Done.into(),
                }),
            };
            if let Some(command) = effect.outcome(outcome).filter(|_| !luck.lost) {
                self.outcome(sender, &command);
                self.answers.push((sender.clone(), command));
            }
        }
    }

    /// Delivers an outcome late, a second time.
    pub fn repeat_answer(&mut self, n: usize) {
        if !self.answers.is_empty() {
            let (key, command) = self.answers[n % self.answers.len()].clone();
            self.outcome(&key, &command);
        }
    }

    fn outcome(&mut self, sender: &EntityKey, command: &AnyCommand) {
        let answer = self.send(sender, command);
        assert!(answer.is_ok(), "an outcome is never refused: {command:?} {answer:?}");
    }

    pub fn webhook(&mut self, payment: PaymentId, news: ProviderEvent) {
        let _ = self.send(&payment_key(payment), &AnyCommand::Payment(PaymentCommand::Provider(news)));
    }

    pub fn ring_alarms(&mut self) {
        let due = |model: &AnyState| model.wake_at().is_some_and(|at| at <= self.now);
        let due: Vec<EntityKey> =
            self.models.iter().filter(|(_, model)| due(model)).map(|(key, _)| key.clone()).collect();
        for key in due {
            if let Some(wake) = AnyState::wake(key.kind) {
                self.accept(&key, wake);
            }
        }
    }

    /// Lets the host do its work to the end, time included. Panics when it never ends.
    pub fn settle(&mut self) {
        for _ in 0..500 {
            let owed = self.pending_effects();
            for effect in &owed {
                self.perform(effect, Luck::GOOD);
            }
            let next = self.models.values().filter_map(AnyState::wake_at).min();
            match next {
                Some(at) if owed.is_empty() => self.now = self.now.max(at),
                None if owed.is_empty() => return,
                Some(_) | None => {}
            }
            self.ring_alarms();
        }
        panic!("still owed: {:?}", self.pending_effects());
    }

    /// Events of all entities.
    pub fn events(&self) -> usize {
        self.history.values().map(Vec::len).sum()
    }

    pub fn order(&self) -> OrderView {
        match self.models.get(&order_key()).map(AnyState::view) {
            Some(AnyView::Order(view)) => view,
            other => panic!("{other:?}"),
        }
    }

    pub fn stock(&self, sku: &str) -> StockView {
        match self.models.get(&stock_key(sku)).map(AnyState::view) {
            Some(AnyView::Stock(view)) => view,
            Some(other) => panic!("{other:?}"),
            None => StockView::default(),
        }
    }

    /// Stored and loaded, or replayed from its events, each entity is the same.
    pub fn check_replay(&self) {
        for (key, model) in &self.models {
            let live = model.to_json().unwrap();
            let mut replayed = AnyState::new(key.kind);
            self.history.get(key).into_iter().flatten().for_each(|event| {
                let json = event.to_json().unwrap();
                let decoded = AnyEvent::from_json(key.kind, json.get()).unwrap();
                assert_eq!(&decoded, event);
                replayed.apply(&decoded);
            });
            assert_eq!(replayed.to_json().unwrap().get(), live.get());
            let loaded = AnyState::from_json(key.kind, live.get()).unwrap();
            assert_eq!(loaded.to_json().unwrap().get(), live.get());
            assert_eq!(loaded.effects(), model.effects());
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Luck {
    pub twice: bool,
    pub lost: bool,
    pub fail: bool,
    pub answer: Answer,
}

impl Luck {
    pub const GOOD: Self = Self { twice: false, lost: false, fail: false, answer: Answer::Authorize };
}

pub fn item(sku: &str) -> Item {
    Item { sku: Sku::parse(sku).unwrap(), name: sku.to_lowercase(), unit_price: eur(1000) }
}

pub fn cart_key() -> EntityKey {
    EntityKey::new(Kind::Cart, cart().to_string())
}

pub fn shopper() -> UserId {
    user()
}
