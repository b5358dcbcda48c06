//! What the shop's process costs: read from outside, by `/proc`, by its directory and as staff.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use souk::load::usage;
use tokio::task::JoinHandle;

use crate::client::Person;

const LOOK_EVERY: Duration = Duration::from_millis(100);

pub struct Meter {
    pid: u32,
    data: PathBuf,
    url: String,
    staff: Person,
    peaks: Arc<Mutex<Peaks>>,
    watch: JoinHandle<()>,
}

/// The most since the meter was read last.
#[derive(Clone, Copy, Default)]
struct Peaks {
    rss: u64,
    files: u64,
    kernel: u64,
}

#[derive(Clone, Copy, Default)]
pub struct Reading {
    pub cpu: Duration,
    /// Bytes in memory, file handles: the most since the reading before.
    pub rss: u64,
    pub files: u64,
    /// Bytes of the kernel's buffers of all TCP sockets of this machine.
    pub kernel: u64,
    /// Bytes of the data directory on the disk.
    pub disk: u64,
    /// Units that orders hold and nobody has paid for.
    pub held: u64,
}

impl Meter {
    pub async fn start(pid: u32, data: &Path, url: &str) -> Self {
        let peaks = Arc::new(Mutex::new(Peaks::default()));
        let seen = peaks.clone();
        let watch = tokio::spawn(async move {
            loop {
                let (rss, files, kernel) = (usage::resident(pid).unwrap_or(0), handles(pid), buffers());
                {
                    let mut peaks = seen.lock().unwrap();
                    (peaks.rss, peaks.files) = (peaks.rss.max(rss), peaks.files.max(files));
                    peaks.kernel = peaks.kernel.max(kernel);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        Self { pid, data: data.to_owned(), url: url.to_owned(), staff: Person::staff(url).await, peaks, watch }
    }

    pub async fn read(&self) -> Reading {
        let levels = self.staff.list(&self.url, "/api/stock").await;
        let held = levels.iter().map(|level| level["held"].as_u64().expect("staff sees levels")).sum();
        let peaks = std::mem::take(&mut *self.peaks.lock().unwrap());
        let rss = peaks.rss.max(usage::resident(self.pid).expect("Linux"));
        let cpu = usage::cpu(self.pid).expect("Linux");
        Reading { cpu, rss, files: peaks.files, kernel: peaks.kernel, disk: bytes_below(&self.data), held }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

fn handles(pid: u32) -> u64 {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |fds| fds.count() as u64)
}

/// `mem` of the line of TCP in `/proc/net/sockstat`, in pages.
fn buffers() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("TCP:"));
    let pages = line.and_then(|line| line.rsplit("mem ").next()?.trim().parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

/// Blocks, not lengths: a file may have more on the disk than it is long, or less.
fn bytes_below(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.blocks() * 512,
        // Removed meanwhile.
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}
