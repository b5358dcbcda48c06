//! Few file handles: the bounds of connections are fitted to them, and health is answered under a crowd of idle ones.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::Command,
    time::{sleep, timeout},
};

const HANDLES: usize = 300;

async fn healthy(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: souk\r\nconnection: close\r\n\r\n").await;
    let mut said = String::new();
    asked.is_ok() && stream.read_to_string(&mut said).await.is_ok() && said.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn a_crowd_of_idle_connections_exhausts_no_handles() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = std::fs::File::create(dir.path().join("log")).expect("a log");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {HANDLES}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_souk")]);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path().join("data"));
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(dir.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut server = command.spawn().expect("the binary starts");
    let mut lines = BufReader::new(server.stdout.take().expect("piped")).lines();
    let first = timeout(Duration::from_secs(20), lines.next_line()).await.expect("in time").expect("readable");
    let address = first.expect("a line").replace("souk listening on http://", "");

    let mut idle = Vec::new();
    for _ in 0..HANDLES + 50 {
        idle.extend(TcpStream::connect(&address).await.ok());
    }
    // The reserve's part of this address is taken by idle ones at first; each leaves it soon.
    let answered = timeout(Duration::from_secs(20), async {
        while !healthy(&address).await {
            sleep(Duration::from_millis(50)).await;
        }
    });
    answered.await.expect("healthy");
    let log = std::fs::read_to_string(dir.path().join("log")).expect("a log");
    assert!(log.contains("too few file handles") && log.contains("smaller bounds"), "{log}");
    assert!(!log.contains("could not be accepted"), "no accept ever failed: {log}");
    server.kill().await.expect("killed");
}
