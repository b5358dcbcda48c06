//! One node: `souk serve` as a child process with `[cluster]` settings, that can be killed, ended, frozen and started
//! again on the same data directory. Its log is a file of the run's directory.
//!
//! The child is killed when this is dropped, also by a panic, and also while it is stopped.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    client::{Call, Person},
    process::PASSWORD,
};

/// A start that takes longer is a failure; a loaded machine in a debug build needs a fraction of it.
pub const START_MAX: Duration = Duration::from_secs(40);
/// From SIGTERM to the end of the process.
const END_MAX: Duration = Duration::from_secs(30);
/// The error of a node that read a differing copy of a log (docs/adr/0011).
const CURED_BY_A_RESTART: &str = "copies of the log differ";
const REVIVED_MAX: usize = 3;
/// How often it is looked whether the process still runs.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(25);

pub type Env = Vec<(String, String)>;

pub struct Node {
    pub name: String,
    data: PathBuf,
    log: PathBuf,
    env: Env,
    child: Option<Child>,
    url: watch::Sender<Option<String>>,
}

impl Node {
    pub fn new(dir: &Path, name: &str, env: Env) -> Self {
        let (data, log) = (dir.join(name), dir.join(format!("{name}.log")));
        Self { name: name.to_owned(), data, log, env, child: None, url: watch::Sender::new(None) }
    }

    /// Its address of now, which another life changes; `None` while no process runs.
    pub fn address(&self) -> watch::Receiver<Option<String>> {
        self.url.subscribe()
    }

    pub fn url(&self) -> String {
        self.url.borrow().clone().unwrap_or_else(|| panic!("{} does not run", self.name))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
        command.args(arguments).arg("--data-dir").arg(&self.data);
        command.env_clear().env("SOUK_PAYMENTS__SANDBOX__ENABLED", "true");
        // The whole load comes from one address.
        command.env("SOUK_BUDGETS__ENFORCED", "false");
        // A run may be longer than the quarter of an hour for which a token is good.
        command.env("SOUK_IDENTITY__TOKEN_TTL_MS", "86400000");
        command.env("SOUK_SUPERADMIN_PASSWORD", PASSWORD).envs(self.env.iter().cloned());
        command.stdin(Stdio::null()).stderr(log).kill_on_drop(true);
        command
    }

    /// Starts it; not ready yet.
    pub async fn start(&mut self, more: &[&str]) {
        assert!(self.child.is_none(), "{} runs", self.name);
        let mut command = self.command(&[&["serve", "--listen", "127.0.0.1:0"], more].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // Kept before it is waited for: a start that fails ends the process, too.
        self.child = Some(child);
        let first = timeout(START_MAX, lines.next_line()).await;
        let first = first.unwrap_or_else(|_| panic!("{} does not start:\n{}", self.name, self.last_lines()));
        let url = first.ok().flatten().and_then(|line| line.strip_prefix("souk listening on ").map(str::to_owned));
        let url = url.unwrap_or_else(|| panic!("{} ended before it listened:\n{}", self.name, self.last_lines()));
        self.url.send_replace(Some(url));
    }

    /// Runs a command of the binary to its end, with the node's settings.
    pub async fn run(&self, arguments: &[&str]) {
        let ended = timeout(START_MAX, self.command(arguments).output()).await.expect("it ends");
        let ended = ended.expect("the binary runs");
        let out = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{arguments:?}: {out}\n{}", self.last_lines());
    }

    /// Until it takes commands.
    pub async fn ready(&self) {
        ready(&self.name, &self.url(), START_MAX).await.unwrap_or_else(|why| panic!("{why}\n{}", self.last_lines()));
    }

    /// Waits until the node takes commands: a node that ended by itself for a reason that a restart cures is started
    /// again, as by a supervisor. Returns the number of restarts; any other end fails the run.
    pub async fn recovered(&mut self) -> usize {
        let (started, mut again) = (Instant::now(), 0);
        loop {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().expect("our own child")) {
                let (log, cured) = (self.last_lines(), status.code() == Some(1) && again < REVIVED_MAX);
                assert!(cured && log.contains(CURED_BY_A_RESTART), "{} ended by itself ({status}):\n{log}", self.name);
                (self.child, again) = (None, again + 1);
                self.start(&[]).await;
            }
            match ready(&self.name, &self.url(), LOOK_AGAIN).await {
                Ok(()) => return again,
                Err(why) => assert!(started.elapsed() < START_MAX, "{why}\n{}", self.last_lines()),
            }
        }
    }

    /// `kill -9`; returns when the process is gone.
    pub async fn kill(&mut self) {
        self.url.send_replace(None);
        let mut child = self.child.take().expect("it runs");
        child.kill().await.expect("kill -9");
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().and_then(Child::id).expect("it runs");
        let pid = Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("our own child");
    }

    /// SIGTERM; its address stays known until the process is gone, as a client would know it.
    pub async fn terminate(&mut self) {
        self.signal(Signal::TERM);
        let mut child = self.child.take().expect("it runs");
        let status = timeout(END_MAX, child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("{} does not end:\n{}", self.name, self.last_lines()));
        self.url.send_replace(None);
        assert_eq!(status.expect("a status").code(), Some(0), "{} ends in order:\n{}", self.name, self.last_lines());
    }

    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn last_lines(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

/// Polls `/readyz` until it is 200.
pub async fn ready(name: &str, url: &str, within: Duration) -> Result<(), String> {
    let (started, nobody, mut last) = (Instant::now(), Person::guest(), String::new());
    while started.elapsed() < within {
        match timeout(Duration::from_secs(2), nobody.send(url, &Call::get("/readyz"))).await {
            Ok(Ok(answer)) if answer.status == 200 => return Ok(()),
            Ok(Ok(answer)) => last = answer.json.to_string(),
            Ok(Err(error)) => last = error,
            Err(_) => "no answer".clone_into(&mut last),
        }
        // Between two looks, not instead of one.
        sleep(POLL).await;
    }
    Err(format!("{name} is not ready within {within:?}: {last}"))
}
