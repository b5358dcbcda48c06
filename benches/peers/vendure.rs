//! The peer: a Vendure shop as its own project template makes it, on Debian's PostgreSQL 15: the schema and 150 products
//! of three variants by its own `populate()`, then a server and a worker, each in a node process of its own.
//!
//! Settings are in `vendure/config.js`; the database is as in `common/postgres.rs`, over its Unix socket.

use std::{
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use souk::testing::free_port;
use tokio::runtime::Runtime;

use super::{
    fanout::{folder, installed},
    program::{Program, cpu_of_tree},
};
use crate::common::{http::Connection, postgres::Postgres};

const PASSWORD: &str = "a-password-of-the-bench";
const INDEXED_WITHIN: Duration = Duration::from_secs(240);
const PRODUCTS: u64 = 150;
const LAST_SKU: &str = "SHIRT-149-L";

pub struct Vendure {
    pub address: SocketAddr,
    /// Of every variant but the last.
    pub variants: Vec<String>,
    /// The one that is sold out in the flash sale.
    pub last: String,
    server: Program,
    worker: Program,
    // Last: the others hold connections to it.
    pub postgres: Postgres,
}

pub fn version() -> Result<String> {
    installed(&folder("vendure"), "@vendure/core")
}

impl Vendure {
    pub fn start(runtime: &Runtime) -> Result<Self> {
        let postgres = Postgres::start(runtime).context("Vendure needs PostgreSQL 15")?;
        let port = free_port();
        let run = |script: &str, schema: bool| {
            Program::start("vendure", |dir| {
                let folder = folder("vendure");
                let mut command = Command::new("node");
                command.arg(folder.join(script)).env("NODE_ENV", "production").env("PASSWORD", PASSWORD);
                command.env("PORT", port.to_string()).env("DB_DIR", postgres.dir()).env("WORK", dir);
                if schema {
                    command.env("SOUK_PEER_SCHEMA", "1");
                }
                command
            })
        };
        run("populate.js", true)?.finish().context("populate.js")?;
        let mut worker = run("worker.js", false)?;
        worker.says("working")?;
        let mut server = run("server.js", false)?;
        server.says("listening")?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut all = runtime.block_on(variants(address))?;
        let last = all.pop().context("no variants")?;
        let mut started = Self { address, variants: all, last, server, worker, postgres };
        runtime.block_on(started.until_indexed())?;
        let (sku, ..) = runtime.block_on(started.stock())?;
        ensure!(sku == LAST_SKU, "the last variant is {sku}");
        Ok(started)
    }

    /// Of server, worker and database.
    pub fn cpu(&self) -> Result<Duration> {
        let all = [self.server.id(), self.worker.id(), self.postgres.id()];
        all.into_iter().map(cpu_of_tree).sum()
    }

    /// The worker's work is done: nothing else runs when the measuring begins.
    async fn until_indexed(&mut self) -> Result<()> {
        let until = Instant::now() + INDEXED_WITHIN;
        loop {
            let mut connection = Connection::open(self.address, None).await?;
            let query = "{search(input:{take:1,groupByProduct:true}){totalItems}}";
            let answer = graphql(&mut connection, "/shop-api", &json!({"query": query})).await?;
            let found = answer["search"]["totalItems"].as_u64().unwrap_or(0);
            if found == PRODUCTS {
                return Ok(());
            }
            ensure!(Instant::now() < until, "{found} of {PRODUCTS} products are indexed in time");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn staff(&self) -> Result<Connection> {
        let mut staff = Connection::open(self.address, None).await?;
        let query = "mutation($p:String!){login(username:\"superadmin\",password:$p){__typename}}";
        let answer = graphql(&mut staff, "/admin-api", &json!({"query": query, "variables": {"p": PASSWORD}})).await?;
        ensure!(answer["login"]["__typename"] == "CurrentUser", "no login: {answer}");
        Ok(staff)
    }

    /// Of the last variant: its SKU, units on hand, units that orders have.
    pub async fn stock(&self) -> Result<(String, i64, i64)> {
        let query = "query($id:ID!){productVariant(id:$id){sku stockOnHand stockAllocated}}";
        let body = json!({"query": query, "variables": {"id": self.last}});
        let answer = graphql(&mut self.staff().await?, "/admin-api", &body).await?;
        let variant = &answer["productVariant"];
        let number = |name: &str| variant[name].as_i64().with_context(|| format!("no {name}: {answer}"));
        let sku = variant["sku"].as_str().context("no SKU")?.to_owned();
        Ok((sku, number("stockOnHand")?, number("stockAllocated")?))
    }

    /// Makes so many units of the last variant available.
    pub async fn restock(&self, units: usize) -> Result<()> {
        let (_, _, allocated) = self.stock().await?;
        let query = "mutation($id:ID!,$n:Int!){updateProductVariants(input:[{id:$id,stockOnHand:$n}]){id}}";
        let body = json!({"query": query, "variables": {"id": self.last, "n": allocated + i64::try_from(units)?}});
        graphql(&mut self.staff().await?, "/admin-api", &body).await.map(drop)
    }
}

async fn variants(address: SocketAddr) -> Result<Vec<String>> {
    let (mut connection, mut all) = (Connection::open(address, None).await?, Vec::new());
    for skip in [0, 50, 100] {
        let query = "query($s:Int!){products(options:{take:50,skip:$s,sort:{id:ASC}}){items{variants{id}}}}";
        let body = json!({"query": query, "variables": {"s": skip}});
        let answer = graphql(&mut connection, "/shop-api", &body).await?;
        let products = answer["products"]["items"].as_array().context("no products")?;
        let of = products.iter().filter_map(|product| product["variants"].as_array()).flatten();
        all.extend(of.filter_map(|variant| variant["id"].as_str().map(str::to_owned)));
    }
    ensure!(all.len() as u64 == 3 * PRODUCTS, "{} variants", all.len());
    all.sort_by_key(|id| id.parse::<u64>().unwrap_or(0));
    Ok(all)
}

/// The response's `data`; a response with `errors` is an error.
pub async fn graphql(connection: &mut Connection, path: &str, body: &Value) -> Result<Value> {
    connection.post(path, None, &body.to_string(), 200).await?;
    let mut answer = connection.json()?;
    ensure!(answer.get("errors").is_none(), "{answer}");
    Ok(answer["data"].take())
}
