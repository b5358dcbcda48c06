//! How each backend is created, and its state after a crash.

use std::{fs, path::Path, sync::Arc};

use souk::{
    actors::ports::Journal,
    persistence::{
        MemoryJournal, SledJournal,
        jetstream::{JetStreamJournal, JetStreamOptions},
        memory_journal::{MemoryStorage, NoFaults},
        sled_journal::SledOptions,
    },
};
use tempfile::TempDir;

use super::nats;

pub const SHARDS: u16 = 4;

pub trait Backend: Sized + Send {
    type J: Journal;
    fn open(&self) -> Arc<Self::J>;
    /// The state after a kill: only the durable records of `old`.
    fn reopen_after_crash(&mut self, old: Arc<Self::J>) -> Arc<Self::J>;
}

pub struct Memory(MemoryStorage);

impl Memory {
    pub fn fresh() -> Self {
        Self(MemoryStorage::new(super::make::uuid(), SHARDS))
    }
}

impl Backend for Memory {
    type J = MemoryJournal;

    fn open(&self) -> Arc<MemoryJournal> {
        Arc::new(MemoryJournal::open(self.0.clone(), Arc::new(NoFaults)))
    }

    fn reopen_after_crash(&mut self, _old: Arc<MemoryJournal>) -> Arc<MemoryJournal> {
        self.open()
    }
}

pub struct Sled(pub TempDir);

pub fn options() -> SledOptions {
    SledOptions { shards: Some(SHARDS), ..SledOptions::default() }
}

impl Sled {
    pub fn fresh() -> Self {
        Self(TempDir::new().expect("a directory"))
    }
}

impl Backend for Sled {
    type J = SledJournal;

    fn open(&self) -> Arc<SledJournal> {
        Arc::new(SledJournal::open(self.0.path(), options()).expect("the journal opens"))
    }

    /// The files are copied while `old` is open, so nothing that it does at a clean end helps.
    fn reopen_after_crash(&mut self, old: Arc<SledJournal>) -> Arc<SledJournal> {
        let copy = TempDir::new().expect("a directory");
        copy_dir(self.0.path(), copy.path());
        drop(old);
        self.0 = copy;
        self.open()
    }
}

/// One shop on servers that other shops use too.
pub struct JetStream {
    urls: String,
    options: JetStreamOptions,
}

impl JetStream {
    pub fn on(urls: &str, replicas: usize) -> Self {
        let name = format!("t{}", super::make::uuid().as_u64_pair().1);
        let options = JetStreamOptions { name, shards: SHARDS, replicas, ..JetStreamOptions::default() };
        Self { urls: urls.to_owned(), options }
    }
}

impl Backend for JetStream {
    type J = JetStreamJournal;

    /// With a connection of its own, like another process.
    fn open(&self) -> Arc<JetStreamJournal> {
        let open = async {
            let client = nats::client(&self.urls).await;
            JetStreamJournal::open(client, self.options.clone()).await
        };
        let opened = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(open));
        Arc::new(opened.expect("the journal opens"))
    }

    fn reopen_after_crash(&mut self, _old: Arc<JetStreamJournal>) -> Arc<JetStreamJournal> {
        self.open()
    }
}

pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy_dir(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}
