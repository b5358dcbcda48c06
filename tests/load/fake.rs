//! A tiny shop of one SKU with the part of the API that a flash sale uses. Honest, or with one vice.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post, put},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Vice {
    /// Acknowledges orders, and takes nothing from the stock.
    KeepsNoHolds,
    /// Never says that it is sold out.
    Oversells,
    LosesAnOrder,
    /// The order costs more than its shopper was told.
    ChargesMore,
    ForgetsAPayment,
    /// Its stock does not add up.
    InventsUnits,
}

pub struct Fake {
    pub url: String,
    _stop: oneshot::Sender<()>,
}

#[derive(Default)]
struct Shop {
    vice: Option<Vice>,
    stall: Option<Duration>,
    received: u64,
    /// With whether it is paid.
    orders: Vec<(Uuid, bool)>,
}

type Shared = State<Arc<Mutex<Shop>>>;
type Answer = (StatusCode, Json<Value>);

impl Fake {
    pub fn start(vice: Option<Vice>) -> Self {
        Self::of(Shop { vice, ..Shop::default() })
    }

    /// Honest, but its first response about a cart takes this long.
    pub fn stalling(stall: Duration) -> Self {
        Self::of(Shop { stall: Some(stall), ..Shop::default() })
    }

    fn of(shop: Shop) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let shop = Arc::new(Mutex::new(shop));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let served = axum::serve(listener, router(shop));
                // Ends with the test: then the other half is dropped.
                tokio::select! { _ = served => {}, _ = stopped => {} }
            });
        });
        Self { url, _stop: stop }
    }
}

fn router(shop: Arc<Mutex<Shop>>) -> Router {
    Router::new()
        .route("/api/stock/A", get(stock))
        .route("/api/stock/A/receipts", post(receive))
        .route("/api/cart/lines/A", put(put_line))
        .route("/api/checkout", post(check_out))
        .route("/api/payments", post(pay))
        .route("/api/orders", get(orders))
        .with_state(shop)
}

impl Shop {
    fn is(&self, vice: Vice) -> bool {
        self.vice == Some(vice)
    }

    fn sold(&self) -> u64 {
        if self.is(Vice::KeepsNoHolds) { 0 } else { self.orders.len() as u64 }
    }
}

async fn stock(State(shop): Shared) -> Json<Value> {
    let shop = shop.lock().expect("not poisoned");
    let (sold, received) = (shop.sold(), shop.received);
    // A shop that oversells books the missing units as received.
    let received = received.max(sold);
    let available = received - sold + u64::from(shop.is(Vice::InventsUnits) && sold > 0);
    Json(json!({"sku": "A", "version": 1 + shop.orders.len(), "on_hand": received, "available": available, "held": 0,
        "committed": sold, "shipped": 0, "received": received, "adjusted": 0}))
}

async fn receive(State(shop): Shared, Json(body): Json<Value>) -> Json<Value> {
    shop.lock().expect("not poisoned").received += body["quantity"].as_u64().expect("units");
    Json(json!({}))
}

async fn put_line(State(shop): Shared) -> Json<Value> {
    let stall = shop.lock().expect("not poisoned").stall.take();
    tokio::time::sleep(stall.unwrap_or_default()).await;
    Json(json!({}))
}

async fn check_out(State(shop): Shared) -> Answer {
    let mut shop = shop.lock().expect("not poisoned");
    if shop.sold() >= shop.received && !shop.is(Vice::Oversells) {
        return (StatusCode::CONFLICT, Json(json!({"code": "out_of_stock"})));
    }
    let id = Uuid::new_v4();
    shop.orders.push((id, false));
    let order = json!({"id": id, "version": 2, "status": "awaiting_payment", "totals": {"total": {"amount": 500}}});
    (StatusCode::CREATED, Json(order))
}

async fn pay(State(shop): Shared, Json(body): Json<Value>) -> Answer {
    let mut shop = shop.lock().expect("not poisoned");
    let forgets = shop.is(Vice::ForgetsAPayment);
    let order = shop.orders.iter_mut().find(|(id, _)| body["order_id"] == id.to_string());
    order.expect("an order of ours").1 = !forgets;
    (StatusCode::CREATED, Json(json!({})))
}

async fn orders(State(shop): Shared) -> Json<Value> {
    let shop = shop.lock().expect("not poisoned");
    let amount = if shop.is(Vice::ChargesMore) { 501 } else { 500 };
    let order = |(id, paid): &(Uuid, bool)| {
        let (status, state) = if *paid { ("verified", "committed") } else { ("expired", "released") };
        // Its goods are gone all the same: only the payment is forgotten.
        let state = if shop.is(Vice::ForgetsAPayment) { "committed" } else { state };
        json!({"id": id, "version": 3, "status": status, "payment_status": "captured",
            "lines": [{"sku": "A", "quantity": 1}], "stock": [{"sku": "A", "units": 1, "state": state}],
            "totals": {"total": {"amount": amount}}})
    };
    let lost = usize::from(shop.is(Vice::LosesAnOrder));
    Json(json!({"items": shop.orders.iter().skip(lost).map(order).collect::<Vec<_>>(), "next": null}))
}
