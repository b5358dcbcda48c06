//! What one connection does at Vendure's Shop API over and over, as a storefront does it: the requests of its own
//! documentation, with no more fields than the page needs.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use souk::load::rng::Rng;

use super::{
    race::Till,
    vendure::{Vendure, graphql},
};
use crate::common::{http::Connection, load::Client};

const SHOP: &str = "/shop-api";
const PAGE: u64 = 24;
const PAGES: u64 = 6;
const ITEMS_OF_NEW_CART: u64 = 5;
/// Lines of a growing cart; then quantities grow.
const LINES: u64 = 50;
/// Vendure takes no more into one order (`orderItemsLimit`).
const UNITS_OF_CART: u64 = 999;

const LIST: &str = "query($skip:Int!){products(options:{take:24,skip:$skip}){totalItems items{id name slug \
    variants{id sku priceWithTax currencyCode stockLevel}}}}";
const SEARCH: &str = "query($skip:Int!){search(input:{take:24,skip:$skip,groupByProduct:true}){totalItems \
    items{productId productName slug inStock currencyCode priceWithTax{... on PriceRange{min max}}}}}";
const ADD: &str = "mutation($id:ID!){addItemToOrder(productVariantId:$id,quantity:1){__typename \
    ... on Order{id code totalQuantity totalWithTax lines{id quantity linePriceWithTax productVariant{id sku}}} \
    ... on ErrorResult{errorCode message}}}";
const CUSTOMER: &str = "setCustomerForOrder(input:$customer){__typename ... on ErrorResult{errorCode message}}";
const ADDRESS: &str = "setOrderShippingAddress(input:$address){__typename ... on ErrorResult{errorCode message}}";
const METHOD: &str = "setOrderShippingMethod(shippingMethodId:[\"1\"]){__typename \
    ... on ErrorResult{errorCode message}}";
const ARRANGE: &str = "transitionOrderToState(state:\"ArrangingPayment\"){__typename \
    ... on OrderStateTransitionError{errorCode message transitionError}}";
const PAY: &str = "addPaymentToOrder(input:{method:\"dummy\",metadata:{}}){__typename ... on Order{code state} \
    ... on ErrorResult{errorCode message}}";

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A page of 24 products with the price and stock of each of their variants.
    List,
    /// A page of 24 products from the search index: from-to prices, in stock or not, which is what our list says.
    Search,
    AddToNewCart,
    AddToGrowingCart,
    /// Six requests, one for each step of the documentation's checkout.
    Checkout,
    /// The same steps in two requests: what GraphQL allows and storefronts rarely do.
    CheckoutInTwo,
}

/// Guests' addresses, each used once.
static GUEST: AtomicU64 = AtomicU64::new(0);

pub struct Buyer {
    vendure: Arc<Vendure>,
    what: What,
    connection: Connection,
    rng: Rng,
    turn: u64,
}

impl Buyer {
    pub async fn open(vendure: &Arc<Vendure>, what: What, connections: u64) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for turn in 0..connections {
            let connection = Connection::open(vendure.address, None).await?;
            all.push(Self { vendure: vendure.clone(), what, connection, rng: Rng::new(turn), turn });
        }
        Ok(all)
    }

    /// `Err` for what failed, the refusal's code for what the shop refused.
    async fn mutate(&mut self, body: Value) -> Result<Result<(), String>> {
        let data = graphql(&mut self.connection, SHOP, &body).await?;
        for result in data.as_object().into_iter().flat_map(|fields| fields.values()) {
            if result["__typename"] != "Order" {
                let code = result["errorCode"].as_str().unwrap_or("no code");
                return Ok(Err(format!("{code}: {} {}", result["message"], result["transitionError"])));
            }
            ensure!(result.get("state").is_none_or(|state| state == "PaymentSettled"), "not settled: {data}");
        }
        Ok(Ok(()))
    }

    async fn must(&mut self, body: Value) -> Result<()> {
        self.mutate(body).await?.map_err(|refusal| anyhow::anyhow!(refusal))
    }

    async fn list(&mut self, query: &str) -> Result<()> {
        let body = json!({"query": query, "variables": {"skip": self.turn % PAGES * PAGE}});
        self.connection.post(SHOP, None, &body.to_string(), 200).await?;
        let text = self.connection.body();
        ensure!(text.starts_with(b"{\"data\":{"), "{}", String::from_utf8_lossy(text));
        Ok(())
    }

    fn add(&self, variant: &str) -> Value {
        json!({"query": ADD, "variables": {"id": variant}})
    }

    async fn add_nth(&mut self, nth: u64) -> Result<()> {
        let nth = nth as usize % self.vendure.variants.len();
        let body = self.add(&self.vendure.variants[nth]);
        self.must(body).await
    }

    /// From the cart to just before the payment; a refusal's words.
    async fn prepare(&mut self, variant: &str) -> Result<Result<(), String>> {
        self.connection.forget();
        let steps = [
            self.add(variant),
            step("($customer:CreateCustomerInput!)", CUSTOMER),
            step("($address:CreateAddressInput!)", ADDRESS),
            step("", METHOD),
            step("", ARRANGE),
        ];
        for body in steps {
            if let Err(refusal) = self.mutate(body).await? {
                return Ok(Err(refusal));
            }
        }
        Ok(Ok(()))
    }

    async fn check_out(&mut self, in_two: bool) -> Result<()> {
        let variant = self.rng.below(self.vendure.variants.len());
        let variant = self.vendure.variants[variant].clone();
        if in_two {
            self.connection.forget();
            let body = self.add(&variant);
            self.must(body).await?;
            let all = [CUSTOMER, ADDRESS, METHOD, ARRANGE, PAY].join(" ");
            return self.must(step("($customer:CreateCustomerInput!,$address:CreateAddressInput!)", &all)).await;
        }
        if let Err(refusal) = self.prepare(&variant).await? {
            bail!(refusal);
        }
        self.must(step("", PAY)).await
    }
}

fn step(variables: &str, fields: &str) -> Value {
    let guest = GUEST.fetch_add(1, Relaxed);
    let email = format!("guest-{guest}@example.org");
    json!({"query": format!("mutation{variables}{{{fields}}}"), "variables": {
        "customer": {"firstName": "Ada", "lastName": "Lovelace", "emailAddress": email},
        "address": {"fullName": "Ada Lovelace", "streetLine1": "12 St James's Square", "city": "London",
            "postalCode": "SW1Y 4JH", "countryCode": "GB"},
    }})
}

impl Client for Buyer {
    async fn once(&mut self) -> Result<()> {
        let turn = self.turn;
        self.turn += 1;
        match self.what {
            What::List => self.list(LIST).await,
            What::Search => self.list(SEARCH).await,
            What::AddToNewCart => {
                if turn.is_multiple_of(ITEMS_OF_NEW_CART) {
                    self.connection.forget();
                }
                self.add_nth(turn).await
            }
            What::AddToGrowingCart => {
                // A full cart is left for a new one: nothing more would go in.
                if turn.is_multiple_of(UNITS_OF_CART) {
                    self.connection.forget();
                }
                self.add_nth(turn % LINES).await
            }
            What::Checkout => self.check_out(false).await,
            What::CheckoutInTwo => self.check_out(true).await,
        }
    }
}

impl Till for Buyer {
    /// The session.
    type Ready = Vec<String>;

    async fn arrange(&mut self) -> Result<Option<Self::Ready>> {
        let variant = self.vendure.last.clone();
        match self.prepare(&variant).await? {
            Ok(()) => Ok(Some(self.connection.guest())),
            Err(refusal) if refusal.contains("STOCK") || refusal.contains("STATE_TRANSITION") => Ok(None),
            Err(refusal) => bail!(refusal),
        }
    }

    async fn pay(&mut self, ready: Self::Ready) -> Result<bool> {
        self.connection.be(ready);
        // A refusal of the payment is what a shop should do that has nothing left.
        Ok(self.mutate(step("", PAY)).await?.is_ok())
    }
}
