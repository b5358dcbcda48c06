//! A listener on `/live`: subscribes, and gives frames as text. Small buffers, because there are thousands.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, Utf8Bytes, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};

use super::error::{During, LoadError, Result};

const OPEN_MAX: Duration = Duration::from_secs(30);

pub struct Listener(WebSocketStream<TcpStream>);

/// The parts of a frame that the scenarios use; borrowed, because there are many. None of these texts is ever escaped.
#[derive(Deserialize)]
pub struct Frame<'a> {
    #[serde(borrow)]
    pub key: Option<&'a str>,
    pub version: Option<u64>,
    #[serde(default)]
    pub gone: bool,
    /// `error`, `reset`, ..: no frame.
    #[serde(borrow)]
    pub op: Option<&'a str>,
    #[serde(borrow)]
    pub view: Option<View<'a>>,
}

#[derive(Deserialize)]
pub struct View<'a> {
    pub available: Option<u64>,
    #[serde(borrow)]
    pub availability: Option<&'a str>,
}

impl Listener {
    pub async fn open(address: SocketAddr, host: &str, token: Option<&str>, topics: &[String]) -> Result<Self> {
        timeout(OPEN_MAX, Self::connect(address, host, token, topics)).await.during("a socket was not open in time")?
    }

    async fn connect(address: SocketAddr, host: &str, token: Option<&str>, topics: &[String]) -> Result<Self> {
        let mut request = format!("ws://{host}/live").into_client_request().during("the socket's address")?;
        if let Some(token) = token {
            let token = HeaderValue::from_str(token).during("the token")?;
            request.headers_mut().insert("authorization", token);
        }
        let socket = TcpStream::connect(address).await.during("a socket")?;
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let opened = tokio_tungstenite::client_async_with_config(request, socket, Some(config)).await;
        let (mut socket, _) = opened.during("a socket's handshake")?;
        let subscribe = serde_json::json!({"op": "subscribe", "topics": topics}).to_string();
        socket.send(Message::text(subscribe)).await.during("a subscription")?;
        Ok(Self(socket))
    }

    /// The next text; an error when the server closed or the connection is gone.
    pub async fn text(&mut self) -> Result<Utf8Bytes> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                // The library responds to pings while it reads.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(why))) => {
                    return Err(LoadError::failed(format!("the server closed a socket: {why:?}")));
                }
                Some(Err(error)) => return Err(LoadError::failed(format!("a socket broke: {error}"))),
                None => return Err(LoadError::failed("the server closed a socket")),
            }
        }
    }
}

impl<'a> Frame<'a> {
    /// `Err`: an error of the feed, with its text. `None`: a message that is no frame.
    pub fn read(text: &'a str) -> Result<Option<Self>> {
        let frame: Self = serde_json::from_str(text).during("a frame that cannot be read")?;
        match frame.op {
            Some("error") => Err(LoadError::failed(format!("the live feed refused: {text}"))),
            Some(_) | None => Ok(Some(frame)),
        }
    }
}
