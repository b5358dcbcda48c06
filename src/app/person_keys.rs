//! The keys of personal data, which must be the ones under which this journal's data was sealed.
//!
//! They are made once, with the shop. Where they are missing although something was sealed, the start is refused: under
//! new ones everything of before would read as blank. Beside them the shop runs a loop that takes over what other nodes
//! forgot.

use std::sync::Arc;

use futures::StreamExt;
use tokio::time::{MissedTickBehavior, interval};

use super::backend::Backend;
use crate::{
    actors::ports::{
        Journal,
        journal::{Entry, JournalError, Shard},
    },
    config::Config,
    persistence::{
        shop_record::ShopRecord,
        vault::{PersonKeys, REFRESH, VaultError},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum PersonKeysError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(
        "the personal data of this shop is sealed under the keys {recorded}, and {at} has the keys {found}: give it the \
         shop's keys"
    )]
    Other { recorded: String, found: String, at: String },
    #[error(
        "the personal data of this shop is sealed under the keys {recorded}, and {at} is missing: names, addresses and \
         e-mails cannot be read without them. Restore their newest backup; if they are lost for good, set \
         data.lost_person_keys = \"{recorded}\""
    )]
    Gone { recorded: String, at: String },
}

/// What keys are called that no record names: the journal was imported, and they were not.
const UNNAMED: &str = "unknown";

pub(super) async fn obtain(backend: &Backend, config: &Config) -> Result<Arc<PersonKeys>, PersonKeysError> {
    let (store, at) = backend.key_store(config);
    let recorded = backend.shop_record().await?.person_keys;
    let lost = &config.data.lost_person_keys;
    let keys = match (PersonKeys::open(store.clone()).await?, recorded) {
        (Some(keys), Some(recorded)) if keys.name() == recorded => return Ok(Arc::new(keys)),
        (Some(keys), Some(recorded)) if recorded != *lost => {
            return Err(PersonKeysError::Other { recorded, found: keys.name(), at });
        }
        (Some(keys), Some(_) | None) => keys,
        (None, Some(recorded)) if recorded != *lost => return Err(PersonKeysError::Gone { recorded, at }),
        (None, None) if lost != UNNAMED && has_sealed(&*backend.journal()).await? => {
            return Err(PersonKeysError::Gone { recorded: UNNAMED.to_owned(), at });
        }
        (None, Some(_) | None) => PersonKeys::create(store).await?,
    };
    let name = keys.name();
    match backend.change_shop_record(|record| ShopRecord { person_keys: Some(name.clone()), ..record }).await {
        // On a full disk the shop starts for its reads; a later start writes the record.
        Err(JournalError::Full(why)) => tracing::warn!(%why, "the shop's record is not written yet"),
        written => written?,
    }
    Ok(Arc::new(keys))
}

/// Takes over what other nodes forgot, for as long as the engine runs; on one machine there are none.
pub(super) async fn follow(keys: Arc<PersonKeys>, in_cluster: bool) {
    if !in_cluster {
        return;
    }
    let mut every = interval(REFRESH);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = keys.refresh().await {
            tracing::debug!(%error, "whether somebody was forgotten elsewhere is not known; asked again");
        }
    }
}

/// Asked once, of a journal that came without keys: everything of it may have to be read.
async fn has_sealed(journal: &dyn Journal) -> Result<bool, JournalError> {
    for shard in (0..journal.shards()).map(Shard) {
        let mut records = journal.read_range(shard, 1, journal.end(shard).await?);
        while let Some(record) = records.next().await {
            let Entry::Batch(batch) = &record?.entry else { continue };
            if batch.commits.iter().any(|commit| commit.events_json.contains("\"sealed\":\"")) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
