//! Server-sent events: the same frames for clients without WebSocket (`curl -N`, `EventSource`).
//!
//! The address line has the topics, which never change. Each event's id carries the version of every topic, in the
//! order of `topics` and joined by dots (`18.4.0`), so that a reconnecting `EventSource` resumes by its
//! `Last-Event-ID`; topics of many entities always count 0 there: they start with a snapshot.

use std::{collections::HashMap, convert::Infallible, io::Write, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{LiveState, admission::Visitor, refused, session};
use crate::{
    http::{Code, Problem, Query},
    live::{Out, Session, Topic},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Names, joined by commas.
    topics: String,
    /// `name:17`, joined by commas; a `Last-Event-ID` goes before it.
    #[serde(default)]
    since: String,
}

/// Topics of one stream: their versions stand in every event's id. More are refused with 400.
const TOPICS_MAX: usize = 64;

pub async fn open(
    State(state): State<LiveState>,
    visitor: Visitor,
    headers: HeaderMap,
    asked: Result<Query<Asked>, Problem>,
) -> Response {
    let Ok(Query(asked)) = asked else {
        let detail =
            format!("say which: ?topics=.., joined by commas; each reads {}", state.listeners.hub().topics().known());
        return refused(Problem::new(Code::BAD_QUERY, detail));
    };
    let topics: Arc<[String]> = session::topics(&asked.topics).into();
    if topics.is_empty() || topics.len() > TOPICS_MAX {
        let detail = format!("1 to {TOPICS_MAX} topics fit into one stream, not {}", topics.len());
        return refused(Problem::new(Code::TOO_MANY_TOPICS, detail).with("max", TOPICS_MAX));
    }
    let mut listener = match state.listeners.connect(visitor.address, visitor.audience) {
        Ok(listener) => listener,
        // The refusal is counted already, by its own finer codes.
        Err(full) => return Problem::new(Code::BUSY, full.to_string()).retry_after(5_000).into_response(),
    };
    let since = last_event(&headers, &topics).unwrap_or_else(|| session::since(&asked.since));
    listener.subscribe(&topics, &since).await;
    let versions = topics.iter().map(|topic| since.get(topic).copied().unwrap_or(0)).collect();
    let events = futures::stream::unfold(Stream { session: listener, topics, versions }, next);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx gathers a response otherwise.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events)).into_response()
}

struct Stream {
    session: Session,
    topics: Arc<[String]>,
    versions: Vec<u64>,
}

/// hyper asks for the next event only when the socket takes it, so a slow reader conflates in the outbox.
async fn next(mut stream: Stream) -> Option<(Result<Bytes, Infallible>, Stream)> {
    let event = loop {
        // A poll means that the previous event was taken: the reader is alive.
        stream.session.heard();
        match stream.session.next().await {
            Out::Frame(frame) => break stream.event(frame.feed, frame.version, frame.text.as_bytes()),
            Out::Control(text) => break [b"data: ", text.as_bytes(), b"\n\n"].concat(),
            Out::Ping => break b": ping\n\n".to_vec(),
            Out::Resync(feed) => stream.session.resync(feed).await,
            Out::Close(_) => return None,
        }
    };
    Some((Ok(event.into()), stream))
}

impl Stream {
    fn event(&mut self, feed: u64, version: u64, text: &[u8]) -> Vec<u8> {
        let topic = self.session.listens_to(feed).filter(|topic| !topic.many_keyed()).map(Topic::as_str);
        if let Some(at) = topic.and_then(|name| self.topics.iter().position(|topic| topic == name)) {
            self.versions[at] = version;
        }
        let mut event = Vec::with_capacity(text.len() + 16 + 8 * self.versions.len());
        event.extend_from_slice(b"id: ");
        for (at, version) in self.versions.iter().enumerate() {
            // Writing into a Vec cannot fail.
            _ = write!(event, "{}{version}", if at == 0 { "" } else { "." });
        }
        event.extend_from_slice(b"\ndata: ");
        event.extend_from_slice(text);
        event.extend_from_slice(b"\n\n");
        event
    }
}

/// `None` without the header, or when it belongs to another list of topics.
fn last_event(headers: &HeaderMap, topics: &[String]) -> Option<HashMap<String, u64>> {
    let versions: Option<Vec<u64>> =
        headers.get("last-event-id")?.to_str().ok()?.split('.').map(|version| version.parse().ok()).collect();
    let versions = versions.filter(|versions| versions.len() == topics.len())?;
    // 0 is a topic without a sent frame.
    Some(topics.iter().cloned().zip(versions).filter(|(_, version)| *version > 0).collect())
}
