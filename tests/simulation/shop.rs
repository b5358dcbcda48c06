//! One seeded shop: its log, the provider's books, its clients with their plans and the replies they received. All of
//! it outlives every crash; `world` and `cluster` decide how many nodes serve it.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use souk::{
    domain::{
        ids::{CartId, CommandId, FulfilmentId, OrderId, PaymentId, RefundId, Sku, UserId},
        order::{HoldAt, StaffTransition},
        stock::StockCommand,
    },
    persistence::memory_journal::MemoryStorage,
};
use uuid::Uuid;

use crate::{
    clients::{Acks, Script, Step},
    observer::Seen,
    post::Post,
    provider::Books,
    rng::Rng,
};

pub struct Shop {
    pub rng: Rng,
    pub storage: MemoryStorage,
    pub books: Books,
    pub post: Post,
    pub acks: Acks,
    /// The views that each node's viewers received, by the node's place: its incarnations count as one.
    pub viewers: Vec<Seen>,
    pub went_back: Arc<Mutex<Vec<String>>>,
    pub scripts: Vec<Arc<tokio::sync::Mutex<Script>>>,
    pub orders: Vec<OrderId>,
    pub skus: Vec<Sku>,
}

impl Shop {
    pub fn new(rng: Rng, shards: u16, nodes: usize) -> Self {
        let mut shop = Self {
            storage: MemoryStorage::new(rng.uuid(), shards),
            books: Books::default(),
            post: Post::default(),
            acks: Acks::default(),
            // Not `vec![..; n]`: clones of one `Seen` are the same viewers.
            viewers: (0..nodes).map(|_| Seen::default()).collect(),
            went_back: Arc::default(),
            scripts: Vec::new(),
            orders: Vec::new(),
            skus: Vec::new(),
            rng,
        };
        shop.people();
        shop
    }

    /// Deliveries of goods, counts of them, and the shoppers who want them.
    fn people(&mut self) {
        let rng = self.rng.clone();
        let skus: Vec<Sku> = (0..1 + rng.below(4)).map(|n| Sku::parse(&format!("SKU{n}")).unwrap()).collect();
        for sku in &skus {
            let mut steps = Vec::new();
            for _ in 0..1 + rng.below(3) {
                let units = NonZeroU32::new(1 + rng.below(6) as u32).unwrap();
                let receive = StockCommand::Receive { units, reference: Some("delivery".into()) };
                let adjust = StockCommand::Adjust { delta: rng.below(5) as i64 - 2, reason: "count".into() };
                for command in [receive, adjust, StockCommand::SetThreshold { units: rng.below(5) as u32 }] {
                    steps.push(Step::Stock { sku: sku.clone(), command });
                    steps.push(Step::Pause(rng.millis(3_000)));
                }
            }
            self.script(steps);
        }
        for _ in 0..2 + rng.below(9) {
            self.shopper(&rng, &skus);
        }
        self.skus = skus;
    }

    /// Deliveries without pause, so that a change is acknowledged at every moment of a run.
    pub fn deliveries(&mut self) {
        let rng = self.rng.clone();
        let sku = rng.pick(&self.skus).clone();
        let mut steps = Vec::new();
        for _ in 0..40 {
            let command = StockCommand::Receive { units: NonZeroU32::MIN, reference: Some("delivery".into()) };
            steps.extend([Step::Stock { sku: sku.clone(), command }, Step::Pause(rng.millis(1_500))]);
        }
        self.script(steps);
    }

    fn shopper(&mut self, rng: &Rng, skus: &[Sku]) {
        let (user, cart) = (UserId(rng.uuid()), CartId(rng.uuid()));
        let (order, payment) = (OrderId(rng.uuid()), PaymentId(rng.uuid()));
        let wanted = 1 + rng.below(skus.len() as u64) as usize;
        let lines: Vec<_> = skus[..wanted].iter().map(|sku| (sku.clone(), 1 + rng.below(2) as u32)).collect();
        let pause = |ms| Step::Pause(rng.millis(ms));
        let mut steps = vec![
            pause(6_000),
            Step::Fill { cart, user, lines: lines.clone() },
            Step::Place { order, user, cart, lines: lines.clone() },
            pause(if rng.one_in(6) { 700_000 } else { 4_000 }),
        ];
        let tokens = ["tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_requires_action"];
        if !rng.one_in(6) {
            steps.push(Step::Pay { order, payment, token: rng.pick::<&'static str>(&tokens) });
            steps.push(pause(8_000));
        }
        // Every third shopper corrects the address and checks the same cart out again, whatever became of the first order,
        // and pays this one. Made of the ids, so that the other shoppers' plans stay as they were.
        let again = (user.0.as_u128() % 3 == 0).then(|| OrderId(Uuid::new_v5(&order.0, b"again")));
        if let Some(newer) = again {
            steps.push(Step::Place { order: newer, user, cart, lines: lines.clone() });
            let payment = PaymentId(Uuid::new_v5(&payment.0, b"again"));
            steps.extend([pause(3_000), Step::Pay { order: newer, payment, token: "tok_ok" }]);
        }
        match rng.below(6) {
            0 => steps.push(Step::StaffTransition { order, to: StaffTransition::Cancelled }),
            1 => steps.push(Step::Pay { order, payment: PaymentId(rng.uuid()), token: "tok_ok" }),
            2 => {
                steps.extend([pause(20_000), Step::StaffTransition { order, to: StaffTransition::Processing }]);
                steps.push(Step::Ship { order, fulfilment: FulfilmentId(rng.uuid()), lines });
            }
            3 => steps.extend([pause(20_000), Step::Refund { payment, refund: RefundId(rng.uuid()), amount: 100 }]),
            _ => {}
        }
        self.orders.push(order);
        self.orders.extend(again);
        self.script(steps);
    }

    fn script(&mut self, steps: Vec<Step>) {
        let script =
            Script { id: CommandId(self.rng.uuid()), steps, at: 0, placement: None, hold_at: HoldAt::Checkout };
        self.scripts.push(Arc::new(tokio::sync::Mutex::new(script)));
    }

    /// The same shoppers in a shop that holds nothing before a payment. Before they begin.
    pub fn hold_at_payment(&mut self) {
        for script in &self.scripts {
            script.try_lock().expect("nobody shops yet").hold_at = HoldAt::Payment;
        }
    }
}
