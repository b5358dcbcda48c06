//! TLS before HTTP. A handshake has its time, and one address a few of them at once.
//!
//! Its connection has its place in the room already. What is bounded here is the part that is dear and has no request
//! yet: a signature costs as much as a thousand reads, and a client that begins and stops would hold a place for nothing.
//! The whole handshake has one time, which is stricter than a least rate.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::{paced::Paced, stream::Stream};
use crate::{app::certificate::Current, config::Http, http::forwarded::Proxies, network::Places};

pub struct Handshakes {
    shown: Current,
    within: Duration,
    places: Arc<Places>,
    proxies: Proxies,
}

impl Handshakes {
    pub fn new(shown: Current, limits: &Http) -> Self {
        let places = Places::new(limits.tls.handshakes_per_address_max);
        Self { shown, within: limits.tls.handshake_timeout(), places, proxies: Proxies::new(limits) }
    }

    /// `within`: where the connection has less time than others. `None`: it ends, for one of the reasons counted here.
    pub async fn shake(&self, stream: Paced, peer: IpAddr, within: Duration) -> Option<Stream> {
        let count = |outcome| metrics::counter!("souk_tls_handshakes_total", "outcome" => outcome).increment(1);
        let _place = match self.proxies.counted(peer).map(|client| self.places.take(client)) {
            None => None,
            Some(Some(place)) => Some(place),
            Some(None) => {
                count("too_many");
                return None;
            }
        };
        let acceptor = TlsAcceptor::from(self.shown.borrow().config.clone());
        match timeout(self.within.min(within), acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                count("done");
                Some(Stream::Encrypted(Box::new(stream)))
            }
            Ok(Err(error)) => {
                count("failed");
                tracing::trace!(%error, "a handshake failed");
                None
            }
            Err(_) => {
                count("slow");
                None
            }
        }
    }
}
