//! Live views (G5): on one connection versions only rise, a later one on the same node shows nothing older, and in the
//! end every node shows the final state.

use std::collections::BTreeMap;

use super::Wrong;

/// The frames that the listeners of one node received.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    newest: BTreeMap<String, u64>,
    connection: BTreeMap<String, u64>,
    pub connections: u64,
    pub frames: u64,
}

impl Watch {
    /// A new connection: its first frame of a topic may repeat the last one.
    pub fn connected(&mut self) {
        self.connection.clear();
        self.connections += 1;
    }

    pub fn frame(&mut self, topic: &str, version: u64) -> Result<(), String> {
        self.frames += 1;
        let before = self.connection.insert(topic.to_owned(), version);
        let newest = self.newest.entry(topic.to_owned()).or_default();
        let shown = std::mem::replace(newest, version.max(*newest));
        match before {
            Some(before) if version <= before => {
                Err(format!("{topic} went from version {before} to {version} on one connection"))
            }
            None if version < shown => {
                Err(format!("{topic} is first shown at version {version}, and was at {shown} before"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The versions received on the current connection.
    pub fn shown(&self) -> &BTreeMap<String, u64> {
        &self.connection
    }
}

/// Each node's view against the final state; `shown` by node.
pub fn converged(shown: &[BTreeMap<String, u64>], newest: &BTreeMap<String, u64>) -> Wrong {
    let mut wrong = Wrong::new();
    for (node, shown) in shown.iter().enumerate() {
        for (topic, version) in newest {
            match shown.get(topic) {
                Some(seen) if seen == version => {}
                seen => wrong.push(format!("node {node} shows {topic} at version {seen:?}, it is at {version}")),
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_on_a_connection_and_do_not_fall_after_it() {
        let mut watch = Watch::default();
        watch.connected();
        assert_eq!([3, 4, 9].map(|version| watch.frame("stock.A", version)), [Ok(()), Ok(()), Ok(())]);
        assert!(watch.frame("stock.A", 9).is_err(), "the same again");
        assert!(watch.frame("stock.A", 8).is_err(), "an older one");
        assert!(watch.frame("stock.B", 1).is_ok());
        watch.connected();
        assert!(watch.frame("stock.A", 8).is_err(), "older than before the reconnect");
        watch.connected();
        assert!(watch.frame("stock.A", 9).is_ok(), "it may repeat what was shown");
        assert_eq!((watch.shown().len(), watch.connections, watch.frames), (1, 3, 8));
    }

    #[test]
    fn every_node_shows_what_is() {
        let shown = |version| BTreeMap::from([("stock.A".to_owned(), version)]);
        assert_eq!(converged(&[shown(4), shown(4)], &shown(4)), Wrong::new());
        assert_eq!(converged(&[shown(4), shown(3)], &shown(4)).len(), 1);
        assert_eq!(converged(&[shown(5), BTreeMap::new()], &shown(4)).len(), 2, "too new, and nothing at all");
    }
}
