//! Places for connections: the ordinary ones, bounded in all and for each address, and a small reserve.
//!
//! A server with all places taken still answers its operators: a connection without an ordinary place takes one of the
//! reserve, where the guard answers health and staff only. The reserve is bounded for each address, too, and its
//! connections are short ([`RESERVE_HEAD`]), so that one client cannot keep it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    config::Http,
    http::forwarded::Proxies,
    network::{Bucket, Place, Places},
};

const RESERVE: u32 = 64;
const RESERVE_OF_ADDRESS: usize = 8;
/// Time of a reserved connection for its head: an operator's client sends it at once.
pub const RESERVE_HEAD: Duration = Duration::from_secs(2);

pub struct Room {
    proxies: Proxies,
    ordinary: Kind,
    reserve: Kind,
}

struct Kind {
    all: Arc<Semaphore>,
    max: u32,
    of_address: Arc<Places>,
}

/// A place, until it is dropped.
pub struct Held {
    pub reserved: bool,
    _permit: OwnedSemaphorePermit,
    _place: Option<Place>,
}

impl Room {
    pub fn new(limits: &Http) -> Self {
        let kind = |max: u32, of_address| Kind {
            all: Arc::new(Semaphore::new(max as usize)),
            max,
            of_address: Places::new(of_address),
        };
        Self {
            proxies: Proxies::new(limits),
            ordinary: kind(limits.connections_max, limits.connections_per_address_max),
            reserve: kind(RESERVE, RESERVE_OF_ADDRESS),
        }
    }

    pub fn enter(&self, peer: IpAddr) -> Option<Held> {
        // A proxy's connections are many clients': only the bound in all holds for them.
        let counted = self.proxies.counted(peer);
        self.ordinary.enter(counted, false).or_else(|| self.reserve.enter(counted, true))
    }

    /// Waits until every place is back: the last connection has ended.
    pub async fn emptied(&self) {
        for kind in [&self.ordinary, &self.reserve] {
            let _ = kind.all.acquire_many(kind.max).await;
        }
    }
}

impl Kind {
    fn enter(&self, counted: Option<Bucket>, reserved: bool) -> Option<Held> {
        let permit = self.all.clone().try_acquire_owned().ok()?;
        let place = match counted {
            Some(address) => Some(self.of_address.take(address)?),
            None => None,
        };
        Some(Held { reserved, _permit: permit, _place: place })
    }
}
