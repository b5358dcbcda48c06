//! Runs the built binary with its reports and its server's directory in a place of their own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A run takes a few seconds; a machine that is busy with other tests takes longer.
const PATIENCE: Duration = Duration::from_secs(180);

pub struct Run {
    arguments: Vec<String>,
    home: TempDir,
    html: bool,
    environment: Vec<(String, String)>,
}

pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub json: Option<Value>,
    pub html: Option<String>,
    home: TempDir,
}

/// One at a time; a test that failed does not fail the others.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run {
    pub fn new(arguments: &[&str]) -> Self {
        let home = TempDir::new().expect("a directory");
        fs::create_dir(home.path().join("server")).expect("a directory");
        let run = Self { arguments: vec!["load".into()], home, html: false, environment: Vec::new() };
        run.and(arguments)
    }

    pub fn and(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub fn html(mut self) -> Self {
        self.html = true;
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn go(self) -> Ended {
        let _alone = alone();
        let child = self.spawn();
        self.ended(child)
    }

    /// Ctrl-C once the load is on; its server must end with it.
    pub fn interrupted(self) -> Ended {
        self.meanwhile(|load, _| signal(load, Signal::INT))
    }

    /// The test kills the run's server during the load.
    pub fn bereft(self) -> Ended {
        self.meanwhile(|_, server| signal(server, Signal::KILL))
    }

    fn meanwhile(self, act: impl FnOnce(u32, u32)) -> Ended {
        let _alone = alone();
        let mut child = self.spawn();
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("loading")) {
            said.push(lines.next().expect("it loads before it ends").expect("text"));
        }
        let server = children(child.id());
        assert_eq!(server.len(), 1, "one server: {said:?}");
        act(child.id(), server[0]);
        said.extend(lines.map(|line| line.expect("text")));
        let mut ended = self.ended(child);
        ended.err = said.join("\n");
        wait(|| !alive(server[0]), "the server is still there");
        ended
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
        command.args(&self.arguments).arg("--json").arg(self.file("report.json"));
        if self.html {
            command.arg("--html").arg(self.file("report.html"));
        }
        // Where a shop is named, no server's directory may be.
        if !self.arguments.iter().any(|argument| argument == "--url") {
            command.arg("--dir").arg(self.file("server"));
        }
        // The developer's own configuration has no effect.
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    fn ended(self, mut child: Child) -> Ended {
        let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let mut status = None;
        wait(
            || {
                status = child.try_wait().expect("a status");
                status.is_some()
            },
            "the run does not end",
        );
        let text = |name: &str| fs::read_to_string(self.file(name)).ok().filter(|text| !text.is_empty());
        let json = text("report.json").map(|text| serde_json::from_str(&text).expect("JSON"));
        let html = text("report.html");
        let code = status.and_then(|status| status.code()).expect("no signal ended it");
        Ended { code, out: join(out), err: join(err), json, html, home: self.home }
    }
}

/// A foreign running shop; ends with the value.
pub struct Server {
    pub url: String,
    child: Child,
    _home: TempDir,
}

impl Server {
    pub fn start(password: &str) -> Self {
        let home = TempDir::new().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
        command.args(["serve", "--sample", "--listen", "127.0.0.1:0", "--data-dir"]).arg(home.path().join("data"));
        command.env_clear().env("SOUK_SUPERADMIN_PASSWORD", password).env("SOUK_LOG", "error");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut first).expect("text");
        let url = first.trim().strip_prefix("souk listening on ").expect("the address first").to_owned();
        Self { url, child, _home: home }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// In the directory of the run's own server.
    pub fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.home.path().join("server")).expect("the directory");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

type Reader = Option<std::thread::JoinHandle<String>>;

/// Read meanwhile, so that the run never waits for a full pipe.
fn reader(pipe: Option<impl std::io::Read + Send + 'static>) -> Reader {
    pipe.map(|pipe| std::thread::spawn(move || std::io::read_to_string(pipe).expect("text")))
}

fn join(reader: Reader) -> String {
    reader.map(|reader| reader.join().expect("read")).unwrap_or_default()
}

#[track_caller]
fn wait(mut holds: impl FnMut() -> bool, why: &str) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{why}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, signal).expect("a signal");
}

/// All threads' children.
fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("Linux").flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

fn alive(pid: u32) -> bool {
    // A zombie that was not waited for is dead.
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}
