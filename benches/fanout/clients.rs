//! The audience of one server, in a process of its own: sockets that count frames and look at nothing else.

use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Result, bail};
use tokio::{
    io::AsyncReadExt,
    sync::{Semaphore, mpsc},
};

use super::{
    Plan, TOPIC,
    common::websocket::{TEXT, frame, handshake, subscribe},
};

pub const ROLE: &str = "clients";
/// Of the server, in this process's environment.
pub const ADDRESS: &str = "SOUK_FANOUT_ADDRESS";
/// Handshakes at a time.
const OPENING: usize = 128;

/// Connects and subscribes the clients, counts text frames, says a line whenever all have one more.
pub async fn listen(plan: &Plan) -> Result<()> {
    let (address, count) = (env::var(ADDRESS)?.parse()?, plan.sockets);
    let frames = Arc::new(AtomicU64::new(0));
    let (failed, mut failure) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(OPENING));
    for _ in 0..count {
        let (frames, failed, gate) = (frames.clone(), failed.clone(), gate.clone());
        tokio::spawn(async move {
            let error = client(address, count, &frames, &gate).await.err();
            _ = failed.send(error.map_or_else(|| "the server closed".to_owned(), |error| format!("{error:#}")));
        });
    }
    bail!("a client ended: {}", failure.recv().await.unwrap_or_default())
}

async fn client(address: SocketAddr, count: u64, frames: &AtomicU64, gate: &Semaphore) -> Result<()> {
    let mut buffer = Vec::with_capacity(256);
    let mut socket = {
        let _turn = gate.acquire().await?;
        let mut socket = handshake(None, address, "/live", &mut buffer).await?;
        subscribe(&mut socket, TOPIC).await?;
        socket
    };
    loop {
        while let Some((_, whole)) = frame(&buffer) {
            let text = buffer[0] & 0x0f == TEXT;
            buffer.drain(..whole);
            if text && (frames.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(count) {
                println!("all");
            }
        }
        if socket.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}
