//! From a hold's request to the last frame of all sockets, on the node that owns the SKU and on the two others.
//! One change after the other: nothing is conflated, and nothing queues.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::{
    runtime::Runtime,
    sync::mpsc,
    time::{timeout, timeout_at},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use uuid::Uuid;

use super::owners;
use crate::common::{load, nodes::Node, report::time, shopper::Shelf};

const SOCKETS_A_NODE: usize = 100;
const WITHIN: Duration = Duration::from_secs(10);

pub struct FanOut {
    answered: Histogram<u64>,
    own: Histogram<u64>,
    others: Histogram<u64>,
}

pub fn measure(runtime: &Runtime, nodes: &[Node], shelf: &Shelf) -> Result<FanOut> {
    runtime.block_on(async {
        let sku = &shelf.skus[1];
        let owner = owners::owner_of(sku, nodes).await?;
        let (seen, mut frames) = mpsc::channel(SOCKETS_A_NODE * nodes.len() * 2);
        for (node, _) in nodes.iter().enumerate().flat_map(|node| std::iter::repeat_n(node, SOCKETS_A_NODE)) {
            listen(node, nodes[node].address, sku, seen.clone()).await?;
        }
        let new = || Histogram::<u64>::new_with_bounds(1, 60_000_000, 3);
        let mut measured = FanOut { answered: new()?, own: new()?, others: new()? };
        let mut staff = owners::staff(&nodes[owner]).await?;
        let path = format!("/api/stock/{sku}/holds");
        let until = Instant::now() + Duration::from_secs_f64(load::seconds());
        while Instant::now() < until {
            let key = Uuid::now_v7().to_string();
            let asked = Instant::now();
            staff.post(&path, Some(&key), r#"{"quantity":1,"ttl_seconds":3600}"#, 201).await?;
            let us = |at: Instant| (at - asked).as_micros() as u64;
            measured.answered.record(us(Instant::now()))?;
            let version = staff.json()?["stock"]["version"].as_u64().context("no version")?;
            let (mut own, mut others) = (0, 0);
            let deadline = tokio::time::Instant::now() + WITHIN;
            for _ in 0..SOCKETS_A_NODE * nodes.len() {
                let frame = timeout_at(deadline, frames.recv()).await.context("a frame is missing")?;
                let (node, shown, at): (usize, u64, Instant) = frame.context("all sockets have ended")?;
                ensure!(shown == version, "version {shown} was shown, {version} was committed");
                let last = if node == owner { &mut own } else { &mut others };
                *last = (*last).max(us(at));
            }
            measured.own.record(own)?;
            measured.others.record(others)?;
        }
        Ok(measured)
    })
}

/// One socket that says of every frame after its first when it came; it ends with the runtime.
async fn listen(
    node: usize,
    address: std::net::SocketAddr,
    sku: &str,
    seen: mpsc::Sender<(usize, u64, Instant)>,
) -> Result<()> {
    let (mut socket, _) = connect_async(format!("ws://{address}/live")).await?;
    let topic = format!("stock.{sku}");
    let subscribe = json!({"op": "subscribe", "topics": [topic]}).to_string();
    socket.send(Message::text(subscribe)).await?;
    let version = move |message: Message| -> Option<u64> {
        let frame: Value = serde_json::from_str(message.to_text().ok()?).ok()?;
        (frame["topic"] == topic.as_str()).then(|| frame["version"].as_u64()).flatten()
    };
    // The view at the time of the subscription.
    loop {
        let message = timeout(WITHIN, socket.next()).await?.context("the socket ended")??;
        if version(message).is_some() {
            break;
        }
    }
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let at = Instant::now();
            if let Some(version) = version(message)
                && seen.send((node, version, at)).await.is_err()
            {
                return;
            }
        }
    });
    Ok(())
}

impl FanOut {
    pub fn report(&self) {
        let show = |times: &Histogram<u64>| {
            let at = |quantile| time(times.value_at_quantile(quantile));
            format!("p50 {:>8}, p99 {:>8}", at(0.5), at(0.99))
        };
        println!("\nfan-out: one hold at a time, {SOCKETS_A_NODE} sockets on each node, {} holds", self.own.len());
        println!("  request to answer                             {}", show(&self.answered));
        println!("  request to the last frame on the owner's node {}", show(&self.own));
        println!("  request to the last frame on the other nodes  {}", show(&self.others));
        let median = |times: &Histogram<u64>| times.value_at_quantile(0.5) as f64;
        println!("  others to owner, p50: {:.2}", median(&self.others) / median(&self.own));
    }
}
