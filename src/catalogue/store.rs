//! Puts definitions and first stock into the shop through the gateway, many at a time.
//!
//! Idempotent in two ways: command ids are derived from what is asked, so that a crash and a retry have one effect; and
//! stock is received only where none was ever received, so that a run a year later, when those ids are
//! forgotten, adds nothing either. A load that fails half-way is simply run again.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use crate::{
    actors::{
        gateway::{Answer, AskError, Call, Gateway},
        ports::StoreError,
    },
    domain::{
        category::{Category, CategoryCommand, CategoryData},
        ids::{CommandId, ProductId, Sku},
        model::{Hosted, Kind},
        product::{Product, ProductCommand, ProductData},
        stock::{Stock, StockCommand},
    },
};

/// Commands under way at once: enough to fill the shards' batches, far below their permits.
const AT_ONCE: usize = 64;
/// Tries of one command while the shop is busy or not ready, then the load gives up.
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
    /// An import: the file's word counts.
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
    /// What is asked of the read models below must contain everything that is durable now.
    pub async fn ready(&self) -> Result<(), LoadError> {
        match self.gateway.caught_up(WITHIN).await {
            true => Ok(()),
            false => Err(LoadError::Behind(WITHIN)),
        }
    }

    async fn ask<E: Hosted>(&self, id: &str, command: E::Command, step: &str) -> Result<Answer<E::View>, LoadError> {
        let call = Call {
            command_id: CommandId::derive(self.space, step),
            by: self.by.clone(),
            expected_version: None,
            fingerprint: 0,
            within: WITHIN,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let (pause, why) = match self.gateway.ask::<E>(id, command.clone(), call.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(AskError::Busy { retry_after_ms }) => (retry_after_ms, "too many commands are waiting".to_owned()),
                Err(AskError::Unavailable { retry_after_ms, reason }) => (retry_after_ms, reason.as_ref().to_owned()),
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

    /// A category that is there stays as it is: the tree is the operators' work. Answers whether anything changed.
    pub async fn category(&self, slug: &str, data: CategoryData) -> Result<bool, LoadError> {
        if self.gateway.peek::<Category>(slug)?.is_some() {
            return Ok(false);
        }
        let step = format!("category/{slug}/{}", encoded(slug, &data)?);
        Ok(self.ask::<Category>(slug, CategoryCommand::Define { data }, &step).await?.changed)
    }

    /// Answers whether anything changed.
    pub async fn product(&self, product: ProductId, data: ProductData) -> Result<bool, LoadError> {
        let id = product.to_string();
        if self.existing == Existing::Keep && self.gateway.peek::<Product>(&id)?.is_some() {
            return Ok(false);
        }
        let step = format!("product/{id}/{}", encoded(&id, &data)?);
        let define = ProductCommand::Define { product, data: Box::new(data) };
        Ok(self.ask::<Product>(&id, define, &step).await?.changed)
    }

    /// Receives units where none were ever received. The threshold is set only beside that first receipt
    /// (version 0 or 1: the entity holds nothing, or a crash came between the two). Answers whether anything changed.
    pub async fn first_stock(
        &self,
        sku: &Sku,
        units: u32,
        threshold: Option<u32>,
        reference: &str,
    ) -> Result<bool, LoadError> {
        let id = sku.as_str();
        let known = self.gateway.peek::<Stock>(id)?;
        let (version, received, had) = known.map_or((0, 0, 0), |it| (it.version, it.view.received, it.view.threshold));
        let mut changed = false;
        // Any later version means that the shop's own people have been here: theirs is the truth then.
        let untouched = version == 0 || (received == 0 && version == 1);
        if let Some(units) = NonZeroU32::new(units).filter(|_| untouched) {
            let receive = StockCommand::Receive { units, reference: Some(reference.to_owned()) };
            changed |= self.ask::<Stock>(id, receive, &format!("receive/{sku}/{units}")).await?.changed;
        }
        if let Some(units) = threshold.filter(|_| version <= 1 && had == 0) {
            let set = StockCommand::SetThreshold { units };
            changed |= self.ask::<Stock>(id, set, &format!("threshold/{sku}/{units}")).await?.changed;
        }
        Ok(changed)
    }
}

fn encoded(id: &str, data: &impl serde::Serialize) -> Result<String, LoadError> {
    serde_json::to_string(data).map_err(|error| LoadError::Encoding { id: id.to_owned(), why: error.to_string() })
}

/// Does `work` for every item, [`AT_ONCE`] at a time, and stops at the first failure; answers how many changed something.
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
