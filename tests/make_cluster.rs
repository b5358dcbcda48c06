//! `make cluster` as a person uses it: three servers and three nodes with the files of `cluster/nats`, a sample shop,
//! one node killed and started again, Ctrl-C.

#[path = "crash/client.rs"]
mod client;
#[path = "crash/process.rs"]
mod process;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use client::{Call, Person};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

const START_MAX: Duration = Duration::from_secs(150);
const END_MAX: Duration = Duration::from_secs(60);
/// Past a node's `member_dead_ms` and the wait of its successor, on a loaded machine in a debug build.
const TAKEOVER_MAX: Duration = Duration::from_secs(40);
const NAMES: [&str; 6] = ["nats-1", "nats-2", "nats-3", "node-1", "node-2", "node-3"];

/// So that the twelve ports above it are free now.
fn base_port() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let offsets = [1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33];
    // Below the range that the system gives to outgoing connections; begun where other runs of this test do not.
    let start = u16::try_from(std::process::id() % 300).expect("below 300") * 40;
    let tried = (0..300).map(|n| 20_000 + (start + n * 40) % 12_000);
    tried.into_iter().find(|base| offsets.iter().all(|offset| free(base + offset))).expect("free ports")
}

struct Cluster {
    script: Child,
    dir: PathBuf,
    base: u16,
}

impl Cluster {
    /// Until it has printed all that it has to say.
    async fn start(dir: &Path, base: u16, password: Option<&str>) -> (Self, Vec<String>) {
        let mut command = Command::new("scripts/cluster.sh");
        command.env_remove("SOUK_SUPERADMIN_PASSWORD").envs(password.map(|word| ("SOUK_SUPERADMIN_PASSWORD", word)));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("SOUK", env!("CARGO_BIN_EXE_souk"));
        command.env("CLUSTER_DIR", dir).env("CLUSTER_BASE_PORT", base.to_string());
        // A group of its own, which is what a terminal's Ctrl-C is sent to.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        let mut script = command.spawn().expect("the script starts");
        let mut lines = BufReader::new(script.stdout.take().expect("piped")).lines();
        let cluster = Self { script, dir: dir.into(), base };
        let said = async {
            let mut said = Vec::new();
            while let Some(line) = lines.next_line().await.expect("text") {
                said.push(line);
                if said.last().is_some_and(|line| line.starts_with("Ctrl-C ends")) {
                    break;
                }
            }
            said
        };
        let said = timeout(START_MAX, said).await.expect("the cluster starts in time");
        // Read on, so that later output meets no closed pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        assert!(said.last().is_some_and(|line| line.starts_with("Ctrl-C ends")), "{said:#?}");
        (cluster, said)
    }

    fn url(&self, n: u16) -> String {
        format!("http://127.0.0.1:{}", self.base + n)
    }

    fn pid(&self, name: &str) -> Pid {
        let text = std::fs::read_to_string(self.dir.join(format!("{name}.pid"))).expect("a pid");
        Pid::from_raw(text.trim().parse().expect("a number")).expect("a pid")
    }

    async fn interrupt(mut self) {
        let pids: Vec<Pid> = NAMES.iter().map(|name| self.pid(name)).collect();
        let group = Pid::from_raw(i32::try_from(self.script.id().expect("it runs")).expect("a pid")).expect("a pid");
        kill_process_group(group, Signal::INT).expect("Ctrl-C");
        let status = timeout(END_MAX, self.script.wait()).await.expect("it ends").expect("a status");
        assert!(status.success(), "{status}");
        for (name, pid) in NAMES.iter().zip(pids) {
            assert!(test_kill_process(pid).is_err(), "{name} is still there");
        }
    }
}

impl Drop for Cluster {
    /// A failed test leaves nothing behind: the script's own end has the order, here only the end counts.
    fn drop(&mut self) {
        for name in NAMES {
            let text = std::fs::read_to_string(self.dir.join(format!("{name}.pid"))).unwrap_or_default();
            let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) else { continue };
            let line = std::fs::read(format!("/proc/{}/cmdline", text.trim())).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&*self.dir.to_string_lossy()) {
                let _gone = kill_process(pid, Signal::KILL);
            }
        }
        let _ended = self.script.start_kill();
    }
}

/// Asks until it is so.
async fn until(what: &str, within: Duration, staff: &Person, url: &str, path: &str, so: impl Fn(&Value) -> bool) {
    let (deadline, mut last) = (Instant::now() + within, String::new());
    while Instant::now() < deadline {
        match staff.send(url, &Call::get(path)).await {
            Ok(answer) if answer.status == 200 && so(&answer.json) => return,
            Ok(answer) => last = answer.json.to_string(),
            Err(error) => last = error,
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: {last}");
}

fn owners_begin_with(state: &Value, names: &[&str]) -> bool {
    let shards = state["shards"].as_array().expect("shards");
    let owner = |line: &Value| line["owner"].as_str().unwrap_or_default().to_owned();
    shards.iter().all(|line| names.iter().any(|name| owner(line).starts_with(name)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_starts_survives_a_killed_node_and_ends_in_order() {
    let (dir, base) = (TempDir::new().expect("a directory"), base_port());
    let dir = dir.path().canonicalize().expect("a path");
    let (cluster, said) = Cluster::start(&dir, base, None).await;
    for n in 1..=3 {
        assert!(said.iter().any(|line| line.contains(&cluster.url(n))), "{said:#?}");
    }
    let line = said.iter().find(|line| line.contains("shown this once")).expect("a password");
    let password = line.split("password ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a password");

    // Loaded by node 1, seen by all.
    let staff = Person::staff_with(&cluster.url(3), password).await;
    let guest = Person::guest();
    for n in 1..=3 {
        let url = cluster.url(n);
        let many = |page: &Value| page["items"].as_array().is_some_and(|items| items.len() == 24);
        until("the sample shop", TAKEOVER_MAX, &guest, &url, "/api/products?limit=24", many).await;
    }
    kill_process(cluster.pid("node-2"), Signal::KILL).expect("kill -9");
    let others = |state: &Value| owners_begin_with(state, &["node-1#", "node-3#"]);
    until("others take over", TAKEOVER_MAX, &staff, &cluster.url(1), "/api/cluster", others).await;

    // As the script says: in another terminal.
    let again = Command::new(dir.join("start-node-2")).stdin(Stdio::null()).process_group(0).spawn();
    let mut again = again.expect("it starts");
    let back = |state: &Value| {
        let shards = state["shards"].as_array().expect("shards");
        shards.iter().any(|line| line["serving"] == true)
    };
    until("node 2 owns something again", TAKEOVER_MAX, &staff, &cluster.url(2), "/api/cluster", back).await;
    let reaped = tokio::spawn(async move { again.wait().await });
    cluster.interrupt().await;
    assert!(reaped.await.expect("it ends").expect("a status").success(), "node 2 ended in order, too");

    // The same shop on the same files, with a password of the caller's.
    let own = "a word of one's own $1";
    let (cluster, said) = Cluster::start(&dir, base, Some(own)).await;
    assert!(!said.iter().any(|line| line.contains("shown this once") || line.contains(own)), "{said:#?}");
    let staff = Person::staff_with(&cluster.url(1), own).await;
    let state = staff.send(&cluster.url(1), &Call::get("/api/cluster")).await.expect("an answer").ok();
    assert!(state["shards"].as_array().expect("shards").iter().any(|line| line["epoch"].as_u64() > Some(1)), "{state}");
    cluster.interrupt().await;
    let violations = NAMES.iter().filter(|name| {
        let log = std::fs::read_to_string(dir.join(format!("{name}.log"))).expect("a log");
        log.to_lowercase().contains("permissions violation")
    });
    assert_eq!(violations.collect::<Vec<_>>(), Vec::<&&str>::new(), "a node asks for what its user may not");
}
