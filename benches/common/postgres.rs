//! The peer: a PostgreSQL 15 of Debian's package, with its defaults (fsync and synchronous_commit on), in a
//! directory of its own on the same disk, asked over a unix socket.
//!
//! A hold is `BEGIN; UPDATE; INSERT; COMMIT` with prepared statements, all four pipelined in one round trip as
//! tokio-postgres's documentation recommends. That favours the peer: the row is locked for no round trip of the
//! client's, and the client looks at the UPDATE's count only afterwards.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::{Config, NoTls, Statement, types::ToSql};
use uuid::Uuid;

use super::load::Client;

const USER: &str = "postgres";
const START_WITHIN: Duration = Duration::from_secs(20);

pub struct Postgres {
    /// `PostgreSQL 15.18`
    pub version: String,
    dir: TempDir,
    server: Child,
}

impl Postgres {
    /// Starts a server, unless `SOUK_BENCH_PEER=0` (for a profile of Souk alone); prints the reason and returns `None`
    /// if that is impossible, so that the bench continues without.
    pub fn start(runtime: &Runtime) -> Option<Self> {
        let wanted = || match std::env::var("SOUK_BENCH_PEER").as_deref() {
            Ok("0") => bail!("SOUK_BENCH_PEER is 0"),
            Ok(_) | Err(_) => programs(),
        };
        let started = wanted().and_then(|(bin, version)| Self::try_start(runtime, &bin, version));
        started.inspect_err(|error| println!("PEER SKIPPED, nothing to compare with PostgreSQL 15: {error:#}")).ok()
    }

    fn try_start(runtime: &Runtime, bin: &Path, version: String) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("postgres-").tempdir_in(super::disk()?)?;
        if rustix::process::getuid().is_root() {
            let (uid, gid) = ids_of(USER)?;
            chown(dir.path(), Some(uid), Some(gid))?;
        }
        let data = dir.path().join("data");
        let made = as_user(&bin.join("initdb"))
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username", USER, "-D"])
            .arg(&data)
            .current_dir(dir.path())
            .output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr).trim());
        let log = fs::File::create(dir.path().join("log"))?;
        let server = as_user(&bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c"])
            .arg(format!("unix_socket_directories={}", dir.path().display()))
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut started = Self { version, dir, server };
        let until = Instant::now() + START_WITHIN;
        while let Err(error) = runtime.block_on(started.connect()) {
            if started.server.try_wait()?.is_some() || Instant::now() > until {
                let log = fs::read_to_string(started.dir.path().join("log")).unwrap_or_default();
                bail!("it did not start: {error:#}: {}", log.trim());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(started)
    }

    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// Where its socket is.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub async fn connect(&self) -> Result<tokio_postgres::Client> {
        let (client, connection) =
            Config::new().host_path(self.dir.path()).user(USER).dbname(USER).connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// The shop's two tables, with plenty of each SKU.
    pub async fn stock(&self, skus: &[Arc<str>], units: i64) -> Result<()> {
        let client = self.connect().await?;
        let tables = "DROP TABLE IF EXISTS stock, holds;
            CREATE TABLE stock (sku text PRIMARY KEY, available bigint NOT NULL CHECK (available >= 0),
                held bigint NOT NULL DEFAULT 0);
            CREATE TABLE holds (order_id uuid PRIMARY KEY, sku text NOT NULL, units int NOT NULL,
                until timestamptz NOT NULL)";
        client.batch_execute(tables).await?;
        let skus: Vec<&str> = skus.iter().map(|sku| &**sku).collect();
        client.execute("INSERT INTO stock SELECT sku, $2 FROM unnest($1::text[]) AS sku", &[&skus, &units]).await?;
        client.batch_execute("VACUUM ANALYZE stock").await?;
        Ok(())
    }

    /// `count` clients with a connection each, holding units of the SKU that `pick` names.
    pub fn holders<P>(&self, runtime: &Runtime, count: usize, pick: impl Fn(usize) -> P) -> Result<Vec<Holder<P>>>
    where
        P: FnMut() -> Arc<str> + Send + 'static,
    {
        let connect = async |n| {
            let client = self.connect().await?;
            let update =
                "UPDATE stock SET available = available - 1, held = held + 1 WHERE sku = $1 AND available >= 1";
            let insert = "INSERT INTO holds VALUES ($1, $2, 1, now() + interval '10 minutes')";
            let (begin, commit) = (client.prepare("BEGIN").await?, client.prepare("COMMIT").await?);
            let (update, insert) = (client.prepare(update).await?, client.prepare(insert).await?);
            anyhow::Ok(Holder { client, begin, update, insert, commit, pick: pick(n) })
        };
        runtime.block_on(async {
            let mut holders = Vec::with_capacity(count);
            for n in 0..count {
                holders.push(connect(n).await?);
            }
            Ok(holders)
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The fast shutdown; the directory goes after it.
        let _ =
            rustix::process::kill_process(rustix::process::Pid::from_child(&self.server), rustix::process::Signal::INT);
        let _ = self.server.wait();
    }
}

pub struct Holder<P> {
    client: tokio_postgres::Client,
    begin: Statement,
    update: Statement,
    insert: Statement,
    commit: Statement,
    pick: P,
}

impl<P: FnMut() -> Arc<str> + Send + 'static> Client for Holder<P> {
    async fn once(&mut self) -> Result<()> {
        let (sku, order) = ((self.pick)(), Uuid::now_v7());
        let (sku, none) = (&*sku, [].as_slice());
        let (of_update, of_insert) = ([&sku as &(dyn ToSql + Sync)], [&order as &(dyn ToSql + Sync), &sku]);
        // Sent in the order of these lines, awaited together.
        let (_, updated, ..) = futures::try_join!(
            self.client.execute(&self.begin, none),
            self.client.execute(&self.update, &of_update),
            self.client.execute(&self.insert, &of_insert),
            self.client.execute(&self.commit, none),
        )?;
        ensure!(updated == 1, "PostgreSQL ran out of {sku}");
        Ok(())
    }
}

/// Where Debian puts the server's programs, or whatever stands in the PATH.
fn programs() -> Result<(PathBuf, String)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = PathBuf::from("/usr/lib/postgresql/15/bin");
    let found = std::iter::once(debian).chain(std::env::split_paths(&path));
    let both = |dir: &PathBuf| ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file());
    let bin = found.into_iter().find(both).context("neither in /usr/lib/postgresql/15/bin nor in the PATH")?;
    let version = Command::new(bin.join("postgres")).arg("--version").output()?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    ensure!(version.contains(") 15."), "{version} in {}, not 15", bin.display());
    println!("peer: {version}");
    let number = version.split(' ').nth(2).unwrap_or_default();
    Ok((bin, format!("PostgreSQL {number}")))
}

/// PostgreSQL refuses to run as root; and it must not outlive this process, however that ends.
fn as_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if rustix::process::getuid().is_root() {
        command.args(["--reuid", USER, "--regid", USER, "--init-groups"]);
    }
    command.args(["--pdeathsig", "INT"]).arg(program).env_remove("PGDATA").env("LC_ALL", "C.UTF-8");
    command
}

fn ids_of(user: &str) -> Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.split(':').next() == Some(user));
    let mut fields = line.with_context(|| format!("no user {user}"))?.split(':').skip(2);
    let mut id = || fields.next().and_then(|field| field.parse().ok()).context("a line without ids");
    Ok((id()?, id()?))
}
