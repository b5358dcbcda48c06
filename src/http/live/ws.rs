//! The WebSocket: one task for each connection, no timer of its own, small buffers.
//!
//! All waiting frames are fed to the socket and flushed once. While a slow client blocks the write, nothing is read and
//! the outbox conflates; only the server's own closing (drain, silence, expired credentials) breaks such a write.

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code},
    },
    response::{IntoResponse, Response},
};
use futures::SinkExt;

use super::{
    Authorise, LiveState,
    admission::Visitor,
    rate_limit::{Rate, RateLimit},
    session::hear,
};
use crate::live::{Closing, Out, Session, Text};

/// tungstenite reads into 128 KiB for each connection by default; 4 KiB is faster here and a thirtieth of the memory.
const READ_BUFFER: usize = 4 * 1024;
/// Frames gather up to here before a write; a flush follows when nothing more waits.
const WRITE_BUFFER: usize = 4 * 1024;
/// Beyond it a write fails and the connection ends. One frame is far smaller, and the next is only fed when it fits.
const WRITE_BUFFER_MAX: usize = 256 * 1024;

/// Close codes of RFC 6455 and its registry.
const TRY_AGAIN_LATER: u16 = close_code::AGAIN;

pub async fn open(State(state): State<LiveState>, visitor: Visitor, upgrade: WebSocketUpgrade) -> Response {
    let Visitor { audience, address, headers: _ } = visitor;
    let bytes = state.limits().message_bytes_max;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(bytes)
        .max_frame_size(bytes);
    let rate = RateLimit::new(state.limits());
    match state.listeners.connect(address, audience) {
        Ok(session) => upgrade.on_upgrade(move |socket| async move {
            let LiveState { listeners, authorise, trust_forwarded_for: _ } = state;
            listeners.run_socket(run(socket, session, rate, authorise));
        }),
        // Accepted and closed: a browser shows a page the close code, but not the status of a refused handshake.
        Err(refused) => upgrade.on_upgrade(move |socket| goodbye(socket, TRY_AGAIN_LATER, refused.to_string())),
    }
    .into_response()
}

async fn run(mut socket: WebSocket, mut session: Session, mut rate: RateLimit, authorise: std::sync::Arc<Authorise>) {
    loop {
        tokio::select! {
            out = session.next() => match deliver(&mut socket, &session, out).await {
                Ok(()) => {}
                Err(Ended::Gone) => return,
                Err(Ended::By(why)) => return farewell(socket, session, why).await,
            },
            message = socket.recv() => {
                let Some(Ok(message)) = message else { return };
                session.heard();
                match (rate.take(size(&message)), message) {
                    (Rate::Abuse, _) => return farewell(socket, session, Closing::TooFast).await,
                    // For messages only: a ping gets its pong in any case.
                    (Rate::SlowDown, Message::Text(_) | Message::Binary(_)) => {
                        session.refuse(None, "slow_down", "too many messages; this one was not acted on");
                    }
                    (Rate::Fine, Message::Text(text)) => hear(&mut session, &*authorise, &text).await,
                    (Rate::Fine, Message::Binary(_)) => session.refuse(None, "bad_message", "messages are JSON text"),
                    // tungstenite answers pings itself, at the next read or flush.
                    (Rate::Fine | Rate::SlowDown, Message::Ping(_) | Message::Pong(_)) => {}
                    (Rate::Fine | Rate::SlowDown, Message::Close(_)) => return,
                }
            },
        }
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}

enum Ended {
    /// The client, or the network.
    Gone,
    By(Closing),
}

/// Sends `first` and all other waiting frames, then flushes.
async fn deliver(socket: &mut WebSocket, session: &Session, first: Out) -> Result<(), Ended> {
    let mut next = Some(first);
    while let Some(out) = next {
        let message = match out {
            Out::Frame(frame) => message(frame.text)?,
            Out::Control(text) => message(text)?,
            Out::Ping => Message::Ping(axum::body::Bytes::new()),
            Out::Close(why) => return Err(Ended::By(why)),
            Out::Resync(feed) => {
                session.resync(feed).await;
                next = session.try_next();
                continue;
            }
        };
        unless_closing(session, socket.feed(message)).await?;
        next = session.try_next();
    }
    unless_closing(session, socket.flush()).await
}

/// Shares the bytes with every other connection. The UTF-8 is checked once more, since axum offers no other way without
/// a copy; [`Text`] has the cost. The check cannot fail: a text is made from strings.
fn message(text: Text) -> Result<Message, Ended> {
    Utf8Bytes::try_from(text.into_bytes()).map(Message::Text).map_err(|_| Ended::Gone)
}

async fn unless_closing(session: &Session, write: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Ended> {
    tokio::select! {
        biased;
        written = write => written.map_err(|_| Ended::Gone),
        why = session.closing() => Err(Ended::By(why)),
    }
}

async fn farewell(socket: WebSocket, session: Session, why: Closing) {
    let (code, reason) = match why {
        Closing::Draining => (close_code::AWAY, "the server is stopping"),
        Closing::Idle => (close_code::NORMAL, "idle"),
        Closing::TooFast => (close_code::POLICY, "too many messages"),
        Closing::Expired => (close_code::POLICY, "the credentials have ended"),
    };
    goodbye(socket, code, reason.to_owned()).await;
    // The connection is removed only now: a drain waits until the goodbye is sent.
    drop(session);
}

/// Best effort, for at most [`GOODBYE`]: the server does not wait for a client that does not read.
async fn goodbye(mut socket: WebSocket, code: u16, reason: String) {
    const GOODBYE: std::time::Duration = std::time::Duration::from_secs(1);
    let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from(reason) }));
    let said = async {
        if socket.send(close).await.is_ok() {
            // Until the client's own close: dropping the socket with unread bytes would reset the connection and the
            // client could lose the close frame.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    _ = tokio::time::timeout(GOODBYE, said).await;
}
