//! Everything of one run: three nats-servers, a proxy for each link between two of them and from a node to each of
//! them, three nodes, and the directory that keeps logs and history when the run fails.
//!
//! Runs of one test binary take turns: two clusters on one small machine would only measure each other.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::sleep,
};

use crate::{
    client::{Call, Person},
    history::History,
    nats::NatsServers,
    node::{Env, Node},
    proxy::{Link, Proxy},
    site::Site,
};

pub const NODES: usize = 3;
pub const SERVERS: usize = 3;
pub const SHARDS: u16 = 8;
/// Units of each SKU before anybody comes.
pub const FIRST_STOCK: u64 = 30;

static TURN: Mutex<()> = Mutex::const_new(());

/// The cluster's times, in milliseconds.
#[derive(Clone, Copy)]
pub struct Times {
    pub heartbeat: u64,
    pub dead: u64,
    pub settle: u64,
    pub lease: u64,
    /// How long a checkout holds; what is neither paid nor cancelled ends by itself after it.
    pub hold: u64,
}

impl Times {
    /// As shipped.
    pub const DEFAULT: Self = Self { heartbeat: 500, dead: 4_000, settle: 2_000, lease: 2_000, hold: 10_000 };
    /// For many faults in a short run, and still long enough for a busy machine.
    pub const SHORT: Self = Self { heartbeat: 250, dead: 2_500, settle: 1_000, lease: 1_500, hold: 10_000 };
}

pub struct Rig {
    pub times: Times,
    pub servers: Mutex<NatsServers>,
    pub nodes: Vec<Mutex<Node>>,
    pub history: Arc<History>,
    pub dir: PathBuf,
    /// By node, then by server.
    links: Vec<Vec<Proxy>>,
    /// By the server that connects, then by the other one. To itself: nobody uses it.
    routes: Vec<Vec<Proxy>>,
    kept: bool,
    _turn: MutexGuard<'static, ()>,
}

impl Rig {
    /// Three ready nodes on three servers, with the SKUs in stock.
    pub async fn start(name: &str, times: Times, skus: &[String]) -> Self {
        let turn = TURN.lock().await;
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cluster-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory");
        // Beside the rest of the run, and kept with it: what the copies of a stream hold is evidence.
        let mut files = TempDir::with_prefix_in("nats-", &dir).expect("a directory");
        files.disable_cleanup(true);
        let mut servers = NatsServers::planned(files, SERVERS, "");
        let routes = proxies(SERVERS, (0..SERVERS).map(|server| servers.route(server)).collect()).await;
        for (n, own) in routes.iter().enumerate() {
            let others = own.iter().enumerate().filter(|(other, _)| *other != n);
            servers.finds(n, others.map(|(_, proxy)| format!("nats://{}", proxy.address)).collect());
        }
        servers.up().await;
        let links = proxies(NODES, (0..SERVERS).map(|server| servers.port(server)).collect()).await;
        let nodes = links.iter().enumerate().map(|(n, own)| Node::new(&dir, &format!("node-{n}"), env(times, n, own)));
        let mut nodes: Vec<Node> = nodes.collect();
        import(&dir, &mut nodes, skus).await;
        for node in &nodes {
            node.ready().await;
        }
        let history = Arc::new(History::at(&dir.join("history.jsonl")));
        let nodes = nodes.into_iter().map(Mutex::new).collect();
        Self { times, servers: Mutex::new(servers), nodes, history, dir, links, routes, kept: true, _turn: turn }
    }

    /// Clients of all nodes, without any guest yet.
    pub async fn site(&self, strict: &[String], sold: &[String]) -> Arc<Site> {
        let mut addresses = Vec::new();
        for node in &self.nodes {
            addresses.push(node.lock().await.address());
        }
        let url = self.nodes[0].lock().await.url();
        let (staff, mut first) = (Person::staff(&url).await, BTreeMap::new());
        for sku in strict.iter().chain(sold) {
            let stock = staff.send(&url, &Call::get(format!("/api/stock/{sku}"))).await.expect("an answer").ok();
            let number = |name: &str| stock[name].as_u64().expect("a number");
            first.insert(sku.clone(), (number("version"), number("available")));
        }
        Site::new(self.history.clone(), staff, addresses, strict.to_vec(), sold.to_vec(), first)
    }

    /// All links between this node and the servers.
    pub fn link(&self, node: usize, link: Link) {
        self.links[node].iter().for_each(|proxy| proxy.set(link));
    }

    /// One link between a node and a server.
    pub fn way(&self, node: usize, server: usize) -> &Proxy {
        &self.links[node][server]
    }

    /// The link between two servers, whichever of the two connected.
    pub fn between(&self, a: usize, b: usize, link: Link) {
        self.routes[a][b].set(link);
        self.routes[b][a].set(turned(link));
    }

    /// The links of one server with all others, seen from it.
    pub fn around(&self, server: usize, link: Link) {
        (0..SERVERS).filter(|other| *other != server).for_each(|other| self.between(server, other, link));
    }

    /// Every stream has a leader, and all copies of it are current.
    pub async fn servers_current(&self) {
        const WITHIN: Duration = Duration::from_secs(60);
        let client = self.servers.lock().await.client().await;
        let (started, mut last) = (Instant::now(), String::new());
        while started.elapsed() < WITHIN {
            match streams_current(&client).await {
                Ok(()) => return,
                Err(why) => last = why,
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("the streams are not current within {WITHIN:?}: {last}");
    }

    /// Called at the end of a good run: nothing is left of it.
    pub fn good(mut self) {
        self.kept = false;
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        match self.kept {
            false => drop(std::fs::remove_dir_all(&self.dir)),
            true => eprintln!("the run is kept in {} (docs/chaos.md says how to read it)", self.dir.display()),
        }
    }
}

/// What one end sends the other receives.
fn turned(link: Link) -> Link {
    match link {
        Link::SilentThere => Link::SilentBack,
        Link::SilentBack => Link::SilentThere,
        Link::Whole | Link::Broken | Link::Silent | Link::Late | Link::Lossy | Link::Kept => link,
    }
}

/// For each of `count` clients a proxy to each port.
async fn proxies(count: usize, ports: Vec<u16>) -> Vec<Vec<Proxy>> {
    let mut all = Vec::new();
    for _ in 0..count {
        let mut own = Vec::new();
        for port in &ports {
            own.push(Proxy::to(SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).await);
        }
        all.push(own);
    }
    all
}

fn env(times: Times, node: usize, links: &[Proxy]) -> Env {
    let urls: Vec<_> = links.iter().map(|proxy| format!("\"nats://{}\"", proxy.address)).collect();
    let set = [
        ("SOUK_CLUSTER__URLS", format!("[{}]", urls.join(","))),
        ("SOUK_CLUSTER__NAME", "souk".to_owned()),
        ("SOUK_CLUSTER__NODE", format!("node-{node}")),
        ("SOUK_CLUSTER__REPLICAS", SERVERS.to_string()),
        ("SOUK_CLUSTER__HEARTBEAT_MS", times.heartbeat.to_string()),
        ("SOUK_CLUSTER__MEMBER_DEAD_MS", times.dead.to_string()),
        ("SOUK_CLUSTER__SETTLE_MS", times.settle.to_string()),
        ("SOUK_CLUSTER__LEASE_MS", times.lease.to_string()),
        ("SOUK_IDENTITY__SIGNING_KEY", "0123456789abcdef".repeat(4)),
        ("SOUK_ACTORS__SHARDS", SHARDS.to_string()),
        ("SOUK_SHOP__HOLD_TTL_MS", times.hold.to_string()),
        ("SOUK_PAYMENTS__SANDBOX__SLOW_MS", "150".to_owned()),
        ("SOUK_PAYMENTS__SANDBOX__TIMEOUT_MS", "200".to_owned()),
        ("SOUK_PAYMENTS__SANDBOX__WEBHOOK_DELAY_MS", "30".to_owned()),
        ("SOUK_PAYMENTS__SANDBOX__DUPLICATE_WEBHOOKS", "true".to_owned()),
        ("SOUK_STATE__FLUSH_INTERVAL_MS", "100".to_owned()),
        ("SOUK_LOG__FILTER", "info".to_owned()),
    ];
    set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The first node alone brings the products in, then all serve.
async fn import(dir: &Path, nodes: &mut [Node], skus: &[String]) {
    let mut csv =
        "Handle,Title,Vendor,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price,Status\n".to_owned();
    for (n, sku) in skus.iter().enumerate() {
        csv += &format!("mug-{n},Mug {n},Oda,Mugs,TRUE,{sku},{FIRST_STOCK},{n}9.90,active\n");
    }
    let file = dir.join("mugs.csv");
    std::fs::write(&file, csv).expect("a file");
    nodes[0].run(&["import", file.to_str().expect("a path")]).await;
    for node in nodes {
        node.start(&[]).await;
    }
}

async fn streams_current(client: &async_nats::Client) -> Result<(), String> {
    let request = async_nats::Request::new().payload("{}".into()).timeout(Some(Duration::from_secs(2)));
    let answer = client.send_request("$JS.API.STREAM.LIST", request).await.map_err(|error| error.to_string())?;
    let list: Value = serde_json::from_slice(&answer.payload).map_err(|error| error.to_string())?;
    let streams = list["streams"].as_array().ok_or_else(|| list.to_string())?;
    if !list["missing"].is_null() || streams.is_empty() {
        return Err(format!("not all streams answer: {}", list["missing"]));
    }
    for stream in streams {
        let copies = stream["config"]["num_replicas"].as_u64().unwrap_or(1);
        let current = |copy: &&Value| copy["current"] == true && copy["offline"] != true;
        let others = stream["cluster"]["replicas"].as_array().map_or(0, |all| all.iter().filter(current).count());
        if others as u64 + 1 < copies || !stream["cluster"]["leader"].is_string() {
            return Err(format!("{}: {}", stream["config"]["name"], stream["cluster"]));
        }
    }
    Ok(())
}
