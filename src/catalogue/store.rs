//! Puts definitions and first stock into the shop through the gateway, many at a time.
//!
//! Idempotent in two ways: command ids are derived from the contents, so that a crash and a retry have one effect; and
//! stock is received only where none was ever received, so that a run a year later, when those ids are forgotten, adds
//! nothing either. A load that fails half-way is simply run again.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use crate::{
    actors::{
        gateway::{Answer, AskError, Call, Gateway},
        ports::StoreError,
    },
    domain::{
        cart::{Cart, CartCommand},
        category::{Category, CategoryCommand, CategoryData},
        ids::{CommandId, ProductId, Sku},
        kinds::{EntityType, Kind},
        product::{Product, ProductCommand, ProductData},
        stock::{Stock, StockCommand, StockPolicy, StockView},
    },
};

/// Commands in flight at once: the more, the fewer syncs a load waits for; still far below the shards' permits.
const AT_ONCE: usize = 512;
/// Tries of one command while the shop is busy or not ready; then the load fails.
const TRIES_MAX: u32 = 20;
const WITHIN: Duration = Duration::from_secs(15);
const PAUSE_MAX: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{kind}/{id}: {why}", kind = .kind.name())]
    Refused { kind: Kind, id: String, why: String },
    #[error("{kind}/{id}: no answer after {tries} tries: {why}", kind = .kind.name())]
    GaveUp { kind: Kind, id: String, tries: u32, why: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{id}: the definition does not encode: {why}")]
    Encoding { id: String, why: String },
    #[error("the read models did not catch up with the journal within {0:?}")]
    Behind(Duration),
}

/// Whether a product's definition replaces what the shop has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// The sample shop: an operator's changes stay.
    Keep,
    /// An import: the file's data wins.
    Replace,
}

pub(super) struct Store<'a> {
    pub gateway: &'a Gateway,
    /// Of the derived command ids: one for each source.
    pub space: Uuid,
    pub by: Arc<str>,
    pub existing: Existing,
}

impl Store<'_> {
    /// The reads of the read models below must contain everything that is durable now.
    pub async fn ready(&self) -> Result<(), LoadError> {
        match self.gateway.await_projection(WITHIN).await {
            true => Ok(()),
            false => Err(LoadError::Behind(WITHIN)),
        }
    }

    async fn ask<E: EntityType>(
        &self,
        id: &str,
        command: E::Command,
        step: &str,
    ) -> Result<Answer<E::View>, LoadError> {
        let call = Call {
            command_id: CommandId::derive(self.space, step),
            by: self.by.clone(),
            expected_version: None,
            fingerprint: None,
            within: WITHIN,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let (pause, why) = match self.gateway.ask::<E>(id, command.clone(), call.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(AskError::Busy { retry_after_ms }) => (retry_after_ms, "too many commands are waiting".to_owned()),
                Err(AskError::Unavailable { retry_after_ms, reason } | AskError::NoRoom { retry_after_ms, reason }) => {
                    (retry_after_ms, reason.as_ref().to_owned())
                }
                Err(AskError::TimedOut) => (0, "timed out".to_owned()),
                Err(
                    refused @ (AskError::Refused(_)
                    | AskError::VersionConflict { .. }
                    | AskError::IdConflict
                    | AskError::Quarantined
                    | AskError::TooLarge { .. }),
                ) => return Err(LoadError::Refused { kind: E::KIND, id: id.to_owned(), why: refused.to_string() }),
            };
            if tries == TRIES_MAX {
                return Err(LoadError::GaveUp { kind: E::KIND, id: id.to_owned(), tries, why });
            }
            tokio::time::sleep(Duration::from_millis(pause).min(PAUSE_MAX)).await;
        }
    }

    /// An existing category stays as it is: the tree is the operators' work. Returns whether anything changed.
    pub async fn category(&self, slug: &str, data: CategoryData) -> Result<bool, LoadError> {
        if self.gateway.read_local::<Category>(slug)?.is_some() {
            return Ok(false);
        }
        let step = format!("category/{slug}/{}", encoded(slug, &data)?);
        Ok(self.ask::<Category>(slug, CategoryCommand::Define { data }, &step).await?.changed)
    }

    /// Returns whether anything changed.
    pub async fn product(&self, product: ProductId, data: ProductData) -> Result<bool, LoadError> {
        let id = product.to_string();
        if self.existing == Existing::Keep && self.gateway.read_local::<Product>(&id)?.is_some() {
            return Ok(false);
        }
        let step = format!("product/{id}/{}", encoded(&id, &data)?);
        let define = ProductCommand::Define { product, data: Box::new(data) };
        Ok(self.ask::<Product>(&id, define, &step).await?.changed)
    }

    /// Takes a product down. Returns whether anything changed.
    pub async fn archive(&self, product: ProductId) -> Result<bool, LoadError> {
        let id = product.to_string();
        let version = self.gateway.read_local::<Product>(&id)?.map_or(0, |answer| answer.version);
        Ok(self.ask::<Product>(&id, ProductCommand::Archive, &format!("archive/{id}/{version}")).await?.changed)
    }

    /// How far the SKU is sold beyond its units. `None`: as it is. Returns whether anything changed.
    pub async fn policy(&self, sku: &Sku, policy: Option<StockPolicy>) -> Result<bool, LoadError> {
        let known = self.gateway.read_local::<Stock>(sku.as_str())?;
        let (version, now) = known.map(|answer| (answer.version, answer.view.policy)).unwrap_or_default();
        let Some(policy) = policy.filter(|policy| *policy != now) else { return Ok(false) };
        let step = format!("policy/{sku}/{version}/{policy}");
        Ok(self.ask::<Stock>(sku.as_str(), StockCommand::SetPolicy { policy }, &step).await?.changed)
    }

    /// Tells a cart what is sold no longer, or again. Returns whether it was news.
    pub async fn tell_cart(&self, cart: &str, gone: Vec<Sku>, back: Vec<Sku>) -> Result<bool, LoadError> {
        let version = self.gateway.read_local::<Cart>(cart)?.map_or(0, |answer| answer.version);
        let step = format!("offer/{cart}/{version}");
        Ok(self.ask::<Cart>(cart, CartCommand::TellOffer { gone, back }, &step).await?.changed)
    }

    /// A SKU's first units and threshold, see [`owed`]. Returns whether anything changed.
    pub async fn first_stock(
        &self,
        sku: &Sku,
        units: u32,
        threshold: Option<u32>,
        reference: &str,
    ) -> Result<bool, LoadError> {
        let id = sku.as_str();
        let known = self.gateway.read_local::<Stock>(id)?.map(|answer| (answer.version, answer.view));
        let (receive, threshold) = owed(known, units, threshold);
        let mut changed = false;
        if let Some(units) = receive {
            let command = StockCommand::Receive { units, reference: Some(reference.to_owned()) };
            changed |= self.ask::<Stock>(id, command, &format!("receive/{sku}/{units}")).await?.changed;
        }
        if let Some(units) = threshold {
            let command = StockCommand::SetThreshold { units };
            changed |= self.ask::<Stock>(id, command, &format!("threshold/{sku}/{units}")).await?.changed;
        }
        Ok(changed)
    }
}

/// What a SKU still lacks of its first stock: units to receive, a threshold to set.
///
/// Only while the SKU has no event but the loader's own first step (version 0 or 1: a crash may have come between the
/// two). A later version means changes by the shop's staff, which are kept.
fn owed(known: Option<(u64, StockView)>, units: u32, threshold: Option<u32>) -> (Option<NonZeroU32>, Option<u32>) {
    let (version, view) = known.unwrap_or_default();
    let fresh = version <= 1;
    let receive = NonZeroU32::new(units).filter(|_| fresh && view.received == 0);
    (receive, threshold.filter(|units| fresh && view.threshold == 0 && *units > 0))
}

fn encoded(id: &str, data: &impl serde::Serialize) -> Result<String, LoadError> {
    serde_json::to_string(data).map_err(|error| LoadError::Encoding { id: id.to_owned(), why: error.to_string() })
}

/// Does `work` for every item, [`AT_ONCE`] at a time, and stops at the first failure; returns how many changed
/// something.
pub(super) async fn each<T, Work: Future<Output = Result<bool, LoadError>>>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> Work,
    done: impl Fn(),
) -> Result<usize, LoadError> {
    let outcomes = stream::iter(items).map(work).buffer_unordered(AT_ONCE);
    let count = |changed: usize, one: bool| {
        done();
        std::future::ready(Ok(changed + usize::from(one)))
    };
    outcomes.try_fold(0, count).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(version: u64, received: u64, threshold: u32) -> Option<(u64, StockView)> {
        Some((version, StockView { received, threshold, ..StockView::default() }))
    }

    #[test]
    fn first_stock_is_given_once_and_finished_after_a_crash() {
        let ten = NonZeroU32::new(10);
        assert_eq!(owed(None, 10, Some(3)), (ten, Some(3)));
        assert_eq!(owed(known(1, 10, 0), 10, Some(3)), (None, Some(3)), "a crash came between receipt and threshold");
        assert_eq!(owed(known(2, 10, 3), 10, Some(3)), (None, None), "a second run");
        assert_eq!(owed(None, 0, Some(3)), (None, Some(3)), "out of stock from the start");
        assert_eq!(owed(known(1, 0, 3), 0, Some(3)), (None, None), "... and a second run of that");
        assert_eq!(owed(known(1, 0, 3), 10, None), (ten, None), "a threshold, but never any goods");
        assert_eq!(owed(known(7, 40, 0), 10, Some(3)), (None, None), "operators were here");
        assert_eq!(owed(known(7, 0, 5), 10, Some(3)), (None, None), "... and received nothing on purpose");
    }

    #[tokio::test]
    async fn each_counts_changes_and_stops_at_a_failure() {
        let done = std::cell::Cell::new(0);
        let tick = || done.set(done.get() + 1);
        let changed = each(0..100, |n| async move { Ok(n % 2 == 0) }, tick).await;
        assert_eq!((changed.ok(), done.get()), (Some(50), 100));
        let failing =
            each(0..100, |n| async move { if n == 3 { Err(LoadError::Behind(WITHIN)) } else { Ok(true) } }, tick);
        assert!(matches!(failing.await, Err(LoadError::Behind(_))));
    }
}
