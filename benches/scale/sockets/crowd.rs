//! Thousands of sockets on one topic, as cheap as they can be: a thread of its own, a raw handshake, and of each frame
//! only its version is read.
//!
//! Sockets come from several loopback addresses (127.0.0.2 and on, 20,000 each): one address has about 28,000 ports.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::AsyncReadExt,
    sync::{Semaphore, oneshot},
};

use crate::common::websocket::{PING, PONG, TEXT, frame, handshake, send, subscribe, version};

/// Versions that are told apart; more changes than any run makes.
const VERSIONS: usize = 100_000;
const OF_ADDRESS: usize = 20_000;
const OPENING: usize = 128;
const DAY_MICROS: u64 = 86_400_000_000;

pub struct Crowd {
    seen: Arc<Seen>,
    /// Dropped, it ends the thread and with it every socket.
    _end: oneshot::Sender<()>,
}

struct Seen {
    /// When the last socket saw a version, in microseconds of the day.
    last: Vec<AtomicU64>,
    /// The newest version that each socket has; 0: none yet.
    newest: Vec<AtomicU64>,
    listening: AtomicUsize,
    frames: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl Crowd {
    pub fn start(address: SocketAddr, sku: &str, sockets: usize) -> Result<Self> {
        let seen = Arc::new(Seen {
            last: (0..VERSIONS).map(|_| AtomicU64::new(0)).collect(),
            newest: (0..sockets).map(|_| AtomicU64::new(0)).collect(),
            listening: AtomicUsize::new(0),
            frames: AtomicU64::new(0),
            failure: Mutex::new(None),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mine, sku): (_, Arc<str>) = (seen.clone(), sku.into());
        let (end, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            runtime.block_on(async {
                let gate = Arc::new(Semaphore::new(OPENING));
                for n in 0..sockets {
                    let (seen, sku, gate) = (mine.clone(), sku.clone(), gate.clone());
                    tokio::spawn(async move {
                        if let Err(error) = listen(n, address, &sku, &seen, &gate).await {
                            *seen.failure.lock().expect("not poisoned") = Some(format!("socket {n}: {error:#}"));
                        }
                    });
                }
                let _ = ended.await;
            });
        });
        Ok(Self { seen, _end: end })
    }

    /// Waits for `reached`; an error when a socket fails, or at the end of the time.
    pub fn until(&self, within: Duration, reached: impl Fn(&Self) -> bool) -> Result<()> {
        let end = Instant::now() + within;
        while !reached(self) {
            if let Some(failure) = self.seen.failure.lock().expect("not poisoned").take() {
                bail!("{failure}");
            }
            ensure!(Instant::now() < end, "{} sockets listen, and it took longer than {within:?}", self.listening());
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    pub fn listening(&self) -> usize {
        self.seen.listening.load(Relaxed)
    }

    pub fn frames(&self) -> u64 {
        self.seen.frames.load(Relaxed)
    }

    pub fn all_have(&self, version: u64) -> bool {
        self.seen.newest.iter().all(|newest| newest.load(Relaxed) >= version)
    }

    pub fn last_seen(&self, version: u64) -> u64 {
        self.seen.last.get(version as usize).map_or(0, |seen| seen.load(Relaxed))
    }
}

async fn listen(n: usize, address: SocketAddr, sku: &str, seen: &Seen, gate: &Semaphore) -> Result<()> {
    let mut buffer = Vec::with_capacity(512);
    let mut socket = {
        let _turn = gate.acquire().await?;
        let from = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + n / OF_ADDRESS)?);
        let mut socket = handshake(Some(from), address, "/live", &mut buffer).await?;
        subscribe(&mut socket, &format!("stock.{sku}")).await?;
        socket
    };
    loop {
        while let Some((head, whole)) = frame(&buffer) {
            match (buffer[0] & 0x0f, &buffer[head..whole]) {
                (TEXT, body) => note(n, body, seen)?,
                // The server closes a client without pongs.
                (PING, body) => send(&mut socket, PONG, body).await?,
                (other, _) => bail!("a frame of kind {other}"),
            }
            buffer.drain(..whole);
        }
        ensure!(socket.read_buf(&mut buffer).await? > 0, "the server closed it");
    }
}

/// A frame is a whole view: it shows every version up to its own.
fn note(n: usize, body: &[u8], seen: &Seen) -> Result<()> {
    let version = version(body).with_context(|| format!("no frame: {}", String::from_utf8_lossy(body)))?;
    let before = seen.newest[n].swap(version, Relaxed);
    if before == 0 {
        seen.listening.fetch_add(1, Relaxed);
        return Ok(());
    }
    ensure!(version > before, "version {version} after {before}");
    seen.frames.fetch_add(1, Relaxed);
    let now = now();
    for version in before + 1..=version {
        seen.last.get(version as usize).context("more versions than are told apart")?.fetch_max(now, Relaxed);
    }
    Ok(())
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_micros() as u64 % DAY_MICROS
}

/// Of `2026-11-21T08:51:39.078Z`.
pub fn micros_of_day(at: &str) -> Result<u64> {
    let time = at.split_once('T').and_then(|(_, time)| time.strip_suffix('Z')).context("not a time")?;
    let (clock, millis) = time.split_once('.').unwrap_or((time, "0"));
    let seconds = clock.split(':').try_fold(0, |sum, part| anyhow::Ok(sum * 60 + part.parse::<u64>()?))?;
    Ok(seconds * 1_000_000 + millis.parse::<u64>()? * 1_000)
}
