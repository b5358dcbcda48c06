//! The HTTP listener: accepts, bounds the connections, and serves each with a deadline for whatever its client owes.
//!
//! Used instead of `axum::serve`, which gives hyper no timer: a client that sends half a head and then nothing would be
//! kept for ever, and nothing would count such clients (Slowloris). [`room`] bounds the connections in all and for each
//! address; a head has its time and its bytes, a body ([`body`]) and a response ([`paced`]) their least rates
//! ([`credit`]). With a certificate a [`handshake`] comes first. Deliberately absent: HTTP/2 (a proxy's work).

mod body;
mod credit;
mod handshake;
mod paced;
mod room;
mod stream;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};
use tower::ServiceExt;

pub(super) use self::handshake::Handshakes;
use self::{
    body::Arriving,
    credit::Credit,
    paced::Paced,
    room::{Held, RESERVE_HEAD, Room},
    stream::Stream,
};
use crate::{
    config::Http,
    http::{
        door::{Encrypted, Reserved},
        live::Wire,
    },
};

/// Bytes of a response that the kernel keeps for a client that does not take them. Its own bound is some MiB for each
/// connection, so one address that never reads would fill the machine's memory beside the process's. What is under way
/// does not count: a quick client is not slowed down.
const UNSENT_BYTES_MAX: u32 = 128 * 1_024;
/// Pause after an error of `accept` by the machine, such as no file handle left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What all listeners of this process share: the places for connections, the limits, and the end.
pub(super) struct Server {
    room: Room,
    limits: Http,
    stopped: watch::Receiver<bool>,
}

impl Server {
    /// `stopped`: true, or its sender gone, is the end.
    pub(super) fn new(limits: &Http, stopped: watch::Receiver<bool>) -> Arc<Self> {
        // A WebSocket leaves its place with its upgrade: `[live]` bounds those.
        Arc::new(Self { room: Room::new(limits), limits: limits.clone(), stopped })
    }

    /// Serves until the end, then until the connections have had their answers.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener, app: Router, tls: Option<Arc<Handshakes>>) {
        let refused = metrics::counter!("souk_http_connections_refused_total");
        let mut stopped = self.stopped.clone();
        let mut stopping = std::pin::pin!(ended(&mut stopped));
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stopping => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match self.room.enter(peer.ip()) {
                    Some(held) => {
                        drop(tokio::spawn(self.clone().connection(stream, peer, app.clone(), tls.clone(), held)))
                    }
                    // To answer 503 we would have to read and write, which is what there is no room for.
                    None => refused.increment(1),
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        self.room.emptied().await;
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        app: Router,
        tls: Option<Arc<Handshakes>>,
        held: Held,
    ) {
        // Small responses are sent at once; a socket that refuses the option still works.
        let _ = stream.set_nodelay(true);
        bound_unsent(&stream);
        let (limits, wire, mut stop) = (&self.limits, Wire::default(), self.stopped.clone());
        let rate = limits.bytes_per_second_min;
        let stream = Paced::new(stream, Credit::new(limits.write_timeout(), rate), wire.clone());
        let (head_within, encrypted) = (head_time(limits, held.reserved), tls.is_some());
        let stream = match tls {
            None => Stream::Plain(stream),
            Some(tls) => {
                let shaken = tokio::select! {
                    shaken = tls.shake(stream, peer.ip(), head_within) => shaken,
                    // Nothing was asked for yet, so nothing is owed.
                    () = ended(&mut stop) => None,
                };
                let Some(stream) = shaken else { return };
                stream
            }
        };
        let (body_within, reserved) = (limits.body_timeout(), held.reserved);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(|body| match body.is_end_stream() {
                true => Body::new(body),
                false => Body::new(Arriving::new(body, Credit::new(body_within, rate))),
            });
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(wire.clone());
            if reserved {
                request.extensions_mut().insert(Reserved);
            }
            if encrypted {
                request.extensions_mut().insert(Encrypted);
            }
            let app = app.clone();
            async move { Ok::<_, Infallible>(app.oneshot(request).await.unwrap_or_else(|never| match never {})) }
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_within)
            .max_header_size(limits.head_bytes_max)
            // A place of the reserve is for one answer.
            .keep_alive(!reserved)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut served = std::pin::pin!(served);
        let outcome = tokio::select! {
            outcome = &mut served => outcome,
            () = ended(&mut stop) => {
                // A request in flight gets its response; an idle connection ends now.
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        drop(held);
        if let Err(error) = outcome {
            tracing::trace!(%error, "a connection broke off");
        }
    }
}

/// The sender gone is the end as well.
async fn ended(stopped: &mut watch::Receiver<bool>) {
    // `wait_for` returns a guard of the channel's lock, which must not live across the next await.
    drop(stopped.wait_for(|stop| *stop).await);
}

fn head_time(limits: &Http, reserved: bool) -> Duration {
    if reserved { RESERVE_HEAD.min(limits.head_timeout()) } else { limits.head_timeout() }
}

/// Other systems keep less by themselves, or have no such option.
fn bound_unsent(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX) {
        tracing::trace!(%error, "a connection's unsent bytes are bounded by the kernel's own limits only");
    }
}

#[cfg(test)]
mod tests {
    use axum::{Extension, routing::get};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn server(
        connections_max: u32,
        head_timeout_ms: u64,
    ) -> (SocketAddr, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new()
            .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()))
            .route("/reserved", get(async |reserved: Option<Extension<Reserved>>| reserved.is_some().to_string()));
        let limits = Http { connections_max, head_timeout_ms, ..Http::default() };
        let (stop, stopped) = watch::channel(false);
        (address, stop, tokio::spawn(Server::new(&limits, stopped).serve(listener, app, None)))
    }

    async fn until_closed(mut stream: TcpStream) -> String {
        let mut said = String::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut said)).await.expect("closed");
        said
    }

    #[tokio::test]
    async fn half_a_head_is_not_waited_for() {
        let (address, _stop, _task) = server(8, 50).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
        assert!(!until_closed(slow).await.contains("200 OK"));
        let mut quick = TcpStream::connect(address).await.unwrap();
        let me = quick.local_addr().unwrap();
        quick.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let answer = until_closed(quick).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(&me.to_string()), "{answer}");
    }

    /// The whole answer to one request.
    async fn asked(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        // A connection that is closed at once may already refuse the bytes.
        let _ = stream.write_all(request.as_bytes()).await;
        until_closed(stream).await
    }

    #[tokio::test]
    async fn one_connection_too_many_has_a_place_of_the_reserve_and_the_place_of_a_gone_one_is_free() {
        let (address, _stop, _task) = server(1, 60_000).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        first.read_exact(&mut [0]).await.unwrap();
        assert!(asked(address, "/reserved").await.ends_with("true"));
        drop(first);
        let freed = async { while !asked(address, "/reserved").await.ends_with("false") {} };
        tokio::time::timeout(Duration::from_secs(10), freed).await.expect("a place");
    }

    #[tokio::test]
    async fn one_address_has_a_part_of_the_reserve_and_the_next_connection_is_closed() {
        let room = Room::new(&Http { connections_max: 2, connections_per_address_max: 1, ..Http::default() });
        let [one, other] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(std::net::IpAddr::from);
        let held: Vec<_> = std::iter::from_fn(|| room.enter(one)).collect();
        assert!(!held[0].reserved && held[1..].iter().all(|held| held.reserved) && held.len() > 1);
        assert!(!room.enter(other).expect("a place").reserved, "an ordinary one is left to others");
        drop(held);
        assert!(!room.enter(one).expect("a place").reserved);
    }

    #[tokio::test]
    async fn a_long_head_is_refused() {
        let (address, _stop, _task) = server(8, 60_000).await;
        let with = async |bytes: usize| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head =
                format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: {}\r\n\r\n", "x".repeat(bytes));
            let _ = stream.write_all(head.as_bytes()).await;
            let mut said = Vec::new();
            let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut said)).await.expect("closed");
            String::from_utf8_lossy(&said).into_owned()
        };
        assert!(with(15 * 1_024).await.starts_with("HTTP/1.1 200"));
        let refused = with(17 * 1_024).await;
        assert!(!refused.contains("200 OK"), "{refused}");
    }

    #[tokio::test]
    async fn a_stop_ends_idle_connections_and_then_the_server() {
        let (address, stop, task) = server(8, 60_000).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        idle.read_exact(&mut [0]).await.unwrap();
        stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(10), task).await.expect("ended").unwrap();
        until_closed(idle).await;
    }
}
