//! Finds or creates the streams, and checks their settings.
//!
//! The journal's identity is the first message of the meta stream, written with "the stream is empty" as its condition
//! and after all logs were made: of nodes that start at once one wins, and all read the winner's record. A log that is
//! missing afterwards was lost, and is never created again silently.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    JetStreamError, JetStreamOptions,
    advice::advice,
    api::{Api, ApiError, NotStored, STREAM_NOT_FOUND, StreamInfo},
};
use crate::{actors::ports::journal::Shard, persistence::envelope::RECORD_BYTES_MAX};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    format: u32,
    pub(super) journal: Uuid,
    pub(super) shards: u16,
}

const FORMAT: u32 = 1;
/// Streams created or checked at once.
const CONCURRENT: usize = 8;
/// A cluster that has just started elects leaders first.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn open(api: &Api, options: &JetStreamOptions) -> Result<Meta, JetStreamError> {
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if !(1..=32).contains(&options.name.len()) || !options.name.bytes().all(legal) {
        return Err(JetStreamError::Name(options.name.clone()));
    }
    let found = api.client.server_info().max_payload;
    if found < RECORD_BYTES_MAX {
        return Err(JetStreamError::Payload { found, expected: RECORD_BYTES_MAX });
    }
    let stream = options.meta_stream();
    if !ensure(api, config(&stream, options.meta_subject(), options.replicas), options.create).await? {
        return Err(JetStreamError::Missing(options.name.clone()));
    }
    // Written after all logs were created: with this record present, a missing log is a lost log.
    let kept = look(api, &stream).await?;
    let shards = kept.as_ref().map_or(options.shards, |meta| meta.shards);
    if shards != options.shards {
        return Err(JetStreamError::Shards { stream, found: shards, asked: options.shards });
    }
    if kept.is_none() && !options.create {
        return Err(JetStreamError::Missing(options.name.clone()));
    }
    let logs = (0..shards).map(Shard).map(async |shard| {
        let name = options.stream(shard);
        match ensure(api, config(&name, options.subject(shard), options.replicas), kept.is_none()).await? {
            true => Ok(()),
            false => Err(JetStreamError::Gone(name)),
        }
    });
    stream::iter(logs).buffer_unordered(CONCURRENT).try_collect::<Vec<()>>().await?;
    let meta = match kept {
        Some(meta) => meta,
        None => write_meta(api, options, &stream).await?,
    };
    match meta.shards == options.shards {
        true => Ok(meta),
        // Another node wrote its record first, with another number of shards.
        false => Err(JetStreamError::Shards { stream, found: meta.shards, asked: options.shards }),
    }
}

pub(super) fn config(name: &str, subject: String, replicas: usize) -> Config {
    Config {
        name: name.to_owned(),
        subjects: vec![subject],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        num_replicas: replicas,
        discard: DiscardPolicy::New,
        max_messages_per_subject: -1,
        max_messages: -1,
        max_bytes: -1,
        max_consumers: -1,
        max_message_size: -1,
        // No message ids are used; the server's default would keep a table for nothing.
        duplicate_window: Duration::from_secs(30),
        deny_delete: true,
        deny_purge: true,
        ..Config::default()
    }
}

/// Finds the stream with the wanted settings, or creates it. `false`: the stream is missing and must not be created.
async fn ensure(api: &Api, wanted: Config, create: bool) -> Result<bool, JetStreamError> {
    let info = patiently(async || match api.info(&wanted.name).await {
        Err(ApiError::Server(error)) if error.err_code == STREAM_NOT_FOUND && create => {
            let body = serde_json::to_string(&wanted).map_err(|error| ApiError::Unknown(error.to_string().into()))?;
            api.ask::<StreamInfo>(&format!("STREAM.CREATE.{}", wanted.name), body).await
        }
        found => found,
    });
    match info.await {
        Err(ApiError::Server(error)) if error.err_code == STREAM_NOT_FOUND => Ok(false),
        Err(error) => Err(io(&wanted.name, error)),
        Ok(info) => check(&info.config, &wanted).map(|()| true),
    }
}

/// Read back, because a server silently ignores settings that it does not know.
pub(super) fn check(found: &Config, wanted: &Config) -> Result<(), JetStreamError> {
    let same = |setting, found: String, expected: String| match found == expected {
        true => Ok(()),
        false => Err(JetStreamError::Setting { stream: wanted.name.clone(), setting, found, expected }),
    };
    same("subjects", found.subjects.join(","), wanted.subjects.join(","))?;
    same("replicas", found.num_replicas.to_string(), wanted.num_replicas.to_string())?;
    same("storage", format!("{:?}", found.storage), format!("{:?}", wanted.storage))?;
    same("retention", format!("{:?}", found.retention), format!("{:?}", wanted.retention))?;
    same("discard", format!("{:?}", found.discard), format!("{:?}", wanted.discard))?;
    same("max_age", format!("{:?}", found.max_age), format!("{:?}", wanted.max_age))?;
    let limits = |config: &Config| format!("{} messages, {} bytes", config.max_messages, config.max_bytes);
    same("limit", limits(found), limits(wanted))?;
    let each = |config: &Config| {
        format!("{} of one subject, {} bytes each", config.max_messages_per_subject, config.max_message_size)
    };
    same("limit of messages", each(found), each(wanted))?;
    // Without it a mistake, or a compromised node, could delete a record of the log.
    same("deny_delete", found.deny_delete.to_string(), wanted.deny_delete.to_string())?;
    same("deny_purge", found.deny_purge.to_string(), wanted.deny_purge.to_string())?;
    // With `no_ack` no append would ever be confirmed.
    same("no_ack", found.no_ack.to_string(), wanted.no_ack.to_string())?;
    same("sealed", found.sealed.to_string(), false.to_string())
}

/// The journal's record, if it was written.
async fn look(api: &Api, stream: &str) -> Result<Option<Meta>, JetStreamError> {
    let found = patiently(async || api.get(stream, 1).await).await.map_err(|error| io(stream, error))?;
    found.map(|found| read_meta(stream, &found.payload)).transpose()
}

async fn write_meta(api: &Api, options: &JetStreamOptions, stream: &str) -> Result<Meta, JetStreamError> {
    let own = Meta { format: FORMAT, journal: Uuid::new_v4(), shards: options.shards };
    let payload = serde_json::to_vec(&own).map_err(|error| bad(stream, error.to_string()))?;
    let found = patiently(async || {
        match api.publish(options.meta_subject(), 0, None, payload.clone().into()).await {
            Ok(_) | Err(NotStored::WrongEnd) => {}
            Err(NotStored::Full(why) | NotStored::Refused(why)) => return Err(ApiError::Refused(why)),
            Err(NotStored::Nobody(why) | NotStored::Unknown(why)) => return Err(ApiError::Unknown(why)),
        }
        api.get(stream, 1).await?.ok_or_else(|| ApiError::Unknown("written and not found".into()))
    });
    read_meta(stream, &found.await.map_err(|error| io(stream, error))?.payload)
}

fn read_meta(stream: &str, bytes: &[u8]) -> Result<Meta, JetStreamError> {
    /// The field that every format has.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_slice(bytes).map_err(|error| bad(stream, error.to_string()))?;
    match format {
        FORMAT => serde_json::from_slice(bytes).map_err(|error| bad(stream, error.to_string())),
        other => Err(bad(stream, format!("format {other} is unknown; this build reads format {FORMAT}"))),
    }
}

fn io(stream: &str, error: ApiError) -> JetStreamError {
    JetStreamError::Io(format!("stream {stream}: {error}{}", advice(&error)).into())
}

fn bad(stream: &str, problem: String) -> JetStreamError {
    JetStreamError::Meta { stream: stream.to_owned(), problem }
}

/// The same answer would come again.
pub(super) fn is_final(error: &ApiError) -> bool {
    /// "JetStream system temporarily unavailable", "no suitable peers", "insufficient resources" while servers gather.
    const NOT_YET: [u64; 4] = [10008, 10005, 10009, 10023];
    match error {
        ApiError::Server(error) => !NOT_YET.contains(&error.err_code),
        ApiError::Refused(_) => true,
        ApiError::Unknown(_) => false,
    }
}

/// Repeats an unanswered request until [`PATIENCE`] has passed; a server's refusal is final, except "not yet".
pub(super) async fn patiently<T>(ask: impl AsyncFn() -> Result<T, ApiError>) -> Result<T, ApiError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let error = match ask().await {
            Ok(done) => return Ok(done),
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => error,
        };
        if Instant::now() >= deadline {
            return Err(error);
        }
        tracing::debug!(%error, "JetStream is not ready; asked again");
        sleep(PAUSE).await;
    }
}
