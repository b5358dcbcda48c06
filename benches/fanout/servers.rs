//! The two servers that are compared, each in a process of its own with nothing else to do: Souk's `/live`, and a bare
//! broadcast channel with a task and a socket for each client. Both send the same bytes in the same rounds.

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures::{SinkExt, StreamExt};
use souk::{
    config::{Budgets, Http, Live},
    http::{
        Door,
        live::{LiveState, router},
    },
    live::{Audience, Committed, Current, Hub, Listeners, Text, Topic},
    shop::{Front, topics},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

use super::{FIRST, Plan, change, clients, common::process};

struct OneSku;

impl Current for OneSku {
    fn current(&self, _: &Topic) -> Vec<Committed> {
        vec![change(FIRST).0]
    }
}

pub async fn souk(plan: &Plan) -> Result<()> {
    let limits = Live {
        connections_max: plan.sockets as usize,
        connections_per_address_max: plan.sockets as usize,
        // A round ends before the next begins; the wait between frames is not what is measured.
        frame_interval_ms: 0,
        ..Live::default()
    };
    let hub = Hub::start(limits, topics(&Front::empty(true)));
    let app = router(LiveState {
        listeners: Listeners::start(hub.clone(), Arc::new(OneSku)),
        door: Door::new(&Http::default(), &Budgets::default(), uuid::Uuid::nil()),
        authorise: Arc::new(|_| Box::pin(std::future::ready(Ok(Audience::default())))),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).into_future());
    rounds(plan, address, |version| {
        hub.publish(&[change(version).0]);
        Ok(())
    })
    .await
}

pub async fn bare(plan: &Plan) -> Result<()> {
    let (sender, _) = broadcast::channel::<Text>(16);
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

async fn bare_client(socket: TcpStream, mut frames: broadcast::Receiver<Text>) -> Result<()> {
    let config =
        WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(4096).max_write_buffer_size(256 * 1024);
    let mut socket = tokio_tungstenite::accept_async_with_config(socket, Some(config)).await?;
    // The client subscribes, and hears the current view.
    socket.next().await.context("closed")??;
    // Shares the bytes, and checks them once more, as Souk does.
    let text = |frame: &Text| Message::Text(frame.clone().into_bytes().try_into().expect("was text"));
    socket.send(text(&change(FIRST).1)).await?;
    loop {
        let frame = frames.recv().await?;
        socket.send(text(&frame)).await?;
    }
}

/// Starts the clients, then rounds until the time is over; prints `cpu_ns frames seconds bytes sockets`.
async fn rounds(plan: &Plan, address: SocketAddr, publish: impl Fn(u64) -> Result<()>) -> Result<()> {
    let before = process::resident_bytes()?;
    let mut command = tokio::process::Command::from(process::copy(clients::ROLE, plan.argument())?);
    let mut clients =
        command.env(clients::ADDRESS, address.to_string()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut said = BufReader::new(clients.stdout.take().context("piped")?).lines();
    // Each line says that every client has received one more frame; the first is the current view.
    said.next_line().await?.context("the clients ended")?;
    let bytes = process::resident_bytes()?.saturating_sub(before);
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

/// Finer than the ticks of `/proc`.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
