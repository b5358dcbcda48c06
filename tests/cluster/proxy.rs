//! One link of the network, node to NATS server, that can be cut and mended: a TCP proxy inside the test process.
//!
//! Cut two ways: `Broken` drops what is open and every new connection, as a host that is down does; `Silent` takes
//! and keeps everything and delivers it when mended, as a network that swallows packets does. Bounded: 64 connections,
//! 16 KiB each way. Absent: delay and loss of single bytes, which TCP hides.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, watch},
    task::{AbortHandle, JoinSet},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Whole,
    Broken,
    Silent,
}

const CONNECTIONS_MAX: usize = 64;
const CHUNK: usize = 16_384;

pub struct Proxy {
    pub address: SocketAddr,
    link: watch::Sender<Link>,
    listener: AbortHandle,
}

impl Proxy {
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let link = watch::Sender::new(Link::Whole);
        let task = tokio::spawn(accept(listener, target, link.subscribe()));
        Self { address, link, listener: task.abort_handle() }
    }

    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Its connections belong to it and go with it.
        self.listener.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, link: watch::Receiver<Link>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { return };
        while connections.try_join_next().is_some() {}
        let Ok(permit) = room.clone().try_acquire_owned() else { continue };
        let link = link.clone();
        connections.spawn(async move {
            let _permit = permit;
            // An ended connection is an ended connection, for whatever reason.
            let _ = connection(client, target, link).await;
        });
    }
}

async fn connection(client: TcpStream, target: SocketAddr, mut link: watch::Receiver<Link>) -> io::Result<()> {
    passes(&mut link).await?;
    let server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let mut watched = link.clone();
    tokio::select! {
        ended = pump(from_client, to_server, link.clone()) => ended,
        ended = pump(from_server, to_client, link) => ended,
        _ = watched.wait_for(|link| *link == Link::Broken) => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

/// Waits while the link is silent.
async fn passes(link: &mut watch::Receiver<Link>) -> io::Result<()> {
    match link.wait_for(|link| *link != Link::Silent).await.map(|link| *link) {
        Ok(Link::Whole) => Ok(()),
        _ => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut link: watch::Receiver<Link>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = from.read(&mut chunk).await?;
        passes(&mut link).await?;
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
}
