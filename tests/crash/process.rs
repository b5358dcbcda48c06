//! The built binary as a child process: started on a directory, killed with -9, terminated, or run to its end. Its
//! environment is made here alone, so that a developer's own variables do not change a test.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

pub const EMAIL: &str = "admin@souk.local";
pub const PASSWORD: &str = "correct horse battery staple";

/// A start that takes longer than this is a failure; a loaded test machine needs a fraction of it.
const START_MAX: Duration = Duration::from_secs(20);

/// A data directory, and how the binary runs on it.
pub struct Home {
    root: TempDir,
    pub data: PathBuf,
    env: Vec<(&'static str, String)>,
}

impl Home {
    pub fn new(env: &[(&'static str, &str)]) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let data = root.path().join("data");
        Self { root, data, env: env.iter().map(|(name, value)| (*name, (*value).to_owned())).collect() }
    }

    /// The same settings on another data directory.
    pub fn elsewhere(&self, data: &Path) -> Self {
        let env: Vec<_> = self.env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self { data: data.to_owned(), ..Self::new(&env) }
    }

    /// A file beside the data directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
        command.args(arguments).arg("--data-dir").arg(&self.data).current_dir(self.root.path());
        // A later start without `--sample` goes on with what an earlier one has begun.
        command.env_clear().env("SOUK_PAYMENTS__SANDBOX__ENABLED", "true");
        // The whole load comes from one address, and a test of budgets says so itself.
        command.env("SOUK_BUDGETS__ENFORCED", "false");
        // A run may be longer than the quarter of an hour for which a token is good.
        command.env("SOUK_IDENTITY__TOKEN_TTL_MS", "86400000");
        command.env("SOUK_SUPERADMIN_PASSWORD", PASSWORD).envs(self.env.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let ended = timeout(START_MAX, self.command(arguments).output()).await;
        Ended(ended.unwrap_or_else(|_| panic!("{arguments:?} does not end")).expect("the binary runs"))
    }

    /// `souk serve` on a free port; not ready yet.
    pub fn spawn(&self, more: &[&str]) -> Starting {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.file("log")).expect("a log");
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        let mut command = self.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Starting { child, lines }
    }

    /// `souk serve`, ready for requests.
    pub async fn serve(&self, more: &[&str]) -> Server {
        match self.spawn(more).ready().await {
            Ok(server) => server,
            Err(why) => panic!("{why}\n{}", last_lines(&self.log(), 30)),
        }
    }
}

fn last_lines(text: &str, n: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}

pub struct Starting {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Starting {
    /// `None`: the process ended without one.
    pub async fn first_line(&mut self) -> Option<String> {
        self.lines.next_line().await.ok().flatten()
    }

    /// The first line of standard output names the address: a contract of `souk serve`.
    pub async fn ready(mut self) -> Result<Server, String> {
        let first = timeout(START_MAX, self.first_line()).await.map_err(|_| "the server does not start")?;
        let url = first.and_then(|line| Some(line.strip_prefix("souk listening on ")?.to_owned()));
        Ok(Server { url: url.ok_or("the server ended before it was ready")?, child: self.child })
    }

    pub async fn kill(mut self) {
        self.child.kill().await.expect("kill -9");
    }
}

pub struct Server {
    pub url: String,
    child: Child,
}

impl Server {
    /// `kill -9`; returns when the process is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("kill -9");
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    pub fn ask_to_end(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).expect("a pid")).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("a signal");
    }

    /// SIGHUP, as from a terminal that is closed; the end is that of SIGTERM.
    pub async fn hang_up(self) {
        self.signal(rustix::process::Signal::HUP);
        self.ended().await;
    }

    /// SIGTERM; the server must end by itself, and well.
    pub async fn terminate(self) {
        self.ask_to_end();
        self.ended().await;
    }

    pub async fn ended(mut self) {
        let status = timeout(START_MAX, self.child.wait()).await.expect("the server ends").expect("a status");
        assert_eq!(status.code(), Some(0), "it ends in order");
    }
}

/// A command that ran to its end.
pub struct Ended(Output);

impl Ended {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Ended with 0; gives standard output.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.0.status.code(), Some(0), "{}\n{}", self.out(), self.err());
        self.out()
    }

    /// Ended with this code; gives standard error, which holds each of the words.
    #[track_caller]
    pub fn failed(self, code: i32, words: &[&str]) -> String {
        let (out, err) = (self.out(), self.err());
        assert_eq!(self.0.status.code(), Some(code), "{out}\n{err}");
        for word in words {
            assert!(err.contains(word), "{word:?} is not in: {err}");
        }
        assert!(!err.contains("panicked"), "{err}");
        err
    }
}
