//! The peer: Debian's Redis 7, asked for holds by a script, as its own documentation does atomic work on more than one
//! key. Everything but the append-only file is as built in, on the same disk as the others.
//!
//! A hold takes from the SKU's counter and is written under its id into the SKU's hash; a repeated id takes nothing.
//! That favours the peer: its holds never expire, while Souk's and PostgreSQL's can.

use std::{net::SocketAddr, process::Command, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use souk::testing::free_port;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::program::{Program, find};
use crate::common::load::Client;

const START_WITHIN: Duration = Duration::from_secs(10);
/// Returns 1 for held, 2 for held already, 0 for not enough.
const RESERVE: &str = "\
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 2 end
local available = tonumber(redis.call('HGET', KEYS[1], 'available') or '0')
local units = tonumber(ARGV[2])
if available < units then return 0 end
redis.call('HINCRBY', KEYS[1], 'available', -units)
redis.call('HINCRBY', KEYS[1], 'held', units)
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
return 1";

/// How soon an acknowledged write is on the disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Durability {
    Always,
    EverySecond,
    /// Snapshots now and then: the built-in default.
    None,
}

impl Durability {
    pub fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Always => &["--appendonly", "yes", "--appendfsync", "always"],
            Self::EverySecond => &["--appendonly", "yes", "--appendfsync", "everysec"],
            Self::None => &["--appendonly", "no"],
        }
    }
}

pub struct Redis {
    pub program: Program,
    address: SocketAddr,
    sha: String,
}

/// `Redis server v=7.0.15 ..`, or why there is none.
pub fn version() -> Result<String> {
    let server = find("redis-server").context("redis-server is not installed")?;
    let said = Command::new(server).arg("--version").output()?;
    let said = String::from_utf8_lossy(&said.stdout);
    let version = said.split(' ').find_map(|word| word.strip_prefix("v=")).context("no version")?;
    ensure!(version.starts_with("7."), "redis-server is {version}, not 7");
    Ok(format!("Redis {version}"))
}

impl Redis {
    pub async fn start(durability: Durability) -> Result<Self> {
        let port = free_port();
        let program = Program::start("redis", |dir| {
            let mut command = Command::new("redis-server");
            command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir"]).arg(dir);
            command.args(durability.settings());
            command
        })?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let until = Instant::now() + START_WITHIN;
        let mut connection = loop {
            match Resp::open(address).await {
                Ok(connection) => break connection,
                Err(error) if Instant::now() > until => bail!("{error:#}\n{}", program.last_words()),
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        };
        let sha = connection.ask(&["SCRIPT", "LOAD", RESERVE]).await?.to_owned();
        Ok(Self { program, address, sha })
    }

    pub async fn stock(&self, skus: &[Arc<str>], units: u64) -> Result<()> {
        let mut connection = Resp::open(self.address).await?;
        for sku in skus {
            connection.ask(&["HSET", &stock(sku), "available", &units.to_string(), "held", "0"]).await?;
        }
        Ok(())
    }

    /// Units and ids that are held.
    pub async fn held(&self, skus: &[Arc<str>]) -> Result<(u64, u64)> {
        let mut connection = Resp::open(self.address).await?;
        let (mut units, mut ids) = (0, 0);
        for sku in skus {
            units += connection.ask(&["HGET", &stock(sku), "held"]).await?.parse::<u64>()?;
            ids += connection.ask(&["HLEN", &holds(sku)]).await?.parse::<u64>()?;
        }
        Ok((units, ids))
    }

    /// `count` clients with a connection each, without pipelining.
    pub async fn holders<P>(&self, count: usize, pick: impl Fn() -> P) -> Result<Vec<Holder<P>>>
    where
        P: FnMut() -> Arc<str> + Send + 'static,
    {
        let mut holders = Vec::with_capacity(count);
        for _ in 0..count {
            holders.push(Holder { connection: Resp::open(self.address).await?, sha: self.sha.clone(), pick: pick() });
        }
        Ok(holders)
    }
}

fn stock(sku: &str) -> String {
    format!("stock:{{{sku}}}")
}

fn holds(sku: &str) -> String {
    format!("holds:{{{sku}}}")
}

pub struct Holder<P> {
    connection: Resp,
    sha: String,
    pick: P,
}

impl<P: FnMut() -> Arc<str> + Send + 'static> Client for Holder<P> {
    async fn once(&mut self) -> Result<()> {
        let sku = (self.pick)();
        let id = Uuid::now_v7();
        // The id holds the time: ten minutes later the hold would end.
        let until = id.get_timestamp().map_or(0, |at| at.to_unix().0) + 600;
        let (id, until) = (id.to_string(), until.to_string());
        let asked = ["EVALSHA", &self.sha, "2", &stock(&sku), &holds(&sku), &id, "1", &until];
        let held = self.connection.ask(&asked).await?;
        ensure!(held == "1", "Redis ran out of {sku}: {held}");
        Ok(())
    }
}

/// One connection and one command at a time (RESP2). Deliberately absent: replies that are lists.
struct Resp {
    socket: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Resp {
    async fn open(address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, request: Vec::new(), answer: Vec::with_capacity(256) })
    }

    async fn ask(&mut self, words: &[&str]) -> Result<&str> {
        use std::io::Write;
        self.request.clear();
        write!(self.request, "*{}\r\n", words.len())?;
        for word in words {
            write!(self.request, "${}\r\n{word}\r\n", word.len())?;
        }
        self.socket.write_all(&self.request).await?;
        self.answer.clear();
        let line = loop {
            if let Some(end) = self.answer.windows(2).position(|two| two == b"\r\n") {
                break end;
            }
            ensure!(self.socket.read_buf(&mut self.answer).await? > 0, "Redis closed the connection");
        };
        let (kind, rest) = std::str::from_utf8(&self.answer[..line])?.split_at(1);
        match kind {
            "+" | ":" => Ok(std::str::from_utf8(&self.answer[1..line])?),
            "$" => {
                let (from, bytes) = (line + 2, rest.parse::<usize>().context("no value")?);
                while self.answer.len() < from + bytes + 2 {
                    ensure!(self.socket.read_buf(&mut self.answer).await? > 0, "Redis closed the connection");
                }
                Ok(std::str::from_utf8(&self.answer[from..from + bytes])?)
            }
            _ => bail!("Redis answered {kind}{rest}"),
        }
    }
}
