//! The envelope of a frame, and the engine's own texts: errors and resets.
//!
//! A frame is encoded once for each sight and shared by all listeners. The topic family defines the view's
//! shape.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Committed, Text, topic::Topic};
use crate::identity::Sight;

#[derive(Serialize)]
struct Envelope<'a> {
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    version: u64,
    /// The entity has left the topic.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    view: &'a RawValue,
}

/// A whole frame.
#[derive(Clone, Debug)]
pub struct Frame {
    pub text: Text,
    pub gone: bool,
}

/// `None` when the view is not of the topic's kind, or (practically never) JSON refuses the view.
pub fn encode(topic: &Topic, change: &Committed, sight: Sight) -> Option<Frame> {
    let shown = topic.family().frame(change, sight)?;
    let key = topic.many_keyed().then_some(&*change.key.id);
    let envelope =
        Envelope { topic: topic.as_str(), key, version: change.version, gone: shown.gone, view: &shown.json };
    Some(Frame { text: serde_json::to_string(&envelope).ok()?.into(), gone: shown.gone })
}

/// `{"op":"error","topic":..,"code":..,"message":..}`; the topic as the client spelt it, cut to a sane length.
pub fn error(topic: Option<&str>, code: &str, message: &str) -> Text {
    let topic = topic.map(|topic| topic.chars().take(Topic::ECHO_MAX).collect::<String>());
    match topic {
        Some(topic) => serde_json::json!({"op": "error", "topic": topic, "code": code, "message": message}),
        None => serde_json::json!({"op": "error", "code": code, "message": message}),
    }
    .to_string()
    .into()
}

/// Asks the client to discard the topic's views: a fresh snapshot follows.
pub fn reset(topic: &Topic) -> Text {
    serde_json::json!({"op": "reset", "topic": topic.as_str()}).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        identity::PermissionSet,
        live::testing::{thing, topics},
    };

    fn frame(topic: &str, change: &Committed, sight: Sight) -> Option<String> {
        let frame = encode(&topics().parse(topic).unwrap(), change, sight)?;
        Some(String::from_utf8(frame.text.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn the_envelope_names_topic_key_version_and_what_has_left() {
        let (here, gone) = (thing("A", 4, 9), thing("A", 5, 0));
        let text = frame("thing.A", &here, Sight::default());
        assert_eq!(text.as_deref(), Some(r#"{"topic":"thing.A","version":4,"view":{"id":"A","units":9}}"#));
        let text = frame("thing", &here, Sight::with(PermissionSet::ALL));
        assert_eq!(
            text.as_deref(),
            Some(r#"{"topic":"thing","key":"A","version":4,"view":{"id":"A","units":9,"staff":true}}"#)
        );
        let text = frame("shelf", &gone, Sight::default());
        assert_eq!(
            text.as_deref(),
            Some(r#"{"topic":"shelf","key":"A","version":5,"gone":true,"view":{"id":"A","units":0}}"#)
        );
    }

    #[test]
    fn a_long_topic_is_repeated_in_part() {
        let text = error(Some(&"x".repeat(1_000)), "bad_topic", "no");
        assert!(text.as_bytes().len() < 300);
    }
}
