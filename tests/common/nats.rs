//! Real nats-servers on loopback, for the tests that need them: started, killed, frozen, started again.
//!
//! Every server is a child of the test with a directory of its own and ports that were free a moment ago;
//! all end with the value that holds them, also when the test panics.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use souk::testing::{free_port, nats_server};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub const PATIENCE: Duration = Duration::from_secs(40);

pub struct NatsServers {
    servers: Vec<Server>,
    dir: TempDir,
}

struct Server {
    port: u16,
    route: u16,
    /// Where it finds the others; by itself it asks them directly.
    routes: Option<Vec<String>>,
    child: Option<Child>,
}

impl NatsServers {
    /// One server alone, or three (or more) as a cluster; returns when JetStream responds with that many replicas.
    pub async fn start(count: usize) -> Self {
        Self::start_with(count, "").await
    }

    /// With lines of nats-server's configuration beside what this sets by options.
    pub async fn start_with(count: usize, config: &str) -> Self {
        Self::start_in(TempDir::new().expect("a directory"), count, config).await
    }

    /// The same, with their files in a directory of the caller's choice.
    pub async fn start_in(dir: TempDir, count: usize, config: &str) -> Self {
        let mut servers = Self::planned(dir, count, config);
        servers.up().await;
        servers
    }

    /// With their ports known, and not started yet.
    pub fn planned(dir: TempDir, count: usize, config: &str) -> Self {
        let server = |_| Server { port: free_port(), route: free_port(), routes: None, child: None };
        let servers = Self { servers: (0..count).map(server).collect(), dir };
        std::fs::write(servers.config(), config).expect("a file");
        servers
    }

    /// Every server that does not run; returns when all are a current part of the whole.
    pub async fn up(&mut self) {
        for n in 0..self.servers.len() {
            if self.servers[n].child.is_none() {
                self.spawn(n);
            }
        }
        self.ready(self.servers.len()).await;
    }

    /// The port at which the others find this one.
    pub fn route(&self, n: usize) -> u16 {
        self.servers[n].route
    }

    /// This server's ways to the others, to be said before it starts.
    pub fn finds(&mut self, n: usize, routes: Vec<String>) {
        self.servers[n].routes = Some(routes);
    }

    fn spawn(&mut self, n: usize) {
        let store = self.dir.path().join(format!("n{n}"));
        let log = std::fs::File::options().create(true).append(true).open(self.log(n)).expect("a log");
        let mut command = Command::new(nats_server());
        command.args(["-a", "127.0.0.1", "-js", "-sd"]).arg(&store);
        command.arg("-c").arg(self.config());
        command.args(["-p", &self.servers[n].port.to_string(), "--name", &format!("n{n}")]);
        if self.servers.len() > 1 {
            let direct = || self.servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.route)).collect();
            let routes: Vec<String> = self.servers[n].routes.clone().unwrap_or_else(direct);
            if self.servers[n].routes.is_some() {
                // Servers tell each other of further ones: nobody may find a way around the given ones.
                command.args(["--cluster_advertise", "127.0.0.1:1"]);
            }
            command.args(["--cluster_name", "test", "--routes", &routes.join(",")]);
            command.args(["--cluster", &format!("nats://127.0.0.1:{}", self.servers[n].route)]);
            // Else a client behind a proxy learns of the way around it.
            command.arg("--no_advertise");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("nats-server starts (scripts/setup-tests.sh installs it)");
        self.servers[n].child = Some(child);
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("nats.conf")
    }

    /// Everything that the servers keep.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn log(&self, n: usize) -> PathBuf {
        self.dir.path().join(format!("n{n}.log"))
    }

    pub fn port(&self, n: usize) -> u16 {
        self.servers[n].port
    }

    pub fn url(&self, n: usize) -> String {
        format!("nats://127.0.0.1:{}", self.servers[n].port)
    }

    /// All of them, with a comma between.
    pub fn urls(&self) -> String {
        (0..self.servers.len()).map(|n| self.url(n)).collect::<Vec<_>>().join(",")
    }

    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// Of the servers that run.
    pub fn ids(&self) -> Vec<u32> {
        self.servers.iter().filter_map(|server| server.child.as_ref()).map(Child::id).collect()
    }

    /// A client of all servers, as the shop connects.
    pub async fn client(&self) -> async_nats::Client {
        client(&self.urls()).await
    }

    pub fn kill(&mut self, n: usize) {
        if let Some(mut child) = self.servers[n].child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// On the same ports and files; returns when it is a current part of the whole again.
    pub async fn restart(&mut self, n: usize) {
        self.spawn(n);
        self.ready(self.servers.len()).await;
    }

    /// Returns when all its threads stand still: the signal alone leaves them a moment.
    pub fn freeze(&self, n: usize) {
        self.signal(n, Signal::STOP);
        let child = self.servers[n].child.as_ref().expect("a running server");
        let stopped = waitpid(Some(Pid::from_child(child)), WaitOptions::UNTRACED).expect("a child");
        assert!(stopped.is_some_and(|(_, status)| status.stopped()), "the server ended: {:?}", self.log(n));
    }

    pub fn thaw(&self, n: usize) {
        self.signal(n, Signal::CONT);
    }

    fn signal(&self, n: usize, signal: Signal) {
        let child = self.servers[n].child.as_ref().expect("a running server");
        kill_process(Pid::from_child(child), signal).expect("a signal");
    }

    /// Waits until a stream with so many replicas can be made on them, and is current on all.
    pub async fn ready(&self, replicas: usize) {
        let deadline = Instant::now() + PATIENCE;
        let client = self.client().await;
        let name = format!("ready{}", uuid::Uuid::new_v4().simple());
        let create = serde_json::json!({
            "name": name, "subjects": [name], "num_replicas": replicas, "storage": "memory",
            "retention": "limits", "discard": "old",
        });
        loop {
            let made = ask(&client, &format!("STREAM.CREATE.{name}"), create.to_string()).await;
            if made.is_some_and(|made| made["error"].is_null() || made["error"]["err_code"] == 10058) {
                break;
            }
            assert!(Instant::now() < deadline, "no stream with {replicas} replicas; see {:?}", self.dir.path());
            sleep(Duration::from_millis(50)).await;
        }
        loop {
            let info = ask(&client, &format!("STREAM.INFO.{name}"), String::new()).await.unwrap_or_default();
            let current = |replica: &serde_json::Value| replica["current"] == true && replica["offline"] != true;
            let peers =
                info["cluster"]["replicas"].as_array().map_or(0, |all| all.iter().filter(|r| current(r)).count());
            if peers + 1 >= replicas {
                break;
            }
            assert!(Instant::now() < deadline, "not all replicas are current: {info}");
            sleep(Duration::from_millis(50)).await;
        }
        ask(&client, &format!("STREAM.DELETE.{name}"), String::new()).await;
    }
}

impl Drop for NatsServers {
    fn drop(&mut self) {
        for n in 0..self.servers.len() {
            self.kill(n);
        }
    }
}

/// A client that finds one of the servers within the time, whichever is up.
pub async fn client(urls: &str) -> async_nats::Client {
    let deadline = Instant::now() + PATIENCE;
    let servers: Vec<async_nats::ServerAddr> = urls.split(',').map(|url| url.parse().expect("an address")).collect();
    loop {
        let options = async_nats::ConnectOptions::new().ping_interval(Duration::from_secs(1));
        match options.connect(&servers[..]).await {
            Ok(client) => return client,
            Err(error) => assert!(Instant::now() < deadline, "no nats-server answers: {error}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn ask(client: &async_nats::Client, what: &str, body: String) -> Option<serde_json::Value> {
    let request = async_nats::Request::new().payload(body.into()).timeout(Some(Duration::from_secs(2)));
    let answer = client.send_request(format!("$JS.API.{what}"), request).await.ok()?;
    serde_json::from_slice(&answer.payload).ok()
}
