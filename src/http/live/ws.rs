//! The WebSocket: one task for each connection, no timer of its own, small buffers.
//!
//! All waiting frames are fed to the socket and flushed once. While a slow client blocks the write, nothing is read and
//! the outbox conflates; only the server's own closing (drain, silence, expired credentials) breaks such a write.

use std::{future::poll_fn, net::IpAddr, task::Poll};

use axum::{
    extract::{
        Extension, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use super::{
    LiveState, Wire,
    admission::Visitor,
    rate_limit::{Rate, RateLimit},
    refused,
    session::hear,
};
use crate::{
    http::{Code, Problem},
    live::{Closing, Out, Session, Text},
};

/// tungstenite reads into 128 KiB for each connection by default; 4 KiB is faster here and a thirtieth of the memory.
const READ_BUFFER: usize = 4 * 1024;
/// Frames gather up to here before a write; a flush follows when nothing more waits.
const WRITE_BUFFER: usize = 4 * 1024;
/// Beyond it a write fails and the connection ends. One frame is far smaller, and the next is only fed when it fits.
const WRITE_BUFFER_MAX: usize = 256 * 1024;

/// Close codes of RFC 6455 and its registry.
const TRY_AGAIN_LATER: u16 = close_code::AGAIN;

pub async fn open(
    State(state): State<LiveState>,
    wire: Option<Extension<Wire>>,
    visitor: Visitor,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return no_handshake(&rejection),
    };
    let Visitor { audience, address } = visitor;
    let bytes = state.limits().message_bytes_max;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(bytes)
        .max_frame_size(bytes);
    // A server that counts no bytes is a test's.
    let wire = wire.map(|Extension(wire)| wire).unwrap_or_default();
    let rate = RateLimit::new(state.limits(), wire.clone());
    match state.listeners.connect(address, audience) {
        Ok(session) => upgrade.on_upgrade(move |socket| async move {
            let listeners = state.listeners.clone();
            listeners.run_socket(run(Socket { socket, wire }, session, rate, state, address));
        }),
        // Accepted and closed: a browser shows a page the close code, but not the status of a refused handshake.
        Err(refused) => upgrade.on_upgrade(move |socket| async move {
            Socket { socket, wire }.goodbye(TRY_AGAIN_LATER, refused.to_string()).await;
        }),
    }
    .into_response()
}

fn no_handshake(rejection: &WebSocketUpgradeRejection) -> Response {
    let mut response = refused(Problem::new(Code::UPGRADE_REQUIRED, rejection.body_text()));
    // RFC 9110, section 15.5.22: the answer names the protocol.
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response
}

struct Socket {
    socket: WebSocket,
    wire: Wire,
}

async fn run(mut socket: Socket, mut session: Session, mut rate: RateLimit, state: LiveState, address: IpAddr) {
    loop {
        tokio::select! {
            out = session.next() => match deliver(&mut socket.socket, &session, out).await {
                Ok(()) => {}
                Err(Ended::Gone) => return,
                Err(Ended::By(why)) => return farewell(socket, session, why).await,
            },
            heard = heard(&mut socket.socket, &rate) => {
                let message = match heard {
                    Heard::Message(Some(Ok(message))) => message,
                    Heard::Message(Some(Err(error))) => return broken(socket, session, error).await,
                    Heard::Message(None) => return,
                    Heard::TooMuch => return farewell(socket, session, Closing::TooFast).await,
                };
                session.heard();
                match (rate.take(), message) {
                    (Rate::Abuse, _) => return farewell(socket, session, Closing::TooFast).await,
                    // For messages only: a ping gets its pong in any case.
                    (Rate::SlowDown, Message::Text(_) | Message::Binary(_)) => {
                        session.refuse(None, "slow_down", "too many messages; this one was not acted on");
                    }
                    (Rate::Fine, Message::Text(text)) => hear(&mut session, &state, address, &text).await,
                    (Rate::Fine, Message::Binary(_)) => session.refuse(None, "bad_message", "messages are JSON text"),
                    // tungstenite answers pings itself, at the next read or flush.
                    (Rate::Fine | Rate::SlowDown, Message::Ping(_) | Message::Pong(_)) => {}
                    (Rate::Fine | Rate::SlowDown, Message::Close(_)) => return,
                }
            },
        }
    }
}

enum Heard {
    Message(Option<Result<Message, axum::Error>>),
    /// Bytes without a message, more than the rate allows.
    TooMuch,
}

/// The next message. The bytes are looked at after each reading, which may have skipped any number of fragments.
/// Cancel-safe.
fn heard(socket: &mut WebSocket, rate: &RateLimit) -> impl Future<Output = Heard> {
    poll_fn(|cx| match socket.poll_next_unpin(cx) {
        Poll::Ready(message) => Poll::Ready(Heard::Message(message)),
        Poll::Pending if rate.overrun() => Poll::Ready(Heard::TooMuch),
        Poll::Pending => Poll::Pending,
    })
}

/// What the client sent is no WebSocket, or too long: it is told so by the close code, where it still listens.
async fn broken(socket: Socket, session: Session, error: axum::Error) {
    let code = match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => Some((close_code::SIZE, "the message is too long")),
        Some(tungstenite::Error::Utf8(_)) => Some((close_code::INVALID, "the text is not UTF-8")),
        Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => None,
        Some(tungstenite::Error::Protocol(_)) => Some((close_code::PROTOCOL, "this is not RFC 6455")),
        // The network's errors, and the library's own.
        _ => None,
    };
    if let Some((code, reason)) = code {
        metrics::counter!("souk_live_refused_total", "code" => "protocol_error").increment(1);
        socket.goodbye(code, reason.to_owned()).await;
    }
    drop(session);
}

/// Why a write ended.
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

async fn farewell(socket: Socket, session: Session, why: Closing) {
    let (code, reason) = match why {
        Closing::Draining => (close_code::AWAY, "the server is stopping"),
        Closing::Unshown => (close_code::AGAIN, "this server's views are old"),
        Closing::Idle => (close_code::NORMAL, "idle"),
        Closing::TooFast => (close_code::POLICY, "too many messages"),
        Closing::Expired => (close_code::POLICY, "the credentials have ended"),
    };
    socket.goodbye(code, reason.to_owned()).await;
    // The connection is removed only now: a drain waits until the goodbye is sent.
    drop(session);
}

impl Socket {
    /// Best effort, for at most [`GOODBYE`] and [`GOODBYE_BYTES`]: the server waits neither for a client that does not
    /// read nor for one that does not stop.
    async fn goodbye(mut self, code: u16, reason: String) {
        const GOODBYE: std::time::Duration = std::time::Duration::from_secs(1);
        const GOODBYE_BYTES: u64 = 256 * 1024;
        let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from(reason) }));
        let enough = self.wire.read() + GOODBYE_BYTES;
        let (socket, wire) = (&mut self.socket, &self.wire);
        let said = async {
            if socket.send(close).await.is_ok() {
                // Until the client's own close: dropping the socket with unread bytes would reset the connection and
                // the client could lose the close frame.
                while let Some(Ok(_)) = socket.recv().await {}
            }
        };
        tokio::select! {
            // In this order: the bytes are looked at after each reading.
            biased;
            _ = tokio::time::timeout(GOODBYE, said) => {}
            () = poll_fn(|_| if wire.read() > enough { Poll::Ready(()) } else { Poll::Pending }) => {}
        }
    }
}
