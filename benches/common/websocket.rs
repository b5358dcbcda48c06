//! A WebSocket's client side (RFC 6455), raw: thousands of clients share the machine with the server, so their cost
//! reduces the measured figure. The caller keeps the buffer, and reads from a frame only the counted parts.
//!
//! Absent: fragments, frames of 64 KiB or more, the proof in `sec-websocket-accept`, and masks other than zeros.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

pub const TEXT: u8 = 0x1;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;

/// Bytes of the response to a handshake, at most; it has a few hundred.
const ANSWER_BYTES_MAX: usize = 16 << 10;

/// Connects, `from` an address of this machine where one is given (each has about 28,000 ports), and shakes hands.
/// Bytes that the server sent after its response stay in the buffer.
pub async fn handshake(
    from: Option<Ipv4Addr>,
    address: SocketAddr,
    path: &str,
    buffer: &mut Vec<u8>,
) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(from) = from {
        socket.bind(SocketAddr::from((from, 0))).context("a port")?;
    }
    let mut socket = socket.connect(address).await.context("connect")?;
    socket.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await?;
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        ensure!(buffer.len() < ANSWER_BYTES_MAX, "a handshake of more than {ANSWER_BYTES_MAX} bytes");
        ensure!(socket.read_buf(buffer).await? > 0, "the server closed during the handshake");
    };
    ensure!(buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&buffer[..end]).trim());
    buffer.drain(..end);
    Ok(socket)
}

/// Sends one frame with a body below 126 bytes, masked with zeros.
pub async fn send(socket: &mut TcpStream, kind: u8, body: &[u8]) -> Result<()> {
    let length = u8::try_from(body.len()).ok().filter(|length| *length < 126).context("a short message")?;
    let mut frame = vec![0x80 | kind, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(body);
    Ok(socket.write_all(&frame).await?)
}

/// Asks Souk's `/live` for one topic.
pub async fn subscribe(socket: &mut TcpStream, topic: &str) -> Result<()> {
    send(socket, TEXT, format!(r#"{{"op":"subscribe","topics":["{topic}"]}}"#).as_bytes()).await
}

/// Bytes of the head and of the whole of the first frame from a server (section 5.2; unmasked), when it is all there.
pub fn frame(buffer: &[u8]) -> Option<(usize, usize)> {
    let (head, body) = match *buffer.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?]))),
        short => (2, usize::from(short & 0x7f)),
    };
    (buffer.len() >= head + body).then_some((head, head + body))
}

/// The version in one of Souk's frames; a message without a version is the protocol's own.
pub fn version(body: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"version\":";
    let from = body.windows(NAME.len()).position(|part| part == NAME)? + NAME.len();
    let digits = body[from..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
