//! Three nats-servers with the very configuration that `cluster/nats` ships: names, routes, accounts and permissions.
//!
//! Ports, directories and monitoring come by options and variables, as `scripts/cluster.sh` does it; nothing is edited.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use souk::testing::{free_port, nats_server};
use tempfile::TempDir;
use tokio::{sync::mpsc, time::timeout};

pub const PATIENCE: Duration = Duration::from_secs(40);

/// Variables that the configuration names, beside directory and monitoring.
pub const PASSWORDS: [(&str, &str); 4] = [
    ("NATS_NODE_PASSWORD", "pnode"),
    ("NATS_MONITOR_PASSWORD", "pmonitor"),
    ("NATS_OPERATOR_PASSWORD", "poperator"),
    ("NATS_SYS_PASSWORD", "psys"),
];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster/nats")
}

pub struct Shipped {
    servers: Vec<Child>,
    urls: Vec<ServerAddr>,
    _dir: TempDir,
}

impl Shipped {
    /// Not ready yet: users wait, as a node does.
    pub fn start() -> Self {
        let dir = TempDir::new().expect("a directory");
        let ports: Vec<[u16; 3]> = (0..3).map(|_| [free_port(), free_port(), free_port()]).collect();
        let routes: Vec<String> = ports.iter().map(|[_, route, _]| format!("nats://127.0.0.1:{route}")).collect();
        let one = |(n, [client, route, http]): (usize, &[u16; 3])| {
            let mut command = Command::new(nats_server());
            command.arg("-c").arg(folder().join(format!("nats-{}.conf", n + 1)));
            command.args(["-a", "127.0.0.1", "-p", &client.to_string()]);
            command.args(["--cluster", &format!("nats://127.0.0.1:{route}"), "--routes", &routes.join(",")]);
            command.env("NATS_STORE_DIR", dir.path().join(n.to_string()));
            command.env("NATS_HTTP", format!("127.0.0.1:{http}")).envs(PASSWORDS);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().expect("nats-server starts (scripts/setup-tests.sh installs it)")
        };
        let servers = ports.iter().enumerate().map(one).collect();
        let url = |[client, ..]: &[u16; 3]| format!("nats://127.0.0.1:{client}").parse().expect("an address");
        Self { servers, urls: ports.iter().map(url).collect(), _dir: dir }
    }

    pub async fn client(&self, user: &str, password: &str, inbox: &str) -> Watched {
        let (say, told) = mpsc::unbounded_channel();
        let options = ConnectOptions::with_user_and_password(user.into(), password.into())
            .custom_inbox_prefix(inbox)
            .retry_on_initial_connect()
            .event_callback(move |event| {
                let _test_over = say.send(event);
                async {}
            });
        let client = options.connect(&self.urls[..]).await.expect("a client");
        timeout(PATIENCE, client.flush()).await.expect("a server answers").expect("connected");
        Watched { client, told }
    }
}

impl Drop for Shipped {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// A client whose server's complaints are heard.
pub struct Watched {
    pub client: Client,
    told: mpsc::UnboundedReceiver<Event>,
}

impl Watched {
    /// The server must refuse the last request, naming the subject.
    pub async fn refused(&mut self, subject: &str) {
        let refusal = async {
            while let Some(event) = self.told.recv().await {
                let text = event.to_string().to_lowercase();
                if text.contains("permissions violation") && text.contains(&subject.to_lowercase()) {
                    return;
                }
            }
        };
        timeout(PATIENCE, refusal).await.unwrap_or_else(|_| panic!("{subject} was not refused"));
    }

    pub async fn may_not_publish(&mut self, subject: &str) {
        self.client.publish(subject.to_owned(), "{}".into()).await.expect("sent");
        self.refused(subject).await;
    }

    pub async fn may_not_subscribe(&mut self, subject: &str) {
        let _subscriber = self.client.subscribe(subject.to_owned()).await.expect("sent");
        self.refused(subject).await;
    }

    /// Nothing that was done until now was refused.
    pub async fn unrefused(&mut self) {
        self.client.flush().await.expect("connected");
        while let Ok(event) = self.told.try_recv() {
            assert!(!matches!(event, Event::ServerError(_)), "{event}");
        }
    }
}
