//! A mail server of our own that takes everything and delivers nothing, with the faults that real ones have.
//!
//! Plain SMTP on a free port of this machine. Each message takes the next fault of its plan, and none once that is used
//! up. Kept is what was taken over: a message whose final answer was lost counts as taken, as with a real server.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// 550 to RCPT.
    Refuses,
    /// 451 to RCPT.
    PutsOff,
    /// Takes the message over and hangs up before it says so.
    ClosesAfterData,
    /// Reads on and never answers the message, which it does not take.
    Hangs,
    /// Takes the message over and never says so.
    TakesInSilence,
    /// 421 instead of a greeting.
    Closes,
    /// 535 to AUTH, which is offered.
    KnowsNobody,
}

/// A message that was taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub to: Vec<String>,
    pub text: String,
}

impl Taken {
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub struct Sink {
    pub port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    plan: Mutex<VecDeque<Fault>>,
    taken: Mutex<Vec<Taken>>,
    /// Connections so far.
    calls: Mutex<usize>,
}

impl Sink {
    pub async fn start(plan: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared { plan: Mutex::new(plan.into_iter().collect()), ..Shared::default() });
        let with = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *with.calls.lock().unwrap() += 1;
                tokio::spawn(serve(stream, with.clone()));
            }
        });
        Self { port, shared, task }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap().clone()
    }

    pub fn calls(&self) -> usize {
        *self.shared.calls.lock().unwrap()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection carries one message, as the shop's own do.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let fault = shared.plan.lock().unwrap().pop_front().unwrap_or(Fault::None);
    let _ = talk(stream, &shared, fault).await;
}

async fn talk(stream: TcpStream, shared: &Shared, fault: Fault) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    if fault == Fault::Closes {
        return write.write_all(b"421 sink closes\r\n").await;
    }
    write.write_all(b"220 sink\r\n").await?;
    let mut to = Vec::new();
    while let Some(line) = lines.next_line().await? {
        let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" if fault == Fault::KnowsNobody => "250-sink\r\n250 AUTH PLAIN\r\n",
            "EHLO" => "250 sink\r\n",
            "AUTH" => "535 nobody of that name\r\n",
            "RCPT" if fault == Fault::Refuses => "550 no such mailbox ada@example.org\r\n",
            "RCPT" if fault == Fault::PutsOff => "451 come back later, ada@example.org\r\n",
            "RCPT" => {
                to.push(line.clone());
                "250 yes\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    text += line.strip_prefix('.').unwrap_or(&line);
                    text += "\r\n";
                }
                if fault == Fault::Hangs {
                    // Until the other side gives up.
                    while lines.next_line().await?.is_some() {}
                    return Ok(());
                }
                shared.taken.lock().unwrap().push(Taken { to: std::mem::take(&mut to), text });
                if fault == Fault::TakesInSilence {
                    while lines.next_line().await?.is_some() {}
                    return Ok(());
                }
                if fault == Fault::ClosesAfterData {
                    return Ok(());
                }
                "250 taken\r\n"
            }
            "QUIT" => {
                return write.write_all(b"221 goodbye\r\n").await;
            }
            _ => "250 yes\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
