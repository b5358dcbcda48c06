//! A nats-server that asks for credentials or TLS: the nodes that it accepts, and the errors of the others. The
//! certificates are made by openssl for the test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use souk::{
    app::Shop,
    config::{Config, Secret},
    testing::{free_port, nats_server},
};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    time::{Duration, Instant, sleep, timeout},
};

use super::{DEADLINE, config_of};

struct Server {
    port: u16,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One server with this configuration beside its port and directory.
async fn server(dir: &Path, more: &str) -> Server {
    let port = free_port();
    let store = dir.join("nats");
    let file = dir.join("nats.conf");
    let text = format!("listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n{more}\n", store.display());
    fs::write(&file, text).expect("a file");
    let log = fs::File::create(dir.join("nats.log")).expect("a log");
    let mut command = Command::new(nats_server());
    command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let server = Server { port, child: command.spawn().expect("nats-server starts") };
    let end = Instant::now() + DEADLINE;
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        let log = || fs::read_to_string(dir.join("nats.log")).unwrap_or_default();
        assert!(Instant::now() < end, "no server: {}", log());
        sleep(Duration::from_millis(10)).await;
    }
    server
}

async fn starts(config: &Config) {
    let shop = timeout(DEADLINE, Shop::start(config, false)).await.expect("in time").expect("let in");
    assert!(shop.engine.gateway.ready().is_ok());
    shop.stop().await;
}

async fn refused(config: &Config) -> String {
    let outcome = timeout(DEADLINE, Shop::start(config, false)).await.expect("in time");
    outcome.map(|_| ()).expect_err("not let in").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_the_right_password_is_let_in() {
    let dir = TempDir::new().expect("a directory");
    let server = server(dir.path(), "authorization { user: souk, password: correct-horse }").await;
    let mut config = config_of(vec![format!("nats://127.0.0.1:{}", server.port)], &dir, "a");
    let none = refused(&config).await;
    assert!(none.contains("refuses this node's credentials"), "{none}");
    config.cluster.user = "souk".into();
    config.cluster.password = Secret::new("hunter2");
    let wrong = refused(&config).await;
    assert!(wrong.contains("see cluster.user") && !wrong.contains("hunter2"), "{wrong}");
    config.cluster.password = Secret::new("correct-horse");
    starts(&config).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_the_right_nkey_is_let_in() {
    let dir = TempDir::new().expect("a directory");
    let (ours, others) = (nkeys::KeyPair::new_user(), nkeys::KeyPair::new_user());
    let server = server(dir.path(), &format!("authorization {{ users: [ {{ nkey: {} }} ] }}", ours.public_key())).await;
    let mut config = config_of(vec![format!("nats://127.0.0.1:{}", server.port)], &dir, "a");
    let file = dir.path().join("seed");
    config.cluster.nkey_seed_file = file.clone();
    fs::write(&file, others.seed().expect("a seed")).expect("a file");
    let wrong = refused(&config).await;
    assert!(wrong.contains("refuses this node's credentials"), "{wrong}");
    fs::write(&file, ours.seed().expect("a seed") + "\n").expect("a file");
    starts(&config).await;
}

/// An authority and, signed by it, a certificate for 127.0.0.1 that serves both ends.
fn certificates(dir: &Path) -> [PathBuf; 3] {
    let run = |line: &str| {
        let done = Command::new("openssl").args(line.split(' ')).current_dir(dir).output().expect("openssl runs");
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    };
    run(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=souk-test-ca",
    );
    run("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout end.key -out end.csr -subj /CN=souk-test");
    fs::write(dir.join("end.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
        .expect("a file");
    run("x509 -req -in end.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out end.pem -days 2 -extfile end.ext");
    ["ca.pem", "end.pem", "end.key"].map(|name| dir.join(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_both_ways_is_spoken_with_the_configured_files() {
    let dir = TempDir::new().expect("a directory");
    let [ca, cert, key] = certificates(dir.path());
    let files = format!("ca_file: {ca:?}, cert_file: {cert:?}, key_file: {key:?}");
    let server = server(dir.path(), &format!("tls {{ {files}, verify: true }}")).await;
    let mut config = config_of(vec![format!("tls://127.0.0.1:{}", server.port)], &dir, "a");
    let unknown = refused(&config).await;
    assert!(unknown.contains("TLS") && unknown.contains("cluster.tls_ca_file"), "{unknown}");
    config.cluster.tls_ca_file = ca;
    config.cluster.tls_cert_file = cert;
    config.cluster.tls_key_file = key;
    config.cluster.tls_required = true;
    starts(&config).await;
}
