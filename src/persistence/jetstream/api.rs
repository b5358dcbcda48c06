//! The few requests that the journal makes of JetStream, as JSON over core NATS.
//!
//! Not async-nats' stream handles: those hide which server errors are definite (a wrong sequence), which
//! leave the outcome open, and ask 2.9 servers for fields they do not send. Subjects and error codes as
//! published in nats-server's `server/jetstream_api.go` and `errors.json`.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, HeaderMap, Request, client::RequestErrorKind, connection::State};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::timeout;

use super::chain::{BEFORE, Message, parsed, written};
use crate::actors::ports::journal::Seq;

/// "wrong last sequence", and its form on newer servers when another message is in flight.
const WRONG_LAST_SEQUENCE: [u64; 2] = [10071, 10164];
/// Resources of the server, the account or the storage are used up; nothing was stored.
const NO_ROOM: [u64; 4] = [10002, 10023, 10028, 10047];
const STORE_FAILED: u64 = 10077;
const MESSAGE_TOO_LARGE: u64 = 10054;
const SEALED: u64 = 10109;
pub(super) const STREAM_NOT_FOUND: u64 = 10059;
pub(super) const MESSAGE_NOT_FOUND: u64 = 10037;

#[derive(Clone)]
pub(super) struct Api {
    pub(super) client: Client,
    pub(super) timeout: Duration,
}

#[derive(Clone, Debug, Deserialize, thiserror::Error)]
#[error("{description} ({err_code})")]
pub(super) struct ServerError {
    #[serde(default)]
    pub(super) err_code: u64,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(transparent)]
    Server(ServerError),
    /// Definite, with this module's text.
    #[error("{0}")]
    Refused(Arc<str>),
    /// No reply: the request may have been applied, or may be applied later.
    #[error("{0}")]
    Unknown(Arc<str>),
}

/// Why a message was not confirmed.
#[derive(Clone, Debug)]
pub(super) enum NotStored {
    /// Definite: the stream has another end.
    WrongEnd,
    /// Definite: no room.
    Full(Arc<str>),
    /// Definite, and a repetition would be refused too.
    Refused(Arc<str>),
    /// No stream took the message: the stream does not exist, or has no leader just now.
    Nobody(Arc<str>),
    Unknown(Arc<str>),
}

#[derive(Deserialize)]
struct Answer<T> {
    error: Option<ServerError>,
    #[serde(flatten)]
    value: Option<T>,
}

#[derive(Deserialize)]
struct PubAck {
    seq: Seq,
}

#[derive(Deserialize)]
pub(super) struct StreamInfo {
    pub(super) config: async_nats::jetstream::stream::Config,
    pub(super) state: StreamState,
    pub(super) cluster: Option<StreamCluster>,
}

#[derive(Deserialize)]
pub(super) struct StreamState {
    pub(super) last_seq: Seq,
}

#[derive(Deserialize)]
pub(super) struct StreamCluster {
    pub(super) leader: Option<String>,
    #[serde(default)]
    pub(super) replicas: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Stored {
    message: StoredMessage,
}

#[derive(Deserialize)]
struct StoredMessage {
    #[serde(default)]
    data: String,
    #[serde(default)]
    hdrs: String,
}

impl Api {
    pub(super) fn new(client: Client, timeout: Duration) -> Self {
        Self { client, timeout }
    }

    /// To any of the servers again: the present one answers, and may be cut off from the others. A connection that is
    /// being made already is left alone.
    pub(super) async fn reconnect(&self) {
        if self.client.connection_state() != State::Connected {
            return;
        }
        metrics::counter!("souk_nats_turned_away_total", "role" => "log").increment(1);
        tracing::warn!("no way to the logs through this NATS server; the connection is made anew");
        // The client's queue may be full; whoever asks looks again later.
        let _ = timeout(self.timeout, self.client.force_reconnect()).await;
    }

    /// One JetStream API request; `what` comes after `$JS.API.`.
    pub(super) async fn ask<T: DeserializeOwned>(&self, what: &str, body: String) -> Result<T, ApiError> {
        let request = Request::new().payload(body.into()).timeout(Some(self.timeout));
        let answer = self.client.send_request(format!("$JS.API.{what}"), request).await;
        let answer = answer.map_err(|error| ApiError::Unknown(format!("{what}: {error}").into()))?;
        read(&answer.payload)
    }

    pub(super) async fn info(&self, stream: &str) -> Result<StreamInfo, ApiError> {
        self.ask(&format!("STREAM.INFO.{stream}"), String::new()).await
    }

    /// The message at `seq` as the stream's leader has it.
    pub(super) async fn get(&self, stream: &str, seq: Seq) -> Result<Option<Message>, ApiError> {
        let body = serde_json::json!({ "seq": seq }).to_string();
        match self.ask::<Stored>(&format!("STREAM.MSG.GET.{stream}"), body).await {
            Ok(Stored { message }) => {
                let plain = |text: String| {
                    let bytes = STANDARD.decode(text);
                    bytes.map_err(|error| ApiError::Unknown(format!("message {seq}: {error}").into()))
                };
                let headers = plain(message.hdrs)?;
                let before = String::from_utf8_lossy(&headers).lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case(BEFORE).then(|| parsed(value)).flatten()
                });
                Ok(Some(Message { seq, payload: plain(message.data)?.into(), before }))
            }
            Err(ApiError::Server(error)) if error.err_code == MESSAGE_NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Appends one message if the stream ends at `after` and the message there has this sum.
    pub(super) async fn publish(
        &self,
        subject: String,
        after: Seq,
        before: Option<u32>,
        payload: Bytes,
    ) -> Result<Seq, NotStored> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Last-Sequence", after.to_string());
        if let Some(before) = before {
            headers.insert(BEFORE, written(before));
        }
        let request = Request::new().headers(headers).payload(payload).timeout(Some(self.timeout));
        let answer = match self.client.send_request(subject, request).await {
            Ok(answer) => answer,
            Err(error) if error.kind() == RequestErrorKind::MaxPayloadExceeded => {
                let found = self.client.server_info().max_payload;
                return Err(NotStored::Refused(
                    format!("{error}: raise max_payload (now {found}) on the servers").into(),
                ));
            }
            Err(error) if error.kind() == RequestErrorKind::NoResponders => {
                return Err(NotStored::Nobody(error.to_string().into()));
            }
            Err(error) => return Err(NotStored::Unknown(error.to_string().into())),
        };
        match read::<PubAck>(&answer.payload) {
            Ok(ack) if ack.seq == after + 1 => Ok(ack.seq),
            Ok(ack) => Err(NotStored::Unknown(format!("stored at {}, {} expected", ack.seq, after + 1).into())),
            Err(ApiError::Unknown(why) | ApiError::Refused(why)) => Err(NotStored::Unknown(why)),
            Err(ApiError::Server(error)) => Err(error.into()),
        }
    }
}

impl From<ServerError> for NotStored {
    fn from(error: ServerError) -> Self {
        let text: Arc<str> = error.to_string().into();
        let says = |words: &str| error.description.contains(words);
        match error.err_code {
            code if WRONG_LAST_SEQUENCE.contains(&code) => Self::WrongEnd,
            code if NO_ROOM.contains(&code) => Self::Full(more_room(&text)),
            STORE_FAILED if says("maximum") || says("insufficient") || says("no space") => Self::Full(more_room(&text)),
            MESSAGE_TOO_LARGE => Self::Refused(format!("{text}: take max_msg_size off the stream").into()),
            SEALED => Self::Refused(format!("{text}: a sealed stream takes nothing more, for ever").into()),
            _ => Self::Unknown(text),
        }
    }
}

fn more_room(text: &str) -> Arc<str> {
    format!("{text}: give the servers more file storage (max_file_store), or take the stream's or account's limit off")
        .into()
}

fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T, ApiError> {
    let unknown = |problem: String| ApiError::Unknown(problem.into());
    let answer: Answer<serde_json::Value> =
        serde_json::from_slice(payload).map_err(|error| unknown(format!("an answer is not JSON: {error}")))?;
    if let Some(error) = answer.error {
        return Err(ApiError::Server(error));
    }
    let value = answer.value.unwrap_or_default();
    serde_json::from_value(value).map_err(|error| unknown(format!("an answer has another shape: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{NotStored, ServerError};

    /// Codes and texts as nats-server sends them (`errors.json`, and its stores' own words in 10077).
    #[test]
    fn what_is_definite_is_told_from_what_is_open() {
        let kind = |err_code, description: &str| match NotStored::from(ServerError {
            err_code,
            description: description.to_owned(),
        }) {
            NotStored::WrongEnd => ("end", String::new()),
            NotStored::Full(why) => ("full", why.to_string()),
            NotStored::Refused(why) => ("refused", why.to_string()),
            NotStored::Nobody(why) | NotStored::Unknown(why) => ("open", why.to_string()),
        };
        for (code, text, expected, advice) in [
            (10071, "wrong last sequence: 7", "end", ""),
            (10164, "wrong last sequence", "end", ""),
            (10047, "insufficient storage resources available", "full", "max_file_store"),
            (10023, "insufficient resources", "full", "max_file_store"),
            (10002, "resource limits exceeded for account", "full", "account"),
            (10077, "maximum bytes exceeded", "full", "limit"),
            (10077, "error opening msg block file: no space left on device", "full", "storage"),
            (10077, "raft: not leader", "open", ""),
            (10054, "message size exceeds maximum allowed", "refused", "max_msg_size"),
            (10109, "invalid operation on sealed stream", "refused", "sealed"),
            (10008, "JetStream system temporarily unavailable", "open", ""),
            (0, "", "open", ""),
        ] {
            let (found, why) = kind(code, text);
            assert_eq!(found, expected, "{code} {text}");
            assert!(why.contains(advice), "{why}");
        }
    }
}
