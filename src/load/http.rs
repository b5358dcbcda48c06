//! One keep-alive HTTP/1.1 connection (hyper's), opened again where it was lost. A missing response is a value: the
//! caller decides whether to retry with the same key.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::{net::TcpStream, sync::watch, time::timeout};

/// Longer than the server's own bound of a request (10 s), so that the server's response is received.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The server's address; `None` while it is down (`chaos`).
pub type Address = watch::Receiver<Option<SocketAddr>>;

#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub key: Option<&'a str>,
    pub body: Option<String>,
}

impl<'a> Call<'a> {
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, key: None, body: None }
    }

    pub fn put(path: &'a str, body: String) -> Self {
        Self { method: Method::PUT, body: Some(body), ..Self::get(path) }
    }

    pub fn post(path: &'a str, key: Option<&'a str>, body: String) -> Self {
        Self { method: Method::POST, path, key, body: Some(body) }
    }
}

/// One part of a path: a SKU may hold any printable character.
pub fn part(text: &str) -> impl std::fmt::Display + '_ {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT)
}

pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

/// A refusal or a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The problem's code (`out_of_stock`), or the connection's error.
    pub code: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A refusal by the shop's rules: 4xx.
    Refused,
    /// "Not now": 429 and 503 from admission. Nothing was executed.
    Busy,
    /// Unknown whether it was executed: no response, or 5xx.
    InDoubt,
}

/// Of a request or of an operation made of several.
pub type Answered<T = ()> = Result<T, Trouble>;

impl Trouble {
    pub fn lost(code: &str) -> Self {
        Self { code: code.to_owned(), kind: Kind::InDoubt }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.code)
    }
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        serde_json::from_slice(&self.body).map_err(|_| Trouble::lost("unreadable_answer"))
    }

    /// The response of a success, else the trouble.
    pub fn good(self) -> Result<Self, Trouble> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        #[derive(serde::Deserialize)]
        struct Problem {
            code: String,
        }
        let code = self.json::<Problem>().map_or_else(|_| format!("http_{}", self.status), |problem| problem.code);
        let kind = match self.status {
            429 => Kind::Busy,
            503 if code == "busy" => Kind::Busy,
            400..=499 => Kind::Refused,
            _ => Kind::InDoubt,
        };
        Err(Trouble { code, kind })
    }
}

pub struct Connection {
    address: Address,
    host: Arc<str>,
    /// `Bearer ..`, the newest one.
    token: Option<watch::Receiver<Arc<str>>>,
    /// The guest's session, once the server has set one.
    pub cookie: Option<String>,
    open: Option<(SocketAddr, http1::SendRequest<Full<Bytes>>)>,
}

impl Connection {
    pub fn new(address: Address, host: Arc<str>, token: Option<watch::Receiver<Arc<str>>>) -> Self {
        Self { address, host, token, cookie: None, open: None }
    }

    /// The next request comes from a new guest.
    pub fn forget(&mut self) {
        self.cookie = None;
    }

    /// Waits until the server is up (again), at most [`PATIENCE`].
    pub async fn up(&mut self) -> bool {
        let wait = self.address.wait_for(Option::is_some);
        matches!(timeout(PATIENCE, wait).await, Ok(Ok(_)))
    }

    pub async fn send(&mut self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let outcome = timeout(PATIENCE, self.exchange(call)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Trouble::lost("no_answer_in_time")));
        if outcome.is_err() {
            // A late response must not be mistaken for the next one's.
            self.open = None;
        }
        outcome
    }

    /// The body of a success.
    pub async fn ask<T: DeserializeOwned>(&mut self, call: &Call<'_>) -> Result<T, Trouble> {
        self.send(call).await?.good()?.json()
    }

    async fn exchange(&mut self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let request = self.request(call)?;
        let sender = self.sender().await?;
        let sent = sender.send_request(request);
        let response = sent.await.map_err(|_| Trouble::lost("connection_lost"))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| Trouble::lost("connection_lost"))?.to_bytes();
        if let Some(set) = head.headers.get(header::SET_COOKIE).and_then(|set| set.to_str().ok()) {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        if head.headers.get(header::CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close")) {
            self.open = None;
        }
        Ok(Answer { status: head.status.as_u16(), body })
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Full<Bytes>>, Trouble> {
        let mut request = Request::builder().method(&call.method).uri(call.path).header(header::HOST, &*self.host);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, &**token.borrow());
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        if call.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = call.body.as_ref().map(|body| Bytes::copy_from_slice(body.as_bytes())).unwrap_or_default();
        request.body(Full::new(body)).map_err(|_| Trouble::lost("bad_request_of_ours"))
    }

    async fn sender(&mut self) -> Result<&mut http1::SendRequest<Full<Bytes>>, Trouble> {
        let now = *self.address.borrow();
        let now = now.ok_or_else(|| Trouble::lost("server_down"))?;
        let usable = match &mut self.open {
            // Another address: the server was started again.
            Some((address, sender)) => *address == now && sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let socket = TcpStream::connect(now).await.map_err(|_| Trouble::lost("cannot_connect"))?;
            socket.set_nodelay(true).map_err(|_| Trouble::lost("cannot_connect"))?;
            let (sender, connection) =
                http1::handshake(TokioIo::new(socket)).await.map_err(|_| Trouble::lost("cannot_connect"))?;
            // Ends with the sender, or with the server.
            tokio::spawn(connection);
            self.open = Some((now, sender));
        }
        match &mut self.open {
            Some((_, sender)) => Ok(sender),
            None => Err(Trouble::lost("cannot_connect")),
        }
    }
}
