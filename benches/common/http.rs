//! One keep-alive HTTP/1.1 connection with as little as possible between the bench and the socket: the client shares
//! the machine with the server, so the client's cost reduces the measured figure.
//!
//! Reads `content-length` bodies only, which is all that the shop's API sends. Absent: chunks, redirects,
//! pipelining, and headers that span lines.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use souk::load::own::EMAIL;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A page of 24 products is about 20 KB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

pub struct Connection {
    socket: TcpStream,
    /// Sent with every request: `authorization: Bearer ..`, or nothing.
    login: String,
    /// The guest's cookies: `name=value`, each name once.
    cookies: Vec<String>,
    request: Vec<u8>,
    answer: Vec<u8>,
    body_from: usize,
}

impl Connection {
    pub async fn open(address: SocketAddr, token: Option<&str>) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let login = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        Ok(Self { socket, login, cookies: Vec::new(), request: Vec::new(), answer: Vec::new(), body_from: 0 })
    }

    /// The next request comes from a new guest.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    /// Leaves as one guest, to come back with [`Self::be`].
    pub fn guest(&mut self) -> Vec<String> {
        std::mem::take(&mut self.cookies)
    }

    pub fn be(&mut self, guest: Vec<String>) {
        self.cookies = guest;
    }

    pub async fn get(&mut self, path: &str) -> Result<()> {
        self.send("GET", path, None, "", 200).await
    }

    pub async fn put(&mut self, path: &str, body: &str) -> Result<()> {
        self.send("PUT", path, None, body, 200).await
    }

    pub async fn post(&mut self, path: &str, key: Option<&str>, body: &str, status: u16) -> Result<()> {
        self.send("POST", path, key, body, status).await
    }

    /// Logs in as the superadmin; returns the token for [`Self::open`].
    pub async fn log_in(&mut self, password: &str) -> Result<String> {
        let login = json!({"email": EMAIL, "password": password}).to_string();
        self.post("/api/auth/login", None, &login, 200).await?;
        Ok(self.json()?["access_token"].as_str().context("no token")?.to_owned())
    }

    /// The last response's body.
    pub fn body(&self) -> &[u8] {
        &self.answer[self.body_from..]
    }

    pub fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(self.body())?)
    }

    async fn send(&mut self, method: &str, path: &str, key: Option<&str>, body: &str, expected: u16) -> Result<()> {
        let status = self.ask(method, path, key, body).await?;
        ensure!(status == expected, "{method} {path}: {status}: {}", String::from_utf8_lossy(self.body()));
        Ok(())
    }

    /// Sends a request; returns the response's status.
    pub async fn ask(&mut self, method: &str, path: &str, key: Option<&str>, body: &str) -> Result<u16> {
        use std::io::Write;
        self.request.clear();
        let to = &mut self.request;
        write!(to, "{method} {path} HTTP/1.1\r\nhost: bench\r\n{}", self.login)?;
        for (n, cookie) in self.cookies.iter().enumerate() {
            write!(to, "{}{cookie}", if n == 0 { "cookie: " } else { "; " })?;
        }
        if !self.cookies.is_empty() {
            to.extend_from_slice(b"\r\n");
        }
        if let Some(key) = key {
            write!(to, "idempotency-key: {key}\r\n")?;
        }
        if !body.is_empty() {
            write!(to, "content-type: application/json\r\ncontent-length: {}\r\n", body.len())?;
        }
        write!(to, "\r\n{body}")?;
        self.socket.write_all(&self.request).await?;
        self.receive().await
    }

    async fn receive(&mut self) -> Result<u16> {
        self.answer.clear();
        let head = loop {
            self.more().await?;
            if let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        self.body_from = head + 4;
        let text = std::str::from_utf8(&self.answer[..head])?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).context("not an HTTP answer")?;
        let (mut length, mut cookies) = (0, Vec::new());
        for (name, value) in text.lines().skip(1).filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            } else if name.eq_ignore_ascii_case("set-cookie") {
                cookies.extend(value.trim().split(';').next().map(str::to_owned));
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                bail!("a chunked answer");
            }
        }
        for cookie in cookies {
            let named = |cookie: &str| cookie.split('=').next().unwrap_or("").to_owned();
            self.cookies.retain(|known| named(known) != named(&cookie));
            self.cookies.push(cookie);
        }
        while self.answer.len() < self.body_from + length {
            self.more().await?;
        }
        Ok(status)
    }

    async fn more(&mut self) -> Result<()> {
        ensure!(self.answer.len() < ANSWER_BYTES_MAX, "an answer of more than {ANSWER_BYTES_MAX} bytes");
        self.answer.reserve(16 << 10);
        ensure!(self.socket.read_buf(&mut self.answer).await? > 0, "the server closed the connection");
        Ok(())
    }
}
