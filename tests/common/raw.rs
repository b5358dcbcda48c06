//! A client that speaks bytes: what no well-behaved library sends, from any address of the loopback network.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Raw {
    pub stream: TcpStream,
    host: String,
}

impl Raw {
    /// `Err`: the machine refused it, or the server is gone.
    pub async fn connect(url: &str, from: Ipv4Addr) -> io::Result<Self> {
        let host = url.trim_start_matches("http://").to_owned();
        let socket = TcpSocket::new_v4()?;
        // Small, so that what is not read soon fills it.
        socket.set_recv_buffer_size(4 * 1024)?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let stream = socket.connect(host.parse().map_err(io::Error::other)?).await?;
        Ok(Self { stream, host })
    }

    /// As it is; a server that has closed already may refuse it.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("in time");
    }

    /// A head with its `Host`; `more` is further lines, each with its end.
    pub async fn ask(&mut self, line: &str, more: &str) {
        let head = format!("{line} HTTP/1.1\r\nhost: {}\r\n{more}\r\n", self.host);
        self.say(head).await;
    }

    /// Everything until the server closes.
    pub async fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        // A reset ends the answer as well.
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut bytes)).await.expect("closed in time");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What comes up to the first packet with this text; `None`: the server closed before it.
    pub async fn until(&mut self, text: &str) -> Option<String> {
        let mut said = Vec::new();
        loop {
            if self.stream.read_buf(&mut said).await.ok()? == 0 {
                return None;
            }
            let told = String::from_utf8_lossy(&said);
            if told.contains(text) {
                return Some(told.into_owned());
            }
        }
    }

    /// The head of the next answer, without its body.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = timeout(PATIENCE, self.stream.read_u8()).await.expect("in time").expect("a byte");
            head.push(byte);
        }
        String::from_utf8_lossy(&head).into_owned()
    }

    /// One request and its whole answer.
    pub async fn get(mut self, path: &str, more: &str) -> String {
        self.ask(&format!("GET {path}"), &format!("connection: close\r\n{more}")).await;
        self.rest().await
    }
}

pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
