//! Thousands of listening sockets, the same for every server: raw frames, small buffers, no library, since a client's
//! cost reduces the measured figure.
//!
//! A socket that reads a version has seen that change and all before it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};

use crate::common::websocket::{CLOSE, PING, PONG, TEXT, frame, handshake, send, subscribe, version};

/// Handshakes at a time.
const OPENING: usize = 128;
const OPEN_WITHIN: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Each audience has a loopback address of its own: ports that the one before left behind are not waited for.
static AUDIENCES: AtomicU8 = AtomicU8::new(0);

/// How one gets to hear the changes.
#[derive(Clone, Debug)]
pub enum Wire {
    /// `/live`, and this topic's name.
    Souk(String),
    /// Every connection receives everything.
    Plain,
    /// Engine.IO 4 over WebSocket only, the default namespace.
    SocketIo,
}

/// The sockets' receipts, by change; 0 is the snapshot.
struct Seen {
    start: Instant,
    first: u64,
    by: Vec<AtomicUsize>,
    /// When a socket saw it last, in nanoseconds.
    last: Vec<AtomicU64>,
    frames: AtomicU64,
}

pub struct Audience {
    seen: Arc<Seen>,
    sockets: usize,
    ended: mpsc::UnboundedReceiver<String>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Audience {
    /// Returns when every socket has the snapshot, which is version `first`.
    pub async fn open(wire: &Wire, address: SocketAddr, sockets: usize, first: u64, changes: usize) -> Result<Self> {
        let seen = Arc::new(Seen {
            start: Instant::now(),
            first,
            by: (0..=changes).map(|_| AtomicUsize::new(0)).collect(),
            last: (0..=changes).map(|_| AtomicU64::new(0)).collect(),
            frames: AtomicU64::new(0),
        });
        let gate = Arc::new(Semaphore::new(OPENING));
        let (say, ended) = mpsc::unbounded_channel();
        let from = Ipv4Addr::new(127, 0, 1 + AUDIENCES.fetch_add(1, Relaxed) % 250, 1);
        let mut tasks = Vec::with_capacity(sockets);
        for _ in 0..sockets {
            let (wire, seen, gate, say) = (wire.clone(), seen.clone(), gate.clone(), say.clone());
            tasks.push(tokio::spawn(async move {
                let why = listen(&wire, from, address, &seen, &gate).await.err();
                let _ = say.send(why.map_or_else(|| "the server closed a socket".to_owned(), |why| format!("{why:#}")));
            }));
        }
        let mut audience = Self { seen, sockets, ended, tasks };
        audience.all_have(0, OPEN_WITHIN).await.context("the sockets do not open")?;
        Ok(audience)
    }

    /// Until each socket has seen this change or a newer one.
    pub async fn all_have(&mut self, change: usize, within: Duration) -> Result<()> {
        let until = Instant::now() + within;
        while self.seen.by[change].load(Relaxed) < self.sockets {
            if let Ok(why) = self.ended.try_recv() {
                bail!("a socket ended: {why}");
            }
            let have = self.seen.by[change].load(Relaxed);
            ensure!(Instant::now() < until, "{have} of {} sockets after {within:?}", self.sockets);
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// When the last socket saw it.
    pub fn last(&self, change: usize) -> Instant {
        self.seen.start + Duration::from_nanos(self.seen.last[change].load(Relaxed))
    }

    /// Without the snapshots.
    pub fn frames(&self) -> u64 {
        self.seen.frames.load(Relaxed)
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn listen(wire: &Wire, from: Ipv4Addr, address: SocketAddr, seen: &Seen, gate: &Semaphore) -> Result<()> {
    let mut buffer = Vec::with_capacity(512);
    let mut socket = {
        let _turn = gate.acquire().await?;
        timeout(OPEN_WITHIN, shake_hands(wire, from, address, &mut buffer)).await.context("no handshake in time")??
    };
    let mut next = 0;
    loop {
        let mut from = 0;
        while let Some((head, whole)) = frame(&buffer[from..]) {
            let (kind, body) = (buffer[from] & 0x0f, &buffer[from + head..from + whole]);
            match (kind, body) {
                (TEXT, b"2") if matches!(wire, Wire::SocketIo) => send(&mut socket, TEXT, b"3").await?,
                (TEXT, body) => next = seen.text(body, next)?,
                (PING, body) => send(&mut socket, PONG, body).await?,
                (CLOSE, _) => return Ok(()),
                (_, _) => {}
            }
            from += whole;
        }
        buffer.drain(..from);
        if socket.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

impl Seen {
    /// Takes a text frame; returns the first change that this socket has not seen.
    fn text(&self, body: &[u8], next: usize) -> Result<usize> {
        // A message without a version is the protocol's own.
        let Some(version) = version(body) else { return Ok(next) };
        let at = self.start.elapsed().as_nanos() as u64;
        let newest = version.checked_sub(self.first).with_context(|| format!("version {version} is too old"))? as usize;
        ensure!(newest < self.by.len(), "version {version} is nobody's change");
        for change in next..=newest {
            self.last[change].fetch_max(at, Relaxed);
            self.by[change].fetch_add(1, Relaxed);
        }
        self.frames.fetch_add(u64::from(newest > 0), Relaxed);
        Ok(next.max(newest + 1))
    }
}

async fn shake_hands(wire: &Wire, from: Ipv4Addr, address: SocketAddr, buffer: &mut Vec<u8>) -> Result<TcpStream> {
    let path = match wire {
        Wire::Souk(_) => "/live",
        Wire::Plain => "/",
        Wire::SocketIo => "/socket.io/?EIO=4&transport=websocket",
    };
    let mut socket = handshake(Some(from), address, path, buffer).await?;
    match wire {
        Wire::Souk(topic) => subscribe(&mut socket, topic).await?,
        Wire::Plain => {}
        // Connects to the default namespace.
        Wire::SocketIo => send(&mut socket, TEXT, b"40").await?,
    }
    Ok(socket)
}
