//! The open connections: bounds in all and for each address, and the one ticker that pings and closes all of them.
//!
//! No connection has a timer of its own: a tick each second walks the connections and pings or closes the ones that are
//! due.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{
    audience::Audience,
    connection::{Closing, Connection},
    lock,
};
use crate::{
    config::Live,
    network::{Bucket, Place, Places},
};

/// A refused connection. The client receives close code 1013 (try again later).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("all {max} connections are taken")]
    TooManyConnections { max: usize },
    #[error("all {max} connections of your address are taken")]
    TooManyOfAddress { max: usize },
    #[error("the server is stopping")]
    Draining,
    #[error("this server's views are old; connect to another one")]
    Unshown,
}

impl Refused {
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooManyConnections { .. } => "too_many_connections",
            Self::TooManyOfAddress { .. } => "too_many_of_address",
            Self::Draining => "draining",
            Self::Unshown => "views_are_old",
        }
    }
}

pub(super) struct Connections {
    limits: Arc<Live>,
    /// Seconds since the listeners began, counted by the ticker.
    now_s: AtomicU32,
    of_address: Arc<Places>,
    state: Mutex<State>,
    /// Number of open connections; a drain waits on it.
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    next_id: u64,
    draining: bool,
    /// This node's views are not shown now.
    unshown: bool,
    connections: HashMap<u64, (Arc<Connection>, Place)>,
}

impl Connections {
    pub fn new(limits: Arc<Live>) -> Self {
        let of_address = Places::new(limits.connections_per_address_max);
        Self { limits, now_s: 0.into(), of_address, state: Mutex::default(), count: watch::Sender::new(0) }
    }

    pub fn now_s(&self) -> u32 {
        self.now_s.load(Ordering::Relaxed)
    }

    pub fn until_s(&self, audience: &Audience) -> u32 {
        audience.valid_for.map_or(u32::MAX, |valid| {
            u32::try_from(valid.as_secs()).map_or(u32::MAX, |valid| self.now_s().saturating_add(valid))
        })
    }

    pub fn enter(&self, address: IpAddr, audience: &Audience) -> Result<Arc<Connection>, Refused> {
        let mut state = lock(&self.state);
        if state.draining {
            return Err(Refused::Draining);
        }
        if state.unshown {
            return Err(Refused::Unshown);
        }
        if state.connections.len() >= self.limits.connections_max {
            return Err(Refused::TooManyConnections { max: self.limits.connections_max });
        }
        let Some(place) = self.of_address.take(Bucket::of(address)) else {
            return Err(Refused::TooManyOfAddress { max: self.limits.connections_per_address_max });
        };
        state.next_id += 1;
        let connection =
            Arc::new(Connection::new(state.next_id, self.now_s(), self.until_s(audience), audience.still.clone()));
        state.connections.insert(connection.id, (connection.clone(), place));
        self.publish(state.connections.len());
        Ok(connection)
    }

    pub fn leave(&self, connection: &Connection) {
        let mut state = lock(&self.state);
        if state.connections.remove(&connection.id).is_none() {
            return;
        }
        self.publish(state.connections.len());
    }

    fn publish(&self, count: usize) {
        metrics::gauge!("souk_live_sockets").set(count as f64);
        self.count.send_replace(count);
    }

    /// Refuses new connections, closes all open ones, and waits until they have ended or `within` is over.
    pub async fn drain(&self, within: Duration) {
        {
            let mut state = lock(&self.state);
            state.draining = true;
            state.connections.values().for_each(|(connection, _)| connection.close(Closing::Draining));
        }
        // An error means the sender is gone, which is `self`; a time-out leaves the rest to the process's end.
        _ = tokio::time::timeout(within, self.count.subscribe().wait_for(|count| *count == 0)).await;
    }

    /// Whether this node's views may be shown; if not, all connections are closed and new ones refused until they may.
    pub fn show(&self, shown: bool) {
        let mut state = lock(&self.state);
        state.unshown = !shown;
        if !shown {
            state.connections.values().for_each(|(connection, _)| connection.close(Closing::Unshown));
        }
    }

    pub fn tick(&self) {
        let now_s = self.now_s.fetch_add(1, Ordering::Relaxed) + 1;
        let silent =
            |since: &AtomicU32| u64::from(now_s.saturating_sub(since.load(Ordering::Relaxed))) > self.limits.idle_s();
        let mut asked = Vec::new();
        for (connection, _) in lock(&self.state).connections.values() {
            asked.extend(connection.still().map(|still| (connection.clone(), still)));
            let listens = connection.topics.load(Ordering::Relaxed) > 0;
            if connection.until_s.load(Ordering::Relaxed) < now_s {
                connection.close(Closing::Expired);
            } else if silent(&connection.heard_s) || (!listens && silent(&connection.busy_s)) {
                connection.close(Closing::Idle);
            } else if (connection.id + u64::from(now_s)).is_multiple_of(self.limits.ping_s().max(1)) {
                connection.ping();
            }
        }
        // Reads of the folded state, so without the lock that every connect takes.
        for (connection, _) in asked.into_iter().filter(|(_, still)| !still.stands()) {
            connection.close(Closing::Expired);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::AtomicBool,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::live::Still;

    #[test]
    fn what_was_granted_and_taken_away_closes_its_connection_within_a_second() {
        let connections = Connections::new(Arc::new(Live::default()));
        let good = Arc::new(AtomicBool::new(true));
        let asked = good.clone();
        let still = Some(Still::new(move || asked.load(Ordering::Relaxed)));
        let enter = |audience| connections.enter(IpAddr::from([192, 0, 2, 1]), &audience).expect("room");
        let revocable = enter(Audience { still, ..Audience::default() });
        let other = enter(Audience::default());
        let closing = |connection: &Connection| connection.poll_closing(&mut Context::from_waker(Waker::noop()));
        connections.tick();
        assert_eq!(closing(&revocable), Poll::Pending);
        good.store(false, Ordering::Relaxed);
        connections.tick();
        assert_eq!(closing(&revocable), Poll::Ready(Closing::Expired));
        assert_eq!(closing(&other), Poll::Pending);
    }
}
