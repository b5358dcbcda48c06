//! One change to 10,000 subscribers: CPU for each delivered frame, and bytes for each idle socket, against a bare
//! tokio-tungstenite broadcast of the same bytes.
//!
//! Each server runs in a process of its own and its clients in another (this binary, re-executed), so that CPU and
//! memory are the server's alone. A round is one change that every client has received before the next begins.
//! `SOUK_BENCH_SECONDS` (default 5) is the time for each server, `SOUK_BENCH_SOCKETS` (default 10,000) the audience;
//! `--test` is a short small run. Targets: ratio at most 2, at most 12 KiB for an idle socket.

use std::{
    env,
    io::{BufRead, BufReader as StdBufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use axum::extract::ws::Utf8Bytes;
use futures::{SinkExt, StreamExt};
use souk::{
    domain::{
        key::EntityKey,
        model::{AnyView, Kind},
        stock::StockView,
        time::Timestamp,
    },
    http::live::{LiveState, router},
    live::{Audience, Committed, Current, Hub, LiveLimits, Topic, audience::Level, frames},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

const SKU: &str = "TSHIRT-RED-M";
/// All versions have as many digits, so all frames as many bytes.
const FIRST: u64 = 1_000_000;

struct Plan {
    sockets: u64,
    seconds: f64,
}

/// What one server came to.
struct Measured {
    ns_per_frame: f64,
    bytes_per_socket: f64,
    frames: u64,
    frames_per_second: f64,
}

fn main() -> Result<()> {
    let args: Vec<String> = env::args().collect();
    let number = |name: &str, default: f64| env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let short = args.iter().any(|arg| arg == "--test");
    let plan = Plan {
        sockets: if short { 200 } else { number("SOUK_BENCH_SOCKETS", 10_000.0) as u64 },
        seconds: if short { 0.2 } else { number("SOUK_BENCH_SECONDS", 5.0) },
    };
    raise_fd_limit(plan.sockets)?;
    match env::var("SOUK_FANOUT_ROLE").as_deref() {
        Ok("clients") => runtime()?.block_on(clients(env::var("SOUK_FANOUT_ADDRESS")?.parse()?, plan.sockets)),
        Ok("souk") => runtime()?.block_on(serve_souk(&plan)),
        Ok("bare") => runtime()?.block_on(serve_bare(&plan)),
        Ok(other) => bail!("no such role: {other}"),
        Err(_) => compare(&plan),
    }
}

fn compare(plan: &Plan) -> Result<()> {
    let (bare, souk) = (measure("bare")?, measure("souk")?);
    println!("fanout: one change to {} subscribers, {} bytes a frame", plan.sockets, change(FIRST).1.len());
    for (name, m) in [("bare tokio-tungstenite", &bare), ("souk /live", &souk)] {
        println!(
            "  {name:<24}{:>8.2} us CPU a frame{:>10.0} frames/s{:>10.1} KiB an idle socket  ({} frames)",
            m.ns_per_frame / 1e3,
            m.frames_per_second,
            m.bytes_per_socket / 1024.0,
            m.frames
        );
    }
    let (ratio, kib) = (souk.ns_per_frame / bare.ns_per_frame, souk.bytes_per_socket / 1024.0);
    println!(
        "  ratio {ratio:.2} (at most 2: {}), idle socket {kib:.1} KiB (at most 12: {})",
        verdict(ratio <= 2.0),
        verdict(kib <= 12.0)
    );
    Ok(())
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn measure(role: &str) -> Result<Measured> {
    let mut server = again(role).stdout(Stdio::piped()).spawn()?;
    let output = server.stdout.take().context("piped")?;
    let line = StdBufReader::new(output).lines().next().context("the server said nothing")??;
    if !server.wait()?.success() {
        bail!("the {role} server failed");
    }
    let numbers: Vec<f64> = line.split(' ').filter_map(|n| n.parse().ok()).collect();
    let [cpu_ns, frames, seconds, bytes, sockets] = numbers[..] else { bail!("{role} said {line:?}") };
    Ok(Measured {
        ns_per_frame: cpu_ns / frames,
        bytes_per_socket: bytes / sockets,
        frames: frames as u64,
        frames_per_second: frames / seconds,
    })
}

/// This binary with the same arguments, in another role.
fn again(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this binary has a path"));
    command.args(env::args().skip(1)).env("SOUK_FANOUT_ROLE", role);
    command
}

// ---- the servers ----

struct OneSku;

impl Current for OneSku {
    fn current(&self, _: &Topic) -> Vec<Committed> {
        vec![change(FIRST).0]
    }
}

fn change(version: u64) -> (Committed, Utf8Bytes) {
    let view = StockView { on_hand: 500, available: 500, threshold: 5, ..StockView::default() };
    let change =
        Committed { key: EntityKey::new(Kind::Stock, SKU), version, view: AnyView::Stock(view), at: Timestamp(0) };
    let name = format!("stock.{SKU}");
    let topic = Topic::parse(&name).expect("a legal topic");
    let text = frames::encode(&topic, &name, &change, Level::Public, true).expect("a stock view is a frame");
    (change, text)
}

async fn serve_souk(plan: &Plan) -> Result<()> {
    let limits = LiveLimits {
        connections: plan.sockets as usize,
        connections_per_address: plan.sockets as usize,
        public_stock_counts: true,
        // A round ends before the next begins; the wait between frames is not what is measured.
        frame_interval_ms: 0,
        ..LiveLimits::default()
    };
    let hub = Hub::start(limits, Arc::new(OneSku));
    let app = router(LiveState { hub: hub.clone(), authorise: Arc::new(|_, _| Ok(Audience::default())) });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).into_future());
    rounds(plan, address, |version| {
        hub.publish(&[change(version).0]);
        Ok(())
    })
    .await
}

async fn serve_bare(plan: &Plan) -> Result<()> {
    let (sender, _) = broadcast::channel::<Utf8Bytes>(16);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let subscribe = sender.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(bare_client(socket, subscribe.subscribe()));
        }
    });
    rounds(plan, address, |version| sender.send(change(version).1).map(drop).context("nobody listens")).await
}

async fn bare_client(socket: TcpStream, mut frames: broadcast::Receiver<Utf8Bytes>) -> Result<()> {
    let config =
        WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(4096).max_write_buffer_size(256 * 1024);
    let mut socket = tokio_tungstenite::accept_async_with_config(socket, Some(config)).await?;
    // The client subscribes, and hears the current view.
    socket.next().await.context("closed")??;
    let text = |frame: &Utf8Bytes| {
        // axum's text and tungstenite's are one type behind two names; both share their bytes.
        let bytes = axum::body::Bytes::from(frame.clone());
        Message::Text(bytes.try_into().expect("was text"))
    };
    socket.send(text(&change(FIRST).1)).await?;
    loop {
        let frame = frames.recv().await?;
        socket.send(text(&frame)).await?;
    }
}

/// Starts the clients, then rounds until the time is over; prints `cpu_ns frames seconds bytes sockets`.
async fn rounds(plan: &Plan, address: SocketAddr, publish: impl Fn(u64) -> Result<()>) -> Result<()> {
    let before = resident_bytes()?;
    let mut command = tokio::process::Command::from(again("clients"));
    let mut clients =
        command.env("SOUK_FANOUT_ADDRESS", address.to_string()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut said = BufReader::new(clients.stdout.take().context("piped")?).lines();
    // Each line says that every client has received one more frame; the first is the current view.
    said.next_line().await?.context("the clients ended")?;
    let bytes = resident_bytes()?.saturating_sub(before);
    let (start, cpu) = (Instant::now(), cpu_time());
    let mut round = 0;
    while start.elapsed().as_secs_f64() < plan.seconds || round < 3 {
        round += 1;
        publish(FIRST + round)?;
        said.next_line().await?.context("the clients ended")?;
    }
    let (cpu, seconds) = (cpu_time() - cpu, start.elapsed().as_secs_f64());
    println!("{} {} {seconds} {bytes} {}", cpu.as_nanos(), round * plan.sockets, plan.sockets);
    Ok(())
}

// ---- the clients ----

/// Connects and subscribes `count` clients, counts text frames, says a line whenever all have one more.
async fn clients(address: SocketAddr, count: u64) -> Result<()> {
    let frames = Arc::new(AtomicU64::new(0));
    let (failed, mut failure) = tokio::sync::mpsc::unbounded_channel();
    let gate = Arc::new(tokio::sync::Semaphore::new(128));
    for _ in 0..count {
        let (frames, failed, gate) = (frames.clone(), failed.clone(), gate.clone());
        tokio::spawn(async move {
            let error = client(address, count, &frames, &gate).await.err();
            _ = failed.send(error.map_or_else(|| "the server closed".to_owned(), |error| format!("{error:#}")));
        });
    }
    bail!("a client ended: {}", failure.recv().await.unwrap_or_default())
}

async fn client(address: SocketAddr, count: u64, frames: &AtomicU64, gate: &tokio::sync::Semaphore) -> Result<()> {
    let mut socket = {
        let _turn = gate.acquire().await?;
        handshake(address).await?
    };
    let mut buffer = Vec::with_capacity(256);
    loop {
        while let Some(frame) = first_frame(&buffer) {
            let text = buffer[0] & 0x0f == 1;
            buffer.drain(..frame);
            if text && (frames.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(count) {
                println!("all");
            }
        }
        if socket.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

async fn handshake(address: SocketAddr) -> Result<TcpStream> {
    let mut socket = TcpStream::connect(address).await.context("connect")?;
    let request = format!(
        "GET /live HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(socket.read_u8().await.context("handshake")?);
    }
    let subscribe = format!(r#"{{"op":"subscribe","topics":["stock.{SKU}"]}}"#);
    let length = u8::try_from(subscribe.len()).ok().filter(|length| *length < 126).context("a short message")?;
    // A text frame, masked with zeros.
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(subscribe.as_bytes());
    socket.write_all(&frame).await?;
    Ok(socket)
}

/// Bytes of the first whole server frame (RFC 6455, section 5.2; unmasked, under 64 KiB).
fn first_frame(buffer: &[u8]) -> Option<usize> {
    let total = match *buffer.get(1)? {
        126 => 4 + usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?])),
        short => 2 + usize::from(short & 0x7f),
    };
    (buffer.len() >= total).then_some(total)
}

// ---- the process ----

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn raise_fd_limit(sockets: u64) -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    match limit.maximum {
        Some(max) if max < sockets + 100 => {
            bail!("{sockets} sockets need as many open files, {max} are allowed (ulimit -Hn)")
        }
        Some(_) | None => Ok(()),
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn resident_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}
