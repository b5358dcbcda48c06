//! Shoppers and operators as scripts of commands with fixed ids. A client without a reply, or after a crash of the
//! shop, sends the same command again, which the guarantees must cover.

use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::{Arc, Mutex},
    time::Duration,
};

use souk::{
    actors::{
        gateway::{AskError, Call},
        ports::Clock,
    },
    domain::{
        cart::{Cart, CartCommand, Item},
        ids::{CartId, CommandId, FulfilmentId, OrderId, PaymentId, RefundId, Sku, UserId},
        key::EntityKey,
        kinds::EntityType,
        order::{CheckoutSnapshot, HoldAt, Order, OrderCommand, StaffTransition},
        payment::{Payment, PaymentCommand},
        stock::{Share, Stock, StockCommand},
    },
    testing::{an_order, eur},
};
use tokio::time::sleep;

use crate::{door::Door, rng::Rng};

/// An acknowledgement that a client received: it must be in the journal for ever (G2), once (G3).
#[derive(Clone, Debug)]
pub struct Ack {
    pub key: EntityKey,
    pub command_id: CommandId,
    pub version: u64,
    /// False: nothing new, or a retry that must get the first reply (G3).
    pub changed: bool,
    /// The reply's view, as JSON.
    pub view: serde_json::Value,
}

#[derive(Clone)]
pub enum Step {
    Stock { sku: Sku, command: StockCommand },
    Fill { cart: CartId, user: UserId, lines: Vec<(Sku, u32)> },
    Place { order: OrderId, user: UserId, cart: CartId, lines: Vec<(Sku, u32)> },
    Pay { order: OrderId, payment: PaymentId, token: &'static str },
    StaffTransition { order: OrderId, to: StaffTransition },
    Ship { order: OrderId, fulfilment: FulfilmentId, lines: Vec<(Sku, u32)> },
    Refund { payment: PaymentId, refund: RefundId, amount: i64 },
    Pause(Duration),
}

/// Survives crashes, with the place it has reached.
pub struct Script {
    pub id: CommandId,
    pub steps: Vec<Step>,
    pub at: usize,
    /// Made at the first try, so that a retry is the same command.
    pub placement: Option<CheckoutSnapshot>,
    pub hold_at: HoldAt,
}

#[derive(Clone, Default)]
pub struct Acks(pub Arc<Mutex<Vec<Ack>>>);

/// A client's access to the world.
#[derive(Clone)]
pub struct Reach {
    pub door: Door,
    pub acks: Acks,
    pub clock: Arc<dyn Clock>,
    pub rng: Rng,
}

pub async fn play(script: Arc<tokio::sync::Mutex<Script>>, reach: Reach) {
    let mut script = script.lock().await;
    while let Some(step) = script.steps.get(script.at).cloned() {
        let id = CommandId::derive(script.id.0, &script.at.to_string());
        let client = Client { reach: &reach, id };
        client.step(&mut script, step).await;
        script.at += 1;
        sleep(reach.rng.millis(300)).await;
    }
}

struct Client<'a> {
    reach: &'a Reach,
    id: CommandId,
}

impl Client<'_> {
    async fn step(&self, script: &mut Script, step: Step) {
        match step {
            Step::Pause(time) => sleep(time).await,
            Step::Stock { sku, command } => {
                self.insist::<Stock>(sku.as_str(), command).await;
            }
            Step::Fill { cart, user, lines } => {
                let lines = lines.into_iter().map(|(sku, n)| (item(sku), n)).collect();
                let command = CartCommand::SetLines { owner: user, lines, add: false };
                self.insist::<Cart>(&cart.to_string(), command).await;
            }
            Step::Place { order, user, cart, lines } => {
                // As the shop does: the cart names the older orders, then the order is placed. A retry is the same command.
                let placement = match script.placement.take().filter(|placement| placement.order == order) {
                    Some(placement) => placement,
                    None => {
                        let begin = CartCommand::BeginCheckout { order };
                        let Some(begun) = self.insist::<Cart>(&cart.to_string(), begin).await else { return };
                        let replaces = begun.checkouts.into_iter().take_while(|older| *older != order).collect();
                        let placed = place(order, user, cart, &lines, self.reach.clock.now());
                        // With few units for each, so that shares are refused, too.
                        let share = match script.hold_at {
                            HoldAt::Checkout => None,
                            HoldAt::Payment => Some(Share { units: 1, percent: 40 }),
                        };
                        CheckoutSnapshot { replaces, hold_at: script.hold_at, share, ..placed }
                    }
                };
                script.placement = Some(placement.clone());
                let command = OrderCommand::Place(Arc::new(placement));
                self.insist::<Order>(&order.to_string(), command).await;
            }
            Step::Pay { order, payment, token } => {
                let (provider, token) = ("sandbox".into(), token.into());
                let command = OrderCommand::BeginPayment { payment, provider, token };
                self.insist::<Order>(&order.to_string(), command).await;
            }
            Step::StaffTransition { order, to } => {
                self.insist::<Order>(&order.to_string(), OrderCommand::Transition { to }).await;
            }
            Step::Ship { order, fulfilment, lines } => {
                let lines = lines.into_iter().filter_map(|(sku, n)| Some((sku, NonZeroU32::new(n)?))).collect();
                let command = OrderCommand::Fulfil { fulfilment, lines, carrier: None, tracking: None };
                self.insist::<Order>(&order.to_string(), command).await;
            }
            Step::Refund { payment, refund, amount } => {
                let amount = Some(eur(amount));
                let command = PaymentCommand::Refund { refund, amount, reason: "goodwill".into() };
                self.insist::<Payment>(&payment.to_string(), command).await;
            }
        }
    }

    /// The same command until the shop decides it, one way or the other; the view of the reply.
    async fn insist<E: EntityType>(&self, id: &str, command: E::Command) -> Option<E::View> {
        loop {
            let call = Call {
                command_id: self.id,
                by: "user:simulated".into(),
                expected_version: None,
                fingerprint: NonZeroU64::new(7),
                within: Duration::from_secs(5),
            };
            match self.reach.door.ask::<E>(id, command.clone(), call).await {
                Ok(answer) => {
                    let (key, version) = (EntityKey::new(E::KIND, id), answer.version);
                    let view = serde_json::to_value(&answer.view).expect("views are JSON");
                    let ack = Ack { key, command_id: self.id, version, changed: answer.changed, view };
                    self.reach.acks.0.lock().unwrap().push(ack);
                    return Some(answer.view);
                }
                Err(AskError::Refused(_) | AskError::Quarantined) => return None,
                Err(AskError::Busy { .. } | AskError::Unavailable { .. } | AskError::TimedOut) => {
                    sleep(self.reach.rng.millis(500)).await;
                }
                Err(wrong) => panic!("{id}: a client got {wrong}"),
            }
        }
    }
}

pub const PRICE: i64 = 1_999;
/// An order's time to be paid.
pub const HOLD_MS: i64 = 600_000;

fn item(sku: Sku) -> Item {
    Item { name: format!("Item {sku}"), sku, unit_price: eur(PRICE) }
}

fn place(
    order: OrderId,
    user: UserId,
    cart: CartId,
    lines: &[(Sku, u32)],
    now: souk::domain::time::Timestamp,
) -> CheckoutSnapshot {
    let order = an_order().id(order).user(user).cart(cart).pay_by(now.plus_ms(HOLD_MS)).with_mails();
    lines.iter().fold(order, |order, (sku, n)| order.line(sku.as_str(), *n, PRICE)).snapshot()
}
