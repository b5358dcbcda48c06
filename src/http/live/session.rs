//! Clients' messages: `subscribe`, `unsubscribe`, `authenticate`, `ping`; and the lists in SSE's address line.

use std::{collections::HashMap, net::IpAddr};

use serde::Deserialize;

use super::{Credentials, LiveState};
use crate::{
    http::Problem,
    live::{Session, Text},
    strict,
};

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Op {
    Subscribe {
        topics: Vec<String>,
        /// Versions the client has: a topic that is not newer is not sent.
        #[serde(default)]
        since: HashMap<String, u64>,
    },
    Unsubscribe {
        topics: Vec<String>,
    },
    /// For programs and pages that hold a bearer token: a browser cannot put one into the handshake.
    Authenticate {
        access_token: String,
    },
    Ping {},
}

/// Executes one message. An error goes into the stream; the connection stays open. `from`: for the security log.
pub async fn hear(session: &mut Session, state: &LiveState, from: IpAddr, text: &str) {
    match strict::tagged_from_slice(text.as_bytes()) {
        Ok(Op::Subscribe { topics, since }) => session.subscribe(&topics, &since).await,
        Ok(Op::Unsubscribe { topics }) => session.unsubscribe(&topics),
        Ok(Op::Authenticate { access_token }) => match (state.authorise)(Credentials::Token(&access_token)).await {
            Ok(audience) => {
                session.authenticate(audience);
                session.answer(Text::from_static(r#"{"op":"authenticated"}"#));
            }
            Err(error) => {
                session.refuse(None, "unauthorized", &error.to_string());
                if let Some(alarm) = Problem::from(error).raised() {
                    state.door.security.record(&alarm, Some(from), "/live");
                }
            }
        },
        Ok(Op::Ping {}) => session.answer(Text::from_static(r#"{"op":"pong"}"#)),
        Err(error) => session.refuse(None, "bad_message", &error.to_string()),
    }
}

/// `a,b,c`; a comma or backslash inside a name stands behind a backslash (`stock.A\,B`).
pub fn topics(list: &str) -> Vec<String> {
    items(list).into_iter().filter(|topic| !topic.is_empty()).collect()
}

fn items(list: &str) -> Vec<String> {
    let (mut items, mut item) = (Vec::new(), String::new());
    let mut letters = list.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ',' => items.push(std::mem::take(&mut item)),
            '\\' => item.extend(letters.next()),
            other => item.push(other),
        }
    }
    items.push(item);
    items.iter().map(|item| item.trim().to_owned()).collect()
}

/// `thing.ID1:17,thing.ID2:3`; an unreadable item is skipped, and its topic is then sent whole.
pub fn since(list: &str) -> HashMap<String, u64> {
    let pair = |part: String| part.rsplit_once(':').and_then(|(topic, n)| Some((topic.to_owned(), n.parse().ok()?)));
    items(list).into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_strictly() {
        let subscribe = r#"{"op":"subscribe","topics":["things"],"since":{"thing.A":3}}"#;
        assert!(
            matches!(serde_json::from_str(subscribe), Ok(Op::Subscribe { topics, since }) if topics == ["things"] && since["thing.A"] == 3)
        );
        assert!(matches!(serde_json::from_str(r#"{"op":"ping"}"#), Ok(Op::Ping {})));
        for wrong in [
            "",
            "{}",
            r#"{"op":"buy"}"#,
            r#"{"op":"subscribe"}"#,
            r#"{"op":"unsubscribe","topics":[],"x":1}"#,
            r#"["ping"]"#,
        ] {
            assert!(strict::tagged_from_slice::<Op>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lists_in_the_address_line() {
        assert_eq!(topics("thing.A, things,,"), ["thing.A", "things"]);
        assert_eq!(topics(r"thing.A\,B 1, thing.a\\b\"), ["thing.A,B 1", r"thing.a\b"]);
        assert_eq!(since(r"thing.A\,B:1:17"), HashMap::from([("thing.A,B:1".to_owned(), 17)]));
        assert_eq!(since("thing.A.b:17,junk,other.x:-1"), HashMap::from([("thing.A.b".to_owned(), 17)]));
    }
}
