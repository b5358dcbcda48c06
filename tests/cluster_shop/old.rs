//! A nats-server below the floor: refused by name, also where the node itself would have met a newer one first.

use souk::app::Shop;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    time::timeout,
};

use super::{DEADLINE, config_of, nats::NatsServers};

/// Speaks as much of the protocol as a client needs to call itself connected.
async fn says(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let info = format!(
        "INFO {{\"server_id\":\"A\",\"server_name\":\"a\",\"version\":\"{version}\",\"proto\":1,\"go\":\"go1.19\",\
         \"host\":\"127.0.0.1\",\"port\":{port},\"headers\":true,\"max_payload\":1048576,\"jetstream\":true}}\r\n"
    );
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let info = info.clone();
            tokio::spawn(async move {
                let (from, mut to) = socket.into_split();
                let mut lines = BufReader::new(from).lines();
                let mut say = async |text: &str| to.write_all(text.as_bytes()).await.is_ok();
                let mut open = say(&info).await;
                while open && let Ok(Some(line)) = lines.next_line().await {
                    open = !line.starts_with("PING") || say("PONG\r\n").await;
                }
            });
        }
    });
    format!("nats://127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_server_is_refused_by_its_address() {
    let dir = TempDir::new().expect("a directory");
    let (current, old) = (NatsServers::start(1).await, says("2.9.10").await);
    for urls in [vec![old.clone()], vec![current.url(0), old.clone()]] {
        let mut config = config_of(urls, &dir, "a");
        config.cluster.replicas = 1;
        let outcome = timeout(DEADLINE, Shop::start(&config, false)).await.expect("in time");
        let told = outcome.map(|_| ()).expect_err("refused").to_string();
        for word in [&*old, "nats-server 2.9.10 is too old", "2.10.26 or newer", "cluster.allow_old_servers"] {
            assert!(told.contains(word), "{told}");
        }
    }
}
