//! The shop as a process that can be killed: this test's own executable, started again with a directory. It receives goods
//! and fills carts for ever, and prints what was acknowledged and how far its projections are.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use souk::{
    actors::{
        gateway::{Call, Gateway},
        listener::{Change, Listener},
        ports::journal::Journal,
        probe::NoFaults,
        runtime::{Parts, Runtime},
        settings::ActorSettings,
    },
    app::SystemClock,
    config::State,
    domain::{
        cart::{Cart, CartCommand, Item},
        ids::{CommandId, UserId},
        key::EntityKey,
        stock::{Stock, StockCommand},
    },
    persistence::{SledJournal, sled_journal::SledOptions, state_store::SledStateStore},
    testing,
    transport::{loopback::Loopback, single_node::SingleNode},
};
use uuid::Uuid;

use crate::projected::Demand;

pub const SKUS: usize = 3_000;
const SHARDS: u16 = 3;
const CLIENTS: usize = 32;
const WITHIN: Duration = Duration::from_secs(30);

/// The newest acknowledged version of each entity.
pub type Acks = BTreeMap<EntityKey, u64>;

pub struct Shop {
    pub gateway: Gateway,
    pub store: Arc<SledStateStore>,
    runtime: Runtime,
}

struct Nobody;

impl Listener for Nobody {
    fn interested(&self, _: &EntityKey) -> bool {
        false
    }
    fn committed(&self, _: &[Change]) {}
}

impl Shop {
    pub async fn start(dir: &Path, demand: Option<u32>) -> Self {
        let options = SledOptions { shards: Some(SHARDS), ..SledOptions::default() };
        let journal = Arc::new(SledJournal::open(&dir.join("journal"), options).expect("the journal opens"));
        // Often, so that a kill costs a build little of its way.
        let state = State { flush_interval_ms: 50, ..State::default() };
        let store = SledStateStore::open_flushing(&dir.join("state"), &state, 20).expect("the store opens");
        let store = Arc::new(store);
        let settings = ActorSettings { state, ..ActorSettings::default() };
        let shards = journal.shards();
        let parts = Parts {
            journal,
            store: store.clone(),
            projections: Demand::beside_the_shops(demand),
            listener: Arc::new(Nobody),
            clock: Arc::new(SystemClock),
            connectors: Vec::new(),
            transport: Box::new(|local| Arc::new(Loopback::new(local))),
            placement: Arc::new(SingleNode::new(settings.node.clone(), shards)),
            probe: Arc::new(NoFaults),
            settings,
        };
        let (runtime, gateway) = Runtime::start(parts).await.expect("the shop starts");
        Self { gateway, store, runtime }
    }

    pub async fn stop(self) {
        self.runtime.drain(WITHIN).await;
    }
}

fn call() -> Call {
    let id = CommandId(Uuid::now_v7());
    Call { command_id: id, by: "test".into(), expected_version: None, fingerprint: None, within: WITHIN }
}

/// One write for one line, so that a kill tears no line but the last.
fn say(line: String) {
    std::io::stdout().write_all(line.as_bytes()).expect("the parent listens");
}

async fn buy_for_ever(gateway: Gateway, client: usize) {
    for n in 0_usize.. {
        let sku = format!("SKU{}", (client + n * CLIENTS) % SKUS);
        let units = testing::units((n % 7 + 1) as u32);
        let received = gateway.ask::<Stock>(&sku, StockCommand::Receive { units, reference: None }, call()).await;
        say(format!("ack stock/{sku} {}\n", received.expect("it is received").version));
        if n % 3 == 0 {
            let item = Item { sku: testing::sku(&sku), name: "Mug".into(), unit_price: testing::eur(100) };
            let lines = vec![(item, (n % 9 + 1) as u32)];
            let owner = UserId(Uuid::from_u128(client as u128));
            let id = format!("CART{}", (client * 31 + n) % 500);
            let set = gateway.ask::<Cart>(&id, CartCommand::SetLines { owner, lines, add: false }, call()).await;
            say(format!("ack cart/{id} {}\n", set.expect("it is set").version));
        }
    }
}

/// The process that is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shop_process() {
    let Ok(dir) = std::env::var("SOUK_PROJECTIONS_DIR") else { return };
    let demand = std::env::var("SOUK_PROJECTIONS_DEMAND").ok().and_then(|version| version.parse().ok());
    let shop = Shop::start(Path::new(&dir), demand).await;
    let buy = |client| tokio::spawn(buy_for_ever(shop.gateway.clone(), client));
    let clients: Vec<_> = (0..CLIENTS).map(buy).collect();
    let mut often = tokio::time::interval(Duration::from_millis(2));
    loop {
        often.tick().await;
        assert!(!clients.iter().any(|client| client.is_finished()), "nobody ends but by a kill");
        for line in shop.gateway.projections().iter().filter(|line| ["demand", "steady"].contains(&line.name)) {
            let space = line.space.expect("it has rows");
            say(format!("line {} {} {} {space}\n", line.name, line.built, line.entities));
        }
    }
}

/// What a process has said.
#[derive(Debug, Default)]
pub struct Seen {
    pub acks: usize,
    pub built: bool,
    pub entities: u64,
    pub space: u32,
    /// The steady one's space, and how many states it read.
    pub steady: (u32, u64),
}

pub struct ShopProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl ShopProcess {
    pub fn start(dir: &Path, demand: Option<u32>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", "process::shop_process", "--nocapture"]).env("SOUK_PROJECTIONS_DIR", dir);
        if let Some(version) = demand {
            command.env("SOUK_PROJECTIONS_DEMAND", version.to_string());
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the shop runs");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    /// Kills it once it has said enough; what it said before it died counts, too.
    pub fn run_until(mut self, acks: &mut Acks, enough: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = Seen::default();
        while seen.steady.0 == 0 || !enough(&seen) {
            let line = self.lines.next().expect("the shop lives until it is killed").expect("a line");
            let _parsed: Option<()> = parse(&line, acks, &mut seen);
        }
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
        let mut rest = Seen::default();
        for line in self.lines.map_while(Result::ok) {
            // A torn last line does not parse.
            let _parsed: Option<()> = parse(&line, acks, &mut rest);
        }
        seen
    }
}

fn parse(line: &str, acks: &mut Acks, seen: &mut Seen) -> Option<()> {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["ack", key, version] => {
            let (key, version) = (EntityKey::try_from(key.to_owned()).ok()?, version.parse::<u64>().ok()?);
            let newest = acks.entry(key).or_default();
            *newest = version.max(*newest);
            seen.acks += 1;
        }
        ["line", "demand", built, entities, space] => {
            (seen.built, seen.entities, seen.space) = (built == "true", entities.parse().ok()?, space.parse().ok()?);
        }
        ["line", "steady", "true", entities, space] => seen.steady = (space.parse().ok()?, entities.parse().ok()?),
        _ => {}
    }
    Some(())
}
