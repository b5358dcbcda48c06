//! One link of the network, node to NATS server or server to server, that can be cut and mended: a TCP proxy inside the
//! test process.
//!
//! `Broken` drops what is open and every new connection, as a host that is down does; `Silent` takes and keeps
//! everything and delivers it when mended, as a network that swallows packets does, and so does each of the one-way
//! cuts in its direction. What TCP makes of a long or lossy way, delays and stalls, is `Late` and `Lossy`. Bounded: 64
//! connections, 16 KiB each way. Absent: loss of single bytes, which TCP hides.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, watch},
    task::{AbortHandle, JoinSet},
    time::sleep,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Whole,
    Broken,
    Silent,
    /// Nothing passes from who connected; the other way is whole.
    SilentThere,
    /// The reverse.
    SilentBack,
    Late,
    Lossy,
    /// What is open goes on, and nothing new is opened.
    Kept,
}

const CONNECTIONS_MAX: usize = 64;
const CHUNK: usize = 16_384;
/// Of a late link, each way.
const DELAY: Duration = Duration::from_millis(25);
/// One in so many pieces of a lossy link is sent again, after this time.
const LOST: u64 = 10;
const AGAIN: Duration = Duration::from_millis(250);

#[derive(Clone, Copy)]
enum Way {
    There,
    Back,
}

pub struct Proxy {
    pub address: SocketAddr,
    link: watch::Sender<Link>,
    /// Connections whose first words contain this are dropped.
    dropped: watch::Sender<String>,
    listener: AbortHandle,
}

impl Proxy {
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (link, dropped) = (watch::Sender::new(Link::Whole), watch::Sender::new(String::new()));
        let task = tokio::spawn(accept(listener, target, link.subscribe(), dropped.subscribe()));
        Self { address, link, dropped, listener: task.abort_handle() }
    }

    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }

    /// Drops the open connections whose client began with these words; later ones are not concerned.
    pub fn drop_those_of(&self, words: &str) {
        self.dropped.send_replace(words.to_owned());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Its connections belong to it and go with it.
        self.listener.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    link: watch::Receiver<Link>,
    dropped: watch::Receiver<String>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { return };
        while connections.try_join_next().is_some() {}
        let Ok(permit) = room.clone().try_acquire_owned() else { continue };
        if *link.borrow() == Link::Kept {
            continue;
        }
        let (link, mut dropped) = (link.clone(), dropped.clone());
        // Words of before its time are not meant for it.
        dropped.mark_unchanged();
        connections.spawn(async move {
            let _permit = permit;
            // An ended connection is an ended connection, for whatever reason.
            let _ = connection(client, target, link, dropped).await;
        });
    }
}

async fn connection(
    client: TcpStream,
    target: SocketAddr,
    mut link: watch::Receiver<Link>,
    dropped: watch::Receiver<String>,
) -> io::Result<()> {
    passes(&mut link, Way::There).await?;
    let server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let (mut watched, (first, heard)) = (link.clone(), watch::channel(String::new()));
    tokio::select! {
        ended = pump(from_client, to_server, link.clone(), Way::There, Some(first)) => ended,
        ended = pump(from_server, to_client, link, Way::Back, None) => ended,
        _ = watched.wait_for(|link| *link == Link::Broken) => Err(io::ErrorKind::ConnectionReset.into()),
        () = named(dropped, heard) => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

/// Resolves when the words that a client began with are to be dropped.
async fn named(mut dropped: watch::Receiver<String>, heard: watch::Receiver<String>) {
    loop {
        if dropped.changed().await.is_err() {
            return std::future::pending().await;
        }
        let words = dropped.borrow_and_update().clone();
        if heard.borrow().contains(&words) {
            return;
        }
    }
}

/// Waits while nothing passes this way.
async fn passes(link: &mut watch::Receiver<Link>, way: Way) -> io::Result<()> {
    let stands = |link: &Link| match (*link, way) {
        (Link::Silent, _) | (Link::SilentThere, Way::There) | (Link::SilentBack, Way::Back) => true,
        (
            Link::SilentThere | Link::SilentBack | Link::Whole | Link::Broken | Link::Late | Link::Lossy | Link::Kept,
            Way::There | Way::Back,
        ) => false,
    };
    match link.wait_for(|link| !stands(link)).await.map(|link| *link) {
        Ok(Link::Broken) | Err(_) => Err(io::ErrorKind::ConnectionReset.into()),
        Ok(_) => Ok(()),
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut link: watch::Receiver<Link>,
    way: Way,
    first: Option<watch::Sender<String>>,
) -> io::Result<()> {
    let (mut chunk, mut pieces, mut first) = (vec![0; CHUNK], 0_u64, first);
    loop {
        let read = from.read(&mut chunk).await?;
        if let Some(first) = first.take() {
            first.send_replace(String::from_utf8_lossy(&chunk[..read]).into_owned());
        }
        passes(&mut link, way).await?;
        pieces += 1;
        let now = *link.borrow();
        match now {
            Link::Late => sleep(DELAY).await,
            Link::Lossy if pieces.is_multiple_of(LOST) => sleep(AGAIN).await,
            _ => {}
        }
        if read == 0 {
            return Ok(());
        }
        to.write_all(&chunk[..read]).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// A server that says everything back.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = socket.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        address
    }

    async fn said_back(socket: &mut TcpStream, word: &[u8]) -> io::Result<()> {
        socket.write_all(word).await?;
        let mut heard = vec![0; word.len()];
        socket.read_exact(&mut heard).await?;
        assert_eq!(heard, word);
        Ok(())
    }

    #[tokio::test]
    async fn a_broken_link_drops_and_a_silent_one_keeps() {
        let proxy = Proxy::to(echo().await).await;
        let mut first = TcpStream::connect(proxy.address).await.unwrap();
        said_back(&mut first, b"one").await.unwrap();
        proxy.set(Link::Broken);
        assert!(said_back(&mut first, b"two").await.is_err());
        let mut refused = TcpStream::connect(proxy.address).await.unwrap();
        assert!(said_back(&mut refused, b"three").await.is_err());
        proxy.set(Link::Whole);
        let mut second = TcpStream::connect(proxy.address).await.unwrap();
        said_back(&mut second, b"four").await.unwrap();
        proxy.set(Link::Silent);
        // Nothing comes: that is what is looked at, so there is nothing to wait for.
        assert!(timeout(Duration::from_millis(50), said_back(&mut second, b"five")).await.is_err());
        proxy.set(Link::Whole);
        let mut heard = [0; 4];
        second.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"five", "it comes late, and whole");
    }

    #[tokio::test]
    async fn a_way_is_cut_alone_and_one_client_is_dropped_alone() {
        let proxy = Proxy::to(echo().await).await;
        let (mut a, mut b) =
            (TcpStream::connect(proxy.address).await.unwrap(), TcpStream::connect(proxy.address).await.unwrap());
        said_back(&mut a, b"a is here").await.unwrap();
        said_back(&mut b, b"b is here").await.unwrap();
        for link in [Link::SilentThere, Link::SilentBack] {
            proxy.set(link);
            assert!(timeout(Duration::from_millis(50), said_back(&mut a, b"one")).await.is_err(), "{link:?}");
            proxy.set(Link::Late);
            let mut heard = [0; 3];
            a.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"one", "{link:?}");
        }
        proxy.set(Link::Kept);
        proxy.drop_those_of("a is");
        assert!(said_back(&mut a, b"two").await.is_err());
        said_back(&mut b, b"two").await.unwrap();
        let mut refused = TcpStream::connect(proxy.address).await.unwrap();
        assert!(said_back(&mut refused, b"three").await.is_err());
    }
}
