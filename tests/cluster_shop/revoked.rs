//! A permission that is taken away at one node closes what it opened at the other, within two seconds.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use souk::testing::eventually;
use tempfile::TempDir;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{
    DEADLINE,
    client::{Call, Person, text},
    nats::NatsServers,
    serves, start,
};

const WITHIN: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Listens to the board; the pong is heard where nothing refuses it.
async fn board(url: &str, token: &str) -> Socket {
    let mut request = format!("{}/live", url.replace("http://", "ws://")).into_client_request().expect("an address");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let (mut socket, _) = connect_async(request).await.expect("a connection");
    for message in [json!({"op": "subscribe", "topics": ["board"]}), json!({"op": "ping"})] {
        socket.send(Message::text(message.to_string())).await.expect("an open connection");
    }
    loop {
        let heard = timeout(DEADLINE, socket.next()).await.expect("in time").expect("open").expect("readable");
        let Message::Text(said) = heard else { continue };
        let said: Value = serde_json::from_str(said.as_str()).expect("json");
        assert_ne!(said["op"], "error", "{said}");
        if said["op"] == "pong" {
            return socket;
        }
    }
}

async fn closed_with(mut socket: Socket) -> u16 {
    loop {
        match timeout(DEADLINE, socket.next()).await.expect("in time") {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("a close frame was expected, not {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_at_one_node_is_closed_at_the_other() {
    let (servers, dir) = (NatsServers::start(1).await, TempDir::new().expect("a directory"));
    let (here, there) = (start(&servers, &dir, "here").await, start(&servers, &dir, "there").await);
    serves(&here, 2).await;
    serves(&there, 2).await;
    let [one, other] = [&here, &there].map(|shop| format!("http://{}", shop.address));
    let password = here.superadmin_password.as_deref().expect("the first node makes the account");
    let staff = Person::staff_with(&one, password).await;
    let ask = async |url: &str, call: Call| staff.send(url, &call).await.expect("an answer");
    let role = json!({"name": "watcher", "permissions": ["orders.read"]});
    ask(&one, Call::post("/api/roles", "role", role)).await.ok();
    let applicant = json!({"email": "ada@example.org", "password": "a password of the test"});
    let session = ask(&one, Call::post("/api/auth/register", "ada", applicant)).await.ok();
    let (user, token) = (text(&session["user"]["id"]), text(&session["access_token"]));
    let ada = Person::with_token(token);
    let set_roles = |roles: &[&str]| Call::put(format!("/api/users/{user}/roles"), json!({"roles": roles}));
    let takes = [
        (Call::put("/api/roles/watcher", json!({"permissions": []})), "the role is changed"),
        (set_roles(&["customer"]), "the role is taken"),
        (Call::put(format!("/api/users/{user}"), json!({"disabled": true})), "the account is disabled"),
    ];
    for (take, what) in takes {
        ask(&one, Call::put("/api/roles/watcher", json!({"permissions": ["orders.read"]}))).await.ok();
        ask(&one, set_roles(&["watcher"])).await.ok();
        let unpaid = Call::get("/api/orders/unpaid");
        eventually("the other node knows the grant", DEADLINE, async || {
            ada.send(&other, &unpaid).await.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        let socket = board(&other, token).await;
        ask(&one, take).await.ok();
        let since = Instant::now();
        assert_eq!(closed_with(socket).await, 1008, "{what}");
        assert!(since.elapsed() < WITHIN, "{what}: after {:?}", since.elapsed());
        let refused = ada.send(&other, &unpaid).await.expect("an answer");
        assert!(matches!(refused.status, 401 | 403), "{what}: {}", refused.json);
    }
    there.stop().await;
    here.stop().await;
}
