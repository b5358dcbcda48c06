//! Nodes as they are run: the shipped binary as child processes, on a data directory each, alone or in a cluster.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::sleep};

use super::{
    http::Connection,
    nats::{NatsServers, SHARDS},
    process::cpu_of,
};

pub const PASSWORD: &str = "a-password-of-the-bench";
const READY_WITHIN: Duration = Duration::from_secs(60);

pub struct Node {
    pub name: String,
    pub address: SocketAddr,
    process: Child,
    // Kept for its life, and for the next one.
    dir: TempDir,
}

impl Node {
    /// Listens; see [`Node::ready`].
    pub fn start(name: &str, servers: Option<&NatsServers>, sample: bool) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("node-").tempdir_in(super::disk()?)?;
        let (process, address) = spawn(name, &dir, servers, sample)?;
        Ok(Self { name: name.to_owned(), address, process, dir })
    }

    /// `kill -9`, and a new life on the same directory.
    pub fn start_again(&mut self, servers: &NatsServers) -> Result<()> {
        (self.process, self.address) = spawn(&self.name, &self.dir, Some(servers), false)?;
        Ok(())
    }

    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Until it takes commands.
    pub fn ready(&self, runtime: &Runtime) -> Result<()> {
        runtime.block_on(async {
            let deadline = Instant::now() + READY_WITHIN;
            loop {
                let error = match Connection::open(self.address, None).await {
                    Ok(mut connection) => match connection.get("/readyz").await {
                        Ok(()) => return Ok(()),
                        Err(error) => error,
                    },
                    Err(error) => error,
                };
                ensure!(Instant::now() < deadline, "{} is not ready in time: {error:#}", self.name);
                sleep(Duration::from_millis(20)).await;
            }
        })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.id())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(name: &str, dir: &TempDir, servers: Option<&NatsServers>, sample: bool) -> Result<(Child, SocketAddr)> {
    // It must not outlive this process, however that ends.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_souk")]);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path().join("data"));
    command.args(sample.then_some("--sample"));
    command
        .env_clear()
        .env("SOUK_PAYMENTS__SANDBOX__ENABLED", "true")
        .env("SOUK_SUPERADMIN_PASSWORD", PASSWORD)
        .env("SOUK_LOG__FILTER", std::env::var("SOUK_LOG__FILTER").unwrap_or_else(|_| "warn".to_owned()));
    // Frames go out at once and with numbers: how long a frame is held back on purpose is not what is measured.
    command.env("SOUK_LIVE__PUBLIC_STOCK_COUNTS", "true").env("SOUK_LIVE__FRAME_INTERVAL_MS", "0");
    // A bench's sockets all come from one address, shoppers' do not.
    command.env("SOUK_BUDGETS__ENFORCED", "false");
    command.env("SOUK_LIVE__CONNECTIONS_PER_ADDRESS_MAX", "50000");
    if let Some(servers) = servers {
        let urls: Vec<_> = (0..servers.len()).map(|n| format!("\"{}\"", servers.url(n))).collect();
        command.env("SOUK_CLUSTER__URLS", format!("[{}]", urls.join(",")));
        command.env("SOUK_CLUSTER__NODE", name).env("SOUK_CLUSTER__REPLICAS", servers.len().to_string());
        command
            .env("SOUK_IDENTITY__SIGNING_KEY", "0123456789abcdef".repeat(4))
            .env("SOUK_ACTORS__SHARDS", SHARDS.to_string());
    }
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(process.stdout.take().context("piped")?).read_line(&mut line)?;
    let address = line.trim().strip_prefix("souk listening on http://").map(str::parse);
    match address {
        Some(address) => Ok((process, address?)),
        None => {
            process.kill()?;
            process.wait()?;
            anyhow::bail!("{name} did not start; it said {line:?}")
        }
    }
}
