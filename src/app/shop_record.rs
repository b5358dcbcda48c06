//! The configuration must not contradict the journal: prices are in one currency for good, and one key signs, until an
//! operator names the key that is to go.
//!
//! A journal that an older program made names no currency: its first price does. Deliberately absent: conversion of
//! prices, and two keys at a time.

use futures::StreamExt;
use serde_json::Value;

use super::backend::Backend;
use crate::{
    actors::ports::{
        Journal,
        journal::{Entry, JournalError, Shard},
    },
    config::Config,
    domain::money::Currency,
    identity::{SecretError, SigningSecret},
    persistence::shop_record::ShopRecord,
};

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(
        "the prices of this journal are in {found}, shop.currency is {configured}: configure shop.currency = \"{found}\"; \
         a shop's currency is for good, and one in {configured} needs a data directory (or cluster.name) of its own"
    )]
    OtherCurrency { found: Currency, configured: Currency },
    #[error(
        "this shop signs with the key {recorded}, and {at} is {found}: every session, token and guest's cart would end. \
         Give it the shop's key; to change the key on purpose, set identity.replaces_key = \"{recorded}\""
    )]
    OtherKey { recorded: String, found: String, at: String },
    #[error(
        "this shop signs with the key {recorded}, and {at} is missing: every session, token and guest's cart would end. \
         Restore the file from a backup; to go on with a new key on purpose, set identity.replaces_key = \"{recorded}\""
    )]
    KeyIsGone { recorded: String, at: String },
}

/// Before anything is decided.
pub(super) async fn check_currency(backend: &Backend, config: &Config) -> Result<(), RecordError> {
    let configured = config.shop.currency;
    let found = match backend.shop_record().await?.currency {
        Some(recorded) => recorded,
        None => {
            let first = first_price(&*backend.journal()).await?.unwrap_or(configured);
            if first == configured {
                write(backend, |record| ShopRecord { currency: record.currency.or(Some(first)), ..record }).await?;
            }
            first
        }
    };
    match found == configured {
        true => Ok(()),
        false => Err(RecordError::OtherCurrency { found, configured }),
    }
}

/// The key of this node, which must be the shop's. A missing file is made only where no key is recorded, or where the
/// recorded one is to be replaced.
pub(super) async fn check_key(backend: &Backend, config: &Config) -> Result<SigningSecret, RecordError> {
    let recorded = backend.shop_record().await?.signing_key;
    let replaced = |recorded: &String| *recorded == config.identity.replaces_key;
    let file = config.data.dir.join(SigningSecret::FILE);
    let at = match config.identity.signing_key.is_empty() {
        true => file.display().to_string(),
        false => "identity.signing_key".to_owned(),
    };
    if let Some(recorded) = recorded.clone().filter(|recorded| !replaced(recorded))
        && config.identity.signing_key.is_empty()
        && !file.exists()
    {
        return Err(RecordError::KeyIsGone { recorded, at });
    }
    let secret = SigningSecret::obtain(&config.identity.signing_key, &config.data.dir)?;
    let found = secret.fingerprint();
    match recorded {
        Some(recorded) if recorded == found => return Ok(secret),
        Some(recorded) if !replaced(&recorded) => return Err(RecordError::OtherKey { recorded, found, at }),
        Some(recorded) => tracing::warn!(recorded, found, "another key signs from now on: all sessions and tokens end"),
        None => {}
    }
    write(backend, |record| ShopRecord { signing_key: Some(found.clone()), ..record }).await?;
    Ok(secret)
}

/// On a full disk the shop starts for its reads; a later start writes the record.
async fn write(backend: &Backend, change: impl Fn(ShopRecord) -> ShopRecord) -> Result<(), JournalError> {
    match backend.change_shop_record(change).await {
        Err(JournalError::Full(why)) => {
            tracing::warn!(%why, "the shop's record is not written yet");
            Ok(())
        }
        written => written,
    }
}

/// Reads up to the first price: products come before orders, so among the first records, or there is none.
async fn first_price(journal: &dyn Journal) -> Result<Option<Currency>, JournalError> {
    for shard in (0..journal.shards()).map(Shard) {
        let end = journal.end(shard).await?;
        let mut records = journal.read_range(shard, 1, end);
        while let Some(record) = records.next().await {
            let Entry::Batch(batch) = &record?.entry else { continue };
            let currency = batch.commits.iter().find_map(|commit| currency_in(&commit.events_json));
            if currency.is_some() {
                return Ok(currency);
            }
        }
    }
    Ok(None)
}

/// Of the first amount of money, in any event.
fn currency_in(events: &str) -> Option<Currency> {
    fn money(value: &Value) -> Option<Currency> {
        match value {
            Value::Object(fields) => match (fields.get("amount"), fields.get("currency")) {
                (Some(Value::Number(_)), Some(Value::String(code))) => Currency::parse(code).ok(),
                _ => fields.values().find_map(money),
            },
            Value::Array(values) => values.iter().find_map(money),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }
    // Most events have none, and are not parsed.
    events.contains("\"currency\":\"").then(|| serde_json::from_str(events).ok()).flatten().as_ref().and_then(money)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_currency_of_money_and_of_no_text() {
        let product = r#"[{"created":{"title":"A","variants":[{"price":{"amount":990,"currency":"JPY"}}]}}]"#;
        assert_eq!(currency_in(product).map(|found| found.to_string()), Some("JPY".into()));
        let text = r#"[{"noted":{"text":"{\"amount\":1,\"currency\":\"USD\"}","currency":"none"}}]"#;
        assert_eq!(currency_in(text), None);
        assert_eq!(currency_in(r#"[{"received":{"units":5}}]"#), None);
    }
}
