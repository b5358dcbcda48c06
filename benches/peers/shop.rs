//! Our side: the shipped binary with the sample shop, as `souk serve --sample` runs it, and units enough of every SKU
//! where they are bought.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::program::cpu_of_tree;
use crate::common::{
    http::Connection,
    nodes::{Node, PASSWORD},
    shopper::Shelf,
};

pub struct Souk {
    pub node: Node,
    pub shelf: Arc<Shelf>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stocked {
    /// Nothing more is done than starting it: its memory is that of a start.
    AsSampled,
    Plenty,
}

impl Souk {
    pub fn start(runtime: &Runtime, stocked: Stocked) -> Result<Self> {
        let node = Node::start("peers", None, true)?;
        node.ready(runtime)?;
        let shelf = runtime.block_on(async {
            let shelf = Shelf::look(node.address, PASSWORD).await?;
            if stocked == Stocked::Plenty {
                shelf.fill().await?;
            }
            anyhow::Ok(shelf)
        })?;
        Ok(Self { node, shelf: Arc::new(shelf) })
    }

    pub fn address(&self) -> SocketAddr {
        self.node.address
    }

    pub fn cpu(&self) -> Result<Duration> {
        cpu_of_tree(self.node.id())
    }

    pub async fn staff(&self) -> Result<Connection> {
        Connection::open(self.address(), Some(&self.shelf.token)).await
    }

    pub async fn held(&self, skus: &[Arc<str>]) -> Result<u64> {
        let (mut staff, mut held) = (self.staff().await?, 0);
        for sku in skus {
            held += level(&mut staff, sku, "held").await?;
        }
        Ok(held)
    }
}

/// One of a SKU's levels, as staff sees it.
pub async fn level(staff: &mut Connection, sku: &str, name: &str) -> Result<u64> {
    staff.get(&format!("/api/stock/{sku}")).await?;
    let stock: Value = staff.json()?;
    stock[name].as_u64().with_context(|| format!("no {name} of {sku}"))
}
