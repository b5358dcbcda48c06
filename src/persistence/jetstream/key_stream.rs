//! The keys of personal data as a stream beside the logs: one message for each item, the newest counts.
//!
//! Unlike a log it forgets: what was replaced is deleted with the servers' secure erasure, which overwrites it on each
//! copy's disk. Servers keep a stream's newest changes in their own Raft logs for some minutes longer; those are
//! compacted by the servers alone. Two nodes that change the keys at once are told apart by the stream's end.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    JetStreamJournal, JetStreamOptions,
    api::{Api, ApiError, MESSAGE_NOT_FOUND, NotStored, STREAM_NOT_FOUND, StreamInfo},
    open::{check, config, is_final},
};
use crate::persistence::vault::{Item, Kept, KeyStore, VaultError};

/// How long one request is repeated that nobody answers.
const WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub struct KeyStream {
    api: Api,
    options: Arc<JetStreamOptions>,
}

struct Found {
    seq: u64,
    item: Option<Item>,
    bytes: Vec<u8>,
}

impl KeyStream {
    /// Beside this journal, on the same servers.
    pub fn of(journal: &JetStreamJournal) -> Self {
        Self { api: journal.0.api.clone(), options: Arc::new(journal.0.options.clone()) }
    }

    pub fn name(&self) -> String {
        format!("stream {}", self.options.keys_stream())
    }

    async fn end(&self) -> Result<u64, VaultError> {
        let stream = self.options.keys_stream();
        match self.ask::<StreamInfo>(format!("STREAM.INFO.{stream}"), String::new()).await {
            Err(ApiError::Server(error)) if error.err_code == STREAM_NOT_FOUND => Ok(0),
            info => info.map(|info| info.state.last_seq).map_err(|error| self.failed(&error)),
        }
    }

    /// The next message at or behind `seq`, as the stream's leader has it.
    async fn next(&self, seq: u64) -> Result<Option<Found>, ApiError> {
        #[derive(Deserialize)]
        struct Answer {
            message: Message,
        }
        #[derive(Deserialize)]
        struct Message {
            seq: u64,
            subject: String,
            #[serde(default)]
            data: String,
        }
        let body = json!({ "seq": seq, "next_by_subj": self.options.keys_subjects() }).to_string();
        let what = format!("STREAM.MSG.GET.{}", self.options.keys_stream());
        let Message { seq, subject, data } = match self.ask::<Answer>(what, body).await {
            Ok(Answer { message }) => message,
            Err(ApiError::Server(error)) if [MESSAGE_NOT_FOUND, STREAM_NOT_FOUND].contains(&error.err_code) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let bytes = STANDARD.decode(data).map_err(|error| ApiError::Unknown(error.to_string().into()))?;
        Ok(Some(Found { seq, item: subject.rsplit('.').next().and_then(Item::parse), bytes }))
    }

    /// In the order of the stream, so a tree is read before the roots that were cut for it.
    async fn read(&self) -> Result<Kept, VaultError> {
        let (mut kept, mut replaced, mut at) = (Kept::default(), Vec::new(), BTreeMap::new());
        while let Some(found) = self.next(kept.revision + 1).await.map_err(|error| self.failed(&error))? {
            let Found { seq, item, bytes } = found;
            kept.revision = seq;
            let Some(item) = item else { continue };
            replaced.extend(at.insert(item, seq));
            kept.items.insert(item, bytes);
        }
        for seq in replaced {
            self.erase(seq).await?;
        }
        Ok(kept)
    }

    async fn erase(&self, seq: u64) -> Result<(), VaultError> {
        /// "message not found", by whichever path the server takes; another node was faster.
        const GONE: [u64; 2] = [MESSAGE_NOT_FOUND, 10057];
        let what = format!("STREAM.MSG.DELETE.{}", self.options.keys_stream());
        let body = json!({ "seq": seq, "no_erase": false }).to_string();
        match self.ask::<serde_json::Value>(what, body).await {
            Ok(_) => Ok(()),
            Err(ApiError::Server(error)) if GONE.contains(&error.err_code) => Ok(()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    async fn write(&self, item: Item, bytes: Vec<u8>, after: u64) -> Result<Option<u64>, VaultError> {
        self.make().await?;
        let (subject, payload) = (self.options.keys_subject(&item.name()), Bytes::from(bytes));
        let seq = match self.publish(subject, after, payload.clone()).await {
            Ok(seq) => seq,
            Err(NotStored::WrongEnd) => return Ok(None),
            Err(NotStored::Refused(_)) => return Err(VaultError::Full),
            Err(NotStored::Full(why) | NotStored::Nobody(why)) => return Err(VaultError::Io(why)),
            // Stored or not: the one place where it can stand says it.
            Err(NotStored::Unknown(why)) => {
                let found = self.next(after + 1).await.map_err(|error| self.failed(&error))?;
                match found.filter(|found| found.seq == after + 1 && found.bytes == payload) {
                    Some(found) => found.seq,
                    None => return Err(VaultError::Io(why)),
                }
            }
        };
        // What it replaces is erased by the reading.
        self.read().await?;
        Ok(Some(seq))
    }

    /// Again while nobody takes it, which is surely not stored then: a stream that was just made is not known to every
    /// server yet.
    async fn publish(&self, subject: String, after: u64, payload: Bytes) -> Result<u64, NotStored> {
        let deadline = Instant::now() + WITHIN;
        loop {
            match self.api.publish(subject.clone(), after, None, payload.clone()).await {
                Err(NotStored::Nobody(_)) if Instant::now() < deadline => sleep(PAUSE).await,
                stored => return stored,
            }
        }
    }

    async fn make(&self) -> Result<(), VaultError> {
        let (name, subjects) = (self.options.keys_stream(), self.options.keys_subjects());
        let mut wanted = config(&name, subjects, self.options.replicas);
        wanted.deny_delete = false;
        let made = match self.ask::<StreamInfo>(format!("STREAM.INFO.{name}"), String::new()).await {
            Err(ApiError::Server(error)) if error.err_code == STREAM_NOT_FOUND => {
                let body = serde_json::to_string(&wanted).map_err(|error| VaultError::Io(error.to_string().into()))?;
                self.ask::<StreamInfo>(format!("STREAM.CREATE.{name}"), body).await
            }
            found => found,
        };
        let made = made.map_err(|error| self.failed(&error))?;
        check(&made.config, &wanted).map_err(|error| VaultError::Bad(error.to_string().into()))
    }

    /// Again until there is an answer that counts, for [`WITHIN`]: servers elect leaders, and restart.
    async fn ask<T: DeserializeOwned>(&self, what: String, body: String) -> Result<T, ApiError> {
        let deadline = Instant::now() + WITHIN;
        loop {
            match self.api.ask(&what, body.clone()).await {
                Err(error) if !is_final(&error) && Instant::now() < deadline => sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }

    fn failed(&self, error: &ApiError) -> VaultError {
        VaultError::Io(format!("{}: {error}", self.name()).into())
    }
}

impl KeyStore for KeyStream {
    fn all(&self) -> BoxFuture<'_, Result<Kept, VaultError>> {
        self.read().boxed()
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, VaultError>> {
        self.end().boxed()
    }

    fn put(&self, item: Item, bytes: Vec<u8>, after: u64) -> BoxFuture<'_, Result<Option<u64>, VaultError>> {
        self.write(item, bytes, after).boxed()
    }
}
