//! A listener on each node, through all faults: opens its socket again whenever it ends, and checks G5 on all frames;
//! in the end every node must show the final state.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{
    checker::views::{Watch, converged},
    site::Site,
};

/// A frozen node is silent for this long; its socket is then opened again.
const SILENCE_MAX: Duration = Duration::from_secs(8);
const OPEN_MAX: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);
/// Between two subscriptions to orders that a node did not know.
const AGAIN: Duration = Duration::from_millis(250);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The frames of a node's listener, and their problems.
#[derive(Default)]
pub struct Seen {
    pub watch: Watch,
    pub wrong: Vec<String>,
}

pub struct Viewers {
    pub seen: Vec<Arc<Mutex<Seen>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Viewers {
    pub fn on_all(site: &Arc<Site>) -> Self {
        let (mut seen, mut tasks) = (Vec::new(), Vec::new());
        for node in 0..site.nodes.len() {
            let own = Arc::new(Mutex::new(Seen::default()));
            tasks.push(tokio::spawn(listen(site.clone(), node, own.clone())));
            seen.push(own);
        }
        Self { seen, tasks }
    }

    fn shown(&self) -> Vec<BTreeMap<String, u64>> {
        self.seen.iter().map(|seen| seen.lock().unwrap().watch.shown().clone()).collect()
    }

    /// Until each node shows each topic at its newest version; returns the problems that remain at the end of the time.
    pub async fn converge(&self, newest: &BTreeMap<String, u64>, within: Duration) -> Vec<String> {
        let started = Instant::now();
        loop {
            let wrong = converged(&self.shown(), newest);
            if wrong.is_empty() || started.elapsed() > within {
                return wrong;
            }
            sleep(PAUSE).await;
        }
    }

    /// Until the listener of this node was shown at least this version.
    pub async fn reaches(&self, node: usize, topic: &str, version: u64, within: Duration) {
        let started = Instant::now();
        loop {
            let seen = self.seen[node].lock().unwrap().watch.shown().get(topic).copied();
            if seen.is_some_and(|seen| seen >= version) {
                return;
            }
            assert!(started.elapsed() < within, "node {node} shows {topic} at {seen:?}, not at {version}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn wrong(&self) -> Vec<String> {
        let each = self.seen.iter().enumerate();
        each.flat_map(|(node, seen)| {
            let wrong = seen.lock().unwrap().wrong.clone();
            wrong.into_iter().map(move |what| format!("node {node}: {what}"))
        })
        .collect()
    }
}

impl Drop for Viewers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(site: Arc<Site>, node: usize, seen: Arc<Mutex<Seen>>) {
    let mut address = site.nodes[node].clone();
    loop {
        let Ok(url) = address.wait_for(Option::is_some).await.map(|url| url.clone()) else { return };
        if let Some(url) = url
            && let Ok(Some(socket)) = timeout(OPEN_MAX, open(&site, &url)).await
        {
            seen.lock().unwrap().watch.connected();
            follow(&site, &mut address, socket, &seen).await;
        }
        sleep(PAUSE).await;
    }
}

async fn open(site: &Site, url: &str) -> Option<Socket> {
    let (mut socket, _) = connect_async(format!("{}/live", url.replacen("http", "ws", 1))).await.ok()?;
    let token = json!({"op": "authenticate", "access_token": site.staff.token()}).to_string();
    socket.send(Message::text(token)).await.ok()?;
    let topics: Vec<_> = site.strict.iter().chain(&site.sold).map(|sku| format!("stock.{sku}")).collect();
    subscribe(&mut socket, &topics).await.then_some(socket)
}

async fn subscribe(socket: &mut Socket, topics: &[String]) -> bool {
    let subscribe = json!({"op": "subscribe", "topics": topics}).to_string();
    socket.send(Message::text(subscribe)).await.is_ok()
}

/// Until the socket ends, or its process is another one.
async fn follow(site: &Site, address: &mut watch::Receiver<Option<String>>, mut socket: Socket, seen: &Mutex<Seen>) {
    let (mut orders, mut known) = (site.followed.subscribe(), 0);
    let (mut unknown, mut again) = (Vec::new(), interval(AGAIN));
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let fresh: Vec<_> =
            orders.borrow_and_update().iter().skip(known).map(|order| format!("order.{order}")).collect();
        known += fresh.len();
        if !fresh.is_empty() && !subscribe(&mut socket, &fresh).await {
            return;
        }
        tokio::select! {
            frame = timeout(SILENCE_MAX, socket.next()) => match frame {
                Ok(Some(Ok(Message::Text(text)))) => unknown.extend(take(text.as_str(), seen)),
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return,
                Ok(Some(Ok(_))) => {}
                // Nothing changes, or the node is frozen: a pong tells which.
                Err(_) => {
                    let ping = Message::text(json!({"op": "ping"}).to_string());
                    if socket.send(ping).await.is_err() || timeout(OPEN_MAX, socket.next()).await.is_err() {
                        return;
                    }
                }
            },
            _ = orders.changed() => {}
            _ = again.tick(), if !unknown.is_empty() => {
                if !subscribe(&mut socket, &std::mem::take(&mut unknown)).await {
                    return;
                }
            }
            _ = address.changed() => return,
        }
    }
}

/// Notes a frame. An order that this node has not folded yet is unknown to it: its topic is returned, to be subscribed
/// to again.
fn take(text: &str, seen: &Mutex<Seen>) -> Option<String> {
    let mut seen = seen.lock().unwrap();
    let frame = match serde_json::from_str::<Value>(text) {
        Ok(frame) => frame,
        Err(error) => {
            seen.wrong.push(format!("not JSON ({error}): {text}"));
            return None;
        }
    };
    if let (Some(topic), Some(version)) = (frame["topic"].as_str(), frame["version"].as_u64()) {
        let judged = seen.watch.frame(topic, version);
        seen.wrong.extend(judged.err());
    } else if frame["op"] == "error" {
        match frame["topic"].as_str() {
            Some(topic) if frame["code"] == "not_found" && topic.starts_with("order.") => {
                return Some(topic.to_owned());
            }
            _ => seen.wrong.push(format!("an error frame: {frame}")),
        }
    }
    None
}
