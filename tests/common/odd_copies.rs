//! A way to a nats-server on which chosen messages come changed, as from a copy of a stream that differs. Real copies
//! that differ are made by old servers in minutes; a reader cannot tell the two apart.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// Changes a message's payload, and keeps its length.
type Change = Arc<Mutex<dyn FnMut(&mut [u8]) + Send>>;

pub struct Way {
    pub url: String,
    task: AbortHandle,
}

impl Way {
    pub async fn to(port: u16, change: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("nats://{}", listener.local_addr().expect("an address"));
        let change: Change = Arc::new(Mutex::new(change));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let change = change.clone();
                tokio::spawn(async move {
                    // A connection's end is the client's to handle.
                    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let ((mut asked, client), (answers, mut server)) = (client.into_split(), server.into_split());
                    tokio::select! {
                        _ = tokio::io::copy(&mut asked, &mut server) => {}
                        _ = pass(answers, client, &change) => {}
                    }
                });
            }
        });
        Self { url, task: task.abort_handle() }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `MSG <subject> <sid> [reply] <bytes>` and `HMSG .. <bytes of headers> <bytes>` are followed by so many bytes.
async fn pass(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, change: &Change) -> std::io::Result<()> {
    let (mut from, mut line) = (BufReader::new(from), Vec::new());
    while from.read_until(b'\n', &mut line).await? > 0 {
        let text = String::from_utf8_lossy(&line).into_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        let number = |at: usize| words.get(words.len().wrapping_sub(at)).and_then(|word| word.parse::<usize>().ok());
        let (head, all) = match words.first() {
            Some(&"MSG") => (Some(0), number(1)),
            Some(&"HMSG") => (number(2), number(1)),
            _ => (None, None),
        };
        if let (Some(head), Some(all)) = (head, all) {
            let mut message = vec![0; all + 2];
            from.read_exact(&mut message).await?;
            (change.lock().expect("no test panics in it"))(&mut message[head..all]);
            line.extend(message);
        }
        to.write_all(&line).await?;
        line.clear();
    }
    Ok(())
}

/// Puts `by` in the place of `what`; whether it was there.
pub fn replace(payload: &mut [u8], what: &[u8], by: &[u8]) -> bool {
    assert_eq!(what.len(), by.len(), "a message keeps its length");
    let Some(at) = payload.windows(what.len()).position(|window| window == what) else { return false };
    payload[at..at + by.len()].copy_from_slice(by);
    true
}
