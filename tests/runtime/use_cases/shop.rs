//! A shop without a socket, and what people do in it. The verbs that a test is about are the use cases themselves.

use std::{sync::Arc, time::Duration};

use souk::{
    actors::{gateway::Call, runtime::Runtime},
    domain::{
        account::Role,
        cart::{Cart, CartCommand, CartView, Item},
        category::{Category, CategoryCommand, CategoryData},
        ids::{CommandId, FulfilmentId, OrderId, PaymentId, ProductId, UserId},
        money::Money,
        order::{Order, OrderCommand, OrderStatus, OrderView, StaffTransition},
        payment::{Payment, PaymentCommand, PaymentView, ProviderEvent},
        product::{Product, ProductCommand, ProductData, Variant},
        stock::{Stock, StockView},
    },
    identity::{Permission, Principal, Reach},
    shop::{
        Services,
        checkout::place::{self, Checkout, CheckoutRefusal},
        payment::{
            outcome::PaymentOutcome,
            pay::{self, Pay, PayRefusal},
        },
    },
    testing::{self, an_address, sku, units},
};
use uuid::Uuid;

use super::{
    bank::{self, Bank},
    door::Door,
    wiring::{self, COMMAND_TIMEOUT},
};
use crate::stage::receipt;

pub struct Shop {
    pub services: Services,
    pub bank: Arc<Bank>,
    pub door: Door,
    _runtime: Runtime,
}

/// Of one category and no options: the SKU names the product.
fn product(name: &str) -> ProductId {
    ProductId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// For effects that must not follow: long enough for one, and shorter than a hold. Time is paused.
pub async fn a_moment() {
    tokio::time::sleep(Duration::from_secs(10)).await;
}

pub fn guest(n: u128) -> Principal {
    Principal::guest(Uuid::from_u128(n))
}

/// As the routes of whoever settles give it.
pub fn reach(who: &Principal) -> Reach {
    Reach::of(who.clone(), Permission::OrdersWrite)
}

pub fn staff() -> Principal {
    Principal::account(UserId(Uuid::from_u128(900)), Role::Operator)
}

pub fn payment(n: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(n))
}

/// The checkout of `who`'s cart under the id `n`.
pub fn checkout(n: u128, who: &Principal) -> Checkout {
    Checkout {
        order: OrderId(Uuid::from_u128(n)),
        user: who.user,
        cart: who.cart,
        email: "ada@example.org".to_owned(),
        shipping_address: an_address(),
        billing_address: None,
        shipping_method: "standard".to_owned(),
        address: None,
        bounded: true,
        by_account: false,
    }
}

impl Shop {
    /// Sells nothing yet.
    pub async fn open() -> Self {
        let (bank, door) = (Arc::new(Bank::default()), Door::open());
        let (runtime, services) = wiring::start(bank.clone(), door.clone()).await;
        let shop = Self { services, bank, door, _runtime: runtime };
        let data = CategoryData { name: "Clothes".to_owned(), ..CategoryData::default() };
        let define = CategoryCommand::Define { data };
        shop.services.gateway.ask::<Category>("clothes", define, shop.call()).await.expect("defined");
        shop
    }

    pub fn call(&self) -> Call {
        self.services.call(&staff())
    }

    /// As a request with an idempotency key calls: a retry has the same id.
    pub fn keyed(&self, id: Uuid, who: &Principal) -> Call {
        Call { command_id: CommandId(id), ..self.services.call(who) }
    }

    /// Returns once the catalogue shows the price.
    pub async fn prices(&self, name: &str, price: Money) {
        let variant = Variant { sku: sku(name), options: vec![], price, image: None };
        let data = Box::new(ProductData {
            slug: name.to_ascii_lowercase(),
            name: name.to_owned(),
            categories: vec!["clothes".to_owned()],
            variants: vec![variant],
            ..ProductData::default()
        });
        let define = ProductCommand::Define { product: product(name), data };
        self.services.gateway.ask::<Product>(&product(name).to_string(), define, self.call()).await.expect("defined");
        let shown = || self.services.catalogue.sku(&sku(name)).is_some_and(|card| card.price == price);
        eventually("the catalogue shows the price", async || shown()).await;
    }

    pub async fn sells(&self, name: &str, price: Money, available: u32) {
        self.services.gateway.ask::<Stock>(name, receipt(available), self.call()).await.expect("received");
        self.prices(name, price).await;
    }

    pub async fn withdraws(&self, name: &str) {
        let id = product(name).to_string();
        self.services.gateway.ask::<Product>(&id, ProductCommand::Archive, self.call()).await.expect("archived");
        let gone = || self.services.catalogue.sku(&sku(name)).is_none();
        eventually("the catalogue shows it no longer", async || gone()).await;
    }

    pub async fn removes(&self, who: &Principal, name: &str) {
        let command = CartCommand::RemoveLine { sku: sku(name) };
        let call = self.services.call(who);
        self.services.gateway.ask::<Cart>(&who.cart.to_string(), command, call).await.expect("out of the cart");
    }

    /// At the price that the catalogue shows.
    pub async fn puts(&self, who: &Principal, name: &str, quantity: u32) {
        let card = self.services.catalogue.sku(&sku(name)).expect("it is sold");
        let item = Item { sku: card.sku, name: card.name, unit_price: card.price };
        let command = CartCommand::SetLines { owner: who.user, lines: vec![(item, quantity)], add: false };
        let call = self.services.call(who);
        self.services.gateway.ask::<Cart>(&who.cart.to_string(), command, call).await.expect("in the cart");
    }

    pub async fn place(&self, checkout: &Checkout, who: &Principal) -> Result<OrderView, CheckoutRefusal> {
        let call = self.keyed(checkout.order.0, who);
        Ok(place::place(&self.services, checkout, call).await?.view)
    }

    /// An order of `quantity` of a SKU, held.
    pub async fn order(&self, n: u128, who: &Principal, name: &str, quantity: u32) -> OrderId {
        self.puts(who, name, quantity).await;
        let checkout = checkout(n, who);
        let placed = self.place(&checkout, who).await.expect("placed");
        assert_eq!(placed.lifecycle, OrderStatus::AwaitingPayment);
        checkout.order
    }

    pub async fn pay(
        &self,
        n: u128,
        who: &Principal,
        order: OrderId,
        token: &str,
    ) -> Result<(PaymentOutcome, PaymentView), PayRefusal> {
        let payment = payment(n);
        let pay = Pay { payment, order, provider: bank::NAME.to_owned(), token: token.to_owned() };
        let call = self.keyed(payment.0, who);
        pay::pay(&self.services, &reach(who), &pay, call).await.map(|(outcome, answer)| (outcome, answer.view))
    }

    /// As a webhook that was verified.
    pub async fn bank_reports(&self, payment: PaymentId, news: ProviderEvent) {
        let command = PaymentCommand::Provider(news);
        self.services.gateway.ask::<Payment>(&payment.to_string(), command, self.call()).await.expect("taken");
    }

    /// Staff sends everything out.
    pub async fn ships(&self, order: OrderId, name: &str, quantity: u32) {
        let fulfilment = FulfilmentId(Uuid::from_u128(1));
        let lines = vec![(sku(name), units(quantity))];
        let captured = |seen: &OrderView| seen.payment_status.is_taken();
        self.services.gateway.wait::<Order>(&order.to_string(), COMMAND_TIMEOUT, captured).await.expect("captured");
        let parcel = OrderCommand::Fulfil { fulfilment, lines, carrier: None, tracking: None };
        for command in [OrderCommand::Transition { to: StaffTransition::Processing }, parcel] {
            self.services.gateway.ask::<Order>(&order.to_string(), command, self.call()).await.expect("legal");
        }
    }

    pub async fn cart(&self, who: &Principal) -> CartView {
        self.services.gateway.read::<Cart>(&who.cart.to_string(), COMMAND_TIMEOUT).await.expect("read").view
    }

    pub async fn seen(&self, order: OrderId) -> OrderView {
        self.services.gateway.read::<Order>(&order.to_string(), COMMAND_TIMEOUT).await.expect("read").view
    }

    pub async fn stock(&self, name: &str) -> StockView {
        self.services.gateway.read::<Stock>(name, COMMAND_TIMEOUT).await.expect("read").view
    }

    /// Available, held and committed units.
    pub async fn levels(&self, name: &str) -> (u64, u64, u64) {
        let stock = self.stock(name).await;
        (stock.available, stock.held, stock.committed)
    }

    /// Time enough for every alarm that is due before. Woken by the order's own changes: paused time costs nothing.
    pub async fn until_status(&self, order: OrderId, status: OrderStatus) {
        let hour = Duration::from_secs(3_600);
        let there = |seen: &OrderView| seen.lifecycle == status;
        let seen = self.services.gateway.wait::<Order>(&order.to_string(), hour, there).await.expect("read").view;
        assert_eq!(seen.lifecycle, status);
    }
}

/// A minute of paused time: shorter than a hold lasts.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    testing::eventually(what, Duration::from_secs(60), condition).await;
}
