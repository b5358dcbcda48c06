//! A server of the run's own: the same program as a child, on a free port and a new directory, so that one command
//! shows everything and the server's CPU is measured apart from the load's.
//!
//! It ends with this value, by its id; its directory goes with it. If this process is killed (`kill -9`), the child
//! stays behind with only its port and its directory.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::{
    error::{During, LoadError, Result},
    usage,
};

/// The first start loads the sample shop, which takes seconds on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);
/// A killed process is gone in a moment, unless its disk hangs.
const DEATH_MAX: Duration = Duration::from_secs(5);
/// Of the server's log, in an error.
const LOG_LINES: usize = 12;
pub const EMAIL: &str = "admin@souk.local";

/// Bounds for each address, raised because the whole load comes from one address.
const SETTINGS: &[(&str, &str)] = &[
    ("SOUK_HTTP__LISTEN", "127.0.0.1:0"),
    ("SOUK_BUDGETS__ENFORCED", "false"),
    // A run logs in once.
    ("SOUK_IDENTITY__TOKEN_TTL_MS", "86400000"),
    ("SOUK_LIVE__CONNECTIONS_MAX", "1000000"),
    ("SOUK_LIVE__CONNECTIONS_PER_ADDRESS_MAX", "1000000"),
    ("SOUK_LIVE__PUBLIC_STOCK_COUNTS", "true"),
];

pub struct Own {
    binary: PathBuf,
    config: Option<PathBuf>,
    dir: TempDir,
    password: String,
    child: Option<Child>,
    /// CPU of lives that have ended.
    spent: Duration,
}

impl Own {
    pub fn new(binary: PathBuf, config: Option<PathBuf>, below: Option<PathBuf>) -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("souk-load-");
        let dir = match &below {
            Some(below) => builder.tempdir_in(below),
            None => builder.tempdir(),
        };
        let dir = dir.during("no directory for the server")?;
        // Known to this process and its child only; the server is gone with the run.
        let password = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        Ok(Self { binary, config, dir, password, child: None, spent: Duration::ZERO })
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    /// Starts it (again); returns when it responds.
    pub async fn start(&mut self) -> Result<SocketAddr> {
        let log = std::fs::File::options().create(true).append(true).open(self.log()).during("the server's log")?;
        let mut command = Command::new(&self.binary);
        command.args(["serve", "--sample", "--data-dir"]).arg(self.dir.path().join("data"));
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        command.envs(SETTINGS.iter().copied()).env("SOUK_SUPERADMIN_PASSWORD", &self.password);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        // A group of its own: Ctrl-C reaches this process, which reports its results and then ends the child.
        command.process_group(0);
        let mut child = command.spawn().during(&format!("{} does not start", self.binary.display()))?;
        let output = child.stdout.take().ok_or_else(|| LoadError::failed("the server has no output"))?;
        self.child = Some(child);
        let mut lines = BufReader::new(output).lines();
        let first = timeout(START_MAX, lines.next_line()).await;
        let first = first.map_err(|_| self.silent("said nothing in time"))?.during("the server's output")?;
        // The first line is a contract of `souk serve`.
        let address = first.as_deref().and_then(|line| line.strip_prefix("souk listening on http://"));
        let address = address.and_then(|address| address.parse().ok()).ok_or_else(|| self.silent("ended"))?;
        // Read on, so that the server never waits for a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(address)
    }

    /// `kill -9`; returns when it is gone.
    pub async fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        self.spent += child.id().and_then(usage::cpu).unwrap_or_default();
        child.kill().await.during("kill -9")
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// CPU of all its lives.
    pub fn cpu(&self) -> Option<Duration> {
        let now = self.pid().map(usage::cpu);
        now.unwrap_or(Some(Duration::ZERO)).map(|now| self.spent + now)
    }

    /// For a server that ended without a kill: the last lines of its log.
    pub fn died(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        Some(format!("the server ended by itself, {status}:\n{}", self.last_words()))
    }

    /// The directory must not be removed while the server writes to it.
    fn end(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let end = Instant::now() + DEATH_MAX;
        if child.start_kill().is_ok() {
            while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn silent(&self, how: &str) -> LoadError {
        LoadError::failed(format!("the server {how} before it was ready:\n{}", self.last_words()))
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.end();
    }
}
