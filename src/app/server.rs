//! The HTTP listener: accepts, bounds the connections, and serves each with a deadline for its heads.
//!
//! Used instead of `axum::serve`, which gives hyper no timer: a client that sends half a head and then nothing would be
//! kept for ever, and nothing would count such clients (Slowloris). Deliberately absent: TLS and HTTP/2 (a proxy's
//! work), and a bound for each address (behind a proxy all clients share one).

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::sleep,
};
use tower::ServiceExt;

use crate::config::Http;

/// Pause after an error of `accept` by the machine, such as no file handle left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until `stopped` says so, then until the connections have had their answers.
pub(super) async fn serve(listener: TcpListener, app: Router, limits: &Http, mut stopped: watch::Receiver<bool>) {
    // A WebSocket leaves the count with its upgrade: `[live]` bounds those.
    let (max, head_within) = (limits.connections_max, limits.head_timeout());
    let room = Arc::new(Semaphore::new(max as usize));
    let refused = metrics::counter!("souk_http_connections_refused_total");
    let stop = stopped.clone();
    let mut stopping = std::pin::pin!(async move {
        // The sender gone is the end as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stopping => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match room.clone().try_acquire_owned() {
                Ok(permit) => {
                    drop(tokio::spawn(connection(stream, peer, app.clone(), head_within, permit, stop.clone())))
                }
                // To answer 503 we would have to read and write, which is what there is no room for.
                Err(_) => refused.increment(1),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    // All permits back: the last connection has ended.
    let _ = room.acquire_many(max).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    head_within: Duration,
    _permit: OwnedSemaphorePermit,
    mut stop: watch::Receiver<bool>,
) {
    // Small responses are sent at once; a socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let app = app.clone();
        async move { Ok::<_, Infallible>(app.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        // `wait_for` returns a guard of the channel's lock, which must not live across the next await.
        () = async { drop(stop.wait_for(|stop| *stop).await) } => {
            // A request in flight gets its response; an idle connection ends now.
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn server(
        connections_max: u32,
        head_timeout_ms: u64,
    ) -> (SocketAddr, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()));
        let limits = Http { connections_max, head_timeout_ms, ..Http::default() };
        let (stop, stopped) = watch::channel(false);
        (address, stop, tokio::spawn(async move { serve(listener, app, &limits, stopped).await }))
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

    #[tokio::test]
    async fn one_connection_too_many_is_closed_and_the_place_of_a_gone_one_is_free() {
        let (address, _stop, _task) = server(1, 60_000).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut byte = [0];
        first.read_exact(&mut byte).await.unwrap();
        assert_eq!(until_closed(TcpStream::connect(address).await.unwrap()).await, "");
        drop(first);
        let served = async {
            loop {
                let mut next = TcpStream::connect(address).await.unwrap();
                let asked = next.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
                if asked.is_ok() && until_closed(next).await.contains("200 OK") {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), served).await.expect("a place");
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
