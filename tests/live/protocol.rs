//! The live protocol over real sockets: an axum server on loopback, tokio-tungstenite and plain TCP clients, and a
//! shop in memory behind the `Current` port.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::header;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use souk::{
    config::{Budgets, Http, Live},
    domain::{
        cart::{CartLine, CartView},
        ids::Sku,
        key::EntityKey,
        kinds::{AnyView, Kind},
        money::{Currency, Money},
        stock::StockView,
    },
    http::{
        Door,
        live::{Authorise, Credentials, LiveState, router},
    },
    identity::{AuthError, PermissionSet, TokenFault},
    live::{Audience, Committed, Current, Hub, Listeners, Topic},
    shop::{Front, topics},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

const CART: &str = "01920000-0000-7000-8000-000000000001";
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Shop(Mutex<HashMap<EntityKey, Committed>>);

impl Current for Shop {
    fn current(&self, topic: &Topic) -> Vec<Committed> {
        let shop = self.0.lock().unwrap();
        match topic.entity() {
            Some(key) => shop.get(key).cloned().into_iter().collect(),
            None => shop.values().filter(|change| change.key.kind == Kind::Stock).cloned().collect(),
        }
    }
}

struct Server {
    shop: Arc<Shop>,
    listeners: Listeners,
    address: SocketAddr,
}

impl Server {
    async fn start(limits: Live) -> Self {
        let shop = Arc::new(Shop::default());
        let front = Front::empty(limits.public_stock_counts);
        let hub = Hub::start(limits, topics(&front));
        let listeners = Listeners::start(hub, shop.clone());
        let authorise: Arc<Authorise> = Arc::new(|shown| Box::pin(std::future::ready(authorise(shown))));
        let door = Door::new(&Http::default(), &Budgets::default(), uuid::Uuid::nil());
        let state = LiveState { listeners: listeners.clone(), door, authorise };
        let app = router(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { shop, listeners, address }
    }

    fn commit(&self, change: Committed) {
        self.shop.0.lock().unwrap().insert(change.key.clone(), change.clone());
        self.listeners.hub().publish(&[change]);
    }

    async fn connect(&self) -> Client {
        let (socket, _) = connect_async(format!("ws://{}/live", self.address)).await.unwrap();
        Client(socket)
    }
}

/// `token: staff`, and the cookie `cart=<id>`.
fn authorise(shown: Credentials<'_>) -> Result<Audience, AuthError> {
    match shown {
        Credentials::Handshake(headers) => {
            let cookie = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or("");
            let own = cookie.strip_prefix("cart=").map(|id| EntityKey::new(Kind::Cart, id));
            Ok(Audience { own, ..Audience::default() })
        }
        Credentials::Token("staff") => Ok(Audience { permissions: PermissionSet::ALL, ..Audience::default() }),
        Credentials::Token(_) => Err(AuthError::InvalidToken(TokenFault::Forged)),
    }
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn listen(&mut self, topics: &[&str]) {
        self.say(json!({"op": "subscribe", "topics": topics})).await;
    }

    async fn hear(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("in time").expect("open").expect("readable");
            if let Message::Text(text) = message {
                return serde_json::from_str(text.as_str()).expect("json");
            }
        }
    }

    async fn closed_with(mut self) -> u16 {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("a close frame was expected, not {other:?}"),
            }
        }
    }
}

fn stock(sku: &str, version: u64, available: u64) -> Committed {
    let view = StockView { on_hand: available, available, threshold: 5, ..StockView::default() };
    Committed { key: EntityKey::new(Kind::Stock, sku), version, view: AnyView::Stock(view) }
}

/// About `lines` x 200 bytes of JSON.
fn cart(version: u64, lines: usize) -> Committed {
    let price = Money { amount: 100, currency: Currency::EUR };
    let line = |n| CartLine {
        sku: Sku::parse(&format!("SKU-{n}")).unwrap(),
        name: "a rather long name, as shops give them".repeat(2),
        quantity: 1,
        unit_price: price,
        line_total: price,
        withdrawn: false,
    };
    let view = CartView { lines: (0..lines).map(line).collect(), ..CartView::default() };
    Committed { key: EntityKey::new(Kind::Cart, CART), version, view: AnyView::Cart(view) }
}

#[tokio::test]
async fn two_shoppers_see_the_same_change() {
    let server = Server::start(Live { public_stock_counts: true, ..Live::default() }).await;
    server.commit(stock("TEE", 17, 9));
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for client in [&mut one, &mut two] {
        client.listen(&["stock.TEE"]).await;
        assert_eq!(client.hear().await["version"], 17);
    }
    server.commit(stock("TEE", 18, 8));
    let view = json!({"sku": "TEE", "version": 18, "availability": "in_stock", "available": 8});
    let frame = json!({"topic": "stock.TEE", "version": 18, "view": view});
    assert_eq!((one.hear().await, two.hear().await), (frame.clone(), frame));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_gets_fewer_frames_and_the_newest() {
    const COMMITS: u64 = 4_000;
    let server = Server::start(Live { frame_interval_ms: 0, ..Live::default() }).await;
    let mut request = format!("ws://{}/live", server.address).into_client_request().unwrap();
    request.headers_mut().insert(header::COOKIE, format!("cart={CART}").parse().unwrap());
    let (socket, _) = connect_async(request).await.unwrap();
    let mut slow = Client(socket);
    slow.listen(&[&format!("cart.{CART}")]).await;
    assert_eq!(slow.hear().await["version"], 0, "subscribed, and reads nothing from here on");
    for version in 1..=COMMITS {
        server.commit(cart(version, 100));
        tokio::task::yield_now().await;
    }
    let (mut last, mut frames) = (0, 0);
    while last < COMMITS {
        let version = slow.hear().await["version"].as_u64().unwrap();
        assert!(version > last, "{version} after {last}");
        (last, frames) = (version, frames + 1);
    }
    assert!(frames < COMMITS / 2, "{frames} frames of {COMMITS} were kept for a client that did not read");
}

#[tokio::test]
async fn a_reconnect_with_since_converges_and_repeats_nothing() {
    let server = Server::start(Live::default()).await;
    server.commit(stock("A", 3, 9));
    server.commit(stock("B", 5, 9));
    let mut client = server.connect().await;
    client.listen(&["stock.A", "stock.B"]).await;
    let seen = [client.hear().await["version"].clone(), client.hear().await["version"].clone()];
    assert_eq!(seen, [json!(3), json!(5)]);
    drop(client);
    server.commit(stock("B", 6, 0));
    let mut client = server.connect().await;
    let since = json!({"stock.A": 3, "stock.B": 5});
    client.say(json!({"op": "subscribe", "topics": ["stock.A", "stock.B"], "since": since})).await;
    assert_eq!(
        client.hear().await,
        json!({"topic": "stock.B", "version": 6, "view": {"sku": "B", "version": 6, "availability": "out"}})
    );
    client.say(json!({"op": "ping"})).await;
    assert_eq!(client.hear().await, json!({"op": "pong"}), "and nothing of A before it");
}

#[tokio::test]
async fn staff_topics_open_after_authenticate() {
    let server = Server::start(Live::default()).await;
    server.commit(stock("A", 3, 9));
    let mut client = server.connect().await;
    client.listen(&["stock"]).await;
    assert_eq!(client.hear().await["code"], "staff_only");
    client.say(json!({"op": "authenticate", "access_token": "guess"})).await;
    assert_eq!(client.hear().await["code"], "unauthorized");
    client.say(json!({"op": "authenticate", "access_token": "staff"})).await;
    assert_eq!(client.hear().await["op"], "authenticated");
    client.listen(&["stock"]).await;
    let frame = client.hear().await;
    assert_eq!((&frame["topic"], &frame["key"], &frame["view"]["on_hand"]), (&json!("stock"), &json!("A"), &json!(9)));
}

#[tokio::test]
async fn nonsense_is_answered_and_the_connection_stays() {
    let server = Server::start(Live::default()).await;
    let mut client = server.connect().await;
    for nonsense in ["", "[]", r#"{"op":"buy"}"#] {
        client.0.send(Message::text(nonsense)).await.unwrap();
        assert_eq!(client.hear().await["code"], "bad_message", "{nonsense}");
    }
    client.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(client.hear().await["code"], "bad_message");
    client.listen(&[&format!("cart.{CART}")]).await;
    assert_eq!(client.hear().await["code"], "not_found", "another's cart and no cart are one answer");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_with_1013_and_a_drain_with_1001() {
    let server = Server::start(Live { connections_per_address_max: 1, ..Live::default() }).await;
    let mut client = server.connect().await;
    client.say(json!({"op": "ping"})).await;
    client.hear().await;
    assert_eq!(server.connect().await.closed_with().await, 1013);
    let (code, ()) = tokio::join!(client.closed_with(), server.listeners.close_all(PATIENCE));
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn a_message_beyond_the_bound_ends_the_connection() {
    let server = Server::start(Live { message_bytes_max: 1_000, ..Live::default() }).await;
    let mut client = server.connect().await;
    client.0.send(Message::text("x".repeat(1_001))).await.unwrap();
    let ended = timeout(PATIENCE, async { while let Some(Ok(_)) = client.0.next().await {} }).await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn a_foreign_page_is_refused_before_the_upgrade() {
    let server = Server::start(Live::default()).await;
    let own = format!("http://{}", server.address);
    for (origin, status) in [("https://evil.example", 403), (own.as_str(), 101)] {
        let mut request = format!("ws://{}/live", server.address).into_client_request().unwrap();
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        let got = match connect_async(request).await {
            Ok((_, response)) => response.status(),
            Err(tungstenite::Error::Http(response)) => response.status(),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(got, status, "{origin}");
    }
}

/// The next event of a server-sent stream: its id and its data.
async fn event(stream: &mut BufReader<TcpStream>) -> (String, Value) {
    let mut id = String::new();
    loop {
        let mut line = String::new();
        timeout(PATIENCE, stream.read_line(&mut line)).await.expect("in time").expect("readable");
        assert!(!line.is_empty(), "the stream ended");
        if let Some(text) = line.strip_prefix("id: ") {
            id = text.trim().to_owned();
        }
        if let Some(text) = line.strip_prefix("data: ") {
            return (id, serde_json::from_str(text).expect("json"));
        }
    }
}

async fn sse(server: &Server, query: &str, more: &str) -> BufReader<TcpStream> {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET /live/sse?{query} HTTP/1.1\r\nhost: {}\r\n{more}\r\n", server.address);
    socket.write_all(request.as_bytes()).await.unwrap();
    BufReader::new(socket)
}

#[tokio::test]
async fn server_sent_events_resume_by_their_id() {
    let server = Server::start(Live::default()).await;
    server.commit(stock("A", 3, 9));
    server.commit(stock("B", 5, 9));
    let topics = "topics=stock.A,stock.B";
    let mut stream = sse(&server, topics, "").await;
    assert_eq!(event(&mut stream).await.0, "3.0");
    let (id, frame) = event(&mut stream).await;
    assert_eq!((id.as_str(), &frame["topic"]), ("3.5", &json!("stock.B")));
    server.commit(stock("A", 4, 9));
    let (id, _) = event(&mut stream).await;
    assert_eq!(id, "4.5");
    drop(stream);
    server.commit(stock("B", 6, 0));
    let mut stream = sse(&server, topics, &format!("last-event-id: {id}\r\n")).await;
    let (id, frame) = event(&mut stream).await;
    assert_eq!((id.as_str(), &frame["view"]["availability"]), ("4.6", &json!("out")), "B moved, A did not");
    let mut stream = sse(&server, "topics=stock.A,stock.B&since=stock.B:6", "").await;
    assert_eq!(event(&mut stream).await.1["topic"], "stock.A");
}

#[tokio::test]
async fn a_stream_of_nothing_is_refused() {
    let server = Server::start(Live::default()).await;
    for query in ["", "topics=", "topics=a&x=1"] {
        let mut stream = sse(&server, query, "").await;
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert!(line.starts_with("HTTP/1.1 400"), "{query}: {line}");
    }
}
