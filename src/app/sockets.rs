//! The sockets that a shop listens on: its own, encrypted where a certificate is configured; the one of plain HTTP that
//! leads there; and on this machine alone the sandbox's, whose webhooks come without TLS.
//!
//! All are bound, and the certificate is read, before anything else of a start: what is wrong with them is told at once.

use std::{net::SocketAddr, pin::Pin, sync::Arc};

use axum::Router;
use futures::future::{join_all, pending};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{
    certificate::{self, Current},
    redirect,
    server::{Handshakes, Server},
    shop::ShopError,
};
use crate::{
    config::{Config, Http},
    http::Door,
};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct Sockets {
    shop: TcpListener,
    pub(super) address: SocketAddr,
    tls: Option<(Current, Task)>,
    redirect: Option<TcpListener>,
    webhooks: Option<(TcpListener, SocketAddr)>,
}

impl Sockets {
    pub(super) async fn bind(config: &Config) -> Result<Self, ShopError> {
        let tls = &config.http.tls;
        let (shop, address) = bound(config.http.listen).await?;
        let shown = match tls.is_on() {
            true => Some(certificate::open(tls).map(|(shown, follow)| (shown, Box::pin(follow) as Task))?),
            false => None,
        };
        let redirect = match tls.redirect_from().filter(|_| tls.is_on()) {
            Some(from) => Some(bound(from).await?.0),
            None => None,
        };
        let webhooks = match config.payments.sandbox.enabled && tls.is_on() {
            true => Some(bound(SocketAddr::from(([127, 0, 0, 1], 0))).await?),
            false => None,
        };
        Ok(Self { shop, address, tls: shown, redirect, webhooks })
    }

    /// `https` or `http`.
    pub(super) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Where a browser of this machine finds the shop.
    pub(super) fn pages(&self) -> String {
        format!("{}://{}", self.scheme(), reachable(self.address))
    }

    /// Where this process reaches itself in the clear.
    pub(super) fn webhooks(&self) -> String {
        let own = self.webhooks.as_ref().map_or(self.address, |(_, address)| *address);
        format!("http://{}", reachable(own))
    }

    /// Serves on all of them until `stopped`.
    pub(super) fn serve(
        self,
        app: Router,
        door: &Door,
        limits: &Http,
        stopped: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        let server = Server::new(limits, stopped);
        let mut tasks: Vec<Task> = Vec::new();
        let mut followed: Task = Box::pin(async {});
        let mut handshakes = None;
        if let Some((shown, follow)) = self.tls {
            if let Some(listener) = self.redirect {
                let port = limits.tls.redirect_port;
                let port = if port == 0 { self.address.port() } else { port };
                let leads = redirect::router(shown.clone(), port, door.clone());
                tasks.push(Box::pin(server.clone().serve(listener, leads, None)));
            }
            handshakes = Some(Arc::new(Handshakes::new(shown, limits)));
            followed = follow;
        }
        if let Some((listener, _)) = self.webhooks {
            tasks.push(Box::pin(server.clone().serve(listener, app.clone(), None)));
        }
        tasks.push(Box::pin(server.serve(self.shop, app, handshakes)));
        tokio::spawn(async move {
            let followed = async {
                followed.await;
                pending::<()>().await;
            };
            tokio::select! {
                _ = join_all(tasks) => {}
                () = followed => {}
            }
        })
    }
}

async fn bound(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ShopError> {
    let failed = |error| ShopError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Where this machine reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip().is_unspecified() {
        true if address.is_ipv4() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        true => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
        false => address,
    }
}
