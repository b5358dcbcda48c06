//! Stock levels as staff sees them, and goods for the load to buy.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;

use super::{
    error::{During, LoadError, Result},
    http::{Call, Connection, part},
    invariant::Invariant,
};

#[derive(Clone, Debug, Deserialize)]
pub struct Levels {
    #[serde(default)]
    pub on_hand: u64,
    pub available: u64,
    pub held: u64,
    pub committed: u64,
    pub shipped: u64,
    pub received: u64,
    pub adjusted: i64,
    /// Absent in shops from before policies.
    #[serde(default)]
    pub oversold: u64,
}

#[derive(Deserialize)]
struct Stock {
    version: u64,
    /// Absent for anybody but staff.
    #[serde(flatten)]
    levels: Option<Levels>,
}

pub type Shelves = HashMap<Arc<str>, Levels>;

pub async fn stock(staff: &mut Connection, sku: &str) -> Result<(u64, Levels)> {
    let path = format!("/api/stock/{}", part(sku));
    let stock: Stock = staff.ask(&Call::get(&path)).await.during(&format!("the stock of {sku}"))?;
    let levels =
        stock.levels.ok_or_else(|| LoadError::failed("the token is not an operator's: no levels are shown"))?;
    Ok((stock.version, levels))
}

pub async fn levels(staff: &mut Connection, skus: &[Arc<str>]) -> Result<Shelves> {
    let mut all = Shelves::new();
    for sku in skus {
        all.insert(sku.clone(), stock(staff, sku).await?.1);
    }
    Ok(all)
}

/// Receives the units missing to `units`, so that no shopper is refused by mistake.
pub async fn fill(staff: &mut Connection, skus: &[Arc<str>], units: u64) -> Result<()> {
    for sku in skus {
        let (_, levels) = stock(staff, sku).await?;
        if let Some(more @ 1..) = units.checked_sub(levels.available) {
            receive(staff, sku, more).await?;
        }
    }
    Ok(())
}

pub async fn receive(staff: &mut Connection, sku: &str, units: u64) -> Result<()> {
    let (path, key) = (format!("/api/stock/{}/receipts", part(sku)), uuid::Uuid::now_v7().to_string());
    let body = format!(r#"{{"quantity":{units},"reference":"souk load"}}"#);
    let answer = staff.send(&Call::post(&path, Some(&key), body)).await;
    answer.and_then(|answer| answer.good()).during(&format!("goods of {sku} cannot be received")).map(drop)
}

/// Makes exactly `units` available.
pub async fn set_available(staff: &mut Connection, sku: &str, units: u64) -> Result<()> {
    let (_, levels) = stock(staff, sku).await?;
    if units >= levels.available {
        return match units - levels.available {
            0 => Ok(()),
            more => receive(staff, sku, more).await,
        };
    }
    let (path, key) = (format!("/api/stock/{}/adjustments", part(sku)), uuid::Uuid::now_v7().to_string());
    let body = format!(r#"{{"delta":-{},"reason":"souk load"}}"#, levels.available - units);
    let answer = staff.send(&Call::post(&path, Some(&key), body)).await;
    answer.and_then(|answer| answer.good()).during(&format!("the stock of {sku} cannot be set")).map(drop)
}

/// Every unit is in one place, and was received or adjusted.
pub fn adds_up(now: &Shelves) -> Invariant {
    let mut one = Invariant::new(
        "on_hand = available + held + committed - oversold, and all with shipped = received + adjusted + oversold",
    );
    for (sku, it) in now {
        let house = it.available + it.held + it.committed;
        let ever = i128::from(it.received) + i128::from(it.adjusted) + i128::from(it.oversold);
        one.check(house.saturating_sub(it.oversold) == it.on_hand && i128::from(house + it.shipped) == ever, || {
            format!("{sku}: {it:?}")
        });
    }
    one
}
