//! The owners of the shards, from `GET /api/cluster`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use souk::domain::{key::EntityKey, kinds::Kind};
use tokio::time::sleep;

use crate::common::{
    http::Connection,
    nodes::{Node, PASSWORD},
};

const WITHIN: Duration = Duration::from_secs(60);

pub async fn staff(node: &Node) -> Result<Connection> {
    let token = Connection::open(node.address, None).await?.log_in(PASSWORD).await?;
    Connection::open(node.address, Some(&token)).await
}

/// Every node sees all the others, and every shard is owned by the node that it is placed on.
pub async fn settled(nodes: &[Node]) -> Result<()> {
    let deadline = Instant::now() + WITHIN;
    for node in nodes {
        let mut staff = staff(node).await?;
        loop {
            staff.get("/api/cluster").await?;
            let seen = staff.json()?;
            if is_settled(&seen, nodes.len()) {
                break;
            }
            ensure!(Instant::now() < deadline, "not settled in time: {seen}");
            sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

fn is_settled(seen: &Value, nodes: usize) -> bool {
    let alive = seen["members"].as_array().map_or(0, |all| all.iter().filter(|member| member["alive"] == true).count());
    let placed = |shard: &Value| shard["owner"].is_string() && shard["owner"] == shard["placed"];
    alive == nodes && seen["shards"].as_array().is_some_and(|shards| shards.iter().all(placed))
}

/// The place in `nodes` of a SKU's owner.
pub async fn owner_of(sku: &str, nodes: &[Node]) -> Result<usize> {
    let mut staff = staff(&nodes[0]).await?;
    staff.get("/api/cluster").await?;
    let seen = staff.json()?;
    let shards = seen["shards"].as_array().context("no shards")?;
    let shard = EntityKey::new(Kind::Stock, sku).shard_of(u16::try_from(shards.len())?);
    let owner = shards[usize::from(shard)]["owner"].as_str().context("no owner")?;
    let is_it = |node: &Node| owner.split('#').next() == Some(&node.name);
    nodes.iter().position(is_it).with_context(|| format!("no node is {owner}"))
}
